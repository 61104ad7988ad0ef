import type { KeyObject } from 'node:crypto';
import { isObject } from '../../util/arguments.ts';
import type { HeaderFields } from '../incoming/handlers.ts';
import { inTimeSlice } from '../incoming/time-slice.ts';
import { WebhookError } from './error.ts';
import type { KeySet } from './key-set.ts';
import { parseJSON, parseNotifications, type WebhookNotification } from './notification.ts';
import { isSecret, toSecrets } from './secrets.ts';
import { isSignatureOf, parseSignature } from './signature.ts';

/** A request as it came. */
export interface WebhookRequest {
  /** The header fields; names in any case. */
  headers: HeaderFields;
  /** The exact bytes of the body. */
  body: Uint8Array;
}

/** The settings of the verification of requests. */
export interface VerifyNotificationOptions {
  /** The whole value of the `Authorization` header as registered, scheme included; several during a rotation. */
  secret: string | readonly string[];
  /** Google's public keys. */
  keys: KeySet;
  /**
   * Whether notifications without an `Authorization` header are accepted.
   * @default false
   */
  allowMissingAuthorization?: boolean | undefined;
}

/** An accepted request. */
export type VerifiedNotification =
  | { type: 'handshake' }
  | { type: 'notifications'; notifications: WebhookNotification[] };

const MAX_HANDSHAKE = 100; // bytes; the handshake's body has 23

/**
 * Verifies a request to the webhook: first the secret, then the signature. Only then is the body parsed.
 *
 * Both are needed. Google signs for every app with the same keys, so the signature alone would let a notification of
 * another app be replayed here.
 *
 * @throws WebhookError saying why the request must be refused, with the status of the response
 * @throws TypeError if `secret` is unusable
 */
export async function verifyNotification(
  request: WebhookRequest,
  options: VerifyNotificationOptions,
): Promise<VerifiedNotification> {
  const { headers, body } = request;
  const { keys, allowMissingAuthorization = false } = options;
  const secrets = toSecrets(options.secret);
  const handshake = isHandshake(body);
  const [authorization, another] = fieldsOf(headers, 'authorization');
  const isAuthorized =
    authorization === undefined
      ? allowMissingAuthorization && !handshake // a handshake is not signed: only the secret authenticates it
      : another === undefined && isSecret(authorization, secrets);
  if (!isAuthorized) {
    throw new WebhookError('The Authorization header is missing or repeated, or does not match "secret"', {
      code: 'secret',
      status: 401,
    });
  }
  if (handshake) return { type: 'handshake' };

  const signature = parseSignature(signatureOf(headers));
  if (signature === undefined) throw invalid('is malformed');
  const key = await findKey(keys, signature.keyID);
  return inTimeSlice(() => {
    if (!isSignatureOf(body, signature, key)) {
      throw invalid(
        'does not match the body: if Google sent the request, a proxy or middleware has changed the body',
      );
    }
    return { type: 'notifications', notifications: parseNotifications(body) };
  });
}

/** Whether the body is exactly `{"type":"verification"}`, with any white space. */
function isHandshake(body: Uint8Array): boolean {
  if (body.length > MAX_HANDSHAKE) return false;
  const value = parseJSON(body);
  return isObject(value) && value.type === 'verification' && Object.keys(value).length === 1;
}

/** The signature, under its current or its earlier name. */
function signatureOf(headers: HeaderFields): string {
  const values = new Set([
    ...fieldsOf(headers, 'google-health-api-signature'),
    ...fieldsOf(headers, 'x-healthapi-signature'),
  ]);
  const [value, another] = values;
  if (value === undefined) throw invalid('is missing');
  if (another !== undefined) throw invalid('came twice, with different values');
  return value;
}

async function findKey(keys: KeySet, keyID: number): Promise<KeyObject> {
  let key: KeyObject | undefined;
  try {
    key = await keys.find(keyID);
  } catch (cause) {
    throw new WebhookError(
      "Google's public keys could not be loaded: see `cause`. Google will send the notification again",
      {
        code: 'keys',
        status: 503,
        cause,
      },
    );
  }
  if (key !== undefined) return key;
  throw new WebhookError(`Google publishes no key with the signature's key id ${keyID}`, {
    code: 'unknown_key',
    status: 401,
  });
}

/** All values of a header field; names are case-insensitive. */
function fieldsOf(headers: HeaderFields, name: string): string[] {
  const values: string[] = [];
  for (const [key, value] of Object.entries(headers)) {
    if (value !== undefined && key.toLowerCase() === name) values.push(...[value].flat());
  }
  return values;
}

function invalid(what: string): WebhookError {
  return new WebhookError(`The notification's signature ${what}`, { code: 'signature', status: 401 });
}
