import { randomBytes } from 'node:crypto';
import { verifierFits } from '../consent/authorization.ts';
import { json, type Reply } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import type { App } from '../world/apps.ts';
import type { Code } from '../world/ledger.ts';
import type { World } from '../world/world.ts';
import { authenticateFitbitClient } from './client-authentication.ts';
import { fitbitError, missingParameter } from './errors.ts';
import { signJWT } from './jwt.ts';
import { answerOrder, scopesClaim } from './scopes.ts';

/** The lifetime of an access token, in seconds, and the other lifetime that `expires_in` may request. */
const accessLifetime = 28_800;
const shortAccessLifetime = 3600;

/** How long the response to a refresh is repeated, in milliseconds. */
const replayWindow = 120_000;

/** Fitbit's token endpoint: code exchange and refresh. */
export function fitbitToken(world: World, request: Incoming): Reply {
  // If a parameter is in both, the body's value counts.
  const query = world.switches.values.fitbitTokenQuery ? request.query : [];
  const form = new URLSearchParams([...request.form, ...query]);
  const client = authenticateFitbitClient(world, request.headers.authorization, form);
  if ('reply' in client) return client.reply;
  const grantType = form.get('grant_type');
  if (grantType === 'authorization_code') return exchange(world, client.app, form);
  if (grantType === 'refresh_token') return refresh(world, client.app, form);
  const [word, note] = grantType
    ? ['Invalid', `grant_type is ${grantType}; the simulator supports authorization_code and refresh_token`]
    : ['Missing', 'grant_type is missing; is the body application/x-www-form-urlencoded?'];
  return fitbitError(world, 400, 'invalid_request', `${word} 'grant_type' parameter value.`, note);
}

function exchange(world: World, app: App, form: URLSearchParams): Reply {
  const value = form.get('code');
  if (!value) return missingParameter(world, 'code');
  const code = world.ledger.code(value);
  const problem = codeProblem(world, code, app, form);
  if (problem !== undefined || code === undefined) {
    // No period between the code and the link.
    const message = `Authorization code invalid: ${value}`;
    return fitbitError(world, 400, 'invalid_grant', message, problem ?? 'unknown code');
  }
  if (world.ledger.expired(code)) {
    const message = `Authorization code expired: ${value}`;
    return fitbitError(world, 400, 'invalid_grant', message, 'a code expires after ten minutes');
  }
  const uri = form.get('redirect_uri') ?? '';
  if (uri === '' ? code.redirectURIGiven : uri !== code.redirectURI) {
    const { fitbitRedirectMismatchStatus: status, fitbitRedirectMismatchError: type } = world.switches.values;
    const note = `the code was given for redirect_uri ${code.redirectURI}`;
    return fitbitError(world, status, type, `Redirect_uri mismatch: ${uri}.`, note);
  }
  code.used = true;
  return json(200, issueTokens(world, app, code.personID, code.scope, form));
}

/** Why a code is invalid, apart from its age; undefined for a valid code. */
function codeProblem(
  world: World,
  code: Code | undefined,
  app: App,
  form: URLSearchParams,
): string | undefined {
  if (code?.clientID !== app.clientID || code.provider !== 'fitbit') {
    return 'this code was not given to this app';
  }
  if (code.used) return 'this code was used before';
  const refusesVerifier = world.switches.values.fitbitUnexpectedVerifier === 'refused';
  if (code.challenge === undefined && refusesVerifier && form.has('code_verifier')) {
    return 'there is a code_verifier, but the authorize request had no code_challenge';
  }
  if (!verifierFits(code.challenge, form.get('code_verifier'))) {
    return 'code_verifier does not belong to the code_challenge of the authorize request';
  }
  const state = form.get('state');
  const stateDiffers = state !== null && code.state !== undefined && state !== code.state;
  return stateDiffers ? 'state is not the one of the authorize request' : undefined;
}

function refresh(world: World, app: App, form: URLSearchParams): Reply {
  const value = form.get('refresh_token');
  if (!value) return missingParameter(world, 'refresh_token');
  const invalid = (note: string) =>
    fitbitError(world, 400, 'invalid_grant', `Refresh token invalid: ${value}.`, note);
  const token = world.ledger.refreshToken('fitbit', value);
  if (token?.clientID !== app.clientID) return invalid('this token was not given to this app');

  // Two refreshes are identical if the app and all parameters are the same.
  const request = JSON.stringify([...form].sort());
  if (token.use === undefined) {
    const answer = issueTokens(world, app, token.personID, token.scope, form);
    token.use = { at: world.clock.now(), request, answer: JSON.stringify(answer) };
    return json(200, answer);
  }
  if (world.clock.now() - token.use.at > replayWindow) {
    return invalid('a refresh token works once, and its response is repeated for two minutes');
  }
  if (token.use.request !== request) return invalid('only an identical request gets the same response again');
  const { fitbitRepeatedRefresh, fitbitConflictError } = world.switches.values;
  if (fitbitRepeatedRefresh === 'conflict') {
    const note = 'several clients refresh the same token';
    return fitbitError(world, 409, fitbitConflictError, 'The token is being refreshed.', note);
  }
  const answer: unknown = JSON.parse(token.use.answer);
  return json(200, answer);
}

/** Issues a new pair of tokens; returns the response's body. */
function issueTokens(
  world: World,
  app: App,
  personID: string,
  scope: readonly string[],
  form: URLSearchParams,
): Record<string, unknown> {
  const short = form.get('expires_in') === String(shortAccessLifetime);
  const lifetime = short ? shortAccessLifetime : accessLifetime;
  const userID = world.people.get(personID)?.fitbit?.userID ?? personID;
  const now = world.clock.seconds();
  const accessToken = signJWT(world.signingKey, {
    aud: app.clientID,
    sub: userID,
    iss: 'Fitbit',
    typ: 'access_token',
    scopes: scopesClaim(scope, app.writable),
    exp: now + lifetime,
    iat: now,
    jti: randomBytes(8).toString('hex'),
  });
  const refreshToken = randomBytes(32).toString('hex');
  const { clientID } = app;
  const issued = { provider: 'fitbit', clientID, personID, scope, issuedAt: now * 1000 } as const;
  const never = Number.POSITIVE_INFINITY;
  const expiresAt = (now + lifetime) * 1000;
  world.ledger.addAccessToken({ ...issued, value: accessToken, expiresAt, offline: true });
  world.ledger.addRefreshToken({
    ...issued,
    value: refreshToken,
    expiresAt: never,
    endsAt: never,
    use: undefined,
  });
  return {
    access_token: accessToken,
    expires_in: lifetime,
    refresh_token: refreshToken,
    ...(world.switches.values.fitbitTokenScope && { scope: answerOrder(scope).join(' ') }),
    token_type: 'Bearer',
    user_id: userID,
  };
}
