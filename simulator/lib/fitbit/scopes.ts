/** Fitbit's 15 scopes, with the consent page's text for each. */
export const fitbitScopeTexts: Readonly<Record<string, readonly [title: string, about: string]>> = {
  activity: ['Activity and exercise', 'Steps, distance, floors, calories and workouts'],
  cardio_fitness: ['Cardio fitness', 'Cardio fitness score (VO2 max)'],
  electrocardiogram: ['Electrocardiogram', 'Results of the ECG app'],
  heartrate: ['Heart rate', 'Continuous heart rate and resting heart rate'],
  irregular_rhythm_notifications: [
    'Irregular rhythm notifications',
    'Alerts about an irregular heart rhythm',
  ],
  location: ['Location and GPS', 'GPS data of workouts'],
  nutrition: ['Food and water', 'Food and water logs'],
  oxygen_saturation: ['Oxygen saturation', 'Blood oxygen during sleep (SpO2)'],
  profile: ['Profile', 'Name, picture and basic information'],
  respiratory_rate: ['Breathing rate', 'Breaths per minute during sleep'],
  settings: ['Devices and settings', 'Devices, alarms and account settings'],
  sleep: ['Sleep', 'Sleep logs and sleep stages'],
  social: ['Friends', 'Friends list and leaderboard'],
  temperature: ['Temperature', 'Skin and core temperature'],
  weight: ['Weight', 'Weight, body mass index and body fat'],
};

/** The names of Fitbit's scopes, in alphabetical order. */
export const fitbitScopes: readonly string[] = Object.keys(fitbitScopeTexts);

/** Short names as the access token's `scopes` claim has them (`rpro`, with `w` in front where the app may write). */
const claimNames: Readonly<Record<string, string>> = {
  activity: 'act',
  cardio_fitness: 'cf',
  electrocardiogram: 'ecg',
  heartrate: 'hr',
  irregular_rhythm_notifications: 'irn',
  location: 'loc',
  nutrition: 'nut',
  oxygen_saturation: 'oxy',
  profile: 'pro',
  respiratory_rate: 'res',
  settings: 'set',
  sleep: 'sle',
  social: 'soc',
  temperature: 'tem',
  weight: 'wei',
};

/** The access token's `scopes` claim. */
export function scopesClaim(scope: readonly string[], writable: ReadonlySet<string>): string {
  return scope.map((one) => (writable.has(one) ? 'w' : 'r') + (claimNames[one] ?? one)).join(' ');
}

/** The granted scopes as introspection prints them: a Java map, as text. */
export function scopeMap(scope: readonly string[], writable: ReadonlySet<string>): string {
  const entries = scope.map((one) => `${one.toUpperCase()}=${writable.has(one) ? 'READ_WRITE' : 'READ'}`);
  return `{${entries.join(', ')}}`;
}

/**
 * The scopes in the order of the token response. As on the real server, this is not the order of the request.
 */
export function answerOrder(scope: readonly string[]): string[] {
  return [...scope].sort().reverse();
}
