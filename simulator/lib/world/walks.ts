import type { StepInterval } from './health-data.ts';

const duration = 10 * 60_000; // ms

/** Steps that were added on request, besides the generated ones. */
export class Walks {
  readonly #walks = new Map<string, StepInterval[]>();

  /** Adds steps in the ten minutes before `now` (ms since 1970). */
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
