/** Public keys by id, and how long they may be used before they are loaded again, ms. */
export interface LoadedKeys<ID, Key> {
  keys: ReadonlyMap<ID, Key>;
  maxAge: number;
}

const RETRY_AFTER = 60_000; // ms between two loads
const STALE_LIMIT = 24 * 3_600_000; // ms; older keys may have been withdrawn

/** The settings of {@link CachedKeys}. */
export interface CachedKeysInit<ID, Key> {
  load: () => Promise<LoadedKeys<ID, Key>>;
  /** The time, ms since the epoch. */
  now: () => number;
}

/**
 * Keeps public keys that a provider publishes and rotates.
 *
 * Keys are loaded again when they are too old and when an id is unknown, at most once a minute, in one request that
 * all waiting calls share. If that fails, known keys are used until they are a day old.
 */
export class CachedKeys<ID, Key> {
  readonly #init: CachedKeysInit<ID, Key>;
  #loaded: (LoadedKeys<ID, Key> & { at: number }) | undefined;
  #loading: Promise<void> | undefined;
  #triedAt = Number.NEGATIVE_INFINITY;
  /** Why the last load failed; `undefined` if it did not. */
  #failure: { cause: unknown } | undefined;

  constructor(init: CachedKeysInit<ID, Key>) {
    this.#init = init;
  }

  /**
   * Finds a key.
   *
   * @returns `undefined` if there is no key with this id
   * @throws the error of `load`, if it is unknown whether there is such a key
   */
  async find(id: ID): Promise<Key | undefined> {
    let key = this.#usable((loaded) => loaded.maxAge)?.get(id);
    if (key !== undefined) return key;
    if (this.#loading !== undefined || !isWithin(this.#init.now() - this.#triedAt, RETRY_AFTER)) {
      this.#loading ??= this.#load();
      await this.#loading;
    }
    key = this.#usable(() => STALE_LIMIT)?.get(id);
    if (key === undefined && this.#failure !== undefined) throw this.#failure.cause;
    return key;
  }

  /** The keys, unless they are older than the limit. */
  #usable(limit: (loaded: LoadedKeys<ID, Key>) => number): ReadonlyMap<ID, Key> | undefined {
    const loaded = this.#loaded;
    if (loaded === undefined) return undefined;
    return isWithin(this.#init.now() - loaded.at, limit(loaded)) ? loaded.keys : undefined;
  }

  async #load(): Promise<void> {
    this.#triedAt = this.#init.now();
    try {
      const loaded = await this.#init.load();
      this.#loaded = { ...loaded, at: this.#init.now() };
      this.#failure = undefined;
    } catch (cause) {
      this.#failure = { cause };
    } finally {
      this.#loading = undefined;
    }
  }
}

/** Whether a time span is within a limit. A negative one, after the clock was set back, is not. */
function isWithin(span: number, limit: number): boolean {
  return span >= 0 && span < limit;
}
