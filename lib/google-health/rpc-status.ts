import { toErrorCode, toProviderErrors } from '../client/error-response.ts';
import type { ProviderError } from '../client/errors.ts';
import { isObject } from '../util/arguments.ts';
import { REASONS } from './reasons.ts';

/**
 * Reads an error of Google's: RFC 6749's `{"error":"…","error_description":"…"}`, which may have an `error_subtype`, or
 * google.rpc.Status's `{"error":{"status":"…","message":"…","details":[…]}}`. The `reason` of an `ErrorInfo` is the
 * code if it is a known one, and otherwise the status is.
 * @see https://cloud.google.com/apis/design/errors
 */
export function parseErrors(body: Record<string, unknown>): ProviderError[] {
  const { error, error_description } = body;
  if (!isObject(error)) {
    const reason = toErrorCode(body.error_subtype);
    // Versions of tokeninfo give no code for an invalid token.
    const code = error ?? (error_description === 'Invalid Value' ? 'invalid_token' : undefined);
    const errors = toProviderErrors(code, error_description);
    return reason === undefined ? errors : errors.map((each) => ({ ...each, reason }));
  }
  const details = Array.isArray(error.details) ? error.details.filter(isObject) : [];
  const info = details.find((detail) => toErrorCode(detail.reason) !== undefined) ?? {};
  const reason = toErrorCode(info.reason);
  const known = reason !== undefined && Object.hasOwn(REASONS, reason);
  const metadata = toTexts(info.metadata);
  const help = details.flatMap(({ links }) => (Array.isArray(links) ? links : [])).find(isLink)?.url;
  const retryAfter = details
    .map(({ retryDelay }) => toDelay(retryDelay))
    .find((delay) => delay !== undefined);
  const code = known ? reason : (toErrorCode(error.status) ?? reason ?? 'unknown');
  return toProviderErrors(code, error.message).map((each) => ({
    ...each,
    ...(reason !== undefined && { reason }),
    ...(metadata !== undefined && { metadata }),
    ...(help !== undefined && { help }),
    ...(retryAfter !== undefined && { retryAfter }),
  }));
}

function isLink(value: unknown): value is { url: string } {
  return isObject(value) && typeof value.url === 'string';
}

/** The fields of an object that are texts; `undefined` if there are none. */
function toTexts(value: unknown): Record<string, string> | undefined {
  if (!isObject(value)) return undefined;
  const texts = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return texts.length > 0 ? Object.fromEntries(texts) : undefined;
}

/** The whole seconds of a `google.protobuf.Duration`, such as `1.5s`, rounded up. */
function toDelay(value: unknown): number | undefined {
  const [, seconds] = (typeof value === 'string' && /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(value)) || [];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds));
}
