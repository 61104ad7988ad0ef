// What a profile and an error have.

import type { Profile as PassportProfile } from 'passport';
import {
  type FitbitProfile,
  type FitbitUser,
  OAuthError,
  type OAuthErrorCode,
  ResponseError,
  TransportError,
} from 'passport-fitbit-strategy';
import type { GoogleHealthProfile } from 'passport-fitbit-strategy/google-health';

declare const fitbit: FitbitProfile;
declare const google: GoogleHealthProfile;
export const profiles: PassportProfile[] = [fitbit, google];
export const name: string = fitbit.displayName;

const user: FitbitUser | undefined = fitbit._json?.user;
export const avatar: string | undefined = fitbit._json?.user.avatar;
export const details = [
  user?.encodedId.length,
  user?.offsetFromUTCMillis?.toFixed(),
  user?.topBadges?.length,
  user?.features?.exerciseGoal,
];
export const unknownField: unknown = user?.aFieldOfTomorrow;
// @ts-expect-error what Fitbit does not document is unknown
export const unknownString: string = user?.aFieldOfTomorrow;
// @ts-expect-error absent when no profile was fetched
fitbit._json.user;

export function explain(error: unknown): string {
  if (error instanceof TransportError) {
    const code: 'timeout' | 'aborted' | 'connection' | 'too_large' | 'malformed' | 'redirect' = error.code;
    return code;
  }
  if (error instanceof ResponseError && error.code === 'a_code_of_tomorrow') return `${error.httpStatus}`;
  if (!(error instanceof OAuthError)) return 'unknown';
  switch (error.code) {
    case 'invalid_grant':
    case 'gone':
      return 'sign in again';
    default:
      return error.code.toUpperCase();
  }
}
const open: OAuthErrorCode = 'a_code_of_tomorrow';
// The known codes are offered by editors: the union is not merely `string`.
export const isUnion: string extends OAuthErrorCode & ('invalid_grant' | 'gone') ? false : true = true;
export const text: string = open;
