import type { Timers } from 'passport-fitbit-strategy/token-manager';

interface Event {
  at: number;
  order: number;
  run(): void;
}

// Promises that an event settles are followed this far before the next event.
const HOPS = 50;

/** Virtual time: what happens, happens in an order that the seed alone decides. */
export class World {
  /** The time, ms since the epoch. */
  now = 1_800_000_000_000;
  readonly start = this.now;
  /** What happened, if it is to be told. */
  readonly trace: string[] | undefined;
  readonly #events: Event[] = [];
  #order = 0;
  #state: number;

  constructor(seed: number, tracing: boolean) {
    this.#state = seed;
    this.trace = tracing ? [] : undefined;
  }

  /** A number from 0 to below 1 (mulberry32). */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  between(from: number, to: number): number {
    return Math.round(from + this.random() * (to - from));
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[Math.floor(this.random() * list.length)];
    if (picked === undefined) throw new Error('The list is empty');
    return picked;
  }

  tell(who: string, what: string): void {
    this.trace?.push(
      `${((this.now - this.start) / 1000).toFixed(3).padStart(9)} s  ${who.padEnd(8)} ${what}`,
    );
  }

  /** Runs something after a while. */
  after(ms: number, run: () => void): Event {
    const event = { at: this.now + Math.max(0, ms), order: this.#order++, run };
    this.#push(event);
    return event;
  }

  /** Runs all events up to a time. */
  async runUntil(time: number): Promise<void> {
    // What was begun outside of an event comes first.
    for (let i = 0; i < HOPS; i += 1) await undefined;
    for (let event = this.#events[0]; event !== undefined && event.at <= time; event = this.#events[0]) {
      this.#pop();
      this.now = event.at;
      event.run();
      for (let i = 0; i < HOPS; i += 1) await undefined;
    }
    this.now = time;
  }

  #push(event: Event): void {
    const events = this.#events;
    let i = events.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isEarlier(event, events[parent])) break;
      events[i] = events[parent] as Event;
      i = parent;
    }
    events[i] = event;
  }

  #pop(): void {
    const events = this.#events;
    const last = events.pop();
    if (last === undefined || events.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= events.length) break;
      if (isEarlier(events[child + 1], events[child])) child += 1;
      if (!isEarlier(events[child], last)) break;
      events[i] = events[child] as Event;
      i = child;
    }
    events[i] = last;
  }
}

function isEarlier(a: Event | undefined, b: Event | undefined): boolean {
  if (a === undefined) return false;
  return b === undefined || a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** A process: all that it learns comes through `deliver`, so that it can crash, freeze and have a clock of its own. */
export class Process {
  readonly name: string;
  readonly drift: number;
  alive = true;
  frozenUntil = 0;
  /** For how long it has been frozen, ms. */
  frozen = 0;
  readonly #world: World;

  constructor(world: World, name: string, drift: number) {
    this.#world = world;
    this.name = name;
    this.drift = drift;
  }

  now(): number {
    return this.#world.now + this.drift;
  }

  freeze(ms: number): void {
    if (!this.alive || this.frozenUntil > this.#world.now) return;
    this.#world.tell(this.name, `freezes for ${ms} ms`);
    this.frozen += ms;
    this.frozenUntil = this.#world.now + ms;
  }

  crash(): void {
    this.#world.tell(this.name, 'crashes');
    this.alive = false;
  }

  /** Runs something in the process: now, when it thaws, or never. */
  deliver(run: () => void): void {
    if (!this.alive) return;
    const wait = this.frozenUntil - this.#world.now;
    if (wait > 0) this.#world.after(wait, () => this.deliver(run));
    else run();
  }

  readonly timers: Timers = {
    setTimeout: (callback, ms) => {
      const timer = { cleared: false };
      this.#world.after(ms, () =>
        this.deliver(() => {
          if (!timer.cleared) callback();
        }),
      );
      return timer;
    },
    clearTimeout: (timer) => {
      if (typeof timer === 'object' && timer !== null && 'cleared' in timer) timer.cleared = true;
    },
  };
}
