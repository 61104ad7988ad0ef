import { Mutex } from './mutex.ts';
import type { LockedRecord, TokenRecord, TokenStore } from './store.ts';

/** Keeps tokens in the memory of this process: for tests, and for apps that may forget everybody when they stop. */
export class MemoryTokenStore implements TokenStore {
  readonly #records = new Map<string, TokenRecord>();
  readonly #mutex = new Mutex();

  async get(userID: string): Promise<TokenRecord | undefined> {
    const record = this.#records.get(userID);
    return record && { ...record };
  }

  async set(userID: string, record: TokenRecord): Promise<void> {
    this.#records.set(userID, { ...record });
  }

  async replace(userID: string, version: string, record: TokenRecord): Promise<boolean> {
    if (this.#records.get(userID)?.version !== version) return false;
    this.#records.set(userID, { ...record });
    return true;
  }

  async delete(userID: string): Promise<void> {
    this.#records.delete(userID);
  }

  lock<T>(userID: string, work: (record: LockedRecord) => Promise<T>): Promise<T> {
    return this.#mutex.run(userID, () => work(lockedRecord(this, userID)));
  }

  async interrupted(before: number, limit: number): Promise<string[]> {
    return findInterrupted(this.#records, before, limit);
  }
}

/** The part of a store that its lock hands out, where no connection of its own is needed. */
export function lockedRecord(store: TokenStore, userID: string): LockedRecord {
  return {
    get: () => store.get(userID),
    replace: (version, record) => store.replace(userID, version, record),
    delete: () => store.delete(userID),
  };
}

/** As {@link TokenStore.interrupted}, of records in memory. */
export function findInterrupted(
  records: Iterable<[string, TokenRecord]>,
  before: number,
  limit: number,
): string[] {
  const found: [userID: string, since: number][] = [];
  for (const [userID, { refreshingSince, reauthorize }] of records) {
    if (refreshingSince !== undefined && refreshingSince < before && reauthorize === undefined) {
      found.push([userID, refreshingSince]);
    }
  }
  found.sort(([, a], [, b]) => a - b);
  return found.slice(0, limit).map(([userID]) => userID);
}
