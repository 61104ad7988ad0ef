import Database from 'libsql';
import type { FitbitProfile, TokenSet } from 'passport-fitbit-strategy';
import type {
  GoogleHealthProfile,
  Accounts as LinkableAccounts,
} from 'passport-fitbit-strategy/google-health';

/** An account of the app. It outlives the provider that its owner signed in with first. */
export interface Account {
  id: number;
  /** Fitbit's `user_id`, if the owner ever signed in with Fitbit or had a Fitbit account. */
  fitbitUserId: string | null;
  /** Google's `healthUserId`, once the owner has signed in with Google Health. */
  healthUserId: string | null;
  /** Whose tokens these are. */
  oauthType: 'fitbit' | 'google';
  accessToken: string;
  refreshToken: string | null;
  /** ms since the epoch */
  expiresAt: number;
  name: string;
  goal: string;
}

// Both ids are UNIQUE: this, and not the code, is what keeps two requests at the same time from making two
// accounts for one user. A real app encrypts the tokens.
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

/** The accounts in an SQLite file. */
export class Accounts {
  readonly #db: Database.Database;

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

  /** A login with Fitbit, as the app has always had it. */
  signInWithFitbit(profile: FitbitProfile, tokens: TokenSet): Account | undefined {
    // Who has moved already keeps the tokens of Google.
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

  /** What findOrLinkAccount needs. A new account gets the tokens of its first login. */
  linkable(tokens: TokenSet): LinkableAccounts<Account> {
    return {
      findByHealthUserId: (id) => this.#find('SELECT * FROM accounts WHERE healthUserId = ?', id),
      findByLegacyUserId: (id) => this.#find('SELECT * FROM accounts WHERE fitbitUserId = ?', id),
      // In one step, and only if there is none: an account that is somebody's already stays so.
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

  /** Saves tokens of Google, and the flag: from now on the account is Google's. */
  saveGoogleTokens(id: number, tokens: TokenSet): void {
    const [accessToken, refreshToken, expiresAt] = columns(tokens);
    // Where Google gives no refresh token, the one that it gave before stays good; Fitbit's is no use to Google.
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

  /** Saves refreshed tokens of the provider that the account is with. */
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

  #run(sql: string, ...values: (string | number | null)[]): void {
    this.#db.prepare(sql).run(...values);
  }
}

function columns(tokens: TokenSet): [accessToken: string, refreshToken: string | null, expiresAt: number] {
  return [tokens.accessToken, tokens.refreshToken ?? null, tokens.expiresAt.getTime()];
}

function nameOf({ displayName }: { displayName: string }): string {
  return displayName || 'friend';
}
