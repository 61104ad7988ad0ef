/** A request to the provider: a step of a login, or a helper. */
export type RequestOperation =
  | 'authorization'
  | 'code_exchange'
  | 'profile'
  | 'refresh'
  | 'introspect'
  | 'revoke';

/** In what an error arose: a request, or the store of a TokenManager. */
export type Operation = RequestOperation | 'token_store';

/** What the error classes are made of, beside the message. */
interface OAuthErrorInit {
  code: string;
  operation: Operation;
  retryable?: boolean;
  reauthorize?: boolean;
  cause?: unknown;
}

/**
 * The base of every error that this package reports about a login or a token.
 *
 * No secret (client secret, code, verifier, token, `Authorization` header) stands in any property.
 */
export class OAuthError extends Error {
  /** A constant to branch on, e.g. `invalid_grant`, `gone`, `timeout`. */
  readonly code: string;
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
    // On the prototype, as built-in errors have it: an own property would be printed again by util.inspect.
    Object.defineProperty(OAuthError.prototype, 'name', {
      value: 'OAuthError',
      configurable: true,
      writable: true,
    });
  }
}

/** One entry of an error answer. */
export interface ProviderError {
  /** Fitbit's `errorType`, RFC 6749's `error`, or a google.rpc status or reason in lower case. */
  code: string;
  /** The provider's text, secrets redacted. For people: it may be localised, never branch on it. */
  description?: string;
  /** Fitbit's `fieldName`: the parameter that was at fault. */
  field?: string;
}

/** How much of the hourly allowance is left, from the `Fitbit-Rate-Limit-*` headers. Approximate. */
export interface RateLimit {
  /** Requests allowed in an hour. */
  limit: number;
  /** Requests left. */
  remaining: number;
  /** Seconds until the allowance is renewed. */
  reset: number;
}

interface ResponseErrorInit extends OAuthErrorInit {
  status: number;
  errors: readonly ProviderError[];
  description?: string | undefined;
  rateLimit?: RateLimit | undefined;
  retryAfter?: number | undefined;
}

/**
 * The provider answered, and its answer is an error.
 *
 * `code` is the provider's own (`invalid_grant`, `invalid_client`, …), or, where the status says more than
 * the body: `gone` (410), `rate_limited` (429), `conflict` (409), `server_error` (5xx), `unexpected_status`.
 */
export class ResponseError extends OAuthError {
  /** The HTTP status of the answer. */
  readonly status: number;
  /** Every error of the answer; empty when the body was not one of the known shapes. */
  readonly errors: readonly ProviderError[];
  /** The provider's text of the first error, secrets redacted. */
  declare readonly description?: string;
  /** From the `Fitbit-Rate-Limit-*` headers, when they came. */
  declare readonly rateLimit?: RateLimit;
  /** Seconds to wait, from `Retry-After`, when it came. */
  declare readonly retryAfter?: number;

  constructor(message: string, init: ResponseErrorInit) {
    super(message, init);
    this.status = init.status;
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
 * Why no usable answer came:
 * - `timeout`: nothing complete within the `timeout`;
 * - `aborted`: the caller's `signal`;
 * - `connection`: refused, reset, closed early, DNS or TLS failure (`cause` has Node's error);
 * - `too_large`: more than 1 MiB of body;
 * - `malformed`: a success answer that is not what the contract says;
 * - `redirect`: a 3xx answer, which these endpoints never send.
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

/** No usable answer came from the provider; `code` says why. */
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
