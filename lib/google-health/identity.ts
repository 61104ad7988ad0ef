import type { OAuthError } from '../client/errors.ts';
import { addAppearance, type Profile } from '../client/profile.ts';
import { isText } from '../util/arguments.ts';

/** A parsed response of Google. */
type Response = Record<string, unknown>;

/** Passport's normalized profile of a Google Health user; `id` is Google's `healthUserId`. */
export interface GoogleHealthProfile extends Profile {
  /**
   * The user's `user_id` at Fitbit, to find an account that signed in with Fitbit. It has no other use.
   * Absent for users who never had Fitbit.
   */
  legacyUserId?: string;
  /**
   * The address of the Google account, if the `email` scope was granted. Never look up an account by it: an address can
   * be reassigned.
   */
  emails?: { value: string; verified?: boolean }[];
  /** Each response parsed, under the name of its call; calls that failed or were not made are absent. */
  _json: { identity: Response; userinfo?: Response; profile?: Response };
  /** Why an optional call failed. */
  _errors?: { userinfo?: OAuthError; profile?: OAuthError };
}

/**
 * Normalizes the responses of a login. Only `healthUserId` can be relied on.
 *
 * @returns `undefined` if the identity has no `healthUserId`
 * @see https://developers.google.com/health/reference/rest/v4/users/getIdentity
 * @see https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims
 */
export function parseProfile(responses: GoogleHealthProfile['_json']): GoogleHealthProfile | undefined {
  const { identity, userinfo = {} } = responses;
  const { healthUserId, legacyUserId } = identity;
  if (!isText(healthUserId)) return undefined;
  const { name, family_name, given_name, picture, email, email_verified } = userinfo;
  const profile: GoogleHealthProfile = {
    provider: 'google-health',
    id: healthUserId,
    displayName: '',
    _json: responses,
  };
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
