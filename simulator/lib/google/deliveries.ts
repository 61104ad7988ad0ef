import type { Clock } from '../world/clock.ts';

/** A request that Google repeats until the app accepts it. */
export interface Message {
  readonly url: string;
  /** The description on the control page. */
  readonly about: string;
  readonly body: string;
  /** The header fields, generated for each attempt, because keys may change. */
  headers(): Record<string, string>;
  /** What happens to the message after a response with this status. */
  outcomeOf(status: number): 'delivered' | 'dropped' | 'again';
  /** How long attempts go on, in milliseconds. */
  readonly keepFor: number;
}

/** One attempt to deliver. */
export interface Attempt {
  readonly at: Date;
  /** The response's status; undefined if there was no response. */
  readonly status: number | undefined;
}

/** A message and its attempts. */
export interface Delivery {
  readonly url: string;
  readonly about: string;
  readonly body: string;
  readonly state: 'waiting' | 'delivered' | 'dropped';
  readonly attempts: readonly Attempt[];
  /** When the next attempt is due; undefined if there is none. */
  readonly nextAttemptAt: Date | undefined;
}

interface Entry {
  readonly message: Message;
  readonly until: number;
  readonly attempts: Attempt[];
  state: Delivery['state'];
  dueAt: number;
  sending: boolean;
  timer?: NodeJS.Timeout;
}

const firstPause = 10_000; // ms; each pause is twice as long as the previous one
const longestPause = 6 * 3_600_000; // ms
const responseTimeout = 10_000; // real ms
const kept = 1000;
const longestTimer = 2 ** 31 - 1; // ms

/** Sends messages, with growing pauses between attempts, on the simulator's clock. */
export class Deliveries {
  readonly #clock: Clock;
  readonly #running = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #entries: Entry[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    clock.onAdvance(() => {
      for (const entry of this.#entries) this.#attemptIfDue(entry);
    });
  }

  /** The last thousand messages, oldest first. */
  list(): Delivery[] {
    return this.#entries.map(({ message, attempts, state, dueAt }) => ({
      url: message.url,
      about: message.about,
      body: message.body,
      state,
      attempts: [...attempts],
      nextAttemptAt: state === 'waiting' ? new Date(dueAt) : undefined,
    }));
  }

  /** Sends a message; resolves after the first attempt, successful or not. */
  add(message: Message): Promise<void> {
    const now = this.#clock.now();
    const entry: Entry = {
      message,
      until: now + message.keepFor,
      attempts: [],
      state: 'waiting',
      dueAt: now,
      sending: false,
    };
    this.#entries.push(entry);
    if (this.#entries.length > kept) this.#drop(this.#entries.shift());
    return this.#attempt(entry);
  }

  /** Resolves when no request is in progress. Messages that wait for their next attempt don't count. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Ends all requests and attempts. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const entry of this.#entries) this.#drop(entry);
    await this.idle();
  }

  #drop(entry: Entry | undefined): void {
    if (entry === undefined) return;
    clearTimeout(entry.timer);
    if (entry.state === 'waiting') entry.state = 'dropped';
  }

  #attemptIfDue(entry: Entry): void {
    if (entry.state === 'waiting' && !entry.sending && this.#clock.now() >= entry.dueAt) {
      void this.#attempt(entry);
    }
  }

  #attempt(entry: Entry): Promise<void> {
    const work = this.#send(entry).finally(() => this.#running.delete(work));
    this.#running.add(work);
    return work;
  }

  async #send(entry: Entry): Promise<void> {
    const { message, attempts, until } = entry;
    clearTimeout(entry.timer);
    if (this.#clock.now() > until) return this.#drop(entry);
    entry.sending = true;
    const at = new Date(this.#clock.now());
    const status = await this.#post(message);
    entry.sending = false;
    attempts.push({ at, status });
    if (entry.state !== 'waiting') return; // closed meanwhile
    const outcome = status === undefined ? 'again' : message.outcomeOf(status);
    if (outcome !== 'again') {
      entry.state = outcome;
      return;
    }
    const pause = Math.min(firstPause * 2 ** (attempts.length - 1), longestPause);
    entry.dueAt = at.getTime() + pause;
    this.#attemptIfDue(entry); // the clock may have been advanced meanwhile
    if (entry.sending) return;
    entry.timer = setTimeout(() => this.#attemptIfDue(entry), Math.min(pause, longestTimer));
    entry.timer.unref();
  }

  /** The status of the response; undefined if there was none. */
  async #post({ url, body, headers }: Message): Promise<number | undefined> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(responseTimeout)]);
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: headers(),
        redirect: 'manual',
        signal,
      });
      await response.body?.cancel();
      return response.status;
    } catch {
      return undefined;
    }
  }
}
