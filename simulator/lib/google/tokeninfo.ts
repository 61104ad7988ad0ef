import { json, type Reply } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import type { World } from '../world/world.ts';
import { findAccessToken } from './access-token.ts';
import { oauthError } from './errors.ts';
import { includesScope, isSignInScope } from './scopes.ts';

/** Google's tokeninfo, the counterpart of introspection. Its numbers are strings. */
export function googleTokeninfo(world: World, request: Incoming): Reply {
  const token = findAccessToken(world, request);
  if (token === undefined) {
    const note = 'this access token is unknown, revoked or expired';
    return oauthError(400, 'invalid_token', 'Invalid Value', note);
  }
  const google = world.people.get(token.personID)?.google;
  const exp = Math.floor(token.expiresAt / 1000);
  return json(200, {
    azp: token.clientID,
    aud: token.clientID,
    ...(token.scope.some(isSignInScope) && { sub: google?.sub }),
    scope: token.scope.join(' '),
    exp: String(exp),
    expires_in: String(exp - world.clock.seconds()),
    ...(includesScope(token.scope, 'email') && { email: google?.email, email_verified: 'true' }),
    access_type: token.offline ? 'offline' : 'online',
  });
}
