import { randomBytes } from 'node:crypto';
import { takesRedirectURI } from './apps.ts';
import { type AuthorizeRequest, appendQuery, queryOf, type Reading } from './authorize.ts';
import { fullScopeName, isGoogleScope } from './google-scopes.ts';
import type { Person } from './people.ts';
import type { State } from './state.ts';

/** How long a code lives, in milliseconds. */
const codeLifetime = 600_000;

/** Reads an authorize request as Google does: a bad one ends on Google's own page. */
export function readGoogleAuthorize(state: State, query: URLSearchParams): Reading {
  const refuse = (text: string, note: string, status = 400): Reading => ({ refusal: { status, text, note } });

  const clientID = query.get('client_id');
  if (!clientID) return refuse('invalid_request', 'client_id is missing');
  const app = state.apps.find('google-health', clientID);
  if (app === undefined)
    return refuse('invalid_client', `no app is registered with client_id ${clientID}`, 401);

  const redirectURI = query.get('redirect_uri');
  if (!redirectURI) return refuse('invalid_request', 'redirect_uri is missing');
  if (!takesRedirectURI(app, redirectURI)) {
    const known = app.redirectURIs?.join(', ') ?? 'any http(s) URL on localhost';
    const note = `redirect_uri ${redirectURI} is not registered (exact match); registered: ${known}`;
    return refuse('redirect_uri_mismatch', note);
  }

  const responseType = query.get('response_type');
  if (responseType !== 'code') {
    return refuse(
      'invalid_request',
      `response_type is ${responseType ?? 'missing'}; the simulator knows "code"`,
    );
  }

  const scope = [...new Set((query.get('scope') ?? '').split(/\s+/).filter(Boolean))];
  if (scope.length === 0) return refuse('invalid_request', 'scope is missing');
  const strange = scope.find((one) => !isGoogleScope(one));
  if (strange !== undefined) return refuse('invalid_scope', `Google does not know the scope "${strange}"`);

  const challenge = query.get('code_challenge');
  const method = query.get('code_challenge_method') ?? 'plain';
  if (challenge !== null && !/^[A-Za-z0-9._~-]{43,128}$/.test(challenge)) {
    return refuse('invalid_request', 'code_challenge must have 43 to 128 characters of A-Z a-z 0-9 - . _ ~');
  }
  if (method !== 'plain' && method !== 'S256') {
    return refuse('invalid_request', `code_challenge_method is ${method}; it may be S256 or plain`);
  }
  const accessType = query.get('access_type') ?? 'online';
  if (accessType !== 'online' && accessType !== 'offline') {
    return refuse('invalid_request', `access_type is ${accessType}; it may be online or offline`);
  }
  const prompt = (query.get('prompt') ?? '').split(' ').filter(Boolean);
  if (prompt.includes('none') && prompt.length > 1) {
    return refuse('invalid_request', 'prompt=none goes with no other value');
  }

  return {
    request: {
      provider: 'google-health',
      app,
      redirectURI,
      redirectURIGiven: true,
      scope,
      state: query.get('state') ?? undefined,
      challenge: challenge === null ? undefined : { value: challenge, method },
      prompt,
      offline: accessType === 'offline',
      includeGranted: query.get('include_granted_scopes') === 'true',
      loginHint: query.get('login_hint') ?? undefined,
    },
  };
}

/** The person allows some of the scopes: the redirect that brings the app its code. */
export function googleAllow(
  state: State,
  request: AuthorizeRequest,
  person: Person,
  ticked: readonly string[],
): { code: string; redirectTo: string } {
  const { app, redirectURI, redirectURIGiven, challenge, offline } = request;
  const full = state.switches.values.googleScopeNames === 'full';
  const granted = full ? ticked.map(fullScopeName) : ticked;
  const before = state.ledger.grantOf('google-health', app.clientID, person.id);
  const scope = request.includeGranted ? [...new Set([...granted, ...(before?.scope ?? [])])] : [...granted];
  // Without prompt=consent only the first consent brings a refresh token.
  const newRefreshToken = offline && (request.prompt.includes('consent') || before?.offline !== true);
  state.ledger.grant('google-health', app.clientID, person.id, granted, offline);

  const code = `4/0A${randomBytes(52).toString('base64url')}`;
  const now = state.clock.now();
  state.ledger.addCode({
    value: code,
    provider: 'google-health',
    clientID: app.clientID,
    personID: person.id,
    scope,
    issuedAt: now,
    expiresAt: now + codeLifetime,
    redirectURI,
    redirectURIGiven,
    state: request.state,
    challenge,
    offline,
    newRefreshToken,
    used: false,
  });
  const query = queryOf({ state: request.state, code, scope: scope.join(' ') });
  return { code, redirectTo: appendQuery(redirectURI, query) };
}

/** The person denies: the redirect that tells the app. */
export function googleDeny(state: State, request: AuthorizeRequest): string {
  const description = state.switches.values.googleDenialDescription ? 'The user denied access.' : undefined;
  return answerWithError(request, 'access_denied', description);
}

/** `prompt=none`: a code at once for who is signed in and has consented to everything, else an error. */
export function googleSilent(state: State, request: AuthorizeRequest, person: Person | undefined): string {
  const grant = person && state.ledger.grantOf('google-health', request.app.clientID, person.id);
  const covered = request.scope.every((one) => grant?.scope.has(one) || grant?.scope.has(fullScopeName(one)));
  if (person === undefined || !covered)
    return answerWithError(request, state.switches.values.googlePromptNone);
  return googleAllow(state, request, person, request.scope).redirectTo;
}

function answerWithError(request: AuthorizeRequest, error: string, description?: string): string {
  const query = queryOf({ error, error_description: description, state: request.state });
  return appendQuery(request.redirectURI, query);
}
