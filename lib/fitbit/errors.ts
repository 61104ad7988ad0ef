import type { IncomingHttpHeaders } from 'node:http';
import { toHeaderNumber, toProviderErrors } from '../client/error-response.ts';
import type { ProviderError, RateLimit, RequestOperation } from '../client/errors.ts';
import type { Meaning, Refusal } from '../client/provider.ts';
import { parseErrors as parseGoogleErrors } from '../google-health/rpc-status.ts';
import { isObject } from '../util/arguments.ts';

/**
 * Reads Fitbit's error envelope, `{"errors":[{"errorType":"…","message":"…"}],"success":false}`. The same host also
 * sends RFC 6749's errors and google.rpc.Status.
 * @see https://dev.fitbit.com/build/reference/web-api/troubleshooting-guide/error-messages/
 */
export function parseErrors(body: Record<string, unknown>): ProviderError[] {
  if (!Array.isArray(body.errors)) return parseGoogleErrors(body);
  return body.errors.flatMap((error: unknown) =>
    isObject(error) ? toProviderErrors(error.errorType, error.message, error.fieldName) : [],
  );
}

/** Reads the `Fitbit-Rate-Limit-*` headers; `undefined` unless all three came. */
export function parseRateLimit(headers: IncomingHttpHeaders): RateLimit | undefined {
  const limit = toHeaderNumber(headers['fitbit-rate-limit-limit']);
  const remaining = toHeaderNumber(headers['fitbit-rate-limit-remaining']);
  const reset = toHeaderNumber(headers['fitbit-rate-limit-reset']);
  if (limit === undefined || remaining === undefined || reset === undefined) return undefined;
  return { limit, remaining, reset };
}

/** Adds the remedy to a refusal. Fitbit's codes need no other explanation. */
export function explain({ code, operation }: Refusal): Meaning {
  return { remedy: remedy(code, operation) };
}

function remedy(code: string, operation: RequestOperation): string | undefined {
  switch (code) {
    case 'gone':
      return "Fitbit's OAuth endpoints have been shut down. Let users sign in with GoogleHealthStrategy from passport-fitbit-strategy/google-health.";
    case 'invalid_client':
      return 'Check clientID and clientSecret against the registration of the app, and its type: a Server app has a secret, a Client app has none.';
    case 'invalid_grant':
      if (operation === 'profile') return DEAD_ACCESS_TOKEN;
      return operation === 'refresh'
        ? 'The refresh token was used before, was revoked, or belongs to another app: the user has to sign in again.'
        : 'The code was used before, is older than ten minutes, or was issued for another callbackURL or code verifier: start the login again.';
    case 'expired_token':
      return 'The access token has expired: refresh it.';
    case 'invalid_token':
      return DEAD_ACCESS_TOKEN;
    case 'insufficient_scope':
      return 'The user did not grant the scope that this request needs: request it in a new login.';
    case 'insufficient_permissions':
      return "Fitbit has not authorized the app for this resource, even if the user granted the scope: check the app's type and access at https://dev.fitbit.com/apps. Some resources need a Personal app or an approval by Fitbit.";
    case 'rate_limited':
      return 'Wait for rateLimit.reset seconds.';
    default:
      return undefined;
  }
}

const DEAD_ACCESS_TOKEN =
  'The access token was revoked or belongs to another app: refresh it. If that fails, send the user to the login.';
