import { createHash } from 'node:crypto';
import { checkBoolean, checkFunction, checkObject } from '../../util/arguments.ts';
import { AppCalls } from '../incoming/app-calls.ts';
import { ConsentCheck, type ConsentTokens } from '../incoming/consent-check.ts';
import type { Answer, HeaderFields, Receiver } from '../incoming/handlers.ts';
import type { BodyError } from '../incoming/http-body.ts';
import { checkSharedOptions } from '../incoming/options.ts';
import type { SeenIDs } from '../incoming/seen-ids.ts';
import { inTimeSlice } from '../incoming/time-slice.ts';
import { WorkQueue } from '../incoming/work-queue.ts';
import { WebhookError } from './error.ts';
import { createKeySet, type KeySetOptions } from './key-set.ts';
import type { WebhookNotification } from './notification.ts';
import { toSecrets } from './secrets.ts';
import { type VerifyNotificationOptions, verifyNotification } from './verify-notification.ts';

/** Settings of a webhook. */
export interface WebhookOptions extends KeySetOptions, Omit<VerifyNotificationOptions, 'keys'> {
  /**
   * Called for each notification, after the response to Google. Google may repeat notifications and send them in
   * another order.
   */
  onNotification: (notification: WebhookNotification) => unknown;
  /**
   * Called with the errors of `onNotification`, and with a `WebhookError` for each refused request. Google receives
   * neither.
   * @default writes a process warning, except for requests without a valid secret and signature
   */
  onError?: ((error: unknown, notification?: WebhookNotification) => unknown) | undefined;
  /**
   * A `TokenManager` whose tokens are refreshed after a `DELETE`, which may mean that the consent is gone. If it is,
   * its `onReauthorize` is called.
   */
  tokens?: ConsentTokens | undefined;
  /**
   * Gives the `tokens`' id of a user; `undefined` for a user who is unknown.
   * @default the `healthUserId`
   */
  userID?: ((healthUserId: string) => string | undefined | Promise<string | undefined>) | undefined;
  /**
   * Stores the ids of notifications, so that each is processed once. Google sends no id, so it is a hash of the
   * content, which is the same for two changes of the same data. Let ids expire within minutes.
   */
  seen?: SeenIDs | undefined;
  /**
   * How many notifications are processed at a time.
   * @default 8
   */
  concurrency?: number | undefined;
  /**
   * How many notifications may wait. Above that, the response is 503, and Google sends them again later.
   * @default 10_000
   */
  maxPending?: number | undefined;
  /**
   * How long a request may take to arrive, ms.
   * @default 10_000
   */
  bodyTimeout?: number | undefined;
}

/**
 * Makes the receiver of a webhook for all kinds of handlers.
 *
 * @throws TypeError naming the option that is wrong
 */
export function createReceiver(options: WebhookOptions): Receiver {
  checkOptions(options);
  const { onNotification, onError, tokens, userID = (id: string) => id, seen } = options;
  const { concurrency = 8, maxPending = 10_000, bodyTimeout = 10_000 } = options;
  const verification = { ...options, secret: toSecrets(options.secret), keys: createKeySet(options) };
  const app = new AppCalls<WebhookNotification>(onError, anybodyCanCause);
  const queue = new WorkQueue(concurrency, maxPending);
  const consent = tokens && new ConsentCheck(tokens);

  const isNew = async (notification: WebhookNotification): Promise<boolean> => {
    let result = true;
    await app.attempt(notification, async () => {
      if (seen !== undefined) result = await inTimeSlice(() => seen.add(idOf(notification)));
    });
    return result;
  };

  const handle = async (notification: WebhookNotification): Promise<void> => {
    if (!(await isNew(notification))) return;
    if (consent !== undefined && notification.operation === 'DELETE') {
      await app.attempt(notification, async () => {
        const user = await userID(notification.healthUserId);
        if (user !== undefined) await consent.check(user);
      });
    }
    await app.attempt(notification, () => inTimeSlice(() => onNotification(notification)));
  };

  const accept = (notifications: readonly WebhookNotification[]): Answer => {
    if (!queue.fits(notifications.length)) {
      throw new WebhookError(
        `More than ${maxPending} notifications are waiting, so Google has to send these again: make "onNotification" faster, or raise "maxPending"`,
        { code: 'busy', status: 503 },
      );
    }
    const done = queue.add(notifications.map((notification) => () => handle(notification)));
    return { status: 204, work: () => done };
  };

  return {
    bodyTimeout,
    async receive(headers: HeaderFields, body: Buffer) {
      try {
        const result = await verifyNotification({ headers, body }, verification);
        return result.type === 'handshake' ? { status: 201 } : accept(result.notifications);
      } catch (error) {
        if (!(error instanceof WebhookError)) throw error;
        app.report(error);
        return { status: error.status };
      }
    },
    refused({ message, status }: BodyError) {
      app.report(new WebhookError(message, { code: 'body', status }));
    },
    idle: () => queue.idle(),
  };
}

function checkOptions(options: WebhookOptions): void {
  checkObject(options, 'options');
  checkFunction(options.onNotification, 'onNotification');
  checkSharedOptions(options);
  const { allowMissingAuthorization = false } = options;
  checkBoolean(allowMissingAuthorization, 'allowMissingAuthorization');
}

/** Whether a request without the secret and Google's signature can cause an error. */
function anybodyCanCause(error: unknown): boolean {
  return error instanceof WebhookError && (error.status === 401 || error.code === 'body');
}

function idOf(notification: WebhookNotification): string {
  return createHash('sha256').update(JSON.stringify(notification)).digest('base64url');
}
