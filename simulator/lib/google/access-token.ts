import { type Incoming, readBearer } from '../http/request.ts';
import type { AccessToken } from '../world/ledger.ts';
import type { World } from '../world/world.ts';

/** The valid access token of a request: in a Bearer header, or else as `access_token` in the query or the body. */
export function findAccessToken(world: World, request: Incoming): AccessToken | undefined {
  const { headers, query, form } = request;
  const value =
    readBearer(headers.authorization) ?? query.get('access_token') ?? form.get('access_token') ?? '';
  const token = world.ledger.accessToken('google-health', value);
  return token === undefined || world.ledger.expired(token) ? undefined : token;
}
