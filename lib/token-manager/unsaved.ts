import type { Entry } from './record.ts';

const FIRST_PAUSE = 250; // ms; doubles with each try
const MAX_PAUSE = 30_000; // ms

interface Kept {
  /** The version that the entry takes the place of. */
  replaces: string;
  entry: Entry;
  pause: number;
  timer?: NodeJS.Timeout;
}

/**
 * Tokens that the provider has given and the store has not confirmed yet, by user. Nowhere else is a copy of them:
 * they stay here until the store has them, or newer ones.
 */
export class Unsaved {
  readonly #kept = new Map<string, Kept>();
  readonly #replace: (userID: string, version: string, entry: Entry) => Promise<boolean>;
  readonly #report: (userID: string, error: unknown) => void;

  /**
   * @param replace stores an entry if the one that is stored has the given version; resolves with whether it did
   * @param report is told of each try that failed
   */
  constructor(
    replace: (userID: string, version: string, entry: Entry) => Promise<boolean>,
    report: (userID: string, error: unknown) => void,
  ) {
    this.#replace = replace;
    this.#report = report;
  }

  /** The entry that waits for its place in the store. */
  get(userID: string): Readonly<Pick<Kept, 'replaces' | 'entry'>> | undefined {
    return this.#kept.get(userID);
  }

  keep(userID: string, replaces: string, entry: Entry): void {
    this.drop(userID);
    this.#kept.set(userID, { replaces, entry, pause: FIRST_PAUSE });
  }

  /** Forgets what is kept of a user; with `entry`, only if it is that one. */
  drop(userID: string, entry?: Entry): void {
    const kept = this.#kept.get(userID);
    if (kept === undefined || (entry !== undefined && kept.entry !== entry)) return;
    clearTimeout(kept.timer);
    this.#kept.delete(userID);
  }

  /** Reports that the store failed, and tries again after a while, for as long as it takes. */
  retry(userID: string, entry: Entry, error: unknown): void {
    const kept = this.#kept.get(userID);
    if (kept?.entry !== entry) return;
    clearTimeout(kept.timer);
    // Not unref'd: a process with nothing else to do must not end while it has the only copy.
    kept.timer = setTimeout(() => {
      this.save(userID).catch((again: unknown) => this.retry(userID, entry, again));
    }, kept.pause);
    kept.pause = Math.min(kept.pause * 2, MAX_PAUSE);
    this.#report(userID, error);
  }

  /** Stores what is kept of a user, now. */
  async save(userID: string): Promise<void> {
    const kept = this.#kept.get(userID);
    if (kept === undefined) return;
    await this.#replace(userID, kept.replaces, kept.entry);
    // Not replaced means: an earlier try has arrived after all, or newer tokens are there, or the user is removed.
    this.drop(userID, kept.entry);
  }

  /** Stores all that is kept; rejects with the first failure when all has been tried. */
  async saveAll(): Promise<void> {
    const results = await Promise.allSettled([...this.#kept.keys()].map((userID) => this.save(userID)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
