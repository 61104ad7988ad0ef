import type { OrReply, Reply } from '../../http/reply.ts';
import type { World } from '../../world/world.ts';
import { apiError } from '../errors.ts';
import { handshakeProblem } from './handshake.ts';
import type { Subscriber } from './subscriber.ts';
import type { SubscriberSettings } from './subscriber-settings.ts';

/** The refusal of an invalid call. */
export function invalidArgument(note: string): { readonly reply: Reply } {
  return { reply: apiError(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.', note) };
}

/** Creates a subscriber, if its webhook passes the handshake. */
export async function createSubscriber(
  world: World,
  id: string,
  { endpointUri, secret, configs = [] }: SubscriberSettings,
): Promise<OrReply<Subscriber>> {
  const { subscribers } = world.webhooks;
  if (!/^[a-z][a-z0-9-]{2,34}[a-z0-9]$/.test(id)) {
    return invalidArgument('subscriberId has 4 to 36 characters: [a-z]([a-z0-9-]{2,34}[a-z0-9])');
  }
  if (endpointUri === undefined || secret === undefined) {
    return invalidArgument('endpointUri and endpointAuthorization.secret are required');
  }
  if (subscribers.has(id)) {
    const message = `Subscriber ${id} already exists.`;
    return {
      reply: apiError(409, 'ALREADY_EXISTS', message, 'choose another subscriberId, or patch this one'),
    };
  }
  return save(world, { id, endpointUri, secret, configs, subscriptions: new Map() });
}

/** Changes a subscriber. A new URL or secret repeats the handshake. */
export async function changeSubscriber(
  world: World,
  before: Subscriber,
  settings: SubscriberSettings,
): Promise<OrReply<Subscriber>> {
  const { endpointUri = before.endpointUri, secret = before.secret, configs = before.configs } = settings;
  const after = { ...before, endpointUri, secret, configs };
  if (settings.endpointUri !== undefined || settings.secret !== undefined) return save(world, after);
  world.webhooks.subscribers.set(after.id, after);
  return after;
}

async function save(world: World, subscriber: Subscriber): Promise<OrReply<Subscriber>> {
  const { endpointUri, secret, id } = subscriber;
  const userAgent = world.switches.values.googleWebhookUserAgent;
  const problem = await handshakeProblem(endpointUri, secret, userAgent);
  if (problem !== undefined) {
    const message = 'Endpoint verification failed.';
    return { reply: apiError(400, 'FAILED_PRECONDITION', message, problem) };
  }
  world.webhooks.subscribers.set(id, subscriber);
  return subscriber;
}
