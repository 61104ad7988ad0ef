import { checkFunction, checkObject, isText } from '../../util/arguments.ts';
import { AppCalls } from '../incoming/app-calls.ts';
import { ConsentCheck, type ConsentTokens } from '../incoming/consent-check.ts';
import type { Answer, HeaderFields, Receiver } from '../incoming/handlers.ts';
import type { BodyError } from '../incoming/http-body.ts';
import { checkSharedOptions } from '../incoming/options.ts';
import { MemorySeenIDs, type SeenIDs } from '../incoming/seen-ids.ts';
import { inTimeSlice } from '../incoming/time-slice.ts';
import { WorkQueue } from '../incoming/work-queue.ts';
import { SecurityEventError } from './error.ts';
import type { SecurityEventToken } from './event.ts';
import type { KnownEventType } from './event-types.ts';
import { createIssuerKeySet, type IssuerKeySetOptions } from './key-set.ts';
import { type VerifySecurityEventOptions, verifySecurityEvent } from './verify-event.ts';

/** Settings of a receiver of security events. */
export interface SecurityEventOptions extends IssuerKeySetOptions, Omit<VerifySecurityEventOptions, 'keys'> {
  /** Called for each event token, after the response to Google. */
  onEvent: (token: SecurityEventToken) => unknown;
  /**
   * Called with the errors of `onEvent`, and with a `SecurityEventError` for each refused token. Google receives only
   * the code of the latter.
   * @default writes a process warning, except for tokens that are invalid
   */
  onError?: ((error: unknown, token?: SecurityEventToken) => unknown) | undefined;
  /**
   * A `TokenManager` whose tokens are refreshed when Google says that a user's tokens were revoked or the account
   * disabled: if the consent is gone, its `onReauthorize` is called. Needs `userID`.
   */
  tokens?: ConsentTokens | undefined;
  /** Gives the `tokens`' id of the user whose login stored this `sub`; `undefined` for a user who is unknown. */
  userID?: ((sub: string) => string | undefined | Promise<string | undefined>) | undefined;
  /**
   * Stores the ids of event tokens (`jti`), so that each is processed once.
   * @default the memory of this process, for a week
   */
  seen?: SeenIDs | undefined;
  /**
   * How many event tokens are processed at a time.
   * @default 8
   */
  concurrency?: number | undefined;
  /**
   * How many event tokens may wait. Above that, the response is 503, and Google sends them again later.
   * @default 10_000
   */
  maxPending?: number | undefined;
  /**
   * How long a request may take to arrive, ms.
   * @default 10_000
   */
  bodyTimeout?: number | undefined;
}

const WEEK = 7 * 24 * 3_600_000; // ms
const MAX_SEEN = 100_000;

const ENDS_CONSENT: ReadonlySet<string> = new Set<KnownEventType>(['tokens-revoked', 'account-disabled']);

/**
 * Makes the receiver of security events for all kinds of handlers.
 *
 * @throws TypeError naming the option that is wrong
 */
export function createReceiver(options: SecurityEventOptions): Receiver {
  checkOptions(options);
  const { clientIDs, onEvent, onError, tokens, userID, now } = options;
  const { concurrency = 8, maxPending = 10_000, bodyTimeout = 10_000 } = options;
  const { seen = new MemorySeenIDs({ ttl: WEEK, max: MAX_SEEN, now }) } = options;
  const verification = { clientIDs, keys: createIssuerKeySet(options) };
  const app = new AppCalls<SecurityEventToken>(onError, anybodyCanCause);
  const queue = new WorkQueue(concurrency, maxPending);
  const consent = tokens && new ConsentCheck(tokens);

  const checkConsent = async (sub: string): Promise<void> => {
    const user = await userID?.(sub);
    if (user !== undefined) await consent?.check(user);
  };

  const handle = async (token: SecurityEventToken): Promise<void> => {
    for (const { type, sub } of token.events) {
      if (sub !== undefined && ENDS_CONSENT.has(type)) await app.attempt(token, () => checkConsent(sub));
    }
    await app.attempt(token, () => inTimeSlice(() => onEvent(token)));
  };

  const accept = async (token: SecurityEventToken): Promise<Answer> => {
    if (!queue.fits(1)) {
      throw new SecurityEventError(
        `More than ${maxPending} event tokens are waiting, so Google has to send this one again: make "onEvent" faster, or raise "maxPending"`,
        {
          code: 'busy',
          status: 503,
        },
      );
    }
    let isNew = true;
    await app.attempt(token, async () => {
      isNew = await seen.add(token.jti);
    });
    if (!isNew) return { status: 202 };
    const done = queue.add([() => handle(token)]);
    return { status: 202, work: () => done };
  };

  return {
    bodyTimeout,
    async receive(_headers: HeaderFields, body: Buffer) {
      try {
        const token = await verifySecurityEvent(body.toString('latin1').trim(), verification);
        return await accept(token);
      } catch (error) {
        if (!(error instanceof SecurityEventError)) throw error;
        app.report(error);
        return refusal(error);
      }
    },
    refused({ message, status }: BodyError) {
      app.report(new SecurityEventError(message, { code: 'body', status }));
    },
    idle: () => queue.idle(),
  };
}

/** The response to a token that was refused (RFC 8935, section 2.4). */
function refusal({ code, message, status }: SecurityEventError): Answer {
  if (status !== 400) return { status };
  return {
    status,
    headers: { 'Content-Type': 'application/json', 'Content-Language': 'en-US' },
    body: JSON.stringify({ err: code, description: message }),
  };
}

function checkOptions(options: SecurityEventOptions): void {
  checkObject(options, 'options');
  const { clientIDs, onEvent, tokens, userID } = options;
  if (!Array.isArray(clientIDs) || clientIDs.length === 0 || !clientIDs.every(isText)) {
    throw new TypeError('"clientIDs" must be a non-empty array of your OAuth client ids');
  }
  checkFunction(onEvent, 'onEvent');
  checkSharedOptions(options);
  // The default would be the `sub`, which is not a user id of logins with Google Health.
  if (tokens !== undefined && userID === undefined) {
    throw new TypeError(
      '"tokens" needs "userID": a function that finds your user by the `sub` that the login stored',
    );
  }
}

/** Whether a request without Google's signature can cause an error. */
function anybodyCanCause(error: unknown): boolean {
  return error instanceof SecurityEventError && (error.status === 400 || error.code === 'body');
}
