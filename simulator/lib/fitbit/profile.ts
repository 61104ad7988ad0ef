import { json, type Reply } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import { utcOffset } from '../world/health-data.ts';
import { ageAt, fullName, type Person } from '../world/person.ts';
import type { World } from '../world/world.ts';
import { findFitbitUser } from './user.ts';

/** Fitbit's profile of the signed-in user. */
export function fitbitProfile(world: World, request: Incoming): Reply {
  const user = findFitbitUser(world, request, 'profile');
  if ('reply' in user) return user.reply;
  return json(200, { user: profileOf(world, user.person) }, user.headers);
}

function profileOf(world: World, person: Person): Record<string, unknown> {
  const { fitbit, gender } = person;
  const picture = (size: number) => `${world.url}/avatars/${person.id}/${size}.svg`;
  return {
    age: ageAt(person.dateOfBirth, world.clock.now()),
    ambassador: false,
    autoStrideEnabled: true,
    avatar: picture(100),
    avatar150: picture(150),
    avatar640: picture(640),
    averageDailySteps: 8412,
    challengesBeta: true,
    clockTimeDisplayFormat: '24hour',
    corporate: false,
    corporateAdmin: false,
    country: 'ES',
    dateOfBirth: person.dateOfBirth,
    displayName: person.displayName,
    displayNameSetting: 'name',
    distanceUnit: 'METRIC',
    encodedId: fitbit?.userID,
    features: { exerciseGoal: true },
    firstName: person.givenName,
    foodsLocale: 'es_ES',
    fullName: fullName(person),
    gender,
    glucoseUnit: 'METRIC',
    height: 172,
    heightUnit: 'METRIC',
    isBugReportEnabled: false,
    isChild: false,
    isCoach: false,
    languageLocale: 'es_ES',
    lastName: person.familyName,
    legalTermsAcceptRequired: false,
    locale: 'es_ES',
    memberSince: fitbit?.memberSince,
    mfaEnabled: false,
    offsetFromUTCMillis: utcOffset,
    sdkDeveloper: false,
    sleepTracking: 'Normal',
    startDayOfWeek: 'MONDAY',
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
