import { splitScope } from '../client/token-set.ts';
import { toScopeList } from '../login/options.ts';
import { checkObject, checkOneOf } from '../util/arguments.ts';

/** A kind of Google Health data that an app may read and, separately, write. */
type ReadWriteKind =
  | 'activity_and_fitness'
  | 'health_metrics_and_measurements'
  | 'logged_symptoms'
  | 'mindfulness'
  | 'nutrition'
  | 'profile'
  | 'reproductive_health'
  | 'settings'
  | 'sleep';

/** A kind of Google Health data that apps can only read. */
type ReadOnlyKind = 'ecg' | 'irn' | 'location';

/** The short name of a Google Health scope: what follows `https://www.googleapis.com/auth/googlehealth.` */
export type GoogleHealthShortScope =
  | `${ReadWriteKind}.readonly`
  | `${ReadWriteKind}.writeonly`
  | `${ReadOnlyKind}.readonly`;

/**
 * A scope of the Google Health API.
 * @see https://developers.google.com/health/scopes
 */
export type GoogleHealthScope = `https://www.googleapis.com/auth/googlehealth.${GoogleHealthShortScope}`;

/** A scope of OpenID Connect. `profile` is the name and picture; the Health profile is `profile.readonly`. */
export type OpenIDScope = 'openid' | 'profile' | 'email';

/** A known scope by its full or short name, offered by editors, or any other string. */
export type GoogleHealthScopeName = GoogleHealthScope | GoogleHealthShortScope | OpenIDScope | (string & {});

const PREFIX = 'https://www.googleapis.com/auth/googlehealth.';

/** The scope of the Health profile, which is enough for a login. */
export const PROFILE_SCOPE = `${PREFIX}profile.readonly`;

// Google's responses have the full names of `profile` and `email`.
const OPENID_SCOPES = new Set([
  'openid',
  'profile',
  'email',
  'https://www.googleapis.com/auth/userinfo.profile',
  'https://www.googleapis.com/auth/userinfo.email',
]);

/**
 * The scopes in full.
 *
 * @param scope checked to be a string or an array of strings
 * @throws TypeError a name that Google does not know: Google would show an error page instead of a login
 */
export function toFullScopes(scope: string | readonly string[]): string[] {
  const names = typeof scope === 'string' ? splitScope(scope) : scope;
  return names.map((name) => {
    if (/^\w+\.(readonly|writeonly)$/.test(name)) return PREFIX + name;
    if (OPENID_SCOPES.has(name) || name.includes('/')) return name;
    throw new TypeError(
      `"scope" contains "${name}", which is not a Google scope: use toGoogleHealthScopes() to translate Fitbit scopes`,
    );
  });
}

/**
 * Whether a scope may give access to the identity: every Health scope for reading does, except `location.readonly`.
 * Google's pages disagree about `nutrition.readonly`, so the login tries it.
 */
export function readsIdentity(scope: string): boolean {
  return scope.startsWith(PREFIX) && scope.endsWith('.readonly') && scope !== `${PREFIX}location.readonly`;
}

/** The scopes of other Google APIs. The Health API refuses a token that has one. */
export function otherScopes(scopes: readonly string[]): string[] {
  return scopes.filter((scope) => !scope.startsWith(PREFIX) && !OPENID_SCOPES.has(scope));
}

/** Whether a granted scope gives access to userinfo. */
export function isOpenIDScope(scope: string): boolean {
  return OPENID_SCOPES.has(scope);
}

/** The counterpart of each Fitbit scope; `social` has none. */
const COUNTERPARTS = {
  activity: 'activity_and_fitness',
  cardio_fitness: 'activity_and_fitness',
  electrocardiogram: 'ecg',
  heartrate: 'health_metrics_and_measurements',
  irregular_rhythm_notifications: 'irn',
  location: 'location',
  nutrition: 'nutrition',
  oxygen_saturation: 'health_metrics_and_measurements',
  profile: 'profile',
  respiratory_rate: 'health_metrics_and_measurements',
  settings: 'settings',
  sleep: 'sleep',
  social: undefined,
  temperature: 'health_metrics_and_measurements',
  weight: 'health_metrics_and_measurements',
} as const satisfies Record<string, ReadWriteKind | ReadOnlyKind | undefined>;

/** A scope of the Fitbit Web API. */
export type FitbitScope = keyof typeof COUNTERPARTS;

/** The result of {@link toGoogleHealthScopes}. */
export interface TranslatedScopes {
  /** The counterparts, each once, in the order of the Fitbit scopes. */
  scopes: GoogleHealthScope[];
  /** What has no counterpart: `social`, and names that are not Fitbit scopes. */
  unmatched: string[];
}

/**
 * Translates Fitbit scopes, such as those of a stored token set, into Google Health's.
 *
 * With Fitbit, read and write was a setting of the app; with Google, each is a scope of its own. The result signs
 * a user in if it has at least one scope that reads anything but `location`: otherwise add `profile.readonly`.
 *
 * @param fitbitScopes an array, or a string with spaces between them
 * @param options `access`: `read` (the default), or `write` for reading and writing. Electrocardiograms, irregular
 *   rhythm notifications and locations can only be read, as they could with Fitbit.
 * @throws TypeError a wrong argument
 * @example
 * const { scopes, unmatched } = toGoogleHealthScopes(['activity', 'weight', 'social'], { access: 'read' });
 * // scopes: […googlehealth.activity_and_fitness.readonly, …googlehealth.health_metrics_and_measurements.readonly]
 * // unmatched: ['social']
 * @see https://developers.google.com/health/migration
 */
export function toGoogleHealthScopes(
  fitbitScopes: string | readonly (FitbitScope | (string & {}))[],
  options: { access?: 'read' | 'write' | undefined } = {},
): TranslatedScopes {
  const list = toScopeList(fitbitScopes, 'fitbitScopes');
  checkObject(options, 'options');
  const { access = 'read' } = options;
  checkOneOf(access, 'access', ['read', 'write']);

  const scopes = new Set<GoogleHealthScope>();
  const unmatched = new Set<string>();
  for (const name of typeof list === 'string' ? splitScope(list) : list) {
    const kind = isFitbitScope(name) ? COUNTERPARTS[name] : undefined;
    if (kind === undefined) {
      unmatched.add(name);
      continue;
    }
    scopes.add(`${PREFIX}${kind}.readonly`);
    if (access === 'write' && isWritable(kind)) scopes.add(`${PREFIX}${kind}.writeonly`);
  }
  return { scopes: [...scopes], unmatched: [...unmatched] };
}

function isFitbitScope(name: string): name is FitbitScope {
  return Object.hasOwn(COUNTERPARTS, name);
}

function isWritable(kind: ReadWriteKind | ReadOnlyKind): kind is ReadWriteKind {
  return kind !== 'ecg' && kind !== 'irn' && kind !== 'location';
}
