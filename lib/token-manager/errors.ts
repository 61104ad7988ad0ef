import { OAuthError, TransportError } from '../client/errors.ts';

/** A store operation failed. The same call may succeed later. */
export function storeFailed(cause: unknown): OAuthError {
  if (cause instanceof OAuthError) return cause;
  return new OAuthError('The token store failed: see the cause, and try again', {
    code: 'store_failed',
    operation: 'token_store',
    retryable: true,
    cause,
  });
}

/** In every attempt, other processes changed the tokens or held the lease. */
export function storeContention(): OAuthError {
  return new OAuthError('Other processes kept changing the stored tokens: try again', {
    code: 'store_contention',
    operation: 'token_store',
    retryable: true,
  });
}

/** Nothing is stored for this user. */
export function noTokens(): OAuthError {
  return new OAuthError('No tokens are stored for this user: send the user to the login route', {
    code: 'no_tokens',
    operation: 'token_store',
    reauthorize: true,
  });
}

/** The access token has expired, and there is no refresh token. */
export function noRefreshToken(): OAuthError {
  return new OAuthError(
    'The access token has expired and no refresh token came with it: send the user to the login route',
    { code: 'no_refresh_token', operation: 'refresh', reauthorize: true },
  );
}

/** An earlier refresh has shown that the user has to consent again. */
export function consentGone(code: string): OAuthError {
  return new OAuthError(
    `An earlier refresh failed with ${code}, so the consent no longer exists: send the user to the login route`,
    { code, operation: 'refresh', reauthorize: true },
  );
}

/** The stored record can't be read. */
export function unreadable(remedy: string): OAuthError {
  return new OAuthError(`The stored tokens can't be read: ${remedy}`, {
    code: 'unreadable',
    operation: 'token_store',
  });
}

/** `refresh` resolved with something that is not a token set. */
export function malformedAnswer(field: string): OAuthError {
  return new OAuthError(
    `"refresh" must resolve with a token set: its ${field} is missing or of a wrong type`,
    {
      code: 'malformed',
      operation: 'refresh',
    },
  );
}

/** `refresh` did not settle in time. */
export function refreshTimeout(timeout: number): TransportError {
  return new TransportError(`"refresh" did not settle within ${timeout} ms: try again`, {
    code: 'timeout',
    operation: 'refresh',
  });
}

/** Another process has the lease, or may have used up the refresh token since the stored tokens were read. */
export function notSent(): TransportError {
  return new TransportError(
    'The refresh token was not sent: the process had stopped for a while, the connection took too long, or another process is refreshing. Try again',
    { code: 'timeout', operation: 'refresh' },
  );
}

/** `refresh` rejected with an error that isn't from this package. */
export function refreshFailed(cause: unknown): OAuthError {
  return new OAuthError('"refresh" failed: see the cause', {
    code: 'refresh_failed',
    operation: 'refresh',
    retryable: true,
    cause,
  });
}

/** An unfinished refresh has to be finished before the consent is revoked, and that failed. */
export function refreshUnfinished(cause: unknown): OAuthError {
  return new OAuthError(
    'An unfinished refresh may have replaced the token to revoke, and finishing it failed: see the cause, and try again',
    { code: 'refresh_unfinished', operation: 'revoke', retryable: true, cause },
  );
}

/** The caller's signal aborted. */
export function aborted(reason: unknown): TransportError {
  return new TransportError('The call was aborted by its signal', {
    code: 'aborted',
    operation: 'token_store',
    cause: reason,
  });
}
