import { checkString } from '../oauth2/arguments.ts';
import { OAuthError } from '../oauth2/errors.ts';
import type { GoogleHealthProfile } from './identity.ts';

/** How {@link findOrLinkAccount} reaches the app's accounts. Each function may return a promise. */
export interface Accounts<Account> {
  /** Finds the account that has this `healthUserId`. */
  findByHealthUserId(healthUserId: string): Result<Account | null | undefined>;
  /** Finds the account that signed in with this Fitbit `user_id`, whether it has a `healthUserId` or not. */
  findByLegacyUserId(legacyUserId: string): Result<Account | null | undefined>;
  /**
   * Gives an account its `healthUserId`, **only if it has none**, in one step: `UPDATE … SET health_user_id = ?
   * WHERE id = ? AND health_user_id IS NULL`. Otherwise it does nothing.
   */
  link(account: Account, healthUserId: string): Result<unknown>;
  /** Makes an account with the profile's ids; throws if there is one with either of them. */
  create(profile: GoogleHealthProfile): Result<Account>;
}

type Result<T> = T | Promise<T>;

/**
 * Finds the account of a person who signed in with Google Health: by `healthUserId`, else by the Fitbit id that the
 * person had before, which is then linked, else a new one.
 *
 * A Fitbit account that is linked to another Google account already stays that one's. Two logins of one person at
 * the same time get the same account, if the database keeps both ids unique.
 *
 * @throws OAuthError `account_conflict`, which a `verify` function may let through: it is a failure, for the person
 * @throws TypeError the profile is not one of `GoogleHealthStrategy`
 * @example
 * passport.use(new GoogleHealthStrategy(options, async ({ tokens, profile }) => {
 *   const user = await findOrLinkAccount(profile, {
 *     findByHealthUserId: (id) => db.get('SELECT * FROM users WHERE health_user_id = ?', id),
 *     findByLegacyUserId: (id) => db.get('SELECT * FROM users WHERE fitbit_user_id = ?', id),
 *     link: (user, id) => db.run('UPDATE users SET health_user_id = ? WHERE id = ? AND health_user_id IS NULL', id, user.id),
 *     create: ({ id, legacyUserId }) => db.get('INSERT INTO users (health_user_id, fitbit_user_id) VALUES (?, ?) RETURNING *', id, legacyUserId ?? null),
 *   });
 *   await saveTokens(user, tokens);
 *   return user;
 * }));
 */
export async function findOrLinkAccount<Account>(
  profile: GoogleHealthProfile,
  accounts: Accounts<Account>,
): Promise<Account> {
  const { provider, id, legacyUserId } = profile;
  checkString(id, 'profile.id');
  // An app may use one `verify` for both providers: a Fitbit id must not be taken for a healthUserId.
  if (provider !== 'google-health') throw new TypeError('"profile" must be one of GoogleHealthStrategy');

  const known = await accounts.findByHealthUserId(id);
  if (known) return known;

  // Never looked up when there is none: a query for nothing may well find somebody.
  const old = legacyUserId ? await accounts.findByLegacyUserId(legacyUserId) : undefined;
  try {
    if (!old) return await accounts.create(profile);
    await accounts.link(old, id);
  } catch (error) {
    // Another login of the same person may have been first.
    const first = await accounts.findByHealthUserId(id);
    if (first) return first;
    throw error;
  }
  // Whether it was this login that linked it or another one does not matter, but whose it is now does.
  const linked = await accounts.findByHealthUserId(id);
  if (linked) return linked;
  throw new OAuthError(
    'The Fitbit account of this person is linked to another Google account here. Sign in with that one.',
    { code: 'account_conflict', operation: 'profile' },
  );
}
