import { checkFields, oneOf, text, texts } from '../../check.ts';
import type { World } from '../../world/world.ts';
import type { Delivery } from '../deliveries.ts';
import { googlePaths } from '../endpoints.ts';
import { readSettings } from './subscriber-settings.ts';
import { createSubscriber } from './subscribers.ts';

/** A subscriber to register. */
export interface NewSubscriber {
  /** @default 'simulated' */
  readonly id?: string | undefined;
  /** The webhook's URL: on this computer, or https. */
  readonly endpointUri: string;
  /** The whole `Authorization` header that the webhook expects. */
  readonly secret: string;
  /** In kebab case. @default steps, heart-rate and sleep */
  readonly dataTypes?: readonly string[] | undefined;
  /** @default 'AUTOMATIC' */
  readonly subscriptionCreatePolicy?: 'AUTOMATIC' | 'MANUAL' | undefined;
}

/** A change of a user's data to report. */
export interface DataChange {
  /** The simulator's own id of the person. */
  readonly person: string;
  /** In kebab case, such as `sleep`. */
  readonly dataType: string;
  /** @default 'UPSERT' */
  readonly operation?: 'UPSERT' | 'DELETE' | undefined;
}

/** Google Health's webhooks, as the simulator sends them. */
export interface Webhooks {
  /**
   * The settings of the calls that manage subscribers: project number, base URL, and a service account's access token.
   */
  readonly project: {
    readonly projectNumber: string;
    readonly baseURL: string;
    readonly accessToken: () => string;
  };
  /** The URL of the public keys. */
  readonly keysURL: string;
  /** The ids of the subscribers. */
  readonly subscribers: readonly string[];
  /** The requests that were sent or are waiting, oldest first. */
  readonly deliveries: readonly Delivery[];
  /** Registers a subscriber, after the handshake. Rejects with a TypeError that says why it was refused. */
  register(subscriber: NewSubscriber): Promise<void>;
  /** Notifies the subscribers without changing the data; resolves after the first attempts. */
  notify(change: DataChange): Promise<void>;
  /** Creates a new signing key. The previous ones stay published. */
  rotateKey(): void;
  /** Resolves when no request is in progress. Messages that wait for their next attempt don't count. */
  idle(): Promise<void>;
}

/** The webhooks of a simulator. */
export function webhooksOf(world: World): Webhooks {
  const { webhooks, googleProject } = world;
  return {
    project: {
      projectNumber: googleProject.number,
      baseURL: `${world.url}/google/v4`,
      accessToken: () => googleProject.accessToken,
    },
    keysURL: world.url + googlePaths.webhookKeys,
    get subscribers() {
      return [...webhooks.subscribers.keys()];
    },
    get deliveries() {
      return webhooks.deliveries.list();
    },
    register: (subscriber) => register(world, subscriber),
    notify: (change) => notify(world, change),
    rotateKey: () => webhooks.keys.rotate(),
    idle: () => webhooks.deliveries.idle(),
  };
}

async function register(world: World, subscriber: NewSubscriber): Promise<void> {
  checkFields(subscriber, 'the subscriber', {
    id: text,
    endpointUri: text,
    secret: text,
    dataTypes: texts,
    subscriptionCreatePolicy: oneOf(['AUTOMATIC', 'MANUAL']),
  });
  const { id = 'simulated', endpointUri, secret } = subscriber;
  const { dataTypes = ['steps', 'heart-rate', 'sleep'], subscriptionCreatePolicy = 'AUTOMATIC' } = subscriber;
  const settings = readSettings({
    endpointUri,
    endpointAuthorization: { secret },
    subscriberConfigs: [{ dataTypes, subscriptionCreatePolicy }],
  });
  if (typeof settings === 'string') throw new TypeError(settings);
  const result = await createSubscriber(world, id, settings);
  if ('reply' in result) throw new TypeError(`The subscriber is refused: ${result.reply.note}`);
}

async function notify({ webhooks, people, clock }: World, change: DataChange): Promise<void> {
  checkFields(change, 'the change', {
    person: text,
    dataType: text,
    operation: oneOf(['UPSERT', 'DELETE']),
  });
  const { person, dataType, operation = 'UPSERT' } = change;
  if (people.get(person) === undefined) throw new TypeError(`"person" ${person} does not exist`);
  const end = clock.seconds() * 1000;
  await webhooks.dataChanged(person, dataType, operation, { start: end - 3_600_000, end });
}
