import { isToken } from './arguments.ts';
import type { RequestOperation } from './errors.ts';
import type { Provider } from './provider.ts';
import { malformed } from './response.ts';

/** What a code exchange or a refresh brought. */
export interface TokenSet {
  /** The access token; opaque. */
  accessToken: string;
  /** The refresh token, if one came. Fitbit's works once: store the new one before anything else. */
  refreshToken?: string;
  /** The type as the provider spells it, `Bearer`. */
  tokenType: string;
  /** The scopes that the user granted, in the provider's order; empty if the answer did not say. */
  scope: string[];
  /** When the access token expires. */
  expiresAt: Date;
  /** The user's id with the provider. */
  userID?: string;
  /** The provider's answer as it came. Not enumerable: copies and logs of a token set leave it out. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** What a provider says of a token. */
export type TokenInfo<Scope> =
  | { active: false }
  | {
      active: true;
      /** What the token may do. */
      scope: Scope;
      /** The client that the token was given to. */
      clientID: string;
      /** The user's id with the provider. */
      userID?: string;
      /** Fitbit: `access_token`. */
      tokenType?: string;
      expiresAt: Date;
      issuedAt?: Date;
      /** The provider's answer as it came. Not enumerable. */
      readonly raw: Readonly<Record<string, unknown>>;
    };

/**
 * Reads a token response (RFC 6749, section 5.1, with Fitbit's `user_id`).
 *
 * @param now when the answer came, ms since the epoch
 * @throws TransportError `malformed` if a field has a wrong type
 */
export function toTokenSet(
  provider: Provider,
  operation: RequestOperation,
  response: Record<string, unknown>,
  now = Date.now(),
): TokenSet {
  const { access_token, refresh_token, token_type, scope, expires_in, user_id } = response;
  const wrong = (field: string) => malformed(provider, operation, `"${field}" is missing or of a wrong type`);

  if (!isToken(access_token)) throw wrong('access_token');
  if (!isAbsent(refresh_token) && !isToken(refresh_token)) throw wrong('refresh_token');
  // A client must not use a token whose type it does not know (RFC 6749, section 7.1).
  if (!isAbsent(token_type) && !(typeof token_type === 'string' && /^bearer$/i.test(token_type))) {
    throw wrong('token_type');
  }
  if (!isAbsent(scope) && typeof scope !== 'string') throw wrong('scope');
  if (!isAbsent(user_id) && typeof user_id !== 'string') throw wrong('user_id');
  const lifetime = isAbsent(expires_in) ? provider.accessTokenLifetime : toSeconds(expires_in);
  if (lifetime === undefined) throw wrong('expires_in');

  const tokens: Omit<TokenSet, 'raw'> = {
    accessToken: access_token,
    tokenType: isAbsent(token_type) ? 'Bearer' : token_type,
    scope: isAbsent(scope) ? [] : splitScope(scope),
    expiresAt: new Date(now + lifetime * 1000),
  };
  // Not as spreads in the literal: V8 would make a new hidden class each time, which tells in a login's CPU.
  if (!isAbsent(refresh_token)) tokens.refreshToken = refresh_token;
  if (!isAbsent(user_id)) tokens.userID = user_id;
  return withRaw(tokens, response);
}

/** The scopes of a space separated list (RFC 6749, section 3.3). */
export function splitScope(scope: string): string[] {
  return scope.split(/\s+/).filter((name) => name !== '');
}

/** Adds the provider's answer as a property that copies, logs and JSON leave out. */
export function withRaw<T extends object>(value: T, raw: Record<string, unknown>) {
  return Object.defineProperty(value, 'raw', { value: raw }) as T & {
    readonly raw: Readonly<Record<string, unknown>>;
  };
}

function isAbsent(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

/** A number of seconds, which some servers send as a string of digits; `undefined` if it is neither. */
export function toSeconds(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number <= 1e10 ? number : undefined;
}
