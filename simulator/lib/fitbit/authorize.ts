import { randomBytes } from 'node:crypto';
import { splitScope } from '../check.ts';
import { type Authorization, addCode, appendQuery, type Reading } from '../consent/authorization.ts';
import { type App, redirectProblem } from '../world/apps.ts';
import type { AuthorizeRequest } from '../world/authorize-request.ts';
import type { World } from '../world/world.ts';
import { fitbitScopes } from './scopes.ts';

/** Fitbit's authorize endpoint. */
export const fitbitAuthorization: Authorization = {
  read,

  allow(world, request, person, scope) {
    const code = randomBytes(20).toString('hex');
    world.ledger.grant('fitbit', request.app.clientID, person.id, scope, true);
    addCode(world, request, person, { value: code, scope, newRefreshToken: true });
    return { code, redirectTo: redirectTo(request, { code, state: request.state }) };
  },

  deny(world, request) {
    return redirectTo(request, {
      error_description: 'The user denied the request.',
      error: 'access_denied',
      // Whether Fitbit sends it is not documented.
      state: world.switches.values.fitbitDenialState ? request.state : undefined,
    });
  },
};

/** Fitbit, like Facebook, ends every redirect with this fragment. */
function redirectTo(request: AuthorizeRequest, entries: Record<string, string | undefined>): string {
  return `${appendQuery(request.redirectURI, entries)}#_=_`;
}

/** What is wrong, in the provider's words and in ours. */
interface Problem {
  readonly text: string;
  readonly note: string;
}

/** Reads an authorize request. As at Fitbit, errors are shown to the user and not sent to the app. */
function read(world: World, query: URLSearchParams): Reading {
  const refuse = ({ text, note }: Problem): Reading => ({ refusal: { status: 400, text, note } });

  const clientID = query.get('client_id');
  if (!clientID) {
    return refuse({
      text: 'invalid_request - Missing parameters: client_id',
      note: 'client_id is missing',
    });
  }
  const app = world.apps.find('fitbit', clientID);
  if (app === undefined) {
    const note = `no app is registered with client_id ${clientID}`;
    return refuse({ text: 'unauthorized_client - Invalid client_id', note });
  }
  const redirect = readRedirectURI(app, query);
  if ('text' in redirect) return refuse(redirect);

  const responseType = query.get('response_type');
  if (!responseType) {
    const text = 'invalid_request - Missing response_type parameter value';
    return refuse({ text, note: 'response_type is missing' });
  }
  if (responseType !== 'code') {
    const note = `response_type is ${responseType}; the simulator supports "code"`;
    return refuse({ text: 'unsupported_response_type - Invalid response_type parameter value', note });
  }
  const scope = readScope(world, query);
  if ('text' in scope) return refuse(scope);
  const challenge = readChallenge(app, query);
  if (challenge !== undefined && 'text' in challenge) return refuse(challenge);

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

function readRedirectURI(app: App, query: URLSearchParams): { uri: string; given: boolean } | Problem {
  const uri = query.get('redirect_uri');
  if (uri) {
    const note = redirectProblem(app, uri);
    if (note === undefined) return { uri, given: true };
    return { text: 'invalid_request - Invalid redirect_uri parameter value', note };
  }
  // Optional for an app with one registered URI, unless it sends prompt.
  const [only, ...others] = app.redirectURIs ?? [];
  if (only !== undefined && others.length === 0 && !query.has('prompt')) return { uri: only, given: false };
  const note =
    'redirect_uri is missing; it may be left out by an app with one redirect URI that sends no prompt';
  return { text: 'invalid_request - Missing redirect_uri parameter value', note };
}

function readScope(world: World, query: URLSearchParams): { names: string[] } | Problem {
  const asked = splitScope(query.get('scope') ?? '');
  const names = asked.filter((one) => fitbitScopes.includes(one));
  const unknown = asked.find((one) => !fitbitScopes.includes(one));
  if (unknown !== undefined && world.switches.values.fitbitUnknownScope === 'refused') {
    return {
      text: `invalid_scope - Invalid scope: ${unknown}`,
      note: `"${unknown}" is no scope of Fitbit's`,
    };
  }
  if (names.length > 0) return { names };
  return {
    text: 'invalid_request - Missing parameters: scope',
    note: 'scope is required and has no default',
  };
}

function readChallenge(app: App, query: URLSearchParams): AuthorizeRequest['challenge'] | Problem {
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
