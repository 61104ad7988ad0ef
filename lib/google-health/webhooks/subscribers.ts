import { checkObject, checkOneOf, checkString, checkURL } from '../../util/arguments.ts';
import { toSecrets } from './secrets.ts';
import {
  change,
  list,
  type Subscriber,
  type SubscriberConfig,
  type SubscriberResult,
  send,
  type WebhookProject,
} from './subscriber-request.ts';

/** The settings of a new subscriber. */
export interface SubscriberSettings {
  /** The webhook's URL: https, and reachable for Google. */
  endpointUri: string;
  /** The whole value of the `Authorization` header that Google sends, scheme included. */
  secret: string;
  subscriberConfigs: readonly SubscriberConfig[];
}

/** A subscription as Google describes it. Every field may be absent. */
export interface Subscription {
  /** `projects/{number}/subscribers/{id}/subscriptions/{id}` */
  name?: string;
  /** `users/{healthUserId}` */
  user?: string;
  dataTypes?: string[];
  [field: string]: unknown;
}

/**
 * Creates a subscriber, once for a project. During the call, Google calls the webhook twice (the handshake), so it must
 * be running.
 *
 * @param subscriberID 4 to 36 characters: a letter, then letters, digits and hyphens, all in lower case
 * @throws OAuthError if Google refuses; the message has the remedy
 * @throws TypeError naming the argument that is wrong
 * @see https://developers.google.com/health/webhooks
 */
export async function createSubscriber(
  project: WebhookProject,
  subscriberID: string,
  settings: SubscriberSettings,
): Promise<SubscriberResult> {
  checkID(subscriberID);
  checkObject(settings, 'settings');
  const { endpointUri, secret, subscriberConfigs } = settings;
  checkEndpoint(endpointUri, project);
  checkConfigs(subscriberConfigs);
  const body = { endpointUri, endpointAuthorization: { secret: toSecret(secret) }, subscriberConfigs };
  return change(project, 'POST', `subscribers?subscriberId=${subscriberID}`, body, secret);
}

/**
 * Changes the given settings of a subscriber. `subscriberConfigs` is replaced as a whole. After a change of the URL or
 * secret, Google repeats the handshake: let the webhook accept both secrets for a while.
 *
 * @throws OAuthError if Google refuses; the message has the remedy
 * @throws TypeError naming the argument that is wrong
 */
export async function updateSubscriber(
  project: WebhookProject,
  subscriberID: string,
  settings: Partial<SubscriberSettings>,
): Promise<SubscriberResult> {
  checkID(subscriberID);
  checkObject(settings, 'settings');
  const { endpointUri, secret, subscriberConfigs } = settings;
  const body: Record<string, unknown> = {};
  if (endpointUri !== undefined) {
    checkEndpoint(endpointUri, project);
    body.endpointUri = endpointUri;
  }
  if (secret !== undefined) body.endpointAuthorization = { secret: toSecret(secret) };
  if (subscriberConfigs !== undefined) {
    checkConfigs(subscriberConfigs);
    body.subscriberConfigs = subscriberConfigs;
  }
  const mask = Object.keys(body).join(',');
  if (mask === '') {
    throw new TypeError(
      '"settings" must have at least one of "endpointUri", "secret" and "subscriberConfigs"',
    );
  }
  return change(project, 'PATCH', `subscribers/${subscriberID}?updateMask=${mask}`, body, secret);
}

/**
 * Deletes a subscriber.
 *
 * @param options `force` also deletes its subscriptions; without it, Google refuses if there are any
 * @throws OAuthError if Google refuses; the message has the remedy
 */
export async function deleteSubscriber(
  project: WebhookProject,
  subscriberID: string,
  options: { force?: boolean } = {},
): Promise<SubscriberResult> {
  checkID(subscriberID);
  const query = options.force ? '?force=true' : '';
  return change(project, 'DELETE', `subscribers/${subscriberID}${query}`);
}

