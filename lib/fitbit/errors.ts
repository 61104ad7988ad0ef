import { isObject } from '../oauth2/arguments.ts';
import type { ProviderError, RequestOperation } from '../oauth2/errors.ts';
import { parseStandardErrors, providerError } from '../oauth2/response.ts';

/**
 * Reads Fitbit's error envelope, `{"errors":[{"errorType":"…","message":"…"}],"success":false}`, and the two
 * standard shapes that the same host sends, too.
 * @see https://dev.fitbit.com/build/reference/web-api/troubleshooting-guide/error-messages/
 */
export function parseErrors(body: Record<string, unknown>): ProviderError[] {
  if (!Array.isArray(body.errors)) return parseStandardErrors(body);
  return body.errors.flatMap((error: unknown) =>
    isObject(error) ? providerError(error.errorType, error.message, error.fieldName) : [],
  );
}

/** What to do about an error. */
export function remedy(code: string, operation: RequestOperation): string | undefined {
  switch (code) {
    case 'gone':
      return "Fitbit's OAuth endpoints have been shut down. Users sign in through Google Health now: passport-fitbit-strategy/google-health.";
    case 'invalid_client':
      return 'Check clientID and clientSecret against the registration of the app, and its type: a Server app has a secret, a Client app has none.';
    case 'invalid_grant':
      return operation === 'refresh'
        ? 'The refresh token was used before, was revoked or is not of this app: the user has to sign in again.'
        : 'The code was used before, is older than ten minutes, or does not go with this callbackURL or verifier: start the login again.';
    case 'insufficient_scope':
      return 'The user did not grant the scope that this needs.';
    case 'rate_limited':
      return 'Wait for as many seconds as rateLimit.reset says.';
    default:
      return undefined;
  }
}
