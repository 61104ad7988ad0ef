import type { Database } from 'libsql';
import type { FitbitProfile } from 'passport-fitbit-strategy';
import type { GoogleHealthProfile } from 'passport-fitbit-strategy/google-health';

/** A user who signed in. */
export interface Account {
  /** Provider and user id: the ids of two providers may be equal. */
  id: string;
  provider: string;
  userID: string;
  /** The user's Fitbit ID from before Google Health. */
  legacyUserID: string | null;
  displayName: string;
  photo: string | null;
}

/** The id of the account of a provider's user. */
export function accountID(provider: string, userID: string): string {
  return `${provider}:${userID}`;
}

/** A profile of either provider. */
export type AnyProfile = FitbitProfile | GoogleHealthProfile;

/** The app's users. */
export class Accounts {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(id: string): Account | undefined {
    return this.#database.prepare('SELECT * FROM accounts WHERE id = ?').get(id) as Account | undefined;
  }

  /** Finds or creates the account of a user who has just signed in. */
  signIn(profile: AnyProfile): Account {
    const account: Account = {
      id: accountID(profile.provider, profile.id),
      provider: profile.provider,
      userID: profile.id,
      legacyUserID: ('legacyUserId' in profile && profile.legacyUserId) || null,
      // Empty unless the user allowed access to the name.
      displayName: profile.displayName || `Member ${profile.id}`,
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
