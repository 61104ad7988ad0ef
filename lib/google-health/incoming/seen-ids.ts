/** Remembers ids, so that repeated messages are processed only once. Several processes need a shared store. */
export interface SeenIDs {
  /**
   * Adds an id in one atomic step.
   *
   * @returns `true` if the id is new, `false` if it was already added
   */
  add(id: string): boolean | Promise<boolean>;
}

/** Settings of {@link MemorySeenIDs}. */
export interface MemorySeenIDsOptions {
  /** How long an id is kept, ms. */
  ttl: number;
  /**
   * How many ids are kept; the oldest ones are dropped first.
   * @default 10_000
   */
  max?: number | undefined;
  /**
   * The time, ms since the epoch.
   * @default Date.now
   */
  now?: (() => number) | undefined;
}

/** Keeps seen ids in the memory of one process. */
export class MemorySeenIDs implements SeenIDs {
  readonly #ttl: number;
  readonly #max: number;
  readonly #now: () => number;
  /** When each id was added, the oldest first. */
  readonly #added = new Map<string, number>();

  constructor({ ttl, max = 10_000, now = Date.now }: MemorySeenIDsOptions) {
    this.#ttl = ttl;
    this.#max = max;
    this.#now = now;
  }

  add(id: string): boolean {
    const now = this.#now();
    const before = this.#added.get(id);
    if (before !== undefined && now - before < this.#ttl) return false;
    this.#added.delete(id);
    for (const [oldest, added] of this.#added) {
      if (now - added < this.#ttl && this.#added.size < this.#max) break;
      this.#added.delete(oldest);
    }
    this.#added.set(id, now);
    return true;
  }
}
