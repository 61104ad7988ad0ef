import { json, type Reply } from '../../http/reply.ts';
import { fieldsOf, type Incoming, readBearer, readObject } from '../../http/request.ts';
import { isLoopback } from '../../world/apps.ts';
import type { World } from '../../world/world.ts';
import { googlePaths } from '../endpoints.ts';
import { apiError } from '../errors.ts';
import { endpointProblem } from '../project.ts';
import { eventTypes } from './event-types.ts';

const push = 'https://schemas.openid.net/secevent/risc/delivery-method/push';

/** The configuration document: the issuer, and where the keys are. */
export function googleEventConfiguration({ url, securityEvents }: World): Reply {
  return json(
    200,
    {
      issuer: securityEvents.issuer,
      jwks_uri: url + googlePaths.eventKeys,
      delivery_methods_supported: [push],
    },
    { 'cache-control': 'public, max-age=3600' },
  );
}

/** The public keys that event tokens are verified with. */
export function googleEventKeys({ securityEvents }: World): Reply {
  return json(200, securityEvents.keys.keySet(), { 'cache-control': 'public, max-age=3600' });
}

/** The calls that set up the stream of events. */
export function googleEventStream(world: World, request: Incoming): Reply {
  const refusal = credentialProblem(world, request);
  if (refusal !== undefined) {
    return apiError(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.', refusal);
  }
  const { securityEvents } = world;
  const call = `${request.method} ${request.path.slice(request.path.lastIndexOf('/v1beta/') + 8)}`;
  const body = readObject(request.body);
  if (call === 'POST stream:update') {
    const { delivery, events_requested: requested } = body;
    const { url, delivery_method: method } = fieldsOf(delivery);
    const problem = endpointProblem(url, isLoopback);
    if (method !== push || typeof url !== 'string' || problem !== undefined) {
      return invalid(problem ?? `delivery_method must be ${push}`);
    }
    updateStream(world, url, Array.isArray(requested) ? requested : []);
    return json(200, {});
  }
  const { stream } = securityEvents;
  if (stream === undefined)
    return apiError(404, 'NOT_FOUND', 'There is no stream.', 'call stream:update first');
  switch (call) {
    case 'GET stream':
      return json(200, {
        delivery: { delivery_method: push, url: stream.url },
        events_delivered: stream.types,
      });
    case 'GET stream/status':
      return json(200, { status: stream.enabled ? 'enabled' : 'disabled' });
    case 'POST stream/status:update':
      if (body.status !== 'enabled' && body.status !== 'disabled')
        return invalid('status is enabled or disabled');
      stream.enabled = body.status === 'enabled';
      return json(200, {});
    case 'POST stream:verify': {
      const app = world.apps.list().find(({ provider }) => provider === 'google-health');
      void securityEvents.verify(app?.clientID ?? '', String(body.state ?? ''));
      return json(200, {});
    }
    default:
      return apiError(404, 'NOT_FOUND', 'Requested entity was not found.', 'this call does not exist');
  }
}

/** Why a request's credential is not the service account's; undefined if it is. */
function credentialProblem(world: World, request: Incoming): string | undefined {
  if (world.googleProject.isAuthorized(request)) return undefined;
  const token = readBearer(request.headers.authorization);
  if (token?.split('.').length === 3) {
    return world.securityEvents.serviceAccount.problemOf(token, world.clock.seconds());
  }
  return 'this call takes a JWT that the app signs with simulator.securityEvents.serviceAccount, or the access token of simulator.webhooks.project';
}

/** Sets the receiver of events. Like Google, it ignores unknown types without an error. */
export function updateStream({ securityEvents }: World, url: string, requested: readonly unknown[]): void {
  const types = Object.values(eventTypes).filter((uri) => requested.includes(uri));
  securityEvents.stream = { url, types, enabled: securityEvents.stream?.enabled ?? true };
}

function invalid(note: string): Reply {
  return apiError(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.', note);
}
