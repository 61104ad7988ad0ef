import { json, type Reply } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import type { World } from '../world/world.ts';
import { oauthError } from './errors.ts';

/** Google's revocation: withdraws the user's whole consent. It needs no client authentication. */
export function googleRevocation(world: World, request: Incoming): Reply {
  const { ledger } = world;
  const value = request.form.get('token') ?? request.query.get('token') ?? '';
  const token = ledger.accessToken('google-health', value) ?? ledger.refreshToken('google-health', value);
  if (token === undefined || ledger.expired(token)) {
    return oauthError(400, 'invalid_token', 'Token expired or revoked', 'this token was already invalid');
  }
  void world.endConsent('google-health', token.clientID, token.personID, 'app');
  return json(200, {});
}
