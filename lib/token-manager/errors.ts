import { OAuthError } from '../oauth2/errors.ts';

/** The store could not do its part. The same call may succeed later. */
export function storeError(cause: unknown): OAuthError {
  if (cause instanceof OAuthError) return cause;
  return new OAuthError('The token store failed: see the cause, and try again', {
    code: 'store',
    operation: 'token_store',
    retryable: true,
    cause,
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

/** The access token is used up, and there is nothing to get another one with. */
export function noRefreshToken(): OAuthError {
  return new OAuthError(
    'The access token has expired and no refresh token came with it: send the user to the login route',
    { code: 'no_refresh_token', operation: 'refresh', reauthorize: true },
  );
}

/** A refresh has failed before in a way that only a new consent mends. */
export function consentGone(code: string): OAuthError {
  return new OAuthError(
    `The user's consent is gone (${code}), as an earlier refresh has shown: send the user to the login route`,
    { code, operation: 'refresh', reauthorize: true },
  );
}

/** What is stored can't be read. */
export function unreadable(remedy: string): OAuthError {
  return new OAuthError(`The stored tokens can't be read: ${remedy}`, {
    code: 'unreadable',
    operation: 'token_store',
  });
}

/** The tokens changed under every try. */
export function contended(): OAuthError {
  return new OAuthError('The stored tokens changed again and again during the refresh: try again', {
    code: 'conflict',
    operation: 'refresh',
    retryable: true,
  });
}
