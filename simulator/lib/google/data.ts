import { json, type OrReply, type Reply } from '../http/reply.ts';
import { type Incoming, readBearer } from '../http/request.ts';
import { ageAt, fullName, type GoogleAccount, type Person } from '../world/person.ts';
import type { World } from '../world/world.ts';
import { findAccessToken } from './access-token.ts';
import { apiError, type ErrorDetails, oauthError } from './errors.ts';
import {
  googleHealthPrefix,
  identityScopes,
  includesScope,
  isHealthScope,
  isOtherScope,
  isSignInScope,
  shortScopeName,
} from './scopes.ts';

/** A user whose token may read Health data. */
interface HealthUser {
  readonly person: Person;
  readonly google: GoogleAccount;
  readonly healthUserID: string;
  /** The token's scopes. */
  readonly scope: readonly string[];
}

const service = 'health.googleapis.com';
const nutritionScope = `${googleHealthPrefix}nutrition.readonly`;

/** The user's ids at Google Health and, before that, at Fitbit. */
export function googleIdentity(world: World, request: Incoming): Reply {
  const user = findHealthUser(world, request, identityScopes);
  if ('reply' in user) return user.reply;
  const empty = world.switches.values.googleLegacyUserID === 'empty' ? '' : undefined;
  return json(200, {
    name: `users/${request.parameters.user ?? 'me'}/identity`,
    // JSON omits undefined values.
    legacyUserId: user.google.legacyUserID ?? empty,
    healthUserId: user.healthUserID,
  });
}

/** The Health profile: no name, e-mail address or picture. */
export function googleHealthProfile(world: World, request: Incoming): Reply {
  const scopes = [`${googleHealthPrefix}profile.readonly`];
  const user = findHealthUser(world, request, scopes, 'HealthProfileService.GetProfile');
  if ('reply' in user) return user.reply;
  const { person, healthUserID } = user;
  const [year, month, day] = (person.fitbit?.memberSince ?? '2024-01-15').split('-').map(Number);
  return json(200, {
    name: `users/${healthUserID}/profile`,
    age: ageAt(person.dateOfBirth, world.clock.now()),
    membershipStartDate: { year, month, day },
    ...(user.scope.includes(`${googleHealthPrefix}activity_and_fitness.readonly`) && {
      userConfiguredWalkingStrideLengthMm: 714,
      userConfiguredRunningStrideLengthMm: 1074,
    }),
  });
}

/** OpenID's userinfo: name and picture with `profile`, the address with `email`. */
export function googleUserinfo(world: World, request: Incoming): Reply {
  const token = findAccessToken(world, request);
  const person = token && world.people.get(token.personID);
  if (token === undefined || person?.google === undefined || !token.scope.some(isSignInScope)) {
    const note =
      token === undefined
        ? 'the access token is missing, unknown, revoked or expired'
        : 'none of the scopes openid, profile and email was granted';
    return oauthError(401, 'invalid_request', 'Invalid Credentials', note);
  }
  const { google, givenName, familyName } = person;
  return json(200, {
    sub: google.sub,
    ...(includesScope(token.scope, 'profile') && {
      name: fullName(person),
      given_name: givenName,
      family_name: familyName,
      picture: `${world.url}/avatars/${person.id}/100.svg`,
    }),
    ...(includesScope(token.scope, 'email') && { email: google.email, email_verified: true }),
  });
}

/**
 * The checks of every call of the Health API. `method` is the call's name in Google's errors, if it is known.
 */
