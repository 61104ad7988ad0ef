import { fitbitError, tooManyRequests } from './fitbit-errors.ts';
import { fitbitBearer } from './fitbit-tokens.ts';
import { type Incoming, json, type Reply } from './http.ts';
import type { Person } from './people.ts';
import type { State } from './state.ts';

/** Fitbit's profile of the signed-in person. */
export function fitbitProfile(state: State, request: Incoming): Reply {
  const bearer = fitbitBearer(state, request);
  if ('reply' in bearer) return bearer.reply;
  const { token } = bearer;
  const { clientID, personID } = token;

  const limit = state.switches.values.fitbitRateLimit;
  const left = state.rateLimits.count(`fitbit ${clientID} ${personID}`, limit, 3600);
  const headers = {
    'fitbit-rate-limit-limit': String(left.limit),
    'fitbit-rate-limit-remaining': String(left.remaining),
    'fitbit-rate-limit-reset': String(left.reset),
  };
  if (!left.allowed) {
    // Less accurate than the reset, as on the real server: rounded up to whole minutes.
    return tooManyRequests(state, { ...headers, 'retry-after': String(Math.ceil(left.reset / 60) * 60) });
  }

  if (!state.apps.find('fitbit', clientID)?.enabled) {
    const message = 'API client is not authorized by Fitbit to access the resource requested.';
    return fitbitError(state, 403, 'insufficient_permissions', message, 'the app is not approved', headers);
  }
  if (!token.scope.includes('profile')) {
    const message = 'This application does not have permission to access profile data.';
    return fitbitError(
      state,
      403,
      'insufficient_scope',
      message,
      'the profile scope was not granted',
      headers,
    );
  }
  const person = state.people.get(personID);
  return json(200, { user: person === undefined ? {} : profileOf(state, person) }, headers);
}

function profileOf(state: State, person: Person): Record<string, unknown> {
  const { fitbit, gender } = person;
  const picture = (size: number) => `${state.url}/avatars/${person.id}/${size}.svg`;
  return {
    aboutMe: '',
    age: ageOn(person.dateOfBirth, new Date(state.clock.now())),
    ambassador: false,
    avatar: picture(100),
    avatar150: picture(150),
    avatar640: picture(640),
    averageDailySteps: 8412,
    city: '',
    clockTimeDisplayFormat: '24hour',
    country: 'ES',
    corporate: false,
    corporateAdmin: false,
    dateOfBirth: person.dateOfBirth,
    displayName: person.displayName,
    distanceUnit: 'METRIC',
    encodedId: fitbit?.userID,
    features: { exerciseGoal: true },
    firstName: person.givenName,
    foodsLocale: 'es_ES',
    fullName: `${person.givenName} ${person.familyName}`.trim(),
    gender,
    glucoseUnit: 'METRIC',
    height: 172,
    heightUnit: 'METRIC',
    languageLocale: 'es_ES',
    lastName: person.familyName,
    locale: 'es_ES',
    memberSince: fitbit?.memberSince,
    offsetFromUTCMillis: 7_200_000,
    startDayOfWeek: 'MONDAY',
    state: '',
    strideLengthRunning: 107.4,
    strideLengthRunningType: 'default',
    strideLengthWalking: 71.4,
    strideLengthWalkingType: 'default',
    swimUnit: 'METRIC',
    timezone: 'Europe/Madrid',
    topBadges: [],
    waterUnit: 'METRIC',
    waterUnitName: 'ml',
    weight: 68.5,
    weightUnit: 'METRIC',
  };
}

/** Full years between a date of birth (`YYYY-MM-DD`) and a day. */
export function ageOn(dateOfBirth: string, day: Date): number {
  const years = day.getUTCFullYear() - Number(dateOfBirth.slice(0, 4));
  const hadBirthday = day.toISOString().slice(5, 10) >= dateOfBirth.slice(5);
  return hadBirthday ? years : years - 1;
}
