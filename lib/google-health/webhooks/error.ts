/**
 * Why a request was refused:
 * - `body`: the body was too large, too slow or cut off (400, 408 or 413);
 * - `secret`: the `Authorization` header is missing, came twice, or has none of the secrets (401);
 * - `signature`: the signature is missing or malformed, came in two versions, or is not Google's for this body (401);
 * - `unknown_key`: Google publishes no key with the signature's key id (401);
 * - `keys`: Google's keys could not be loaded; `cause` says why (503);
 * - `malformed`: the body is signed, but is not a notification (400);
 * - `busy`: too many notifications are waiting (503).
 */
export type WebhookErrorCode =
  | 'body'
  | 'secret'
  | 'signature'
  | 'unknown_key'
  | 'keys'
  | 'malformed'
  | 'busy';

/** A request to the webhook that was refused. */
export class WebhookError extends Error {
  override readonly name = 'WebhookError';
  readonly code: WebhookErrorCode;
  /** The status of the response. */
  readonly status: number;

  constructor(message: string, init: { code: WebhookErrorCode; status: number; cause?: unknown }) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.status = init.status;
  }
}
