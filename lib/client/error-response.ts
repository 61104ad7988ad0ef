import { isObject } from '../util/arguments.ts';
import { type ProviderError, type RequestOperation, ResponseError, TransportError } from './errors.ts';
import type { HttpResponse } from './http.ts';
import type { Client, Provider } from './provider.ts';
import { redactor } from './redact.ts';

const REFUSED: Record<RequestOperation, string> = {
  authorization: 'refused the authorization request',
  code_exchange: 'refused the code exchange',
  profile: 'refused the profile request',
  refresh: 'refused to refresh the token',
  introspect: 'refused the introspection',
  revoke: 'refused the revocation',
  keys: 'refused the request for its public keys',
  subscriber: 'refused the subscriber request',
};

// invalid_token and expired_token are not here: a refresh may still help.
const REAUTHORIZE = new Set(['invalid_grant', 'gone']);

// The shortest secret that a provider issues, with a margin.
const MIN_ISSUED_LENGTH = 16;

/** Makes the error for an invalid success response. */
export function malformed(provider: Provider, operation: RequestOperation, what: string): TransportError {
  return new TransportError(`${provider.label} sent an unusable response (${operation}): ${what}`, {
    code: 'malformed',
    operation,
  });
}

/**
 * Makes the error for an error response.
 *
 * @param secrets the secrets in the request, which are removed from the provider's texts
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
  const errors = redactErrors(parseErrors(provider, body), [clientSecret, basic, ...secrets]);
  const given =
    statusCode(status) ?? errors[0]?.code ?? (status >= 500 ? 'server_error' : 'unexpected_status');
  const meaning = provider.explain({ code: given, operation, httpStatus: status, errors });
  const { code = given, remedy } = meaning;
  const description = errors[0]?.description;

  const refused = `${provider.label} ${REFUSED[operation]}: ${code} (HTTP ${status})`;
  const sentences = [description === undefined ? refused : `${refused}: ${description}`, remedy];
  const waits = [toRetryAfter(headers['retry-after']), ...errors.map(({ retryAfter }) => retryAfter)].filter(
    (wait) => wait !== undefined,
  );
  return new ResponseError(sentences.filter((part) => part !== undefined).join(' — '), {
    code,
    operation,
    httpStatus: status,
    errors,
    description,
    rateLimit: provider.parseRateLimit?.(headers),
    retryAfter: waits.length > 0 ? Math.max(...waits) : undefined,
    retryable: meaning.retryable ?? (status === 409 || status === 429 || status >= 500),
    reauthorize: meaning.reauthorize ?? REAUTHORIZE.has(code),
  });
}

function parseErrors(provider: Provider, body: string): ProviderError[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    // A gateway's HTML, for example. The status is enough.
  }
  return isObject(parsed) ? provider.parseErrors(parsed) : [];
}

/** The errors without secrets, which providers echo in their texts. */
function redactErrors(
  errors: readonly ProviderError[],
  given: readonly (string | undefined)[],
): ProviderError[] {
  const secrets = given.filter((secret) => secret !== undefined);
  const redact = redactor(secrets);
  // Callers branch on codes: a short secret, such as the "token" of a test, must not blank out `invalid_token`.
  const long = secrets.filter((secret) => secret.length >= MIN_ISSUED_LENGTH);
  const redactCode = redactor([...long, ...long.map((secret) => secret.toLowerCase())]);
  const toSafeCode = (code: string) => (redactCode(code) === code ? code : 'redacted');
  return errors.map(({ code, description, field, reason, metadata, help, retryAfter }) => ({
    code: toSafeCode(code),
    ...(description !== undefined && { description: redact(description) }),
    ...(field !== undefined && { field: redact(field) }),
    ...(reason !== undefined && { reason: toSafeCode(reason) }),
    ...(metadata !== undefined && { metadata: redactMetadata(metadata, redact) }),
    ...(help !== undefined && { help: redactURL(help, redact) }),
    ...(retryAfter !== undefined && { retryAfter }),
  }));
}

function redactMetadata(metadata: Readonly<Record<string, string>>, redact: (text: string) => string) {
  const entries = Object.entries(metadata).map(([name, value]) => [
    redact(name),
    value.startsWith('https://') ? redactURL(value, redact) : redact(value),
  ]);
  return Object.fromEntries(entries);
}

/** Redacts each part of a URL: as a whole, a parameter with a number in it looks like a credential. */
function redactURL(url: string, redact: (text: string) => string): string {
  return url
    .split(/([?&=])/)
    .map(redact)
    .join('');
}

/** The code of a status that is more reliable than the body. */
function statusCode(status: number): string | undefined {
  if (status === 410) return 'gone';
  if (status === 429) return 'rate_limited';
  if (status === 409) return 'conflict';
  return undefined;
}

/** `Retry-After` in seconds from now, also where it is an HTTP date (RFC 9110, section 10.2.3). */
function toRetryAfter(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const seconds = toHeaderNumber(header);
  if (seconds !== undefined) return seconds;
  // Without GMT, a date would be read as local time.
  const date = /^[A-Z][a-z]{2,8}, .+ GMT$/.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}

/** A header that is a whole number; `undefined` if it is absent or anything else. */
export function toHeaderNumber(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : undefined;
}

/** `value` in lower case, if it looks like an error code: secrets and sentences don't. */
export function toErrorCode(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z_.-]{0,63}$/.test(value)
    ? value.toLowerCase()
    : undefined;
}

/** A list with one error, or an empty list if `code` is not an error code. */
export function toProviderErrors(code: unknown, description: unknown, field?: unknown): ProviderError[] {
  const known = toErrorCode(code);
  if (known === undefined) return [];
  return [
    {
      code: known,
      ...(typeof description === 'string' && description !== '' && { description }),
      ...(typeof field === 'string' && { field }),
    },
  ];
}
