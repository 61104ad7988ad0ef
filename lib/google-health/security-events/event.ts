import { isObject, isText } from '../../util/arguments.ts';
import { SecurityEventError } from './error.ts';
import { type KnownEventType, knownType } from './event-types.ts';

/** An event of a Google account or its consent. */
export interface SecurityEvent {
  /** The short name of a known event, or the URI of an unknown one. */
  type: KnownEventType | (string & {});
  /** The event's URI. */
  uri: string;
  /** The Google account: the `sub` that an OpenID scope gives at the login. It is never the `healthUserId`. */
  sub?: string;
  /** The account's address, for information only: never find an account by it, because it can be reassigned. */
  email?: string;
  /** With `token-revoked`: the token. */
  token?: RevokedToken;
  /** With `account-disabled`: why, such as `hijacking` or `bulk-account`. */
  reason?: string;
  /** With `verification`: the text from the request for the event. */
  state?: string;
}

/** Identifies a token without revealing it. */
export interface RevokedToken {
  /** Such as `refresh_token`. */
  type?: string;
  /** `prefix`: the first 16 characters; `hash_base64_sha512_sha512`: the SHA-512 of the SHA-512. */
  alg: 'prefix' | 'hash_base64_sha512_sha512' | (string & {});
  /** As `tokenIdentifiers` returns it. */
  identifier: string;
}

/** A security event token (RFC 8417) whose signature, issuer and audience were verified. */
export interface SecurityEventToken {
  /** The token's id. */
  jti: string;
  /** When it was issued, seconds since the epoch. */
  iat: number;
  /** Usually one. */
  events: SecurityEvent[];
}

/**
 * Reads the claims of a verified token.
 *
 * @throws SecurityEventError `invalid_request`, in particular for an ID token, which has the same keys, issuer and
 *   audience
 */
export function parseClaims(claims: Record<string, unknown>): SecurityEventToken {
  const { jti, iat, events } = claims;
  if (!isObject(events)) throw invalid('the claim "events" is missing, so it is another kind of token');
  if (!isText(jti)) throw invalid('the claim "jti" is missing');
  if (typeof iat !== 'number') throw invalid('the claim "iat" is missing');
  return { jti, iat, events: Object.entries(events).map(([uri, event]) => parseEvent(uri, event)) };
}

function parseEvent(uri: string, value: unknown): SecurityEvent {
  const event: SecurityEvent = { type: knownType(uri) ?? uri, uri };
  if (!isObject(value)) return event;
  const { subject, reason, state } = value;
  if (isText(reason)) event.reason = reason;
  if (isText(state)) event.state = state;
  if (!isObject(subject)) return event;
  const { sub, email } = subject;
  if (isText(sub)) event.sub = sub;
  if (isText(email)) event.email = email;
  const token = subject.subject_type === 'oauth_token' ? parseToken(subject) : undefined;
  if (token !== undefined) event.token = token;
  return event;
}

function parseToken(subject: Record<string, unknown>): RevokedToken | undefined {
  const { token_type, token_identifier_alg: alg, token } = subject;
  if (!isText(alg) || !isText(token)) return undefined;
  // It is unknown whether Google writes base64 or base64url, which often has no padding.
  const standard = token.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  const padding = '='.repeat((4 - (standard.length % 4)) % 4);
  const identifier = alg === 'prefix' ? token : standard + padding;
  return { ...(isText(token_type) && { type: token_type }), alg, identifier };
}

function invalid(what: string): SecurityEventError {
  return new SecurityEventError(`Not a security event token: ${what}`, {
    code: 'invalid_request',
    status: 400,
  });
}
