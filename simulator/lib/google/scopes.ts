/** The prefix of Google's scopes. */
const authPrefix = 'https://www.googleapis.com/auth/';

/** The prefix of Google's Health scopes. */
export const googleHealthPrefix = `${authPrefix}googlehealth.`;

/** The kinds of data: whether apps can write them, and the consent page's text. */
const kinds: Readonly<Record<string, readonly [access: 'r' | 'rw', title: string]>> = {
  activity_and_fitness: ['rw', 'activity and fitness data'],
  ecg: ['r', 'electrocardiograms'],
  health_metrics_and_measurements: ['rw', 'health metrics and measurements'],
  irn: ['r', 'irregular rhythm notifications'],
  location: ['r', 'location data of workouts'],
  logged_symptoms: ['rw', 'logged symptoms'],
  mindfulness: ['rw', 'mindfulness data'],
  nutrition: ['rw', 'nutrition data'],
  profile: ['rw', 'Google Health profile'],
  reproductive_health: ['rw', 'reproductive health data'],
  settings: ['rw', 'Google Health settings'],
  sleep: ['rw', 'sleep data'],
};

/** The OpenID scopes by their short and their full names. */
const signInScopes = new Map([
  ['openid', 'openid'],
  ['profile', `${authPrefix}userinfo.profile`],
  ['email', `${authPrefix}userinfo.email`],
]);

const signInTitles = new Map([
  ['openid', 'your Google identity'],
  [`${authPrefix}userinfo.profile`, 'your name and picture'],
  [`${authPrefix}userinfo.email`, 'your e-mail address'],
]);

/** Scopes of other Google APIs: Google grants them, and the Health API then refuses the token. */
const otherScopes = new Map([
  [`${authPrefix}calendar.readonly`, 'See your calendars'],
  [`${authPrefix}drive.readonly`, 'See your files in Google Drive'],
  [`${authPrefix}cloud-platform`, 'See and change your Google Cloud data'],
]);

/** Every Health scope. */
const googleHealthScopes: readonly string[] = Object.entries(kinds).flatMap(([kind, [access]]) => {
  const readonly = `${googleHealthPrefix}${kind}.readonly`;
  return access === 'r' ? [readonly] : [readonly, `${googleHealthPrefix}${kind}.writeonly`];
});

/** Each of these scopes gives access to the identity: all readable Health scopes but location. */
export const identityScopes: readonly string[] = [
  'activity_and_fitness',
  'ecg',
  'health_metrics_and_measurements',
  'irn',
  'logged_symptoms',
  'mindfulness',
  'profile',
  'reproductive_health',
  'settings',
  'sleep',
].map((kind) => `${googleHealthPrefix}${kind}.readonly`);

/** The full name of an OpenID scope; every other scope as it is. */
export function fullScopeName(scope: string): string {
  return signInScopes.get(scope) ?? scope;
}

/** Whether the granted scopes include a scope, by its short or its full name. */
export function includesScope(granted: readonly string[], scope: string): boolean {
  return granted.some((one) => fullScopeName(one) === fullScopeName(scope));
}

/** Whether Google knows a scope. */
export function isGoogleScope(scope: string): boolean {
  return isSignInScope(scope) || isHealthScope(scope) || isOtherScope(scope);
}

/** Whether a scope is one of the Health API. */
export function isHealthScope(scope: string): boolean {
  return googleHealthScopes.includes(scope);
}

/** Whether a scope is one of another Google API. */
export function isOtherScope(scope: string): boolean {
  return otherScopes.has(scope);
}

/** A scope without its URL prefix. */
export function shortScopeName(scope: string): string {
  return scope.startsWith(authPrefix) ? scope.slice(authPrefix.length) : scope;
}

/** Whether a scope is an OpenID scope. The consent page has no box for these. */
export function isSignInScope(scope: string): boolean {
  return signInTitles.has(fullScopeName(scope));
}

/** The consent page's text for a scope. */
export function describeGoogleScope(scope: string): { title: string; about: string; signIn: boolean } {
  const signIn = signInTitles.get(fullScopeName(scope));
  if (signIn !== undefined) return { title: signIn, about: '', signIn: true };
  const other = otherScopes.get(scope);
  if (other !== undefined) return { title: other, about: shortScopeName(scope), signIn: false };
  const [kind = '', access] = scope.slice(googleHealthPrefix.length).split('.');
  const what = kinds[kind]?.[1] ?? kind;
  return {
    title: `${access === 'writeonly' ? 'Add to' : 'See'} your ${what}`,
    about: shortScopeName(scope),
    signIn: false,
  };
}
