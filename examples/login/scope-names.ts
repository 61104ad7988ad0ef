// The scopes whose names are not plain English, or differ from the consent page's.
const NAMES = new Map([
  ['openid', 'Sign-in'],
  ['https://www.googleapis.com/auth/userinfo.profile', 'Name and picture'],
  ['https://www.googleapis.com/auth/userinfo.email', 'E-mail address'],
  ['https://www.googleapis.com/auth/googlehealth.profile.readonly', 'Google Health profile'],
  ['https://www.googleapis.com/auth/googlehealth.ecg.readonly', 'Electrocardiograms'],
  ['https://www.googleapis.com/auth/googlehealth.irn.readonly', 'Irregular rhythm notifications'],
  ['activity', 'Activity and exercise'],
  ['cardio_fitness', 'Cardio fitness'],
  ['heartrate', 'Heart rate'],
  ['location', 'Location of workouts'],
  ['nutrition', 'Food and water'],
  ['profile', 'Fitbit profile'],
  ['respiratory_rate', 'Breathing rate'],
  ['settings', 'Devices and settings'],
  ['social', 'Friends'],
]);

/** A scope in words: `…/auth/googlehealth.heart_data.readonly` is `Heart data`. */
export function scopeName(scope: string): string {
  const short = scope.replace(/^https:.*\/googlehealth\.(\w+)\.readonly$/, '$1').replaceAll('_', ' ');
  return NAMES.get(scope) ?? `${short.slice(0, 1).toUpperCase()}${short.slice(1)}`;
}

/** A scope of Fitbit's introspection, with its access: `Heart rate (read)`. */
export function scopeAndAccess([scope, access]: [string, string]): string {
  return `${scopeName(scope)} (${access === 'write' ? 'read and write' : 'read'})`;
}
