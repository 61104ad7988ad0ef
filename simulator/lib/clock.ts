import { checkNumber, checkObject } from './check.ts';

/** A span of time to let pass on the simulator's clock. The parts add up. */
export interface Duration {
  readonly days?: number | undefined;
  readonly hours?: number | undefined;
  readonly minutes?: number | undefined;
  readonly seconds?: number | undefined;
}

/** Where the simulator's clock starts and whether it runs. */
export interface ClockSettings {
  /** The instant at which the clock starts. @default the real time */
  readonly startAt?: Date | undefined;
  /** A stopped clock moves only by `advance()`. @default false */
  readonly stopped?: boolean | undefined;
}

const milliseconds = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1000 } as const;
const units = ['days', 'hours', 'minutes', 'seconds'] as const;

/**
 * The simulator's own time. Every lifetime (codes, tokens, the replay of a refresh, rate limits) is
 * measured on it, so that a test lets eight hours pass without waiting.
 */
export class Clock {
  #offset: number;
  readonly #stoppedAt: number | undefined;

  constructor(settings: ClockSettings = {}) {
    checkObject(settings, '"clock"', ['startAt', 'stopped']);
    const { startAt, stopped = false } = settings;
    if (startAt !== undefined && !(startAt instanceof Date && !Number.isNaN(startAt.getTime()))) {
      throw new TypeError('"clock.startAt" must be a valid Date');
    }
    if (typeof stopped !== 'boolean') throw new TypeError('"clock.stopped" must be true or false');
    const real = Date.now();
    this.#offset = startAt === undefined ? 0 : startAt.getTime() - real;
    this.#stoppedAt = stopped ? real : undefined;
  }

  /** The present instant, in milliseconds since 1970. */
  now(): number {
    return (this.#stoppedAt ?? Date.now()) + this.#offset;
  }

  /** The present instant, in whole seconds since 1970, as tokens carry it. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Lets time pass. */
  advance(duration: Duration): void {
    checkObject(duration, 'the duration', units);
    let sum = 0;
    for (const unit of units) {
      const value = duration[unit];
      if (value === undefined) continue;
      checkNumber(value, unit, { integer: false, max: 1e9 });
      sum += value * milliseconds[unit];
    }
    this.#offset += sum;
  }
}
