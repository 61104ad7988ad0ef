import { checkBoolean, checkObject, checkOneOf, checkText } from './check.ts';
import { firstPeople } from './people-first.ts';

/** A person's Fitbit account. */
export interface FitbitAccount {
  /** `user_id` of the token response and `encodedId` of the profile. */
  readonly userID: string;
  /** `YYYY-MM-DD`. */
  readonly memberSince: string;
}

/** A person's Google account. */
export interface GoogleAccount {
  /** The Google account's id, as userinfo and tokeninfo give it. */
  readonly sub: string;
  readonly email: string;
  /** The id on the Google Health API; absent when the account has no Google Health profile (`ACCOUNT_NOT_LINKED`). */
  readonly healthUserID?: string;
  /** The id of the Fitbit account that this account grew out of; absent for who never had Fitbit. */
  readonly legacyUserID?: string;
  /** True while the Fitbit account has not been moved to Google: the Health API answers 403. */
  readonly unmigrated: boolean;
}

/** A test person: somebody with a Fitbit account, a Google account, or both. */
export interface Person {
  /** Names the person inside the simulator, the same at every start. */
  readonly id: string;
  readonly displayName: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly gender: 'FEMALE' | 'MALE' | 'NA';
  /** `YYYY-MM-DD`. */
  readonly dateOfBirth: string;
  /** One line about what the person is good for in a test; stands on the simulator's pages. */
  readonly about: string;
  readonly fitbit?: FitbitAccount;
  readonly google?: GoogleAccount;
}

/** A person to add. Whatever is left out is made up, the same way at every start. */
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
  /** `null` for an account that never had Fitbit. @default the person's Fitbit user id */
  readonly legacyUserID?: string | null | undefined;
  /** @default false */
  readonly unmigrated?: boolean | undefined;
}

/** The test people of one simulator. */
export interface People {
  /** Everybody, in a stable order. */
  list(): readonly Person[];
  /** One person by the simulator's own id. */
  get(id: string): Person | undefined;
  /** Adds a person. Throws a TypeError when an id is taken. */
  add(person: NewPerson): Person;
}

const personKeys = [
  'id',
  'displayName',
  'givenName',
  'familyName',
  'gender',
  'dateOfBirth',
  'about',
  'fitbit',
  'google',
] as const;

/** The people there are: some from the start, more by `add()`. */
export class Directory implements People {
  readonly #people = new Map<string, Person>(firstPeople.map((person) => [person.id, person]));
  #added = 0;

  list(): readonly Person[] {
    return [...this.#people.values()];
  }

  get(id: string): Person | undefined {
    return this.#people.get(id);
  }

  add(person: NewPerson): Person {
    checkObject(person, 'the person', personKeys);
    checkText(person.displayName, 'displayName');
    const number = this.#added + 1;
    const [given = '', ...rest] = person.displayName.split(' ');
    const made: Person = {
      id: person.id ?? `person-${number}`,
      displayName: person.displayName,
      givenName: person.givenName ?? given,
      familyName: person.familyName ?? rest.join(' '),
      gender: person.gender ?? 'NA',
      dateOfBirth: person.dateOfBirth ?? '1990-01-01',
      about: person.about ?? 'Added by a test',
      ...accounts(person, number),
    };
    checkID(made.id);
    checkText(made.givenName, 'givenName');
    checkOneOf(made.gender, 'gender', ['FEMALE', 'MALE', 'NA']);
    checkDate(made.dateOfBirth, 'dateOfBirth');
    if (made.fitbit !== undefined) checkDate(made.fitbit.memberSince, 'fitbit.memberSince');
    this.#checkFree(made);
    this.#added = number;
    this.#people.set(made.id, made);
    return made;
  }

  #checkFree(person: Person): void {
    for (const other of this.list()) {
      const clashes: [string, string | undefined, string | undefined][] = [
        ['id', person.id, other.id],
        ['fitbit.userID', person.fitbit?.userID, other.fitbit?.userID],
        ['google.sub', person.google?.sub, other.google?.sub],
        ['google.healthUserID', person.google?.healthUserID, other.google?.healthUserID],
      ];
      for (const [name, mine, theirs] of clashes) {
        if (mine !== undefined && mine === theirs)
          throw new TypeError(`"${name}" ${mine} is taken by ${other.id}`);
      }
    }
  }
}

function accounts(person: NewPerson, number: number): { fitbit?: FitbitAccount; google?: GoogleAccount } {
  const fitbit = fitbitAccount(person.fitbit ?? true, number);
  const google = googleAccount(person.google ?? false, number, fitbit?.userID);
  if (fitbit === undefined && google === undefined) {
    throw new TypeError('a person needs "fitbit" or "google": without an account nobody can sign in');
  }
  return { ...(fitbit && { fitbit }), ...(google && { google }) };
}

function fitbitAccount(given: boolean | Partial<FitbitAccount>, number: number): FitbitAccount | undefined {
  if (given === false) return undefined;
  if (given !== true) checkObject(given, '"fitbit"', ['userID', 'memberSince']);
  const { userID = `SIM${String(number).padStart(3, '0')}`, memberSince = '2020-01-01' } =
    given === true ? {} : given;
  checkText(userID, 'fitbit.userID');
  return { userID, memberSince };
}

function googleAccount(
  given: boolean | NewGoogleAccount,
  number: number,
  fitbitUserID: string | undefined,
): GoogleAccount | undefined {
  if (given === false) return undefined;
  if (given !== true) {
    checkObject(given, '"google"', ['sub', 'email', 'healthUserID', 'legacyUserID', 'unmigrated']);
  }
  const settings: NewGoogleAccount = given === true ? {} : given;
  const digits = String(number).padStart(6, '0');
  const {
    sub = `100000000000000${digits}`,
    email = `person-${number}@example.com`,
    unmigrated = false,
  } = settings;
  const { healthUserID = `8000000000000${digits}`, legacyUserID = fitbitUserID ?? null } = settings;
  checkText(sub, 'google.sub');
  checkText(email, 'google.email');
  checkBoolean(unmigrated, 'google.unmigrated');
  if (healthUserID !== null) checkText(healthUserID, 'google.healthUserID');
  if (legacyUserID !== null) checkText(legacyUserID, 'google.legacyUserID');
  return {
    sub,
    email,
    unmigrated,
    ...(healthUserID !== null && { healthUserID }),
    ...(legacyUserID !== null && { legacyUserID }),
  };
}

/** Ids stand in URLs and cookies. */
function checkID(value: unknown): void {
  if (typeof value !== 'string' || !/^[\w-]+$/.test(value)) {
    throw new TypeError('"id" must consist of letters, digits, "-" and "_"');
  }
}

function checkDate(value: unknown, name: string): void {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value) || Number.isNaN(Date.parse(value))) {
    throw new TypeError(`"${name}" must be a date such as 1990-12-31`);
  }
}
