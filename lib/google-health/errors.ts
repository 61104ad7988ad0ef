import { OAuthError, type RequestOperation } from '../oauth2/errors.ts';
import type { Failure } from '../oauth2/outcome.ts';

/** What to do about an error. */
export function remedy(code: string, operation: RequestOperation): string | undefined {
  switch (code) {
    case 'invalid_client':
      return 'Check clientID and clientSecret against the OAuth client in the Google Cloud project.';
    case 'redirect_uri_mismatch':
      return 'The callbackURL must stand among the authorized redirect URIs of the OAuth client, to the letter.';
    case 'invalid_grant':
      return operation === 'refresh'
        ? 'The refresh token was revoked, was not used for six months, or is older than seven days while the Google project is in Testing: the user has to sign in again.'
        : 'The code was used before, has expired, or does not go with this callbackURL or verifier: start the login again.';
    case 'unauthenticated':
      return 'The access token has expired or was revoked: refresh it.';
    case 'access_token_scope_insufficient':
      return 'The user did not grant the scope that this needs.';
    case 'service_disabled':
      return 'Enable the Google Health API in the Google Cloud project of the OAuth client.';
    case 'permission_denied':
      return 'One of three causes: the user did not grant the scope, the Google Health API is not enabled in the Google Cloud project, or the Fitbit account has not been moved to Google yet.';
    case 'account_not_linked':
      return 'The Google account has no Google Health profile: the user has to take another account, or set this one up in the app of the device.';
    case 'rate_limited':
      return 'Google Health allows 300 requests a minute for each user: wait for a minute, or as long as retryAfter says.';
    default:
      return undefined;
  }
}

/** The error for a login that was not given any scope by which the user could be told. */
export function missingScope(scopes: readonly string[]): OAuthError {
  return new OAuthError(
    `Google Health was not allowed to say who you are. Sign in again, and leave at least one of these permissions ticked: ${scopes.join(', ')}`,
    { code: 'missing_scope', operation: 'profile', reauthorize: true },
  );
}

/** The failure that an error of the identity call is, if the person can mend it. */
export function toFailure(error: unknown): Failure | undefined {
  if (!(error instanceof OAuthError) || error.operation !== 'profile') return undefined;
  const { code } = error;
  switch (code) {
    case 'missing_scope':
    case 'account_conflict':
      return { message: error.message, code };
    case 'account_not_linked':
      return {
        message:
          'This Google account has no Google Health or Fitbit profile. Sign in with the account that your device uses, or set this one up in its app first.',
        code,
      };
    default:
      return undefined;
  }
}
