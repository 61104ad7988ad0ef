import type { StepInterval } from './health-data.ts';

const duration = 10 * 60_000; // ms

/** The steps that users took because somebody asked for it, beside those that are made up. */
export class Walks {
  readonly #walks = new Map<string, StepInterval[]>();

  /** Adds steps that were taken in the ten minutes up to now (ms since 1970). */
  add(personID: string, count: number, now: number): StepInterval {
    const end = Math.floor(now / 1000) * 1000;
    const walk = { start: end - duration, end, count };
    this.#walks.set(personID, [...this.of(personID), walk]);
    return walk;
  }

  /** A user's walks, oldest first. */
  of(personID: string): readonly StepInterval[] {
    return this.#walks.get(personID) ?? [];
  }
}
