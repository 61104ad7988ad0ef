import { isText } from '../oauth2/arguments.ts';
import type { OAuthError } from '../oauth2/errors.ts';
import { addAppearance, type Profile } from '../oauth2/profile.ts';

/** An answer of Google's, parsed. */
type Answer = Record<string, unknown>;

/** Passport's normalised profile of a Google Health user; `id` is Google's `healthUserId`. */
export interface GoogleHealthProfile extends Profile {
  /**
   * The `user_id` that the person had with Fitbit: the link to an account of that time, and of no other use.
   * Absent for people who never had Fitbit.
   */
  legacyUserId?: string;
  /**
   * The address of the Google account, if the `email` scope was granted. To write to; never find an account by it,
   * as it may change hands.
   */
  emails?: { value: string; verified?: boolean }[];
  /** Each answer parsed, under the name of its call; absent what was not asked for, or failed. */
  _json: { identity: Answer; userinfo?: Answer; profile?: Answer };
  /** Why a call failed that the login could do without. */
  _errors?: { userinfo?: OAuthError; profile?: OAuthError };
}

/**
 * Normalises the answers of a login. Only `healthUserId` can be relied on.
 *
 * @returns `undefined` if the identity has no `healthUserId`
 * @see https://developers.google.com/health/reference/rest/v4/users/getIdentity
 * @see https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims
 */
export function parseProfile(answers: GoogleHealthProfile['_json']): GoogleHealthProfile | undefined {
  const { identity, userinfo = {} } = answers;
  const { healthUserId, legacyUserId } = identity;
  if (!isText(healthUserId)) return undefined;
  const { name, family_name, given_name, picture, email, email_verified } = userinfo;
  const profile: GoogleHealthProfile = { provider: 'google-health', id: healthUserId, _json: answers };
  if (isText(legacyUserId)) profile.legacyUserId = legacyUserId;
  addAppearance(profile, {
    displayName: name,
    familyName: family_name,
    givenName: given_name,
    photos: [picture],
  });
  if (isText(email)) {
    const verified = typeof email_verified === 'boolean' ? { verified: email_verified } : undefined;
    profile.emails = [{ value: email, ...verified }];
  }
  return profile;
}
