import { redactor } from '../client/redact.ts';
import { isObject } from './arguments.ts';
import {
  type ProviderError,
  type RateLimit,
  type RequestOperation,
  ResponseError,
  TransportError,
} from './errors.ts';
import type { HttpResponse } from './http.ts';
import type { Client, Provider } from './provider.ts';

const SUMMARY: Record<RequestOperation, string> = {
  authorization: 'refused the authorization request',
  code_exchange: 'refused the code exchange',
  profile: 'refused to give the profile',
  refresh: 'refused to refresh the token',
  introspect: 'refused the introspection',
  revoke: 'refused the revocation',
};

/** The JSON object in a body; rejects any other body. */
export function parseObject(
  provider: Provider,
  operation: RequestOperation,
  body: string,
): Record<string, unknown> {
  const value = parseJSON(body);
  if (!isObject(value)) throw malformed(provider, operation, 'the answer is not a JSON object');
  return value;
}

function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The parser's message is dropped: it quotes the text.
  }
}

/** The error for a success answer that is not what the contract says. */
export function malformed(provider: Provider, operation: RequestOperation, what: string): TransportError {
  return new TransportError(`${provider.label} sent an unusable answer (${operation}): ${what}`, {
    code: 'malformed',
    operation,
  });
}

// The shortest secret that a provider issues, with room to spare.
const MIN_ISSUED_LENGTH = 16;

/**
 * Makes the error for an error answer.
 *
 * @param secrets what was sent with the request, to be removed from the provider's texts
 */
export function responseError(
  { provider, clientID, clientSecret }: Client,
  operation: RequestOperation,
  { status, headers, body }: HttpResponse,
  secrets: readonly (string | undefined)[],
): ResponseError {
  // In Base64, so that the client id alone is not taken for a part of a secret.
  const basic =
    clientSecret && Buffer.from(`${clientID}:${clientSecret}`).toString('base64').replace(/=+$/, '');
  const all = [clientSecret, basic, ...secrets].filter((secret) => secret !== undefined);
  const redact = redactor(all);
  // Callers branch on codes: a short secret, such as the "token" of a test, must not blank out `invalid_token`.
  const long = all.filter((secret) => secret.length >= MIN_ISSUED_LENGTH);
  const redactCode = redactor([...long, ...long.map((secret) => secret.toLowerCase())]);
  const parsed = parseJSON(body);
  const errors = (isObject(parsed) ? provider.parseErrors(parsed) : []).map((error) => ({
    code: redactCode(error.code) === error.code ? error.code : 'redacted',
    ...(error.description !== undefined && { description: redact(error.description) }),
    ...(error.field !== undefined && { field: redact(error.field) }),
  }));
  const code =
    statusCode(status) ?? errors[0]?.code ?? (status >= 500 ? 'server_error' : 'unexpected_status');
  const description = errors[0]?.description;

  const refused = `${provider.label} ${SUMMARY[operation]}: ${code} (HTTP ${status})`;
  const sentences = [
    description === undefined ? refused : `${refused}: ${description}`,
    provider.remedy(code, operation),
  ];
  return new ResponseError(sentences.filter((part) => part !== undefined).join(' — '), {
    code,
    operation,
    status,
    errors,
    description,
    rateLimit: rateLimit(headers),
    retryAfter: seconds(headers['retry-after']),
    retryable: status === 409 || status === 429 || status >= 500,
    reauthorize: REAUTHORIZE.has(code),
  });
}

// invalid_token and expired_token are not here: a refresh may still help.
const REAUTHORIZE = new Set(['invalid_grant', 'gone']);

/** The statuses that say more than the body: their bodies differ, or are unknown. */
function statusCode(status: number): string | undefined {
  if (status === 410) return 'gone';
  if (status === 429) return 'rate_limited';
  if (status === 409) return 'conflict';
  return undefined;
}

function rateLimit(headers: HttpResponse['headers']): RateLimit | undefined {
  const limit = seconds(headers['fitbit-rate-limit-limit']);
  const remaining = seconds(headers['fitbit-rate-limit-remaining']);
  const reset = seconds(headers['fitbit-rate-limit-reset']);
  if (limit === undefined || remaining === undefined || reset === undefined) return undefined;
  return { limit, remaining, reset };
}

function seconds(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : undefined;
}

/** `value` as an error code, if it can be one; a code is never made of a secret or a sentence. */
export function errorCode(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z_.-]{0,63}$/.test(value)
    ? value.toLowerCase()
    : undefined;
}

/**
 * Reads the two error shapes that are not any one provider's: RFC 6749's
 * `{"error":"…","error_description":"…"}` and google.rpc.Status's `{"error":{"status":"…","message":"…"}}`,
 * where the `reason` of an `ErrorInfo` detail says more than the status.
 */
export function parseStandardErrors(body: Record<string, unknown>): ProviderError[] {
  const { error } = body;
  if (!isObject(error)) return providerError(error, body.error_description);
  const details: unknown[] = Array.isArray(error.details) ? error.details : [];
  const reason = details
    .map((detail) => (isObject(detail) ? errorCode(detail.reason) : undefined))
    .find(Boolean);
  return providerError(reason ?? error.status ?? 'unknown', error.message);
}

/** A list with the one error that the values make, or an empty list if they make none. */
export function providerError(code: unknown, description: unknown, field?: unknown): ProviderError[] {
  const known = errorCode(code);
  if (known === undefined) return [];
  return [
    {
      code: known,
      ...(typeof description === 'string' && description !== '' && { description }),
      ...(typeof field === 'string' && { field }),
    },
  ];
}