export function findHealthUser(
  world: World,
  request: Incoming,
  scopes: readonly string[],
  method?: string,
): OrReply<HealthUser> {
  const refuse = (...error: Parameters<typeof apiError>) => ({ reply: apiError(...error) });
  const metadata = { ...(method && { method: `google.devicesandservices.health.v4.${method}` }), service };
  const token = findAccessToken(world, request);
  if (token === undefined) {
    const missing = readBearer(request.headers.authorization) === undefined;
    const message = `${missing ? 'Request is missing required authentication credential' : 'Request had invalid authentication credentials'}. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.`;
    const challenge = 'Bearer realm="https://accounts.google.com/"';
    return refuse(401, 'UNAUTHENTICATED', message, 'the access token is missing or dead: refresh it', {
      ...(missing && { reason: 'CREDENTIALS_MISSING', metadata }),
      headers: { 'www-authenticate': missing ? challenge : `${challenge}, error="invalid_token"` },
    });
  }
  const { clientID, personID, scope } = token;
  const { googleRateLimit, googleNutritionIdentity, googleUnfinishedStatus, ...switches } =
    world.switches.values;
  const allowance = world.rateLimits.count(`google ${clientID} ${personID}`, googleRateLimit, 60);
  if (!allowance.allowed) {
    const message = "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute per user'.";
    return refuse(429, 'RESOURCE_EXHAUSTED', message, 'wait for the next minute', {
      reason: 'RATE_LIMIT_EXCEEDED',
      metadata: { service },
      ...waitFor(world, allowance.reset),
    });
  }
  if (!world.apps.find('google-health', clientID)?.enabled) {
    const project = projectOf(clientID);
    const help = `https://console.developers.google.com/apis/api/${service}/overview?project=${project}`;
    const message = `Google Health API has not been used in project ${project} before or it is disabled. Enable it by visiting ${help} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.`;
    return refuse(403, 'PERMISSION_DENIED', message, 'enable the API', {
      reason: 'SERVICE_DISABLED',
      metadata: { consumer: `projects/${project}`, service },
      help,
    });
  }
  const others = scope.filter(isOtherScope);
  if (others.length > 0) {
    const message = 'The access token has scopes that this API does not allow.';
    return refuse(403, 'PERMISSION_DENIED', message, 'the token also has scopes of other Google APIs', {
      reason: 'DISALLOWED_OAUTH_SCOPES',
      domain: service,
      metadata: {
        disallowed_scopes: (switches.googleDisallowedScopes === 'short'
          ? others.map(shortScopeName)
          : others
        ).join(','),
      },
    });
  }
  const enough = scopes === identityScopes && googleNutritionIdentity ? [...scopes, nutritionScope] : scopes;
  if (!scope.some((one) => enough.includes(one))) {
    const message = 'Request had insufficient authentication scopes.';
    return refuse(403, 'PERMISSION_DENIED', message, 'no scope was granted that this call needs', {
      reason: scope.some(isHealthScope) ? 'MISSING_OAUTH_SCOPE' : 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
      metadata,
    });
  }
  const person = world.people.get(personID);
  const google = person?.google;
  if (google?.unmigrated) {
    const note = 'the Fitbit account was not moved to Google';
    return refuse(403, 'PERMISSION_DENIED', switches.googleUnmigratedMessage, note);
  }
  if (person === undefined || google?.healthUserID === undefined) {
    const message = 'The account is not linked to Google Health.';
    const note = 'this account has no Google Health profile; this is not a failure of the app';
    return refuse(400, 'FAILED_PRECONDITION', message, note, {
      reason: 'ACCOUNT_NOT_LINKED',
      domain: service,
      metadata: { redirect_uri: 'https://fitbit.google.com/auth/signup' },
    });
  }
  if (google.unfinished) {
    const note = 'the user has not finished the setup of Google Health';
    return refuse(googleUnfinishedStatus, 'FAILED_PRECONDITION', 'Precondition check failed.', note);
  }
  const { user = 'me' } = request.parameters;
  if (user !== 'me' && user !== google.healthUserID) {
    const note = 'the path names another user than the token; use "me"';
    return switches.googleForeignUser === 403
      ? refuse(403, 'PERMISSION_DENIED', 'The caller does not have permission', note)
      : refuse(400, 'INVALID_ARGUMENT', 'Invalid user resource name.', note, {
          reason: 'INVALID_USER_RESOURCE_NAME',
          domain: service,
        });
  }
  return { person, google, healthUserID: google.healthUserID, scope };
}

/** The project number that a client id begins with. */
function projectOf(clientID: string): string {
  return /^\d+/.exec(clientID)?.[0] ?? '0';
}

/** The part of a 429 that says how long to wait, according to the switch. */
function waitFor({ switches, clock }: World, seconds: number): Pick<ErrorDetails, 'retryDelay' | 'headers'> {
  const date = new Date(clock.now() + seconds * 1000).toUTCString();
  switch (switches.values.googleRetryAfter) {
    case 'retry-info':
      return { retryDelay: seconds };
    case 'seconds':
      return { headers: { 'retry-after': String(seconds) } };
    case 'date':
      return { headers: { 'retry-after': date } };
    case 'none':
      return {};
  }
}
