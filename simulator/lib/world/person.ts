/** A Fitbit account. */
export interface FitbitAccount {
  /** `user_id` of the token response and `encodedId` of the profile. */
  readonly userID: string;
  /** `YYYY-MM-DD`. */
  readonly memberSince: string;
}

/** A Google account. */
export interface GoogleAccount {
  /** The Google account's id, as userinfo and tokeninfo give it. */
  readonly sub: string;
  readonly email: string;
  /** The id on the Google Health API; absent when the account has no Google Health profile (`ACCOUNT_NOT_LINKED`). */
  readonly healthUserID?: string;
  /** The ID of the Fitbit account that became this account; absent for a user who never had Fitbit. */
  readonly legacyUserID?: string;
  /** True while the Fitbit account has not been moved to Google: the Health API responds 403. */
  readonly unmigrated: boolean;
  /** True until the user has finished the setup of Google Health: the Health API responds 412. */
  readonly unfinished?: boolean;
  /** True if the user's administrator does not allow the app: the error is `admin_policy_enforced`. */
  readonly forbidden?: boolean;
  /** The Google Workspace domain of the account, which the callback names. */
  readonly hostedDomain?: string;
}

/** A made-up user with a Fitbit account, a Google account, or both. */
export interface Person {
  /** The simulator's own id, the same at every start. */
  readonly id: string;
  readonly displayName: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly gender: 'FEMALE' | 'MALE' | 'NA';
  /** `YYYY-MM-DD`. */
  readonly dateOfBirth: string;
  /** The case that this person represents, in one line for the simulator's pages. */
  readonly about: string;
  readonly fitbit?: FitbitAccount;
  readonly google?: GoogleAccount;
}

/** A person to add. Missing values are generated, the same at every start. */
export interface NewPerson {
  readonly id?: string | undefined;
  readonly displayName: string;
  readonly givenName?: string | undefined;
  readonly familyName?: string | undefined;
  /** @default 'NA' */
  readonly gender?: 'FEMALE' | 'MALE' | 'NA' | undefined;
  /** `YYYY-MM-DD`. @default '1990-01-01' */
  readonly dateOfBirth?: string | undefined;
  readonly about?: string | undefined;
  /** The Fitbit account; `false` for none. @default true */
  readonly fitbit?: boolean | Partial<FitbitAccount> | undefined;
  /** The Google account. @default false */
  readonly google?: boolean | NewGoogleAccount | undefined;
}

/** A Google account to add. */
export interface NewGoogleAccount {
  readonly sub?: string | undefined;
  readonly email?: string | undefined;
  /** `null` for an account without a Google Health profile. */
  readonly healthUserID?: string | null | undefined;
  /** `null` for an account that never had Fitbit. @default the Fitbit user ID */
  readonly legacyUserID?: string | null | undefined;
  /** @default false */
  readonly unmigrated?: boolean | undefined;
  /** @default false */
  readonly unfinished?: boolean | undefined;
  /** @default false */
  readonly forbidden?: boolean | undefined;
  readonly hostedDomain?: string | undefined;
}

/** Full years between a date of birth (`YYYY-MM-DD`) and an instant (ms since 1970). */
export function ageAt(dateOfBirth: string, instant: number): number {
  const day = new Date(instant);
  const years = day.getUTCFullYear() - Number(dateOfBirth.slice(0, 4));
  const hadBirthday = day.toISOString().slice(5, 10) >= dateOfBirth.slice(5);
  return hadBirthday ? years : years - 1;
}

/** The given name and the family name, if there is one. */
export function fullName({ givenName, familyName }: Person): string {
  return `${givenName} ${familyName}`.trim();
}
