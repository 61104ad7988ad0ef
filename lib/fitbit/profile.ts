import { isObject, isText } from '../oauth2/arguments.ts';
import { addAppearance, type Profile } from '../oauth2/profile.ts';

/** Passport's normalised profile of a Fitbit user. Fitbit gives no e-mail address. */
export interface FitbitProfile extends Profile {
  /** Absent where Fitbit has `NA`. */
  gender?: 'male' | 'female';
  /** The answer as text; absent when no profile was fetched. */
  _raw?: string;
  /** The answer parsed; absent when no profile was fetched. */
  _json?: Record<string, unknown>;
}

const GENDERS = new Map<unknown, 'male' | 'female'>([
  ['MALE', 'male'],
  ['FEMALE', 'female'],
]);

/**
 * Normalises the answer of `/1/user/-/profile.json`. Only `encodedId` can be relied on.
 *
 * @returns `undefined` if the answer has no `encodedId`
 * @see https://dev.fitbit.com/build/reference/web-api/user/get-profile/
 */
export function parseProfile(json: Record<string, unknown>): FitbitProfile | undefined {
  const { user } = json;
  if (!isObject(user) || !isText(user.encodedId)) return undefined;
  const profile: FitbitProfile = { provider: 'fitbit', id: user.encodedId };
  addAppearance(profile, {
    displayName: user.displayName,
    familyName: user.lastName,
    givenName: user.firstName,
    photos: [user.avatar640, user.avatar150, user.avatar],
  });
  const gender = GENDERS.get(user.gender);
  if (gender !== undefined) profile.gender = gender;
  profile._json = json;
  return profile;
}
