import { isObject, isText } from '../../util/arguments.ts';
import { SecurityEventError, type SecurityEventErrorCode } from './error.ts';
import { parseClaims, type SecurityEventToken } from './event.ts';
import type { IssuerKey, IssuerKeySet } from './key-set.ts';

/** The settings of the verification of event tokens. */
export interface VerifySecurityEventOptions {
  /** The ids of the app's OAuth clients. */
  clientIDs: readonly string[];
  /** Google's public keys. */
  keys: IssuerKeySet;
}

/**
 * Verifies a security event token: RS256 under one of Google's keys, from Google, for this app, and with events. Its
 * `exp` is ignored, because an event describes the past.
 *
 * @param token the JWT, as it came
 * @throws SecurityEventError saying why it must be refused, with the status of the response
 * @see https://developers.google.com/identity/protocols/risc
 */
export async function verifySecurityEvent(
  token: string,
  { clientIDs, keys }: VerifySecurityEventOptions,
): Promise<SecurityEventToken> {
  // jose is an ES module. It is loaded here, so that only apps with events need it.
  const { compactVerify, decodeProtectedHeader } = await import('jose');
  const header = attempt('invalid_request', 'it is not a JWT', () => decodeProtectedHeader(token));
  if (header.alg !== 'RS256') throw refuse('invalid_key', 'its algorithm is not RS256');
  const { key, issuer } = await findKey(keys, header.kid);
  let payload: Uint8Array;
  try {
    ({ payload } = await compactVerify(token, key, { algorithms: ['RS256'] }));
  } catch (cause) {
    throw refuse('authentication_failed', 'its signature is wrong', cause);
  }
  const claims = attempt<unknown>('invalid_request', 'its claims are not JSON', () =>
    JSON.parse(Buffer.from(payload).toString()),
  );
  if (!isObject(claims)) throw refuse('invalid_request', 'its claims are not an object');
  if (!isSameIssuer(claims.iss, issuer)) throw refuse('invalid_issuer', 'it is not from Google');
  const audience = [claims.aud].flat();
  if (!audience.some((each) => isText(each) && clientIDs.includes(each))) {
    throw refuse('invalid_audience', "its audience is not one of the app's client ids");
  }
  return parseClaims(claims);
}

async function findKey(keys: IssuerKeySet, keyID: unknown): Promise<IssuerKey> {
  if (!isText(keyID)) throw refuse('invalid_key', 'it has no key id');
  let key: IssuerKey | undefined;
  try {
    key = await keys.find(keyID);
  } catch (cause) {
    throw new SecurityEventError("Google's public keys could not be loaded: see `cause`", {
      code: 'keys',
      status: 503,
      cause,
    });
  }
  if (key === undefined) throw refuse('invalid_key', 'Google publishes no key with its key id');
  return key;
}

/** Google's issuer has a trailing slash in the documentation, and none in tokens that were seen. */
function isSameIssuer(value: unknown, issuer: string): boolean {
  return isText(value) && value.replace(/\/$/, '') === issuer.replace(/\/$/, '');
}

function attempt<T>(code: SecurityEventErrorCode, what: string, act: () => T): T {
  try {
    return act();
  } catch {
    throw refuse(code, what); // without a cause: a parser's message may quote the token
  }
}

function refuse(code: SecurityEventErrorCode, what: string, cause?: unknown): SecurityEventError {
  return new SecurityEventError(`The event token was refused: ${what}`, { code, status: 400, cause });
}
