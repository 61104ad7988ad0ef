import { authorize } from '../consent/endpoint.ts';
import { fitbitActivity, fitbitHeartRate, fitbitSleep, fitbitSteps } from '../fitbit/data.ts';
import { fitbitPaths } from '../fitbit/endpoints.ts';
import { fitbitIntrospection } from '../fitbit/introspection.ts';
import { fitbitProfile } from '../fitbit/profile.ts';
import { fitbitRevocation } from '../fitbit/revocation.ts';
import { fitbitToken } from '../fitbit/token.ts';
import { googleHealthProfile, googleIdentity, googleUserinfo } from '../google/data.ts';
import { googleDataPoints } from '../google/data-points.ts';
import { googlePaths } from '../google/endpoints.ts';
import { googleRevocation } from '../google/revocation.ts';
import {
  googleEventConfiguration,
  googleEventKeys,
  googleEventStream,
} from '../google/security-events/endpoints.ts';
import { googleToken } from '../google/token.ts';
import { googleTokeninfo } from '../google/tokeninfo.ts';
import {
  googleSubscriber,
  googleSubscribers,
  googleSubscription,
  googleSubscriptions,
  googleWebhookKeys,
} from '../google/webhooks/endpoints.ts';
import type { Reply } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import type { Endpoint, Provider } from '../world/provider.ts';
import type { World } from '../world/world.ts';

type Handle = (world: World, request: Incoming) => Reply | Promise<Reply>;

/** An endpoint of a provider. */
export interface Route {
  readonly provider: Provider;
  readonly endpoint: Endpoint;
  readonly path: RegExp;
  readonly methods: readonly string[];
  readonly handle: Handle;
}

const get = ['GET', 'HEAD'];
const post = ['POST'];
const either = [...get, ...post];

/** The endpoints of both providers. */
export const routes: readonly Route[] = [
  fitbit('authorize', get, (world, request) => authorize(world, 'fitbit', request)),
  fitbit('token', post, fitbitToken),
  fitbit('introspect', post, fitbitIntrospection),
  fitbit('revoke', post, fitbitRevocation),
  fitbit('profile', get, fitbitProfile),
  fitbit('activity', get, fitbitActivity),
  fitbit('steps', get, fitbitSteps),
  fitbit('heartRate', get, fitbitHeartRate),
  fitbit('sleep', get, fitbitSleep),
  google('authorize', get, (world, request) => authorize(world, 'google-health', request)),
  google('token', post, googleToken),
  google('introspect', either, googleTokeninfo),
  google('revoke', either, googleRevocation),
  google('identity', get, googleIdentity),
  google('profile', get, googleHealthProfile),
  google('userinfo', either, googleUserinfo),
  google('dataPoints', get, googleDataPoints),
  google('webhookKeys', get, googleWebhookKeys),
  google('subscribers', either, googleSubscribers),
  google('subscriber', [...get, 'PATCH', 'DELETE'], googleSubscriber),
  google('subscriptions', either, googleSubscriptions),
  google('subscription', ['DELETE'], googleSubscription),
  google('eventConfiguration', get, googleEventConfiguration),
  google('eventKeys', get, googleEventKeys),
  google('eventStream', get, googleEventStream),
  google('eventStreamUpdate', post, googleEventStream),
  google('eventStreamStatus', get, googleEventStream),
  google('eventStreamStatusUpdate', post, googleEventStream),
  google('eventStreamVerify', post, googleEventStream),
];

function fitbit(name: keyof typeof fitbitPaths, methods: readonly string[], handle: Handle): Route {
  return {
    provider: 'fitbit',
    endpoint: endpointOf(name),
    path: pattern(fitbitPaths[name]),
    methods,
    handle,
  };
}

function google(name: keyof typeof googlePaths, methods: readonly string[], handle: Handle): Route {
  const path = pattern(googlePaths[name]);
  return { provider: 'google-health', endpoint: endpointOf(name), path, methods, handle };
}

/** An endpoint's name in faults and the log. All endpoints that read data have the same one. */
function endpointOf(name: keyof typeof fitbitPaths | keyof typeof googlePaths): Endpoint {
  switch (name) {
    case 'activity':
    case 'steps':
    case 'heartRate':
    case 'sleep':
    case 'dataPoints':
      return 'data';
    case 'webhookKeys':
    case 'eventConfiguration':
    case 'eventKeys':
      return 'keys';
    case 'subscribers':
    case 'subscriber':
    case 'subscriptions':
    case 'subscription':
      return 'webhooks';
    case 'eventStream':
    case 'eventStreamUpdate':
    case 'eventStreamStatus':
    case 'eventStreamStatusUpdate':
    case 'eventStreamVerify':
      return 'security-events';
    default:
      return name;
  }
}

/** A path as a regular expression, its parameters as named groups. */
function pattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/(?<=\/):(\w+)/g, '(?<$1>[^/]+?)')}$`);
}
