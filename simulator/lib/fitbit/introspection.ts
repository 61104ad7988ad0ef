import { json, type Reply } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import type { AccessToken, RefreshToken } from '../world/ledger.ts';
import type { World } from '../world/world.ts';
import { findAccessToken } from './access-token.ts';
import { fitbitError, missingParameter } from './errors.ts';
import { answerOrder, scopeMap } from './scopes.ts';

/** Fitbit's introspection: a valid access token authorizes a request about any token. */
export function fitbitIntrospection(world: World, request: Incoming): Reply {
  const caller = findAccessToken(world, request);
  if ('reply' in caller) return caller.reply;
  const value = request.form.get('token');
  if (!value) return missingParameter(world, 'token');
  const { clientID } = caller.token;
  const token = world.ledger.accessToken('fitbit', value);
  if (token !== undefined && token.clientID === clientID && !world.ledger.expired(token)) {
    return json(200, describe(world, token));
  }
  const refreshToken = world.ledger.refreshToken('fitbit', value);
  if (refreshToken?.clientID === clientID && refreshToken.use === undefined) {
    return describeRefreshToken(world, refreshToken);
  }
  return json(200, { active: false });
}

/** The response for a refresh token is not documented: a switch decides. */
function describeRefreshToken(world: World, token: RefreshToken): Reply {
  const choice = world.switches.values.fitbitIntrospectRefreshToken;
  if (choice === 'active') return json(200, { ...describe(world, token), token_type: 'refresh_token' });
  if (choice === 'inactive') return json(200, { active: false });
  const note = 'a refresh token was given to introspection';
  return fitbitError(world, 400, 'invalid_token', `Access token invalid: ${token.value}.`, note);
}

function describe(world: World, token: AccessToken | RefreshToken): Record<string, unknown> {
  const writable = world.apps.find('fitbit', token.clientID)?.writable ?? new Set<string>();
  return {
    active: true,
    scope: scopeMap(answerOrder(token.scope).reverse(), writable),
    client_id: token.clientID,
    user_id: world.people.get(token.personID)?.fitbit?.userID,
    token_type: 'access_token',
    // Milliseconds, unlike in the token itself. A refresh token doesn't expire.
    ...(Number.isFinite(token.expiresAt) && { exp: token.expiresAt }),
    iat: token.issuedAt,
  };
}
