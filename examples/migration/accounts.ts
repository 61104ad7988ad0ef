import Database from 'libsql';
import type { FitbitProfile, TokenSet } from 'passport-fitbit-strategy';
import type {
  GoogleHealthProfile,
  Accounts as LinkableAccounts,
} from 'passport-fitbit-strategy/google-health';

/** An account of the app. Its key is the app's own, so it outlives any provider. */
export interface Account {
  id: number;
  /** Fitbit's `user_id`, if the user ever signed in with Fitbit or had a Fitbit account. */
  fitbitUserId: string | null;
  /** Google's `healthUserId`, once the user has connected a Google account. */
  healthUserId: string | null;
  /** The provider that issued the tokens. */
  oauthType: 'fitbit' | 'google';
  accessToken: string;
  refreshToken: string | null;
  /** ms since the epoch */
  expiresAt: number;
  name: string;
  goal: string;
}

/** A Google account that the user has just consented to share. It is plain data, which a session can hold. */
export interface GoogleAccount {
  healthUserId: string;
  /** The Fitbit `user_id` of the same user, if Google knows one. */
  fitbitUserId: string | null;
  name: string;
  accessToken: string;
  refreshToken: string | null;
  /** ms since the epoch */
  expiresAt: number;
}

// Both ids are UNIQUE: this constraint keeps two concurrent requests from making two accounts for one user.
// A real app encrypts the tokens.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS accounts (
    id INTEGER PRIMARY KEY,
    fitbitUserId TEXT UNIQUE CHECK (fitbitUserId <> ''),
    healthUserId TEXT UNIQUE CHECK (healthUserId <> ''),
    oauthType TEXT NOT NULL CHECK (oauthType IN ('fitbit', 'google')),
    accessToken TEXT NOT NULL,
    refreshToken TEXT,
    expiresAt INTEGER NOT NULL,
    name TEXT NOT NULL,
    goal TEXT NOT NULL DEFAULT ''
  ) STRICT`;

/** The accounts in an SQLite database. */
export class Accounts {
  readonly #db: Database.Database;

  /** @param file the path of the database, or `:memory:` */
  constructor(file: string) {
    this.#db = new Database(file);
    this.#db.exec(SCHEMA);
  }

  get(id: number): Account | undefined {
    return this.#find('SELECT * FROM accounts WHERE id = ?', id);
  }

  all(): Account[] {
    return this.#db.prepare('SELECT * FROM accounts ORDER BY id').all() as Account[];
  }

  /** Finds or creates the account of a Fitbit user, as the app has always done. */
  signInWithFitbit(profile: FitbitProfile, tokens: TokenSet): Account | undefined {
    // An account that has moved keeps its Google tokens.
    this.#run(
      `INSERT INTO accounts (fitbitUserId, oauthType, accessToken, refreshToken, expiresAt, name)
       VALUES (?, 'fitbit', ?, ?, ?, ?)
       ON CONFLICT (fitbitUserId) DO UPDATE SET accessToken = excluded.accessToken,
         refreshToken = excluded.refreshToken, expiresAt = excluded.expiresAt
       WHERE oauthType = 'fitbit'`,
      profile.id,
      ...columns(tokens),
      nameOf(profile),
    );
    return this.#find('SELECT * FROM accounts WHERE fitbitUserId = ?', profile.id);
  }

  /** The functions for findOrLinkAccount. A new account gets the tokens of its first login. */
  linkable(tokens: TokenSet): LinkableAccounts<Account> {
    return {
      findByHealthUserId: (id) => this.#find('SELECT * FROM accounts WHERE healthUserId = ?', id),
      findByLegacyUserId: (id) => this.#find('SELECT * FROM accounts WHERE fitbitUserId = ?', id),
      // In one statement, and only if the account has no Google account yet.
      link: ({ id }, healthUserId) =>
        this.#run(
          'UPDATE accounts SET healthUserId = ? WHERE id = ? AND healthUserId IS NULL',
          healthUserId,
          id,
        ),
      create: (profile: GoogleHealthProfile) => {
        this.#run(
          `INSERT INTO accounts (healthUserId, fitbitUserId, oauthType, accessToken, refreshToken, expiresAt, name)
           VALUES (?, ?, 'google', ?, ?, ?, ?)`,
          profile.id,
          profile.legacyUserId ?? null,
          ...columns(tokens),
          nameOf(profile),
        );
        return this.#find('SELECT * FROM accounts WHERE healthUserId = ?', profile.id) as Account;
      },
    };
  }

  /** Saves Google's tokens and sets the flag: the account has moved. */
  saveGoogleTokens(id: number, tokens: TokenSet): void {
    const [accessToken, refreshToken, expiresAt] = columns(tokens);
    // Without a new refresh token, Google's previous one is still valid. Fitbit's would not work at Google.
    this.#run(
      `UPDATE accounts SET accessToken = ?, expiresAt = ?,
         refreshToken = coalesce(?, iif(oauthType = 'google', refreshToken, NULL)), oauthType = 'google'
       WHERE id = ?`,
      accessToken,
      expiresAt,
      refreshToken,
      id,
    );
  }

  /**
   * The account that a Google account belongs to: by its `healthUserId`, or else by its Fitbit ID. An account that is
   * found by its Fitbit ID may have another Google account.
   */
  ownerOf({ healthUserId, fitbitUserId }: GoogleAccount): Account | undefined {
    return (
      this.#find('SELECT * FROM accounts WHERE healthUserId = ?', healthUserId) ??
      // Without a Fitbit ID, there is no query.
      (fitbitUserId ? this.#find('SELECT * FROM accounts WHERE fitbitUserId = ?', fitbitUserId) : undefined)
    );
  }

  /**
   * Connects a Google account to an account, in place of the one that it has, and saves the tokens.
   *
   * @returns false, with nothing changed, if another request was faster: the account has another Google account than
   * `account` says, or one of the ids belongs to another account
   */
  connect(account: Account, google: GoogleAccount): boolean {
    const { healthUserId, fitbitUserId, accessToken, refreshToken, expiresAt } = google;
    // IGNORE leaves the row as it is if another account has one of the ids.
    const { changes } = this.#run(
      `UPDATE OR IGNORE accounts SET
         accessToken = ?, expiresAt = ?,
         refreshToken = coalesce(?, iif(oauthType = 'google' AND healthUserId = ?, refreshToken, NULL)),
         healthUserId = ?, fitbitUserId = coalesce(fitbitUserId, ?), oauthType = 'google'
       WHERE id = ? AND healthUserId IS ?`,
      accessToken,
      expiresAt,
      refreshToken,
      healthUserId,
      healthUserId,
      fitbitUserId,
      account.id,
      account.healthUserId,
    );
    return changes > 0;
  }

  /** Saves refreshed tokens, unless the account has moved to the other provider meanwhile. */
  saveRefreshedTokens({ id, oauthType }: Account, tokens: TokenSet): void {
    this.#run(
      'UPDATE accounts SET accessToken = ?, refreshToken = ?, expiresAt = ? WHERE id = ? AND oauthType = ?',
      ...columns(tokens),
      id,
      oauthType,
    );
  }

  saveGoal(id: number, goal: string): void {
    this.#run('UPDATE accounts SET goal = ? WHERE id = ?', goal, id);
  }

  close(): void {
    this.#db.close();
  }

  #find(sql: string, value: string | number): Account | undefined {
    return this.#db.prepare(sql).get(value) as Account | undefined;
  }

  #run(sql: string, ...values: (string | number | null)[]): Database.RunResult {
    return this.#db.prepare(sql).run(...values);
  }
}

/** The data of a Google account that the app keeps. */
export function toGoogleAccount(profile: GoogleHealthProfile, tokens: TokenSet): GoogleAccount {
  const [accessToken, refreshToken, expiresAt] = columns(tokens);
  return {
    healthUserId: profile.id,
    fitbitUserId: profile.legacyUserId ?? null,
    name: nameOf(profile),
    accessToken,
    refreshToken,
    expiresAt,
  };
}

function columns(tokens: TokenSet): [accessToken: string, refreshToken: string | null, expiresAt: number] {
  return [tokens.accessToken, tokens.refreshToken ?? null, tokens.expiresAt.getTime()];
}

function nameOf({ displayName }: { displayName: string }): string {
  return displayName || 'friend';
}
