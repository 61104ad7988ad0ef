import { randomBytes } from 'node:crypto';
import { type App, takesRedirectURI } from './apps.ts';
import { type AuthorizeRequest, appendQuery, queryOf, type Reading } from './authorize.ts';
import { fitbitScopes } from './fitbit-scopes.ts';
import type { Person } from './people.ts';
import type { State } from './state.ts';

/** How long a code lives, in milliseconds. */
const codeLifetime = 600_000;

/** Reads an authorize request as Fitbit does: whatever is wrong is shown to the person, never sent to the app. */
export function readFitbitAuthorize(state: State, query: URLSearchParams): Reading {
  const refuse = (text: string, note: string): Reading => ({ refusal: { status: 400, text, note } });

  const clientID = query.get('client_id');
  if (!clientID) return refuse('invalid_request - Missing parameters: client_id', 'client_id is missing');
  const app = state.apps.find('fitbit', clientID);
  if (app === undefined) {
    return refuse(
      'unauthorized_client - Invalid client_id',
      `no app is registered with client_id ${clientID}`,
    );
  }

  const redirect = readRedirectURI(app, query);
  if ('text' in redirect) return refuse(redirect.text, redirect.note);

  const responseType = query.get('response_type');
  if (!responseType) {
    return refuse('invalid_request - Missing response_type parameter value', 'response_type is missing');
  }
  if (responseType !== 'code') {
    const note = `response_type is ${responseType}; the simulator knows "code"`;
    return refuse('unsupported_response_type - Invalid response_type parameter value', note);
  }

  const scope = readScope(state, query);
  if ('text' in scope) return refuse(scope.text, scope.note);

  const challenge = readChallenge(app, query);
  if (challenge !== undefined && 'text' in challenge) return refuse(challenge.text, challenge.note);

  return {
    request: {
      provider: 'fitbit',
      app,
      redirectURI: redirect.uri,
      redirectURIGiven: redirect.given,
      scope: scope.names,
      state: query.get('state') ?? undefined,
      challenge,
      prompt: (query.get('prompt') ?? 'none').split(' '),
      offline: true,
      includeGranted: false,
      loginHint: undefined,
    },
  };
}

/** What is wrong: the provider's words and ours. */
interface Fault {
  readonly text: string;
  readonly note: string;
}

function readRedirectURI(app: App, query: URLSearchParams): { uri: string; given: boolean } | Fault {
  const uri = query.get('redirect_uri');
  if (uri) {
    if (takesRedirectURI(app, uri)) return { uri, given: true };
    const known = app.redirectURIs?.join(', ') ?? 'any http(s) URL on localhost';
    const note = `redirect_uri ${uri} is not registered (exact match); registered: ${known}`;
    return { text: 'invalid_request - Invalid redirect_uri parameter value', note };
  }
  // An app with one registered URI may leave it out, unless it sends prompt.
  const [only, ...others] = app.redirectURIs ?? [];
  if (only !== undefined && others.length === 0 && !query.has('prompt')) return { uri: only, given: false };
  const note =
    'redirect_uri is missing; it may be left out by an app with one redirect URI that sends no prompt';
  return { text: 'invalid_request - Missing redirect_uri parameter value', note };
}

function readScope(state: State, query: URLSearchParams): { names: string[] } | Fault {
  const asked = [...new Set((query.get('scope') ?? '').split(/\s+/).filter(Boolean))];
  const names = asked.filter((one) => fitbitScopes.includes(one));
  const strange = asked.find((one) => !fitbitScopes.includes(one));
  if (strange !== undefined && state.switches.values.fitbitUnknownScope === 'refused') {
    return {
      text: `invalid_scope - Invalid scope: ${strange}`,
      note: `"${strange}" is no scope of Fitbit's`,
    };
  }
  if (names.length === 0) {
    return {
      text: 'invalid_request - Missing parameters: scope',
      note: 'scope is required and has no default',
    };
  }
  return { names };
}

function readChallenge(app: App, query: URLSearchParams): AuthorizeRequest['challenge'] | Fault {
  const value = query.get('code_challenge');
  const invalid = 'invalid_request - The code_challenge parameter is invalid';
  if (value === null) {
    if (app.type !== 'client' && !query.has('code_challenge_method')) return undefined;
    return { text: invalid, note: 'code_challenge is missing; an app of type "client" needs PKCE' };
  }
  if (value.length < 43 || value.length > 128) {
    const text = 'invalid_request - The code_challenge parameter length must be between 43 and 128';
    return { text, note: `code_challenge has ${value.length} characters` };
  }
  if (!/^[A-Za-z0-9._~-]+$/.test(value)) {
    return { text: invalid, note: 'code_challenge has characters other than A-Z a-z 0-9 - . _ ~' };
  }
  const method = query.get('code_challenge_method') ?? 'plain';
  if (method !== 'plain' && method !== 'S256') {
    const text = 'invalid_request - Unsupported code_challenge_method';
    return { text, note: `code_challenge_method is ${method}; it may be S256 or plain` };
  }
  return { value, method };
}

/** The person allows some of the scopes: the redirect that brings the app its code. */
export function fitbitAllow(
  state: State,
  request: AuthorizeRequest,
  person: Person,
  scope: readonly string[],
): { code: string; redirectTo: string } {
  const { app, redirectURI, redirectURIGiven, challenge } = request;
  const code = randomBytes(20).toString('hex');
  const now = state.clock.now();
  state.ledger.grant('fitbit', app.clientID, person.id, scope, true);
  state.ledger.addCode({
    value: code,
    provider: 'fitbit',
    clientID: app.clientID,
    personID: person.id,
    scope,
    issuedAt: now,
    expiresAt: now + codeLifetime,
    redirectURI,
    redirectURIGiven,
    state: request.state,
    challenge,
    offline: true,
    newRefreshToken: true,
    used: false,
  });
  return { code, redirectTo: fitbitRedirect(redirectURI, { code, state: request.state }) };
}

/** The person denies: the redirect that tells the app. */
export function fitbitDeny(state: State, request: AuthorizeRequest): string {
  return fitbitRedirect(request.redirectURI, {
    error_description: 'The user denied the request.',
    error: 'access_denied',
    // Nobody has written down whether Fitbit sends it.
    state: state.switches.values.fitbitDenialState ? request.state : undefined,
  });
}

/** Fitbit, like Facebook, puts a fragment behind every redirect. */
function fitbitRedirect(uri: string, entries: Readonly<Record<string, string | undefined>>): string {
  return `${appendQuery(uri, queryOf(entries))}#_=_`;
}
