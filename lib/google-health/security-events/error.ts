/**
 * Why an event token was refused:
 * - `body`: the body was too large, too slow or cut off (400, 408 or 413);
 * - `invalid_request`: it is not a security event token, an ID token for example (400);
 * - `invalid_key`: its algorithm is not RS256, or Google publishes no key with its key id (400);
 * - `authentication_failed`: its signature is wrong (400);
 * - `invalid_issuer`, `invalid_audience`: it is not from Google, or is for another app (400);
 * - `keys`: Google's keys could not be loaded; `cause` says why (503);
 * - `busy`: too many events are waiting (503).
 *
 * Those with an underscore are the error codes of RFC 8935, section 2.4.
 */
export type SecurityEventErrorCode =
  | 'body'
  | 'invalid_request'
  | 'invalid_key'
  | 'authentication_failed'
  | 'invalid_issuer'
  | 'invalid_audience'
  | 'keys'
  | 'busy';

/** An event token that was refused. */
export class SecurityEventError extends Error {
  override readonly name = 'SecurityEventError';
  readonly code: SecurityEventErrorCode;
  /** The status of the response. */
  readonly status: number;

  constructor(message: string, init: { code: SecurityEventErrorCode; status: number; cause?: unknown }) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.status = init.status;
  }
}
