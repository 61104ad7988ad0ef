import { malformed } from '../client/error-response.ts';
import { resolveClient } from '../client/provider.ts';
import { type CallOptions, checkCallOptions, parseObject, postForm } from '../client/requests.ts';
import { isDeadToken, refreshTokens, revokeToken } from '../client/token-endpoint.ts';
import { type TokenInfo, type TokenSet, withRaw } from '../client/token-set.ts';
import { checkToken } from '../util/arguments.ts';
import { type FitbitClient, fitbit } from './endpoints.ts';
import { type Access, parseScopeMap } from './scopes.ts';

/** Fitbit's information about a token; `scope` has the access to each kind of data. */
export type FitbitTokenInfo = TokenInfo<Record<string, Access>>;

/** Settings of {@link refresh}. */
export interface RefreshOptions extends CallOptions {
  /** Fitbit can't narrow the scopes of a token: a refresh keeps those that the user granted. */
  scope?: undefined;
}

/** Settings of {@link introspect}. */
export interface IntrospectOptions extends CallOptions {
  /**
   * The token to introspect, if it is not the access token that authorizes the call.
   * @default the access token
   */
  token?: string | undefined;
}

/**
 * Gets new tokens for a refresh token. Fitbit's refresh tokens work once: store the new one immediately.
 *
 * Concurrent calls with the same refresh token share one request. After a network failure, a 5xx or a 409, the
 * identical request is sent again, up to three attempts in total, within the two minutes in which Fitbit repeats its
 * response. A call may therefore take three times the `timeout`.
 *
 * @throws ResponseError `invalid_grant` (`reauthorize`): the token was used before or revoked; `gone`; …
 * @throws TransportError there was no usable response; the same call may be made again
 * @throws TypeError a wrong argument
 * @see https://dev.fitbit.com/build/reference/web-api/authorization/refresh-token/
 */
export async function refresh(
  client: FitbitClient,
  refreshToken: string,
  options: RefreshOptions = {},
): Promise<TokenSet> {
  checkCallOptions(options);
  if (options.scope !== undefined) {
    throw new TypeError(
      '"scope" can\'t be changed by a refresh at Fitbit: leave it out to keep the scopes that the user granted',
    );
  }
  return refreshTokens(resolveClient(fitbit, client), refreshToken, options);
}

/**
 * Asks Fitbit about a token (RFC 7662). The call is authorized by an access token, not by the client.
 *
 * @param accessToken authorizes the call; it is also the token to introspect, unless `options.token` is given
 * @returns `{ active: false }` for an invalid token, even if Fitbit responds with 401 because it authorized the call
 * @throws ResponseError e.g. `expired_token`: the access token that authorizes the call is invalid
 * @throws TransportError there was no usable response
 * @throws TypeError a wrong argument
 * @see https://dev.fitbit.com/build/reference/web-api/authorization/introspect/
 */
export async function introspect(
  client: FitbitClient,
  accessToken: string,
  options: IntrospectOptions = {},
): Promise<FitbitTokenInfo> {
  checkToken(accessToken, 'accessToken');
  checkCallOptions(options);
  const { token = accessToken } = options;
  checkToken(token, 'token');
  const resolved = resolveClient(fitbit, client);
  const url = resolved.endpoints.introspectionURL;
  try {
    const { body } = await postForm(resolved, url, { token }, { bearer: accessToken }, 'introspect', options);
    return toTokenInfo(parseObject(fitbit, 'introspect', body));
  } catch (error) {
    if (token === accessToken && isDeadToken(error)) return { active: false };
    throw error;
  }
}

/**
 * Withdraws the user's consent (RFC 7009): this invalidates all tokens of the user for the app, whichever one is given.
 * Revoking an invalid token succeeds.
 *
 * @param token an access or refresh token
 * @throws ResponseError the revocation was refused, e.g. `invalid_client`, `gone`
 * @throws TransportError there was no usable response; the same call may be made again
 * @throws TypeError a wrong argument
 * @see https://dev.fitbit.com/build/reference/web-api/authorization/revoke-token/
 */
export async function revoke(client: FitbitClient, token: string, options: CallOptions = {}): Promise<void> {
  return revokeToken(resolveClient(fitbit, client), token, 'client', options);
}

/** Reads an introspection response: `scope` is a Java map as text, `exp` and `iat` are in ms. */
function toTokenInfo(response: Record<string, unknown>): FitbitTokenInfo {
  const { active, scope, client_id, user_id, token_type, exp, iat } = response;
  if (active === false) return { active: false };
  const expiresAt = new Date(typeof exp === 'number' ? exp : Number.NaN);
  const issuedAt = new Date(typeof iat === 'number' ? iat : Number.NaN);
  if (active !== true || typeof client_id !== 'string' || Number.isNaN(expiresAt.getTime())) {
    throw malformed(fitbit, 'introspect', '"active", "client_id" or "exp" is missing or has a wrong type');
  }
  return withRaw(
    {
      active,
      scope: typeof scope === 'string' ? parseScopeMap(scope) : {},
      clientID: client_id,
      expiresAt,
      ...(typeof user_id === 'string' && { userID: user_id }),
      ...(typeof token_type === 'string' && { tokenType: token_type }),
      ...(!Number.isNaN(issuedAt.getTime()) && { issuedAt }),
    },
    response,
  );
}
