/** A refresh that has begun and not ended. It is also the lease of the process that works on it. */
export interface RefreshNote {
  /** When the provider may have received the refresh token for the first time, ms since the epoch. */
  since: number;
  /** Which attempt holds the lease: a random id. */
  by: string;
  /** When the lease is over unless its holder renews it, ms since the epoch. */
  until: number;
}

/**
 * What a store keeps of a user.
 *
 * A store keeps every field as it is given. It compares `version` and finds records by `refresh.since`.
 */
export interface TokenRecord {
  /** Changes with every write and is never used twice. */
  version: string;
  /**
   * The token set as text: JSON, or sealed. Empty in the record that a first login writes before its tokens; it counts
   * as none and stays, with `expiresAt: 0`, if that login fails.
   */
  data: string;
  /** When the access token expires, ms since the epoch. For the app's own queries. */
  expiresAt: number;
  /** Set while a refresh of these tokens is unfinished. */
  refresh?: RefreshNote | undefined;
  /** Set when only a new consent helps: the code of the error that said so, e.g. `invalid_grant`. */
  reauthorize?: string | undefined;
}

/** Where an unfinished refresh is in the list of all of them. */
export interface Unfinished {
  /** `refresh.since` of the record. */
  since: number;
  userID: string;
}

/**
 * Where a `TokenManager` keeps tokens: five atomic operations. A store rejects with whatever its database reports;
 * the manager turns that into an `OAuthError`.
 *
 * Every write is conditional, so that one that arrives late changes nothing newer. An operation that rejects may have
 * taken effect, or may take effect later. What resolves is durable, and every process sees it.
 * `tokenStoreConformance` checks a store.
 */
export interface TokenStore {
  /** Reads the record of a user; `undefined` if there is none. One indexed read of the newest state, never a stale replica. */
  read(userID: string): Promise<TokenRecord | undefined>;
  /**
   * Writes a record if the user has none.
   *
   * @returns whether it wrote
   */
  insert(userID: string, record: TokenRecord): Promise<boolean>;
  /**
   * Writes a record over the one that has the given version.
   *
   * @returns whether it wrote
   */
  replace(userID: string, version: string, record: TokenRecord): Promise<boolean>;
  /**
   * Deletes the record that has the given version.
   *
   * @returns whether it deleted
   */
  delete(userID: string, version: string): Promise<boolean>;
  /**
   * Lists records that have a `refresh` and no `reauthorize`, ordered by `since`, then by user in any fixed order.
   *
   * @param before only those whose `since` is earlier, ms since the epoch
   * @param limit how many at most
   * @param after the last one of the page before; it need not exist any more. An empty `userID` comes before all others.
   */
  listUnfinished(before: number, limit: number, after?: Unfinished): Promise<Unfinished[]>;
}
