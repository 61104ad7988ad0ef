import { anything, boolean, checkFields, date, oneOf, text } from '../check.ts';
import { firstPeople } from './first-people.ts';
import type { FitbitAccount, GoogleAccount, NewGoogleAccount, NewPerson, Person } from './person.ts';

/** The made-up users of one simulator. */
export interface People {
  /** All people, in a stable order. */
  list(): readonly Person[];
  /** One person by the simulator's own id. */
  get(id: string): Person | undefined;
  /** Adds a person. Throws a TypeError when an id is taken. */
  add(person: NewPerson): Person;
}

/** The people: the initial ones, and those added with `add()`. */
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
    checkFields(person, 'the person', {
      id: checkID,
      displayName: text,
      givenName: text,
      familyName: anyText,
      gender: oneOf(['FEMALE', 'MALE', 'NA']),
      dateOfBirth: date,
      about: text,
      fitbit: anything,
      google: anything,
    });
    text(person.displayName, 'displayName');
    const number = this.#added + 1;
    const [given = '', ...rest] = person.displayName.trim().split(/\s+/);
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
    this.#checkFree(made);
    this.#added = number;
    this.#people.set(made.id, made);
    return made;
  }

  /** Removes a person, who then can't sign in. */
  remove(id: string): void {
    this.#people.delete(id);
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
  const { fitbit: wanted = true, google: googleWanted = false } = person;
  const fitbit = wanted && fitbitAccount(wanted === true ? {} : wanted, number);
  const google =
    googleWanted &&
    googleAccount(googleWanted === true ? {} : googleWanted, number, fitbit ? fitbit.userID : undefined);
  if (fitbit === false && google === false) {
    throw new TypeError('a person needs "fitbit" or "google": without an account, the person can\'t sign in');
  }
  return { ...(fitbit && { fitbit }), ...(google && { google }) };
}

function fitbitAccount(given: Partial<FitbitAccount>, number: number): FitbitAccount {
  checkFields(given, '"fitbit"', { userID: text, memberSince: date }, 'fitbit.');
  const { userID = `SIM${String(number).padStart(3, '0')}`, memberSince = '2020-01-01' } = given;
  return { userID, memberSince };
}

function googleAccount(
  given: NewGoogleAccount,
  number: number,
  fitbitUserID: string | undefined,
): GoogleAccount {
  const checks = {
    sub: text,
    email: text,
    healthUserID: textOrNull,
    legacyUserID: textOrNull,
    unmigrated: boolean,
    unfinished: boolean,
    forbidden: boolean,
    hostedDomain: text,
  };
  checkFields(given, '"google"', checks, 'google.');
  const digits = String(number).padStart(6, '0');
  const { healthUserID = `8000000000000${digits}`, legacyUserID = fitbitUserID ?? null } = given;
  return {
    sub: given.sub ?? `100000000000000${digits}`,
    email: given.email ?? `person-${number}@example.com`,
    unmigrated: given.unmigrated ?? false,
    ...(given.unfinished && { unfinished: true }),
    ...(given.forbidden && { forbidden: true }),
    ...(given.hostedDomain !== undefined && { hostedDomain: given.hostedDomain }),
    ...(healthUserID !== null && { healthUserID }),
    ...(legacyUserID !== null && { legacyUserID }),
  };
}

/** An id that is safe in URLs and cookies. */
function checkID(value: unknown): void {
  if (typeof value !== 'string' || !/^[\w-]+$/.test(value)) {
    throw new TypeError('"id" must consist of letters, digits, "-" and "_"');
  }
}

function anyText(value: unknown, name: string): void {
  if (value !== '') text(value, name);
}

function textOrNull(value: unknown, name: string): void {
  if (value !== null) text(value, name);
}
