import { authenticateFitbitClient } from './fitbit-client.ts';
import { fitbitError } from './fitbit-errors.ts';
import { answerOrder, scopeMap } from './fitbit-scopes.ts';
import { type Incoming, json, type Reply, readBearer } from './http.ts';
import type { AccessToken, RefreshToken } from './ledger.ts';
import type { State } from './state.ts';

/** Finds the access token of a Bearer header, or the 401 that its absence or death gets. */
export function fitbitBearer(state: State, request: Incoming): { token: AccessToken } | { reply: Reply } {
  const value = readBearer(request.headers.authorization) ?? '';
  const token = state.ledger.accessToken('fitbit', value);
  if (token === undefined) {
    const note =
      value === '' ? 'there is no Authorization: Bearer header' : 'this access token is unknown or revoked';
    return { reply: fitbitError(state, 401, 'invalid_token', `Access token invalid: ${value}.`, note) };
  }
  if (state.ledger.expired(token)) {
    const message = `Access token expired: ${value}.`;
    return { reply: fitbitError(state, 401, 'expired_token', message, 'refresh it') };
  }
  return { token };
}

/** Fitbit's introspection: a living access token asks about any token. */
export function fitbitIntrospect(state: State, request: Incoming): Reply {
  const bearer = fitbitBearer(state, request);
  if ('reply' in bearer) return bearer.reply;
  const value = request.form.get('token');
  if (!value) {
    return fitbitError(
      state,
      400,
      'invalid_request',
      'Missing parameters: token.',
      'token is missing in the body',
    );
  }
  const { clientID } = bearer.token;
  const token = state.ledger.accessToken('fitbit', value);
  if (token !== undefined && token.clientID === clientID && !state.ledger.expired(token)) {
    return json(200, describe(state, token));
  }
  const refreshToken = state.ledger.refreshToken('fitbit', value);
  if (refreshToken?.clientID === clientID && refreshToken.use === undefined) {
    return introspectRefreshToken(state, refreshToken);
  }
  return json(200, { active: false });
}

/** Nobody has written down what a refresh token gets: a switch decides. */
function introspectRefreshToken(state: State, token: RefreshToken): Reply {
  const choice = state.switches.values.fitbitIntrospectRefreshToken;
  if (choice === 'active') return json(200, { ...describe(state, token), token_type: 'refresh_token' });
  if (choice === 'inactive') return json(200, { active: false });
  const note = 'a refresh token was given to introspection';
  return fitbitError(state, 400, 'invalid_token', `Access token invalid: ${token.value}.`, note);
}

function describe(state: State, token: AccessToken | RefreshToken): Record<string, unknown> {
  const writable = state.apps.find('fitbit', token.clientID)?.writable ?? new Set<string>();
  return {
    active: true,
    scope: scopeMap(answerOrder(token.scope).reverse(), writable),
    client_id: token.clientID,
    user_id: state.people.get(token.personID)?.fitbit?.userID,
    token_type: 'access_token',
    // Milliseconds, where the token itself has seconds. A refresh token has no end.
    ...(Number.isFinite(token.expiresAt) && { exp: token.expiresAt }),
    iat: token.issuedAt,
  };
}

/** Fitbit's revocation: withdraws the person's consent, so that every token for the app dies. */
export function fitbitRevoke(state: State, request: Incoming): Reply {
  const caller = revoker(state, request);
  if ('reply' in caller) return caller.reply;
  const value = request.form.get('token');
  if (!value) {
    return fitbitError(
      state,
      400,
      'invalid_request',
      'Missing parameters: token.',
      'token is missing in the body',
    );
  }
  const token = state.ledger.accessToken('fitbit', value) ?? state.ledger.refreshToken('fitbit', value);
  if (token?.clientID !== caller.clientID) {
    // Against RFC 7009, which wants 200 for it.
    const errorType = state.switches.values.fitbitRevokeDeadError;
    const status = errorType === 'invalid_token' ? 401 : 400;
    return fitbitError(
      state,
      status,
      errorType,
      `Access token invalid: ${value}.`,
      'this token is dead already',
    );
  }
  state.ledger.revoke('fitbit', token.clientID, token.personID);
  if (state.switches.values.fitbitRevokeBody === 'json') return json(200, {});
  return { status: 200, headers: { 'cache-control': 'no-store' }, body: '' };
}

function revoker(state: State, request: Incoming): { clientID: string } | { reply: Reply } {
  const auth = state.switches.values.fitbitRevokeAuth;
  const bearer = readBearer(request.headers.authorization) !== undefined;
  if (auth === 'bearer' || (auth === 'either' && bearer)) {
    const found = fitbitBearer(state, request);
    return 'reply' in found ? found : { clientID: found.token.clientID };
  }
  const client = authenticateFitbitClient(state, request);
  return 'reply' in client ? client : { clientID: client.app.clientID };
}
