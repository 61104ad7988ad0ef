/** The answers of the stand-in provider: as Fitbit's, with the fields that the rivals' parsers look for. */

const ACCESS_TOKEN = [
  { alg: 'HS256' },
  {
    aud: '22CQ7B',
    sub: '26FWFL',
    iss: 'Fitbit',
    typ: 'access_token',
    scopes: 'wact wpro',
    exp: 1_792_000_000,
    iat: 1_791_971_200,
  },
]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .concat('bR0LXcV4mFvTzN1ZyQ7p3YJ8m6wGm0s2cJmC1x9Ck4E')
  .join('.');

const tokens = (scope: string) => ({
  access_token: ACCESS_TOKEN,
  expires_in: 28_800,
  refresh_token: 'c643a63c072f0f05478e9d18b991db80ef6061e4f8e6c822d83fed53e5fafdd7',
  scope,
  token_type: 'Bearer',
  user_id: '26FWFL',
});

const avatar = (size: string) => `https://static0.fitbit.com/images/profile/defaultProfile_${size}.png`;

const profile = {
  sub: '26FWFL',
  name: 'Zoë S.',
  user: {
    age: 36,
    ambassador: false,
    avatar: avatar('100'),
    avatar150: avatar('150'),
    avatar640: avatar('640'),
    averageDailySteps: 9124,
    clockTimeDisplayFormat: '24hour',
    country: 'NL',
    dateOfBirth: '1990-02-03',
    displayName: 'Zoë S.',
    displayNameSetting: 'name',
    distanceUnit: 'METRIC',
    encodedId: '26FWFL',
    features: { exerciseGoal: true },
    firstName: 'Zoë',
    foodsLocale: 'en_GB',
    fullName: 'Zoë Smit',
    gender: 'FEMALE',
    glucoseUnit: 'METRIC',
    height: 171.2,
    heightUnit: 'METRIC',
    languageLocale: 'en_GB',
    lastName: 'Smit',
    locale: 'en_GB',
    memberSince: '2016-06-09',
    offsetFromUTCMillis: 7_200_000,
    startDayOfWeek: 'MONDAY',
    strideLengthRunning: 89.1,
    strideLengthRunningType: 'default',
    strideLengthWalking: 70.7,
    strideLengthWalkingType: 'default',
    swimUnit: 'METRIC',
    temperatureUnit: 'METRIC',
    timezone: 'Europe/Amsterdam',
    waterUnit: 'METRIC',
    weight: 64.5,
    weightUnit: 'METRIC',
  },
};

const json = (value: object) => Buffer.from(JSON.stringify(value));

export const TOKENS = json(tokens('activity profile'));
export const TOKENS_WITHOUT_PROFILE = json(tokens('activity'));
export const PROFILE = json(profile);
export const INSUFFICIENT_SCOPE = json({
  errors: [
    {
      errorType: 'insufficient_scope',
      message: 'This application does not have permission to access profile data.',
    },
  ],
  success: false,
});
