import { checkFields, oneOf, text } from '../../check.ts';
import { isLoopback } from '../../world/apps.ts';
import type { World } from '../../world/world.ts';
import type { Delivery } from '../deliveries.ts';
import { googlePaths } from '../endpoints.ts';
import { endpointProblem } from '../project.ts';
import { updateStream } from './endpoints.ts';
import { eventTypes, type SecurityEventType } from './event-types.ts';
import type { ServiceAccountKey } from './service-account.ts';

/** A security event to send. */
export interface NewSecurityEvent {
  /** The simulator's own id of the person. */
  readonly person: string;
  readonly type: SecurityEventType;
  /** With `account-disabled`: why, such as `hijacking`. */
  readonly reason?: string | undefined;
}

/** Google's security events (RISC), as the simulator sends them. */
export interface SecurityEvents {
  /** The URL of the document with the issuer and the URL of the keys. */
  readonly configurationURL: string;
  /**
   * The base URL of the calls that set up the stream. They take a JWT that the app signs with `serviceAccount`, or the
   * access token of `webhooks.project`.
   */
  readonly streamURL: string;
  /** The key of the service account, as Google Cloud gives it in a file. */
  readonly serviceAccount: ServiceAccountKey;
  /** The event tokens that were sent or are waiting, oldest first. */
  readonly deliveries: readonly Delivery[];
  /** Sends all types of events to a URL: on this computer, or https. */
  register(url: string): void;
  /** Sends an event to each app that the person signed in to; resolves after the first attempts. */
  send(event: NewSecurityEvent): Promise<void>;
  /** Creates a new signing key. The previous one stays published. */
  rotateKey(): void;
  /** Resolves when no request is in progress. Messages that wait for their next attempt don't count. */
  idle(): Promise<void>;
}

/** The security events of a simulator. */
export function securityEventsOf(world: World): SecurityEvents {
  const { securityEvents } = world;
  return {
    configurationURL: world.url + googlePaths.eventConfiguration,
    streamURL: `${world.url}/google/v1beta`,
    get serviceAccount() {
      return securityEvents.serviceAccount.key;
    },
    get deliveries() {
      return securityEvents.deliveries.list();
    },
    register(url) {
      const problem = endpointProblem(url, isLoopback);
      if (problem !== undefined) throw new TypeError(`"url": ${problem}`);
      updateStream(world, url, Object.values(eventTypes));
    },
    send: (event) => send(world, event),
    rotateKey: () => securityEvents.keys.rotate(),
    idle: () => securityEvents.deliveries.idle(),
  };
}

async function send({ securityEvents, people }: World, event: NewSecurityEvent): Promise<void> {
  checkFields(event, 'the event', { person: text, type: oneOf(Object.keys(eventTypes)), reason: text });
  const { person, type, reason } = event;
  if (people.get(person) === undefined) throw new TypeError(`"person" ${person} does not exist`);
  await securityEvents.accountChanged(person, type, reason === undefined ? {} : { reason });
}
