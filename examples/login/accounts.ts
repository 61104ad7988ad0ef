import type { Profile, TokenSet } from 'passport-fitbit-strategy';

/** Somebody who signed in. */
export interface Account {
  /** Provider and user id: the ids of two providers may be equal. */
  id: string;
  provider: string;
  userID: string;
  displayName: string;
  photo?: string | undefined;
  /** Stays on the server: no page, no cookie and no log line holds a token. */
  tokens: TokenSet;
}

/** The app's users. This one forgets them when it stops; an app of yours has a database here. */
export class Accounts {
  readonly #accounts = new Map<string, Account>();

  get(id: string): Account | undefined {
    return this.#accounts.get(id);
  }

  /** Finds or creates the account of somebody who has just signed in. */
  signIn(tokens: TokenSet, profile: Profile): Account {
    const account: Account = {
      id: `${profile.provider}:${profile.id}`,
      provider: profile.provider,
      userID: profile.id,
      // There is a name only if the person allowed the `profile` scope.
      displayName: profile.displayName ?? `Member ${profile.id}`,
      photo: profile.photos?.[0]?.value,
      tokens,
    };
    this.#accounts.set(account.id, account);
    return account;
  }

  remove(id: string): void {
    this.#accounts.delete(id);
  }
}
