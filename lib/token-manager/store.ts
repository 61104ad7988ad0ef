/**
 * What a store keeps of a user.
 *
 * A store keeps every field as it is given and looks into none but `version`.
 */
export interface TokenRecord {
  /** Which tokens these are: another value with every new token set, never used twice. */
  version: string;
  /** The token set as text: JSON, or sealed. */
  data: string;
  /** When the access token expires, ms since the epoch. For the app's own queries. */
  expiresAt: number;
  /** When a refresh of these tokens began that has not come to an end, ms since the epoch. */
  refreshingSince?: number | undefined;
  /** Set when only a new consent helps: the code of the error that said so, e.g. `invalid_grant`. */
  reauthorize?: string | undefined;
}

/** One user's record, for as long as the user's lock is held. A store does this on the lock's own connection. */
export interface LockedRecord {
  /** The record, or `undefined` if there is none; what was last written, never an older snapshot. */
  get(): Promise<TokenRecord | undefined>;
  /** As {@link TokenStore.replace}. */
  replace(version: string, record: TokenRecord): Promise<boolean>;
  /** As {@link TokenStore.delete}. */
  delete(): Promise<void>;
}

/**
 * Where a `TokenManager` keeps tokens. A store rejects with whatever its database reports; the manager makes an
 * error of the package of it.
 *
 * What is promised must hold between all processes that use the database. `tokenStoreConformance` checks it.
 */
export interface TokenStore {
  /** Reads the record of a user; `undefined` if there is none. One indexed read: it is made on every call. */
  get(userID: string): Promise<TokenRecord | undefined>;
  /** Writes the record, whatever is there. */
  set(userID: string, record: TokenRecord): Promise<void>;
  /**
   * Writes the record if the one that is there has the given version, in one atomic step. It may be called while
   * another one holds the lock.
   *
   * @returns whether it wrote
   */
  replace(userID: string, version: string, record: TokenRecord): Promise<boolean>;
  /** Deletes the record, if there is one. */
  delete(userID: string): Promise<void>;
  /**
   * Runs `work` while nobody else, in any process, holds the lock of this user; then lets go of the lock, whether
   * `work` resolves or rejects. The lock of a process that dies is let go of without its help.
   *
   * What `work` wrote is durable when this resolves. It rejects with the error of `work`, or when the lock can't be
   * had (then `work` was not called), or when what was written may be lost.
   */
  lock<T>(userID: string, work: (record: LockedRecord) => Promise<T>): Promise<T>;
  /**
   * Finds users whose record has a `refreshingSince` before the given time and no `reauthorize`, the oldest first.
   *
   * @param before ms since the epoch
   * @param limit how many to find at most
   */
  interrupted(before: number, limit: number): Promise<string[]>;
}
