import { randomUUID } from 'node:crypto';
import { json, type OrReply, type Reply } from '../../http/reply.ts';
import { type Incoming, readObject } from '../../http/request.ts';
import type { World } from '../../world/world.ts';
import { apiError } from '../errors.ts';
import type { Subscriber, Subscription } from './subscriber.ts';
import { readDataTypes, readSettings, type SubscriberSettings } from './subscriber-settings.ts';
import { changeSubscriber, createSubscriber, invalidArgument } from './subscribers.ts';

/** The public keys that notifications are verified with, as a Tink key set. */
export function googleWebhookKeys(world: World): Reply {
  const length = world.switches.values.googleWebhookCoordinates;
  return json(200, world.webhooks.keys.keySet(length), { 'cache-control': 'public, max-age=3600' });
}

/** Lists the project's subscribers, or creates one. */
export async function googleSubscribers(world: World, request: Incoming): Promise<Reply> {
  const refusal = projectProblem(world, request);
  if (refusal !== undefined) return refusal;
  if (request.method !== 'POST') {
    const subscribers = [...world.webhooks.subscribers.values()].map((one) => resource(world, one));
    return json(200, { subscribers: subscribers.map((one) => ({ ...one, state: 'ACTIVE' })) });
  }
  const settings = settingsOf(request);
  if ('reply' in settings) return settings.reply;
  return operation(world, await createSubscriber(world, request.query.get('subscriberId') ?? '', settings));
}

/** Shows, changes or deletes a subscriber. */
export async function googleSubscriber(world: World, request: Incoming): Promise<Reply> {
  const found = findSubscriber(world, request);
  if ('reply' in found) return found.reply;
  if (request.method === 'DELETE') {
    if (found.subscriptions.size > 0 && request.query.get('force') !== 'true') {
      const note = 'the subscriber has subscriptions: delete them first, or send force=true';
      return apiError(400, 'FAILED_PRECONDITION', 'The subscriber has subscriptions.', note);
    }
    world.webhooks.subscribers.delete(found.id);
    return json(200, { name: operationName(world), done: true, response: {} });
  }
  if (request.method !== 'PATCH') return json(200, { ...resource(world, found), state: 'ACTIVE' });
  const settings = settingsOf(request);
  if ('reply' in settings) return settings.reply;
  const mask = (request.query.get('updateMask') ?? '').split(',');
  const known = ['endpointUri', 'endpointAuthorization', 'subscriberConfigs'];
  if (!mask.every((name) => known.includes(name))) {
    return invalidArgument(`updateMask names some of ${known.join(', ')}`).reply;
  }
  const masked = {
    endpointUri: mask.includes('endpointUri') ? settings.endpointUri : undefined,
    secret: mask.includes('endpointAuthorization') ? settings.secret : undefined,
    configs: mask.includes('subscriberConfigs') ? settings.configs : undefined,
  };
  return operation(world, await changeSubscriber(world, found, masked));
}

/** Lists a subscriber's subscriptions, or creates one for a user. */
export function googleSubscriptions(world: World, request: Incoming): Reply {
  const found = findSubscriber(world, request);
  if ('reply' in found) return found.reply;
  if (request.method !== 'POST') {
    const subscriptions = [...found.subscriptions.values()].map((one) =>
      subscriptionResource(world, found, one),
    );
    return json(200, { subscriptions });
  }
  const { user, dataTypes } = readObject(request.body);
  const types = readDataTypes(dataTypes);
  if (typeof types === 'string') return invalidArgument(types).reply;
  const [, healthUserID] = /^users\/([\w-]+)$/.exec(String(user)) ?? [];
  const isKnown = world.people.list().some(({ google }) => google?.healthUserID === healthUserID);
  if (healthUserID === undefined || !isKnown) return invalidArgument('user is users/{healthUserId}').reply;
  const manual = found.configs
    .filter(({ subscriptionCreatePolicy }) => subscriptionCreatePolicy === 'MANUAL')
    .flatMap((config) => config.dataTypes);
  const foreign = types.find((type) => !manual.includes(type));
  if (foreign !== undefined) {
    const note = `no config of the subscriber has the data type ${foreign} with the policy MANUAL`;
    return apiError(400, 'FAILED_PRECONDITION', 'Precondition check failed.', note);
  }
  const subscription: Subscription = { id: randomUUID(), healthUserID, dataTypes: types };
  const subscriptions = new Map(found.subscriptions).set(subscription.id, subscription);
  world.webhooks.subscribers.set(found.id, { ...found, subscriptions });
  return json(200, subscriptionResource(world, found, subscription));
}

/** Deletes a subscription. */
export function googleSubscription(world: World, request: Incoming): Reply {
  const found = findSubscriber(world, request);
  if ('reply' in found) return found.reply;
  const subscriptions = new Map(found.subscriptions);
  if (!subscriptions.delete(request.parameters.subscription ?? '')) return notFound();
  world.webhooks.subscribers.set(found.id, { ...found, subscriptions });
  return json(200, {});
}

function findSubscriber(world: World, request: Incoming): OrReply<Subscriber> {
  const refusal = projectProblem(world, request);
  if (refusal !== undefined) return { reply: refusal };
  return world.webhooks.subscribers.get(request.parameters.subscriber ?? '') ?? { reply: notFound() };
}

/** Refuses other credentials than the service account's, and other projects. */
function projectProblem({ googleProject, switches }: World, request: Incoming): Reply | undefined {
  if (!googleProject.isAuthorized(request)) {
    const note = 'this call takes the access token of a service account: simulator.webhooks.project has one';
    return request.headers.authorization === undefined
      ? apiError(401, 'UNAUTHENTICATED', 'Request is missing required authentication credential.', note)
      : apiError(403, 'PERMISSION_DENIED', 'Request had insufficient authentication scopes.', note, {
          reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
        });
  }
  if (request.parameters.project === googleProject.number) return undefined;
  const note = `the project number is ${googleProject.number}; the project id is not accepted`;
  return switches.values.googleProjectIDStatus === 400
    ? invalidArgument(note).reply
    : apiError(403, 'PERMISSION_DENIED', 'The caller does not have permission', note);
}

function settingsOf(request: Incoming): OrReply<SubscriberSettings> {
  const settings = readSettings(readObject(request.body));
  return typeof settings === 'string' ? invalidArgument(settings) : settings;
}

/** A long-running operation that is already complete. */
function operation(world: World, result: OrReply<Subscriber>): Reply {
  if ('reply' in result) return result.reply;
  return json(200, { name: operationName(world), done: true, response: resource(world, result) });
}

function operationName({ googleProject }: World): string {
  return `projects/${googleProject.number}/operations/${randomUUID()}`;
}

function nameOf({ googleProject }: World, { id }: Subscriber): string {
  return `projects/${googleProject.number}/subscribers/${id}`;
}

function resource(world: World, subscriber: Subscriber): object {
  const { endpointUri, configs } = subscriber;
  return {
    name: nameOf(world, subscriber),
    endpointUri,
    endpointAuthorization: { secretSet: true },
    subscriberConfigs: configs,
  };
}

function subscriptionResource(world: World, subscriber: Subscriber, subscription: Subscription): object {
  const { id, healthUserID, dataTypes } = subscription;
  return {
    name: `${nameOf(world, subscriber)}/subscriptions/${id}`,
    user: `users/${healthUserID}`,
    // A response has full paths, a request only names.
    dataTypes: dataTypes.map((type) => `users/${healthUserID}/dataTypes/${type}`),
  };
}

function notFound(): Reply {
  return apiError(404, 'NOT_FOUND', 'Requested entity was not found.', 'nothing exists with this id');
}
