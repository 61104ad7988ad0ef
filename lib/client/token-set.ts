import { isToken } from '../util/arguments.ts';
import { malformed } from './error-response.ts';
import type { RequestOperation } from './errors.ts';
import type { Provider } from './provider.ts';

/** The tokens of a code exchange or a refresh. */
export interface TokenSet {
  /** The access token; opaque. */
  accessToken: string;
  /** The refresh token, if there is one. It may work only once: store it before anything else. */
  refreshToken?: string;
  /** The type, as the provider spells `Bearer`. */
  tokenType: string;
  /** The scopes that the user granted, in the provider's order; empty if the response does not say. */
  scope: string[];
  /** When the access token expires. */
  expiresAt: Date;
  /** When the refresh token expires and the user has to sign in again, if the provider says so. */
  refreshTokenExpiresAt?: Date;
  /** The user's id at the provider. */
  userID?: string;
  /** The provider's response, parsed. Copies, logs and JSON of a token set leave it out. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** A provider's information about a token. */
export type TokenInfo<Scope> =
  | { active: false }
  | {
      active: true;
      /** The token's scopes. */
      scope: Scope;
      /** The client that the token was issued to. */
      clientID: string;
      /** The user's id at the provider. */
      userID?: string;
      /** The kind of token, if the provider says. */
      tokenType?: string;
      expiresAt: Date;
      issuedAt?: Date;
      /** The provider's response, parsed. Copies, logs and JSON leave it out. */
      readonly raw: Readonly<Record<string, unknown>>;
    };

/**
 * Reads a token response (RFC 6749, section 5.1), which may have a `user_id` and a `refresh_token_expires_in`, seconds.
 *
 * @param now when the response came, ms since the epoch
 * @throws TransportError `malformed` if a field has a wrong type
 */
export function toTokenSet(
  provider: Provider,
  operation: RequestOperation,
  response: Record<string, unknown>,
  now = Date.now(),
): TokenSet {
  const { access_token, refresh_token, token_type, scope, expires_in, user_id, refresh_token_expires_in } =
    response;
  const wrong = (field: string) =>
    malformed(provider, operation, `"${field}" is missing or has a wrong type`);

  if (!isToken(access_token)) throw wrong('access_token');
  if (!isAbsent(refresh_token) && !isToken(refresh_token)) throw wrong('refresh_token');
  // A client must not use a token whose type it does not know (RFC 6749, section 7.1).
  if (!isAbsent(token_type) && !(typeof token_type === 'string' && token_type.toLowerCase() === 'bearer')) {
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
  if (!isAbsent(refresh_token)) tokens.refreshToken = refresh_token;
  if (!isAbsent(user_id)) tokens.userID = user_id;
  // An extension. The tokens also work without it, so a wrong value doesn't matter.
  const refreshLifetime = toSeconds(refresh_token_expires_in);
  if (refreshLifetime !== undefined) tokens.refreshTokenExpiresAt = new Date(now + refreshLifetime * 1000);
  return withRaw(tokens, response);
}

/** The scopes of a space separated list (RFC 6749, section 3.3). */
export function splitScope(scope: string): string[] {
  return scope.match(/\S+/g) ?? [];
}

/** Keeps a response where copies, logs and JSON leave it out. */
class ParsedResponse {
  readonly #raw: Readonly<Record<string, unknown>>;

  constructor(raw: Readonly<Record<string, unknown>>) {
    this.#raw = raw;
  }

  get raw(): Readonly<Record<string, unknown>> {
    return this.#raw;
  }
}

/** Copies what was read from a response, and adds the response as `raw`. */
export function withRaw<T extends object>(
  read: T,
  raw: Readonly<Record<string, unknown>>,
): T & ParsedResponse {
  return Object.assign(new ParsedResponse(raw), read);
}

function isAbsent(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

/** A number of seconds, which some servers send as a string of digits; `undefined` if it is neither. */
export function toSeconds(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number <= 1e10 ? number : undefined;
}
