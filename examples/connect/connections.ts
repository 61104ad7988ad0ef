import Database from 'libsql';

/** The providers that a user can connect. */
export type ProviderName = 'fitbit' | 'google-health';

/** A provider's account that a user of the app has connected. */
export interface Connection {
  provider: ProviderName;
  /** The user's id at the provider: `profile.id`. */
  accountID: string;
  userID: string;
  /** The user's name at the provider. */
  name: string;
}

// The keys decide between simultaneous requests: an account belongs to one user, and a user has one account
// of each provider.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS connections (
    provider TEXT NOT NULL,
    accountID TEXT NOT NULL,
    userID TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (provider, accountID),
    UNIQUE (userID, provider)
  ) STRICT`;

/** The users' connections. Their tokens are in a TokenManager, under {@link tokenKey}. */
export class Connections {
  readonly #db = new Database(':memory:');

  constructor() {
    this.#db.exec(SCHEMA);
  }

  /**
   * Adds a connection.
   *
   * @returns `connected`, the first time and again; `taken` if the account belongs to another user; `another` if the
   * user has connected another account of this provider. In the last two cases nothing is changed.
   */
  add({ provider, accountID, userID, name }: Connection): 'connected' | 'taken' | 'another' {
    this.#db
      .prepare('INSERT INTO connections VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING')
      .run(provider, accountID, userID, name);
    const owner = this.#db
      .prepare('SELECT userID FROM connections WHERE provider = ? AND accountID = ?')
      .get(provider, accountID) as { userID: string } | undefined;
    if (owner === undefined) return 'another';
    return owner.userID === userID ? 'connected' : 'taken';
  }

  of(userID: string): Connection[] {
    return this.#db
      .prepare('SELECT * FROM connections WHERE userID = ? ORDER BY provider')
      .all(userID) as Connection[];
  }

  remove({ provider, accountID }: Connection): void {
    this.#db.prepare('DELETE FROM connections WHERE provider = ? AND accountID = ?').run(provider, accountID);
  }
}

/** The id under which a TokenManager keeps the tokens of a connection. */
export function tokenKey({ provider, accountID }: Pick<Connection, 'provider' | 'accountID'>): string {
  return `${provider}:${accountID}`;
}
