/** A request to the provider: a step of a login, a helper, the keys of notifications, or a subscriber. */
export type RequestOperation =
  | 'authorization'
  | 'code_exchange'
  | 'profile'
  | 'refresh'
  | 'introspect'
  | 'revoke'
  | 'keys'
  | 'subscriber';

/** Where an error arose: in a request, or in the store of a TokenManager. */
export type Operation = RequestOperation | 'token_store';

/**
 * The codes that errors of this package have. A provider may send others at any time, hence the open end; editors
 * offer the known ones.
 *
 * - RFC 6749 and RFC 6750: `invalid_request`, `invalid_client`, `invalid_grant`, `unauthorized_client`,
 *   `unsupported_grant_type`, `invalid_scope`, `invalid_token`, `insufficient_scope`, `access_denied`,
 *   `server_error`, `temporarily_unavailable`;
 * - from the HTTP status, if it is more precise than the body: `gone` (410), `rate_limited` (429), `conflict` (409),
 *   `unexpected_status`;
 * - {@link TransportErrorCode};
 * - of a login: `authorization_error` (the provider gave no usable code), `no_session`, `session_not_saved`,
 *   `session_ended`, `session_busy`, `session_key_in_use`, `no_response`, `state_too_large`, `missing_scope`,
 *   `account_conflict`, `unknown`;
 * - of a TokenManager: `no_tokens`, `no_refresh_token`, `unreadable`, `store_failed`, `store_contention`,
 *   `refresh_failed`, `refresh_unfinished`.
 */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'access_denied'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'gone'
  | 'rate_limited'
  | 'conflict'
  | 'unexpected_status'
  | TransportErrorCode
  | 'authorization_error'
  | 'no_session'
  | 'session_not_saved'
  | 'session_ended'
  | 'session_busy'
  | 'session_key_in_use'
  | 'no_response'
  | 'state_too_large'
  | 'missing_scope'
  | 'account_conflict'
  | 'unknown'
  | 'no_tokens'
  | 'no_refresh_token'
  | 'unreadable'
  | 'store_failed'
  | 'store_contention'
  | 'refresh_failed'
  | 'refresh_unfinished'
  | (string & {});

/** A failure that the user can resolve. Passport's `fail` gets it, and a custom callback as `info`. */
export interface Failure {
  /** For the user: what happened and what to do. */
  message: string;
  /** A constant to branch on. */
  code: string;
  /** For the developer: what to check if it keeps happening. */
  hint?: string;
  /** A page of the provider's on which the user can resolve it. */
  link?: string;
}

/** The properties of an error, beside its message. */
interface OAuthErrorInit {
  code: OAuthErrorCode;
  operation: Operation;
  retryable?: boolean;
  reauthorize?: boolean;
  cause?: unknown;
}

/**
 * The base of every error that this package reports about a login or a token.
 *
 * No property contains a secret (client secret, code, verifier, token, `Authorization` header).
 */
export class OAuthError extends Error {
  /** A constant to branch on, e.g. `invalid_grant`, `gone`, `timeout`. */
  readonly code: OAuthErrorCode;
  /** The step that failed. */
  readonly operation: Operation;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** Whether only a new consent helps: send the user to the login route. */
  readonly reauthorize: boolean;

  constructor(message: string, init: OAuthErrorInit) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.operation = init.operation;
    this.retryable = init.retryable ?? false;
    this.reauthorize = init.reauthorize ?? false;
  }

  static {
    // On the prototype, as built-in errors have it: util.inspect would print an own property again.
    Object.defineProperty(OAuthError.prototype, 'name', {
      value: 'OAuthError',
      configurable: true,
      writable: true,
    });
  }
}

/** One entry of an error response. */
export interface ProviderError {
  /** RFC 6749's `error` or the provider's own error type, in lower case. */
  code: string;
  /** The provider's text, secrets redacted. It may be localized: show it, never branch on it. */
  description?: string;
  /** The parameter at fault, if the provider names it. */
  field?: string;
  /** The provider's more precise code, in lowercase. */
  reason?: string;
  /** The provider's details, for the developer; secrets redacted. */
  metadata?: Readonly<Record<string, string>>;
  /** A page of the provider's about the error. */
  help?: string;
  /** Seconds to wait, if the body says so. */
  retryAfter?: number;
}

/** How many requests are left, according to the provider's rate-limit headers. Approximate. */
export interface RateLimit {
  /** Requests allowed per period. */
  limit: number;
  /** Requests left. */
  remaining: number;
  /** Seconds until the period ends. */
  reset: number;
}

interface ResponseErrorInit extends OAuthErrorInit {
  httpStatus: number;
  errors: readonly ProviderError[];
  description?: string | undefined;
  rateLimit?: RateLimit | undefined;
  retryAfter?: number | undefined;
}

/**
 * The provider responded with an error.
 *
 * `code` is the provider's own (`invalid_grant`, `invalid_client`, …), or, if the status is more precise than the
 * body: `gone` (410), `rate_limited` (429), `conflict` (409), `server_error` (5xx), `unexpected_status`.
 */
export class ResponseError extends OAuthError {
  /**
   * The HTTP status of the provider's response. Not called `status`: Express and others take `err.status` for the
   * status of the app's own response.
   */
  readonly httpStatus: number;
  /** All errors of the response; empty if its body has none of the known shapes. */
  readonly errors: readonly ProviderError[];
  /** The provider's text of the first error, secrets redacted. */
  declare readonly description?: string;
  /** From the provider's rate-limit headers, if there were any. */
  declare readonly rateLimit?: RateLimit;
  /** Seconds to wait, from `Retry-After` or the body; the longer time if both have one. */
  declare readonly retryAfter?: number;

  constructor(message: string, init: ResponseErrorInit) {
    super(message, init);
    this.httpStatus = init.httpStatus;
    this.errors = init.errors;
    if (init.description !== undefined) this.description = init.description;
    if (init.rateLimit !== undefined) this.rateLimit = init.rateLimit;
    if (init.retryAfter !== undefined) this.retryAfter = init.retryAfter;
  }

  static {
    Object.defineProperty(ResponseError.prototype, 'name', {
      value: 'ResponseError',
      configurable: true,
      writable: true,
    });
  }
}

/**
 * Why there was no usable response:
 * - `timeout`: no complete response within `timeout`;
 * - `aborted`: the caller's `signal`;
 * - `connection`: refused, reset, closed early, DNS or TLS failure (`cause` is Node's error);
 * - `too_large`: a body of more than 1 MiB;
 * - `malformed`: an invalid success response;
 * - `redirect`: a 3xx response, which these endpoints never send.
 */
export type TransportErrorCode =
  | 'timeout'
  | 'aborted'
  | 'connection'
  | 'too_large'
  | 'malformed'
  | 'redirect';

interface TransportErrorInit extends OAuthErrorInit {
  code: TransportErrorCode;
}

/** The provider sent no usable response; `code` says why. */
export class TransportError extends OAuthError {
  declare readonly code: TransportErrorCode;

  constructor(message: string, init: TransportErrorInit) {
    super(message, { retryable: init.code === 'timeout' || init.code === 'connection', ...init });
  }

  static {
    Object.defineProperty(TransportError.prototype, 'name', {
      value: 'TransportError',
      configurable: true,
      writable: true,
    });
  }
}
