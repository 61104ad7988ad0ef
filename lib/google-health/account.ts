import { OAuthError } from '../client/errors.ts';
import { checkString } from '../util/arguments.ts';
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
  /** Creates an account with the profile's ids; throws if an account has one of them. */
  create(profile: GoogleHealthProfile): Result<Account>;
}

type Result<T> = T | Promise<T>;

/**
 * Finds the account of a user who signed in with Google Health: by `healthUserId`, or else by the user's previous
 * Fitbit ID, which is then linked. If there is neither, it creates an account.
 *
 * A Fitbit account that is linked to another Google account keeps that link. Two concurrent logins of one user get the
 * same account, if the database keeps both ids unique.
 *
 * @throws OAuthError `account_conflict`: thrown by `verify`, it becomes a failure that the user can resolve
 * @throws TypeError the profile is not from `GoogleHealthStrategy`
 * @example
 * const verify = async ({ tokens, profile }) => {
 *   const user = await findOrLinkAccount(profile, {
 *     findByHealthUserId: (id) => db.get('SELECT * FROM users WHERE health_user_id = ?', id),
 *     findByLegacyUserId: (id) => db.get('SELECT * FROM users WHERE fitbit_user_id = ?', id),
 *     link: (user, id) => db.run('UPDATE users SET health_user_id = ? WHERE id = ? AND health_user_id IS NULL', id,
 * user.id), create: ({ id, legacyUserId }) => db.get('INSERT INTO users (health_user_id, fitbit_user_id) VALUES (?, ?)
 * RETURNING *', id, legacyUserId ?? null), }); await saveTokens(user, tokens); return user; }; passport.use(new
 * GoogleHealthStrategy({ ...options, verify }));
 */
export async function findOrLinkAccount<Account>(
  profile: GoogleHealthProfile,
  accounts: Accounts<Account>,
): Promise<Account> {
  const { provider, id, legacyUserId } = profile;
  checkString(id, 'profile.id');
  // An app may use one `verify` for both providers: a Fitbit ID must not be used as a healthUserId.
  if (provider !== 'google-health')
    throw new TypeError('"profile" must be a profile from GoogleHealthStrategy');

  const known = await accounts.findByHealthUserId(id);
  if (known) return known;

  // Without an old id there is no query: an empty one may match an account.
  const old = legacyUserId ? await accounts.findByLegacyUserId(legacyUserId) : undefined;
  try {
    if (!old) return await accounts.create(profile);
    await accounts.link(old, id);
  } catch (error) {
    // A concurrent login of the same user may have been faster.
    const first = await accounts.findByHealthUserId(id);
    if (first) return first;
    throw error;
  }
  // A concurrent login may have linked the account, so look up the owner again.
  const linked = await accounts.findByHealthUserId(id);
  if (linked) return linked;
  throw new OAuthError(
    'This Fitbit account is already linked to another Google account. Sign in with that Google account.',
    { code: 'account_conflict', operation: 'profile' },
  );
}
