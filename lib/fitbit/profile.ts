import { addAppearance, type Profile } from '../client/profile.ts';
import { isObject, isText } from '../util/arguments.ts';

/** Passport's normalized profile of a Fitbit user. Fitbit gives no e-mail address. */
export interface FitbitProfile extends Profile {
  /** Absent if Fitbit says `NA`. */
  gender?: 'male' | 'female';
  /** The response as text; absent if no profile was fetched. */
  _raw?: string;
  /** The response parsed; absent if no profile was fetched. */
  _json?: FitbitProfileResponse;
}

/** The response of Fitbit's Get Profile. */
export interface FitbitProfileResponse {
  user: FitbitUser;
  [field: string]: unknown;
}

/**
 * A user as Fitbit documents it. Only `encodedId` can be relied on, and the types of the others are not checked.
 * @see https://dev.fitbit.com/build/reference/web-api/user/get-profile/
 */
export interface FitbitUser {
  /** The user's id, stable. */
  encodedId: string;
  aboutMe?: string;
  /** Years. */
  age?: number;
  ambassador?: boolean;
  autoStrideEnabled?: boolean;
  /** A picture of 100 pixels. */
  avatar?: string;
  /** A picture of 150 pixels. */
  avatar150?: string;
  /** A picture of 640 pixels. */
  avatar640?: string;
  averageDailySteps?: number;
  challengesBeta?: boolean;
  city?: string;
  clockTimeDisplayFormat?: string;
  corporate?: boolean;
  corporateAdmin?: boolean;
  country?: string;
  /** `yyyy-MM-dd`. */
  dateOfBirth?: string;
  displayName?: string;
  displayNameSetting?: string;
  distanceUnit?: string;
  features?: { exerciseGoal?: boolean; [field: string]: unknown };
  firstName?: string;
  foodsLocale?: string;
  fullName?: string;
  gender?: 'MALE' | 'FEMALE' | 'NA' | (string & {});
  glucoseUnit?: string;
  /** In `heightUnit`. */
  height?: number;
  heightUnit?: string;
  isBugReportEnabled?: boolean;
  isChild?: boolean;
  isCoach?: boolean;
  languageLocale?: string;
  lastName?: string;
  legalTermsAcceptRequired?: boolean;
  /** E.g. `en_US`. */
  locale?: string;
  /** `yyyy-MM-dd`. */
  memberSince?: string;
  mfaEnabled?: boolean;
  /** The offset of `timezone`, ms. */
  offsetFromUTCMillis?: number;
  sdkDeveloper?: boolean;
  sleepTracking?: string;
  startDayOfWeek?: string;
  state?: string;
  strideLengthRunning?: number;
  strideLengthRunningType?: string;
  strideLengthWalking?: number;
  strideLengthWalkingType?: string;
  swimUnit?: string;
  /** E.g. `Europe/Madrid`. */
  timezone?: string;
  topBadges?: Record<string, unknown>[];
  waterUnit?: string;
  waterUnitName?: string;
  /** In `weightUnit`. */
  weight?: number;
  weightUnit?: string;
  [field: string]: unknown;
}

const GENDERS = new Map<unknown, 'male' | 'female'>([
  ['MALE', 'male'],
  ['FEMALE', 'female'],
]);

/**
 * Normalizes the response of `/1/user/-/profile.json`. Only `encodedId` can be relied on.
 *
 * @returns `undefined` if the response has no `encodedId`
 * @see https://dev.fitbit.com/build/reference/web-api/user/get-profile/
 */
export function parseProfile(json: Record<string, unknown>): FitbitProfile | undefined {
  if (!isProfileResponse(json)) return undefined;
  const { user } = json;
  const profile: FitbitProfile = { provider: 'fitbit', id: user.encodedId, displayName: '' };
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

function isProfileResponse(json: Record<string, unknown>): json is FitbitProfileResponse {
  return isObject(json.user) && isText(json.user.encodedId);
}
