import type { Database } from 'libsql';
import type { Profile } from 'passport-fitbit-strategy';

/** Somebody who signed in. */
export interface Account {
  /** Provider and user id: the ids of two providers may be equal. */
  id: string;
  provider: string;
  userID: string;
  /** The Fitbit id that a person had before Google Health. */
  legacyUserID: string | null;
  displayName: string;
  photo: string | null;
}

/** A profile of either provider. */
export type AnyProfile = Profile & { legacyUserId?: string };

/** The app's users. */
export class Accounts {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(id: string): Account | undefined {
    return this.#database.prepare('SELECT * FROM accounts WHERE id = ?').get(id) as Account | undefined;
  }

  /** Finds or creates the account of somebody who has just signed in. */
  signIn(profile: AnyProfile): Account {
    const account: Account = {
      id: `${profile.provider}:${profile.id}`,
      provider: profile.provider,
      userID: profile.id,
      legacyUserID: profile.legacyUserId ?? null,
      // There is a name only if the person allowed that.
      displayName: profile.displayName ?? `Member ${profile.id}`,
      photo: profile.photos?.[0]?.value ?? null,
    };
    const { id, provider, userID, legacyUserID, displayName, photo } = account;
    this.#database
      .prepare('INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?)')
      .run(id, provider, userID, legacyUserID, displayName, photo);
    return account;
  }

  remove(id: string): void {
    this.#database.prepare('DELETE FROM accounts WHERE id = ?').run(id);
  }
}
