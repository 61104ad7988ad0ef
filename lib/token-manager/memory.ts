import type { TokenRecord, TokenStore, Unfinished } from './store.ts';

/** Keeps tokens in the memory of this process: for tests, and for apps that may lose all tokens when they stop. */
export class MemoryTokenStore implements TokenStore {
  readonly #records = new Map<string, TokenRecord>();

  async read(userID: string): Promise<TokenRecord | undefined> {
    return copy(this.#records.get(userID));
  }

  async insert(userID: string, record: TokenRecord): Promise<boolean> {
    if (this.#records.has(userID)) return false;
    this.#records.set(userID, copy(record));
    return true;
  }

  async replace(userID: string, version: string, record: TokenRecord): Promise<boolean> {
    if (this.#records.get(userID)?.version !== version) return false;
    this.#records.set(userID, copy(record));
    return true;
  }

  async delete(userID: string, version: string): Promise<boolean> {
    return this.#records.get(userID)?.version === version && this.#records.delete(userID);
  }

  async listUnfinished(before: number, limit: number, after?: Unfinished): Promise<Unfinished[]> {
    return findUnfinished(this.#records, before, limit, after);
  }
}

/** A copy, which the caller's later changes don't affect. */
export function copy<T extends TokenRecord | undefined>(record: T): T {
  return record && { ...record, ...(record.refresh && { refresh: { ...record.refresh } }) };
}

/** Like {@link TokenStore.listUnfinished}, for records in memory. */
export function findUnfinished(
  records: Iterable<[userID: string, record: TokenRecord]>,
  before: number,
  limit: number,
  after?: Unfinished,
): Unfinished[] {
  const found: Unfinished[] = [];
  for (const [userID, { refresh, reauthorize }] of records) {
    if (refresh === undefined || reauthorize !== undefined || refresh.since >= before) continue;
    const each = { since: refresh.since, userID };
    if (after === undefined || compare(each, after) > 0) found.push(each);
  }
  return found.sort(compare).slice(0, limit);
}

function compare(a: Unfinished, b: Unfinished): number {
  if (a.since !== b.since) return a.since - b.since;
  if (a.userID === b.userID) return 0;
  return a.userID < b.userID ? -1 : 1;
}
