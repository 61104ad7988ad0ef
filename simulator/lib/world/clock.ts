import { boolean, checkFields, number } from '../check.ts';

/** A time span for the simulator's clock. The parts are added up. */
export interface Duration {
  readonly days?: number | undefined;
  readonly hours?: number | undefined;
  readonly minutes?: number | undefined;
  readonly seconds?: number | undefined;
}

/** The start of the simulator's clock, and whether it runs. */
export interface ClockSettings {
  /** The time at which the clock starts. @default the real time */
  readonly startAt?: Date | undefined;
  /** A stopped clock moves only by `advance()`. @default false */
  readonly stopped?: boolean | undefined;
}

const span = number({ integer: false, max: 1e9 });

/**
 * The simulator's clock. It measures every lifetime (codes, tokens, the replay of a refresh, rate limits), so a test
 * can let eight hours pass without waiting.
 */
export class Clock {
  #offset: number;
  readonly #stoppedAt: number | undefined;
  readonly #listeners: (() => void)[] = [];

  constructor(settings: ClockSettings = {}) {
    checkFields(settings, '"clock"', { startAt: instant, stopped: boolean }, 'clock.');
    const { startAt, stopped = false } = settings;
    const real = Date.now();
    this.#offset = startAt === undefined ? 0 : startAt.getTime() - real;
    this.#stoppedAt = stopped ? real : undefined;
  }

  /** The current time in milliseconds since 1970. */
  now(): number {
    return (this.#stoppedAt ?? Date.now()) + this.#offset;
  }

  /** The current time in whole seconds since 1970, as in tokens. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Calls a listener each time that `advance()` has let time pass. */
  onAdvance(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Lets time pass. */
  advance(duration: Duration): void {
    checkFields(duration, 'the duration', { days: span, hours: span, minutes: span, seconds: span });
    const { days = 0, hours = 0, minutes = 0, seconds = 0 } = duration;
    this.#offset += (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
    for (const listener of this.#listeners) listener();
  }
}

function instant(value: unknown, name: string): void {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return;
  throw new TypeError(`"${name}" must be a valid Date`);
}
