import { malformed } from '../client/error-response.ts';
import { resolveClient } from '../client/provider.ts';
import { type CallOptions, checkCallOptions, parseObject, postForm } from '../client/requests.ts';
import { isDeadToken, refreshTokens, revokeToken } from '../client/token-endpoint.ts';
import { splitScope, type TokenInfo, type TokenSet, toSeconds, withRaw } from '../client/token-set.ts';
import { toScopeList } from '../login/options.ts';
import { checkToken } from '../util/arguments.ts';
import { type GoogleHealthClient, googleHealth } from './endpoints.ts';
import { type GoogleHealthScopeName, toFullScopes } from './scopes.ts';

/**
 * Google's information about an access token; `scope` is a list. There is no `userID`: Google identifies the Google
 * account (`raw.sub`, only with an OpenID scope), not by the `healthUserId` that is `profile.id`.
 */
export type GoogleHealthTokenInfo = TokenInfo<string[]>;

/** Settings of {@link refresh}. */
export interface RefreshOptions extends CallOptions {
  /**
   * The part of the granted scopes for the new access token (RFC 6749, section 6), by their full or short names. The
   * Health API refuses a token that also has scopes of other Google APIs.
   * @default all granted scopes
   */
  scope?: GoogleHealthScopeName | readonly GoogleHealthScopeName[] | undefined;
}

/**
 * Gets a new access token for a refresh token. Google's refresh tokens stay valid: the token set has the old one again,
 * or a new one if Google sent one, so it can be stored as it is.
 *
 * Concurrent calls with the same refresh token share one request. After a network failure or a 5xx, the identical
 * request is sent again, up to three attempts in total. A call may therefore take three times the `timeout`.
 *
 * @throws ResponseError `invalid_grant` (`reauthorize`): the token was revoked, was not used for six months, or is
 *   older than seven days in a Google project in Testing; …
 * @throws TransportError there was no usable response; the same call may be made again
 * @throws TypeError a wrong argument
 * @see https://developers.google.com/identity/protocols/oauth2/web-server#offline
 */
export async function refresh(
  client: GoogleHealthClient,
  refreshToken: string,
  options: RefreshOptions = {},
): Promise<TokenSet> {
  checkCallOptions(options);
  const scope = options.scope === undefined ? undefined : toFullScopes(toScopeList(options.scope));
  if (scope?.length === 0)
    throw new TypeError('"scope" must not be empty: leave it out to keep all granted scopes');
  return refreshTokens(resolveClient(googleHealth, client), refreshToken, options, scope?.join(' '));
}

/**
 * Asks Google about an access token, through tokeninfo. The token itself authorizes the call, in a header.
 *
 * @returns `{ active: false }` for an invalid token, and for one that was issued to another client
 * @throws ResponseError any other refusal
 * @throws TransportError there was no usable response
 * @throws TypeError a wrong argument
 */
export async function introspect(
  client: GoogleHealthClient,
  accessToken: string,
  options: CallOptions = {},
): Promise<GoogleHealthTokenInfo> {
  checkToken(accessToken, 'accessToken');
  checkCallOptions(options);
  const resolved = resolveClient(googleHealth, client);
  const url = resolved.endpoints.introspectionURL;
  try {
    const { body } = await postForm(resolved, url, {}, { bearer: accessToken }, 'introspect', options);
    const info = toTokenInfo(parseObject(googleHealth, 'introspect', body));
    // Otherwise a token that leaked from another app would be accepted here.
    return info.clientID === resolved.clientID ? info : { active: false };
  } catch (error) {
    if (isDeadToken(error)) return { active: false };
    throw error;
  }
}

/**
 * Withdraws the user's consent (RFC 7009): this invalidates all tokens and scopes that the user gave to the Google
 * Cloud project, including those of its other clients. Revoking an invalid token succeeds.
 *
 * @param token an access or refresh token
 * @throws ResponseError the revocation was refused
 * @throws TransportError there was no usable response; the same call may be made again
 * @throws TypeError a wrong argument
 * @see https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke
 */
export async function revoke(
  client: GoogleHealthClient,
  token: string,
  options: CallOptions = {},
): Promise<void> {
  return revokeToken(resolveClient(googleHealth, client), token, 'none', options);
}

/** Reads a response of tokeninfo, whose numbers are strings. `exp` is in seconds since the epoch. */
function toTokenInfo(response: Record<string, unknown>, now = Date.now()) {
  const { aud, scope, exp, expires_in } = response;
  const end = toSeconds(exp);
  const left = toSeconds(expires_in);
  const expiresAt = end !== undefined ? end * 1000 : left !== undefined ? now + left * 1000 : undefined;
  if (typeof aud !== 'string' || expiresAt === undefined) {
    throw malformed(googleHealth, 'introspect', '"aud" or "exp" is missing or has a wrong type');
  }
  return withRaw(
    {
      active: true as const,
      scope: typeof scope === 'string' ? splitScope(scope) : [],
      clientID: aud,
      expiresAt: new Date(expiresAt),
    },
    response,
  );
}
