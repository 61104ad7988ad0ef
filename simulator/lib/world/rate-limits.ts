import type { Clock } from './clock.ts';

/** The rest of a user's rate limit. */
export interface Allowance {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until the count starts again. */
  readonly reset: number;
}

/** Counts requests for each user in windows that start on the full hour or minute. */
export class RateLimits {
  readonly #clock: Clock;
  readonly #counts = new Map<string, { readonly window: number; count: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one request. `span` is the window's length in seconds. */
  count(key: string, limit: number, span: number): Allowance {
    const now = this.#clock.now();
    const window = Math.floor(now / (span * 1000));
    const before = this.#counts.get(key);
    const entry = before?.window === window ? before : { window, count: 0 };
    this.#counts.set(key, entry);
    const allowed = entry.count < limit;
    if (allowed) entry.count += 1;
    const reset = Math.ceil(((window + 1) * span * 1000 - now) / 1000);
    // A lowered limit may be below the current count.
    return { allowed, limit, remaining: Math.max(0, limit - entry.count), reset };
  }
}
