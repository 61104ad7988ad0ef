import type { Clock } from '../../world/clock.ts';
import type { Grant, Ledger } from '../../world/ledger.ts';
import type { Directory } from '../../world/people.ts';
import type { SwitchBoard } from '../../world/switches.ts';
import { Deliveries } from '../deliveries.ts';
import { googleHealthPrefix } from '../scopes.ts';
import { type Change, notificationOf } from './notification.ts';
import { WebhookSigningKeys } from './signing-keys.ts';
import { type Subscriber, subscriptionFor } from './subscriber.ts';

/** How many notifications one request has at most. */
const largestBatch = 99;

/** How long Google repeats a notification, in milliseconds. */
const keptFor = 7 * 24 * 3_600_000;

/** The scopes that data types need. For other types, any Health scope is enough. */
const scopes: ReadonlyMap<string, string> = new Map([
  ['steps', 'activity_and_fitness.readonly'],
  ['heart-rate', 'health_metrics_and_measurements.readonly'],
  ['sleep', 'sleep.readonly'],
]);

/** The parts of the simulator that webhooks need. */
interface Surroundings {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly people: Directory;
  readonly switches: SwitchBoard;
}

/** Notifies the subscribers when a user's data changes or a consent ends. */
export class WebhookSender {
  readonly keys = new WebhookSigningKeys();
  readonly subscribers = new Map<string, Subscriber>();
  readonly deliveries: Deliveries;
  readonly #world: Surroundings;

  constructor(world: Surroundings) {
    this.#world = world;
    this.deliveries = new Deliveries(world.clock);
  }

  /** Notifies the subscribers about changed data; resolves after the first attempts. */
  async dataChanged(
    personID: string,
    dataType: string,
    operation: Change['operation'],
    interval: Change['interval'],
  ): Promise<void> {
    const healthUserID = this.#healthUserID(personID);
    const grants = this.#world.ledger.grants().filter((grant) => allows(grant, personID, dataType));
    if (healthUserID === undefined || grants.length === 0) return;
    await this.#tell([{ healthUserID, operation, dataType, interval }]);
  }

  /** Notifies the subscribers that a consent has ended. */
  async consentEnded({ personID, scope }: Grant): Promise<void> {
    const healthUserID = this.#healthUserID(personID);
    if (healthUserID === undefined || ![...scope].some((one) => one.startsWith(googleHealthPrefix))) return;
    const change = { healthUserID, operation: 'DELETE', interval: undefined } as const;
    if (this.#world.switches.values.googleWebhookRevocation === 'user') {
      await this.#tell([{ ...change, dataType: undefined }]);
      return;
    }
    const types = [...this.subscribers.values()].flatMap(({ configs }) =>
      configs.flatMap((one) => one.dataTypes),
    );
    const granted = [...new Set(types)].filter((type) => includesType(scope, type));
    await this.#tell(granted.map((dataType) => ({ ...change, dataType })));
  }

  async #tell(changes: readonly Change[]): Promise<void> {
    await Promise.all([...this.subscribers.values()].map((subscriber) => this.#tellOne(subscriber, changes)));
  }

  async #tellOne(subscriber: Subscriber, changes: readonly Change[]): Promise<void> {
    const { switches } = this.#world;
    const notifications = changes.flatMap((change) => {
      const { healthUserID, dataType } = change;
      const subscription =
        dataType === undefined ? { name: undefined } : subscriptionFor(subscriber, healthUserID, dataType);
      return subscription === undefined ? [] : [{ data: notificationOf(change, subscription.name) }];
    });
    const bodies =
      switches.values.googleWebhookBody === 'array'
        ? batches(notifications).map((batch) => JSON.stringify(batch))
        : notifications.map((one) => JSON.stringify(one));
    const ordered = switches.values.googleWebhookOrder === 'reversed' ? bodies.reverse() : bodies;
    const copies = switches.values.googleWebhookDuplicate ? 2 : 1;
    for (const body of ordered.flatMap((one) => Array.from({ length: copies }, () => one))) {
      await this.#send(subscriber, body);
    }
  }

  #send({ id, endpointUri }: Subscriber, body: string): Promise<void> {
    const { switches } = this.#world;
    return this.deliveries.add({
      url: endpointUri,
      about: `Notification for ${id}`,
      body,
      keepFor: keptFor,
      outcomeOf: (status) => (status === 204 ? 'delivered' : 'again'),
      headers: () => {
        const { googleWebhookAuthorization, googleWebhookHeader, googleWebhookUserAgent } = switches.values;
        const signature = this.keys.sign(body);
        const names =
          googleWebhookHeader === 'both'
            ? ['GOOGLE-HEALTH-API-SIGNATURE', 'X-HEALTHAPI-SIGNATURE']
            : [googleWebhookHeader];
        // The secret may have been changed since the last attempt.
        const secret = this.subscribers.get(id)?.secret;
        return {
          'content-type': 'application/json',
          'user-agent': googleWebhookUserAgent,
          ...(googleWebhookAuthorization && secret !== undefined && { authorization: secret }),
          ...Object.fromEntries(names.map((name) => [name, signature])),
        };
      },
    });
  }

  #healthUserID(personID: string): string | undefined {
    return this.#world.people.get(personID)?.google?.healthUserID;
  }
}

function allows(grant: Grant, personID: string, dataType: string): boolean {
  return (
    grant.provider === 'google-health' && grant.personID === personID && includesType(grant.scope, dataType)
  );
}

function includesType(granted: ReadonlySet<string>, dataType: string): boolean {
  const needed = scopes.get(dataType);
  if (needed !== undefined) return granted.has(googleHealthPrefix + needed);
  return [...granted].some((one) => one.startsWith(googleHealthPrefix));
}

function batches<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / largestBatch);
  return Array.from({ length: count }, (_, index) =>
    items.slice(index * largestBatch, (index + 1) * largestBatch),
  );
}
