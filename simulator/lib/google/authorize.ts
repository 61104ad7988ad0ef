import { randomBytes } from 'node:crypto';
import { splitScope } from '../check.ts';
import { type Authorization, addCode, appendQuery, type Reading } from '../consent/authorization.ts';
import { redirectProblem } from '../world/apps.ts';
import type { AuthorizeRequest } from '../world/authorize-request.ts';
import type { World } from '../world/world.ts';
import { organizationRefusal } from './organization.ts';
import { fullScopeName, isGoogleScope } from './scopes.ts';

/** Google's issuer identifier (RFC 9207). */
const issuer = 'https://accounts.google.com';

/** Google's authorize endpoint. */
export const googleAuthorization: Authorization = {
  read,

  allow(world, request, person, ticked) {
    const { app, offline } = request;
    const full = world.switches.values.googleScopeNames === 'full';
    const granted = full ? ticked.map(fullScopeName) : ticked;
    const before = world.ledger.grantOf('google-health', app.clientID, person.id);
    const scope = request.includeGranted ? [...new Set([...granted, ...(before?.scope ?? [])])] : granted;
    // Without prompt=consent, only the first consent returns a refresh token.
    const newRefreshToken = offline && (request.prompt.includes('consent') || before?.offline !== true);
    world.ledger.grant('google-health', app.clientID, person.id, granted, offline);

    const code = `4/0A${randomBytes(52).toString('base64url')}`;
    addCode(world, request, person, { value: code, scope, newRefreshToken });
    const entries = {
      state: request.state,
      iss: world.switches.values.googleCallbackIssuer === 'never' ? undefined : issuer,
      code,
      scope: scope.join(' '),
      ...(world.switches.values.googleCallbackAccount && {
        authuser: '0',
        hd: person.google?.hostedDomain,
        prompt: request.prompt.includes('none') ? 'none' : 'consent',
      }),
    };
    return { code, redirectTo: appendQuery(request.redirectURI, entries) };
  },

  deny(world, request) {
    const description = world.switches.values.googleDenialDescription ? 'The user denied access.' : undefined;
    return errorCallback(world, request, 'access_denied', description);
  },

  refuse(world, request, person) {
    const refusal = organizationRefusal(request.app, person);
    const { googleOrganizationRefusal: where } = world.switches.values;
    if (refusal === undefined || where === 'token') return undefined;
    if (where === 'callback') return errorCallback(world, request, refusal.error);
    return { status: refusal.status, text: refusal.error, note: refusal.note };
  },

  /** `prompt=none`: a code if the user is signed in and has consented to every scope, otherwise an error. */
  silent(world, request, signedIn) {
    const { app, prompt, scope } = request;
    if (!prompt.includes('none')) return undefined;
    const grant = signedIn && world.ledger.grantOf('google-health', app.clientID, signedIn.id);
    const covered = scope.every((one) => grant?.scope.has(one) || grant?.scope.has(fullScopeName(one)));
    if (signedIn !== undefined && covered) {
      return googleAuthorization.allow(world, request, signedIn, scope).redirectTo;
    }
    return errorCallback(world, request, world.switches.values.googlePromptNone);
  },
};

/** The callback with an error. Whether Google sends `iss` with it is not known. */
function errorCallback(
  world: World,
  { redirectURI, state }: AuthorizeRequest,
  error: string,
  description?: string,
): string {
  const iss = world.switches.values.googleCallbackIssuer === 'always' ? issuer : undefined;
  return appendQuery(redirectURI, { error, error_description: description, state, iss });
}

/** Reads an authorize request. As at Google, a bad one ends on the provider's own page. */
function read(world: World, query: URLSearchParams): Reading {
  const refuse = (text: string, note: string, status = 400): Reading => ({ refusal: { status, text, note } });
  const invalid = (note: string) => refuse('invalid_request', note);

  const clientID = query.get('client_id');
  if (!clientID) return invalid('client_id is missing');
  const app = world.apps.find('google-health', clientID);
  if (app === undefined) {
    return refuse('invalid_client', `no app is registered with client_id ${clientID}`, 401);
  }
  const redirectURI = query.get('redirect_uri');
  if (!redirectURI) return invalid('redirect_uri is missing');
  const problem = redirectProblem(app, redirectURI);
  if (problem !== undefined) return refuse('redirect_uri_mismatch', problem);

  const responseType = query.get('response_type');
  if (responseType !== 'code') {
    return invalid(`response_type is ${responseType ?? 'missing'}; the simulator supports "code"`);
  }
  const scope = splitScope(query.get('scope') ?? '');
  if (scope.length === 0) return invalid('scope is missing');
  const unknown = scope.find((one) => !isGoogleScope(one));
  if (unknown !== undefined) return refuse('invalid_scope', `Google does not know the scope "${unknown}"`);

  const challenge = query.get('code_challenge');
  const method = query.get('code_challenge_method') ?? 'plain';
  if (challenge !== null && !/^[A-Za-z0-9._~-]{43,128}$/.test(challenge)) {
    return invalid('code_challenge must have 43 to 128 characters of A-Z a-z 0-9 - . _ ~');
  }
  if (method !== 'plain' && method !== 'S256') {
    return invalid(`code_challenge_method is ${method}; it may be S256 or plain`);
  }
  const accessType = query.get('access_type') ?? 'online';
  if (accessType !== 'online' && accessType !== 'offline') {
    return invalid(`access_type is ${accessType}; it may be online or offline`);
  }
  const prompt = (query.get('prompt') ?? '').split(' ').filter(Boolean);
  if (prompt.includes('none') && prompt.length > 1) return invalid('prompt=none goes with no other value');

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
