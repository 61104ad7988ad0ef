import { randomBytes } from 'node:crypto';
import type { App } from './apps.ts';
import { verifierFits } from './authorize.ts';
import { authenticateFitbitClient } from './fitbit-client.ts';
import { fitbitError } from './fitbit-errors.ts';
import { answerOrder, scopesClaim } from './fitbit-scopes.ts';
import { type Incoming, json, type Reply } from './http.ts';
import { signJWT } from './jwt.ts';
import type { Code } from './ledger.ts';
import type { State } from './state.ts';

/** How long the answer to a refresh is repeated, in milliseconds. */
const replayWindow = 120_000;

/** Fitbit's token endpoint: code exchange and refresh. */
export function fitbitToken(state: State, request: Incoming): Reply {
  const client = authenticateFitbitClient(state, request);
  if ('reply' in client) return client.reply;
  const grantType = request.form.get('grant_type');
  if (grantType === 'authorization_code') return exchange(state, client.app, request.form);
  if (grantType === 'refresh_token') return refresh(state, client.app, request.form);
  if (!grantType) {
    const note = 'grant_type is missing; is the body application/x-www-form-urlencoded?';
    return fitbitError(state, 400, 'invalid_request', "Missing 'grant_type' parameter value.", note);
  }
  const note = `grant_type is ${grantType}; the simulator knows authorization_code and refresh_token`;
  return fitbitError(state, 400, 'invalid_request', "Invalid 'grant_type' parameter value.", note);
}

function exchange(state: State, app: App, form: URLSearchParams): Reply {
  const value = form.get('code');
  if (!value) return missing(state, 'code');
  const code = state.ledger.code(value);
  const problem = codeProblem(code, app, form);
  if (problem !== undefined || code === undefined) {
    // No full stop between the code and what follows.
    return fitbitError(
      state,
      400,
      'invalid_grant',
      `Authorization code invalid: ${value}`,
      problem ?? 'unknown code',
    );
  }
  if (state.ledger.expired(code)) {
    const note = 'a code lives ten minutes';
    return fitbitError(state, 400, 'invalid_grant', `Authorization code expired: ${value}`, note);
  }
  const uri = form.get('redirect_uri') ?? '';
  if (uri === '' ? code.redirectURIGiven : uri !== code.redirectURI) {
    const { fitbitRedirectMismatchStatus: status, fitbitRedirectMismatchError: type } = state.switches.values;
    const note = `the code was given for redirect_uri ${code.redirectURI}`;
    return fitbitError(state, status, type, `Redirect_uri mismatch: ${uri}.`, note);
  }
  code.used = true;
  return json(200, issue(state, app, code.personID, code.scope, form));
}

/** Why a code is no good, apart from its age; undefined when it is. */
function codeProblem(code: Code | undefined, app: App, form: URLSearchParams): string | undefined {
  if (code?.clientID !== app.clientID || code.provider !== 'fitbit')
    return 'this code was not given to this app';
  if (code.used) return 'this code was used before';
  if (!verifierFits(code.challenge, form.get('code_verifier'))) {
    return 'code_verifier does not belong to the code_challenge of the authorize request';
  }
  const state = form.get('state');
  if (state !== null && code.state !== undefined && state !== code.state) {
    return 'state is not the one of the authorize request';
  }
  return undefined;
}

function refresh(state: State, app: App, form: URLSearchParams): Reply {
  const value = form.get('refresh_token');
  if (!value) return missing(state, 'refresh_token');
  const token = state.ledger.refreshToken('fitbit', value);
  if (token?.clientID !== app.clientID)
    return deadRefreshToken(state, value, 'this token was not given to this app');

  // What makes two refreshes identical: the app and every parameter.
  const request = JSON.stringify([...form].sort());
  if (token.use === undefined) {
    const answer = issue(state, app, token.personID, token.scope, form);
    token.use = { at: state.clock.now(), request, answer: JSON.stringify(answer) };
    return json(200, answer);
  }
  if (state.clock.now() - token.use.at > replayWindow) {
    return deadRefreshToken(
      state,
      value,
      'a refresh token works once, and its answer is repeated for two minutes',
    );
  }
  if (token.use.request !== request) {
    return deadRefreshToken(state, value, 'only the identical request gets the same answer again');
  }
  const { fitbitRepeatedRefresh, fitbitConflictError } = state.switches.values;
  if (fitbitRepeatedRefresh === 'conflict') {
    const note = 'several clients refresh the same token';
    return fitbitError(state, 409, fitbitConflictError, 'The token is being refreshed.', note);
  }
  const answer: unknown = JSON.parse(token.use.answer);
  return json(200, answer);
}

function deadRefreshToken(state: State, value: string, note: string): Reply {
  return fitbitError(state, 400, 'invalid_grant', `Refresh token invalid: ${value}.`, note);
}

function missing(state: State, name: string): Reply {
  return fitbitError(state, 400, 'invalid_request', `Missing parameters: ${name}.`, `${name} is missing`);
}

/** Makes a new pair of tokens and the body that carries it. */
function issue(
  state: State,
  app: App,
  personID: string,
  scope: readonly string[],
  form: URLSearchParams,
): Record<string, unknown> {
  const lifetime = form.get('expires_in') === '3600' ? 3600 : 28_800;
  const userID = state.people.get(personID)?.fitbit?.userID ?? personID;
  const now = state.clock.seconds();
  const accessToken = signJWT(state.signingKey, {
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
  const issued = {
    provider: 'fitbit',
    clientID: app.clientID,
    personID,
    scope,
    issuedAt: now * 1000,
  } as const;
  state.ledger.addAccessToken({
    ...issued,
    value: accessToken,
    expiresAt: (now + lifetime) * 1000,
    offline: true,
  });
  state.ledger.addRefreshToken({
    ...issued,
    value: refreshToken,
    expiresAt: Number.POSITIVE_INFINITY,
    endsAt: Number.POSITIVE_INFINITY,
    use: undefined,
  });
  return {
    access_token: accessToken,
    expires_in: lifetime,
    refresh_token: refreshToken,
    ...(state.switches.values.fitbitTokenScope && { scope: answerOrder(scope).join(' ') }),
    token_type: 'Bearer',
    user_id: userID,
  };
}
