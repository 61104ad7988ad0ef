import { json, type OrReply, type Reply } from '../http/reply.ts';
import { type Incoming, readBearer } from '../http/request.ts';
import type { World } from '../world/world.ts';
import { findAccessToken } from './access-token.ts';
import { authenticateFitbitClient } from './client-authentication.ts';
import { fitbitError, missingParameter } from './errors.ts';

/** Fitbit's revocation: withdraws the user's consent, which invalidates all tokens for the app. */
export function fitbitRevocation(world: World, request: Incoming): Reply {
  const caller = authenticate(world, request);
  if ('reply' in caller) return caller.reply;
  const value = request.form.get('token');
  if (!value) return missingParameter(world, 'token');
  const token = world.ledger.accessToken('fitbit', value) ?? world.ledger.refreshToken('fitbit', value);
  if (token?.clientID !== caller.clientID) {
    // RFC 7009 requires 200.
    const errorType = world.switches.values.fitbitRevokeDeadError;
    const status = errorType === 'invalid_token' ? 401 : 400;
    const message = `Access token invalid: ${value}.`;
    return fitbitError(world, status, errorType, message, 'this token was already invalid');
  }
  world.ledger.revoke('fitbit', token.clientID, token.personID);
  if (world.switches.values.fitbitRevokeBody === 'json') return json(200, {});
  return { status: 200, headers: { 'cache-control': 'no-store' }, body: '' };
}

function authenticate(world: World, request: Incoming): OrReply<{ clientID: string }> {
  const method = world.switches.values.fitbitRevokeAuth;
  const bearer = readBearer(request.headers.authorization) !== undefined;
  if (method === 'bearer' || (method === 'either' && bearer)) {
    const found = findAccessToken(world, request);
    return 'reply' in found ? found : { clientID: found.token.clientID };
  }
  const client = authenticateFitbitClient(world, request.headers.authorization, request.form);
  return 'reply' in client ? client : { clientID: client.app.clientID };
}
