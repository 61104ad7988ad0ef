/** Says that a refresh has begun and is not finished. It is also the lease of the process that performs it. */
export interface RefreshNote {
  /** When the provider may have received the refresh token for the first time, ms since the epoch. */
  since: number;
  /** Which attempt holds the lease: a random id. */
  by: string;
  /** When the lease expires unless its holder renews it, ms since the epoch. */
  until: number;
}

/**
 * The record of a user.
 *
 * A store keeps every field unchanged. It compares `version` and finds records by `refresh.since`.
 */
export interface TokenRecord {
  /** Changes with every write and is never used twice. */
  version: string;
  /**
   * The token set as text: JSON, or encrypted. Empty in the record that a first login writes before its tokens. That
   * record, with `expiresAt: 0`, counts as no record; it stays if the login fails.
   */
  data: string;
  /** When the access token expires, ms since the epoch. For the app's own queries. */
  expiresAt: number;
  /** Set while a refresh of these tokens is unfinished. */
  refresh?: RefreshNote | undefined;
  /** Set if the user has to consent again: the code of the error that showed it, such as `invalid_grant`. */
  reauthorize?: string | undefined;
}

/** The position of an unfinished refresh in the list of all of them. */
export interface Unfinished {
  /** `refresh.since` of the record. */
  since: number;
  userID: string;
}

/**
 * Where a `TokenManager` stores tokens: five atomic operations. A store rejects with the errors of its database; the
 * manager turns them into `OAuthError`s.
 *
 * Every write is conditional, so that a delayed write doesn't change anything newer. An operation that rejects may have
 * taken effect, or may take effect later. A write that resolves is durable and visible to every process.
 * `tokenStoreConformance` checks a store.
 */
export interface TokenStore {
  /** Reads the record of a user; `undefined` if there is none. One indexed read of the newest state, never a stale replica. */
  read(userID: string): Promise<TokenRecord | undefined>;
  /**
   * Writes a record if the user has none.
   *
   * @returns whether the record was written
   */
  insert(userID: string, record: TokenRecord): Promise<boolean>;
  /**
   * Replaces the record that has the given version.
   *
   * @returns whether the record was written
   */
  replace(userID: string, version: string, record: TokenRecord): Promise<boolean>;
  /**
   * Deletes the record that has the given version.
   *
   * @returns whether the record was deleted
   */
  delete(userID: string, version: string): Promise<boolean>;
  /**
   * Lists records that have a `refresh` and no `reauthorize`, ordered by `since`, then by user in any fixed order.
   *
   * @param before only those whose `since` is earlier, ms since the epoch
   * @param limit the maximum number
   * @param after the last one of the previous page; it may no longer exist. An empty `userID` comes before all others.
   */
  listUnfinished(before: number, limit: number, after?: Unfinished): Promise<Unfinished[]>;
}
