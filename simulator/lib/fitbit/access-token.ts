import type { OrReply } from '../http/reply.ts';
import { type Incoming, readBearer } from '../http/request.ts';
import type { AccessToken } from '../world/ledger.ts';
import type { World } from '../world/world.ts';
import { fitbitError } from './errors.ts';

/** Finds the access token of a Bearer header, or the 401 for a missing or invalid one. */
export function findAccessToken(world: World, request: Incoming): OrReply<{ token: AccessToken }> {
  const value = readBearer(request.headers.authorization) ?? '';
  const token = world.ledger.accessToken('fitbit', value);
  if (token === undefined) {
    const note =
      value === '' ? 'there is no Authorization: Bearer header' : 'this access token is unknown or revoked';
    return { reply: fitbitError(world, 401, 'invalid_token', `Access token invalid: ${value}.`, note) };
  }
  if (world.ledger.expired(token)) {
    const message = `Access token expired: ${value}.`;
    return { reply: fitbitError(world, 401, 'expired_token', message, 'refresh it') };
  }
  return { token };
}
