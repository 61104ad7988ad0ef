import { ageOn } from './fitbit-profile.ts';
import { googleBearer, oauthError } from './google-health.ts';
import { fullScopeName, googleHealthPrefix, identityScopes, isSignInScope } from './google-scopes.ts';
import { type Incoming, json, type Reply } from './http.ts';
import type { AccessToken } from './ledger.ts';
import type { GoogleAccount, Person } from './people.ts';
import type { State } from './state.ts';

/** A person whose token may read Health data. */
interface HealthUser {
  readonly person: Person;
  readonly google: GoogleAccount;
  readonly healthUserID: string;
}

/** Who the person is on the Google Health API, and which Fitbit account they had. */
export function googleIdentity(state: State, request: Incoming): Reply {
  const user = healthUser(state, request, identityScopes);
  if ('reply' in user) return user.reply;
  const { legacyUserID } = user.google;
  const empty = state.switches.values.googleLegacyUserID === 'empty' ? '' : undefined;
  return json(200, {
    name: 'users/me/identity',
    // JSON leaves an undefined value out.
    legacyUserId: legacyUserID ?? empty,
    healthUserId: user.healthUserID,
  });
}

/** The Health profile: no name, e-mail or picture. */
export function googleHealthProfile(state: State, request: Incoming): Reply {
  const user = healthUser(state, request, [`${googleHealthPrefix}profile.readonly`]);
  if ('reply' in user) return user.reply;
  const { person, healthUserID } = user;
  const [year, month, day] = (person.fitbit?.memberSince ?? '2024-01-15').split('-').map(Number);
  return json(200, {
    name: `users/${healthUserID}/profile`,
    age: ageOn(person.dateOfBirth, new Date(state.clock.now())),
    membershipStartDate: { year, month, day },
    userConfiguredWalkingStrideLengthMm: 714,
    userConfiguredRunningStrideLengthMm: 1074,
  });
}

/** OpenID's userinfo: name and picture with `profile`, the address with `email`. */
export function googleUserinfo(state: State, request: Incoming): Reply {
  const token = liveToken(state, request);
  const google = token && state.people.get(token.personID)?.google;
  if (token === undefined || google === undefined) {
    const note = 'the access token is missing, unknown, revoked or expired';
    return oauthError(401, 'invalid_request', 'Invalid Credentials', note);
  }
  if (!token.scope.some(isSignInScope)) {
    const note = 'none of the scopes openid, profile and email was granted';
    return oauthError(401, 'invalid_request', 'Invalid Credentials', note);
  }
  const person = state.people.get(token.personID);
  const has = (scope: string) => token.scope.some((one) => fullScopeName(one) === fullScopeName(scope));
  return json(200, {
    sub: google.sub,
    ...(has('profile') && {
      name: `${person?.givenName} ${person?.familyName}`.trim(),
      given_name: person?.givenName,
      family_name: person?.familyName,
      picture: `${state.url}/avatars/${token.personID}/100.svg`,
    }),
    ...(has('email') && { email: google.email, email_verified: true }),
  });
}

function liveToken(state: State, request: Incoming): AccessToken | undefined {
  const token = state.ledger.accessToken('google-health', googleBearer(request));
  return token === undefined || state.ledger.expired(token) ? undefined : token;
}

/** The checks that every call of the Health API goes through. */
function healthUser(
  state: State,
  request: Incoming,
  scopes: readonly string[],
): HealthUser | { reply: Reply } {
  const token = liveToken(state, request);
  if (token === undefined) {
    const message =
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';
    return {
      reply: rpcError(401, 'UNAUTHENTICATED', message, 'the access token is missing or dead: refresh it'),
    };
  }
  const { clientID, personID } = token;
  const left = state.rateLimits.count(
    `google ${clientID} ${personID}`,
    state.switches.values.googleRateLimit,
    60,
  );
  if (!left.allowed) {
    const message = "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute per user'.";
    return {
      reply: rpcError(429, 'RESOURCE_EXHAUSTED', message, 'wait for the next minute', 'RATE_LIMIT_EXCEEDED'),
    };
  }
  if (!state.apps.find('google-health', clientID)?.enabled) {
    const message = 'Google Health API has not been used in this project before or it is disabled.';
    return { reply: rpcError(403, 'PERMISSION_DENIED', message, 'enable the API', 'SERVICE_DISABLED') };
  }
  if (!token.scope.some((one) => scopes.includes(one))) {
    const message = 'Request had insufficient authentication scopes.';
    const note = 'no scope was granted that this call needs';
    return { reply: rpcError(403, 'PERMISSION_DENIED', message, note, 'ACCESS_TOKEN_SCOPE_INSUFFICIENT') };
  }
  const person = state.people.get(personID);
  const google = person?.google;
  if (google?.unmigrated) {
    const message = 'The caller does not have permission';
    return {
      reply: rpcError(403, 'PERMISSION_DENIED', message, 'the Fitbit account was not moved to Google'),
    };
  }
  if (person === undefined || google?.healthUserID === undefined) {
    const message = 'The Google account is not linked to a Google Health or Fitbit profile.';
    const note = 'this person cannot sign in with this account; nothing is broken';
    return { reply: rpcError(400, 'FAILED_PRECONDITION', message, note, 'ACCOUNT_NOT_LINKED') };
  }
  return { person, google, healthUserID: google.healthUserID };
}

/** An error of a Google API (google.rpc.Status). */
function rpcError(code: number, status: string, message: string, note: string, reason?: string): Reply {
  const details = reason && [
    { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' },
  ];
  const headers = code === 401 ? { 'www-authenticate': 'Bearer realm="https://accounts.google.com/"' } : {};
  return json(code, { error: { code, message, status, ...(details && { details }) } }, headers, note);
}