/**
 * Lists the project's subscribers.
 *
 * @throws OAuthError if Google refuses; the message has the remedy
 */
export async function listSubscribers(project: WebhookProject): Promise<Subscriber[]> {
  return list(project, 'subscribers', 'subscribers');
}

/**
 * Subscribes to a user's data, for data types with the policy `MANUAL`.
 *
 * @param healthUserId the `profile.id` of a `GoogleHealthStrategy`
 * @param dataTypes in kebab case, such as `steps`
 * @throws OAuthError if Google refuses; the message has the remedy
 */
export async function subscribe(
  project: WebhookProject,
  subscriberID: string,
  healthUserId: string,
  dataTypes: readonly string[],
): Promise<Subscription> {
  checkID(subscriberID);
  checkSegment(healthUserId, 'healthUserId');
  checkDataTypes(dataTypes, 'dataTypes');
  const body = { user: `users/${healthUserId}`, dataTypes };
  return (await send(project, 'POST', `subscribers/${subscriberID}/subscriptions`, body)).json;
}

/**
 * Ends a subscription.
 *
 * @param name the subscription's `name`, as `subscribe` and `listSubscriptions` give it
 * @throws OAuthError if Google refuses; the message has the remedy
 */
export async function unsubscribe(project: WebhookProject, name: string): Promise<void> {
  const path = /^projects\/[\w-]+\/(subscribers\/[\w-]+\/subscriptions\/[\w-]+)$/.exec(name)?.[1];
  if (path === undefined) {
    throw new TypeError('"name" must be a subscription\'s name: projects/…/subscribers/…/subscriptions/…');
  }
  await send(project, 'DELETE', path);
}

/**
 * Lists a subscriber's subscriptions.
 *
 * @throws OAuthError if Google refuses; the message has the remedy
 */
export async function listSubscriptions(
  project: WebhookProject,
  subscriberID: string,
): Promise<Subscription[]> {
  checkID(subscriberID);
  return list(project, `subscribers/${subscriberID}/subscriptions`, 'subscriptions');
}

function checkID(id: string): void {
  if (typeof id !== 'string' || !/^[a-z][a-z0-9-]{2,34}[a-z0-9]$/.test(id)) {
    throw new TypeError(
      '"subscriberID" must have 4 to 36 characters: a lowercase letter, then lowercase letters, digits and hyphens, but no hyphen at the end',
    );
  }
}

function checkSegment(value: string, name: string): void {
  checkString(value, name);
  if (!/^[\w-]+$/.test(value)) throw new TypeError(`"${name}" must have only letters, digits, "-" and "_"`);
}

function checkEndpoint(uri: string, project: WebhookProject): void {
  checkURL(uri, 'endpointUri');
  // A simulator may call a webhook on this machine.
  if (project.baseURL === undefined && !uri.startsWith('https:')) {
    throw new TypeError('"endpointUri" must be an https: URL');
  }
}

function checkConfigs(configs: readonly SubscriberConfig[]): void {
  const list: unknown = configs;
  if (!Array.isArray(list)) throw new TypeError('"subscriberConfigs" must be a list');
  for (const config of list) {
    checkObject(config, 'subscriberConfigs[]');
    checkDataTypes(config.dataTypes, 'subscriberConfigs[].dataTypes');
    checkOneOf(config.subscriptionCreatePolicy, 'subscriptionCreatePolicy', ['AUTOMATIC', 'MANUAL']);
  }
}

function checkDataTypes(types: unknown, name: string): void {
  const isKebab = (type: unknown) => typeof type === 'string' && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(type);
  if (Array.isArray(types) && types.length > 0 && types.every(isKebab)) return;
  throw new TypeError(`"${name}" must be a list of names in kebab case, such as "heart-rate"`);
}

function toSecret(secret: string): string {
  checkString(secret, 'secret');
  toSecrets(secret);
  return secret;
}
