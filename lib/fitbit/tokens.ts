import { checkToken } from '../oauth2/arguments.ts';
import { type CallOptions, checkCallOptions, post } from '../oauth2/client.ts';
import { resolveClient } from '../oauth2/provider.ts';
import { refreshToken as refreshOnce } from '../oauth2/refresh.ts';
import { malformed, parseObject } from '../oauth2/response.ts';
import { isDeadToken, revokeToken } from '../oauth2/revoke.ts';
import { type TokenInfo, type TokenSet, withRaw } from '../oauth2/tokens.ts';
import { type FitbitClient, fitbit } from './endpoints.ts';
import { type Access, parseScopeMap } from './scopes.ts';

/** What Fitbit says of a token: its `scope` tells for each kind of data what the token may do. */
export type FitbitTokenInfo = TokenInfo<Record<string, Access>>;

/** Settings of {@link introspect}. */
export interface IntrospectOptions extends CallOptions {
  /**
   * The token to look at, if it is not the access token that authorizes the call.
   * @default the access token
   */
  token?: string | undefined;
}

/**
 * Gets new tokens for a refresh token. Fitbit's refresh tokens work once: store the new one at once.
 *
 * Calls with the same refresh token share one request. After a network failure, a 5xx or a 409 the identical
 * request is sent again, three times at most and inside the two minutes in which Fitbit repeats its answer; so
 * the call may take up to three times the `timeout`.
 *
 * @throws ResponseError `invalid_grant` (`reauthorize`): the token is used up or revoked; `gone`; …
 * @throws TransportError no usable answer came; the same call may be made again
 * @throws TypeError a wrong argument
 * @see https://dev.fitbit.com/build/reference/web-api/authorization/refresh-token/
 */
export async function refresh(
  client: FitbitClient,
  refreshToken: string,
  options: CallOptions = {},
): Promise<TokenSet> {
  return refreshOnce(resolveClient(fitbit, client), refreshToken, options);
}

/**
 * Asks Fitbit about a token (RFC 7662). The call is authorized by an access token, not by the client.
 *
 * @param accessToken authorizes the call, and is what is looked at unless `options.token` is given
 * @returns `{ active: false }` for a dead token, also where Fitbit answers 401 because it looked at itself
 * @throws ResponseError e.g. `expired_token`: the access token that authorizes the call is dead
 * @throws TransportError no usable answer came
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
    const { body } = await post(resolved, url, { token }, { bearer: accessToken }, 'introspect', options);
    return toTokenInfo(parseObject(fitbit, 'introspect', body));
  } catch (error) {
    if (token === accessToken && isDeadToken(error)) return { active: false };
    throw error;
  }
}

/**
 * Withdraws the user's consent (RFC 7009): every token of this user for the app dies, whichever one is given.
 * A token that is dead already counts as revoked.
 *
 * @param token an access or refresh token
 * @throws ResponseError the revocation was refused, e.g. `invalid_client`, `gone`
 * @throws TransportError no usable answer came; the same call may be made again
 * @throws TypeError a wrong argument
 * @see https://dev.fitbit.com/build/reference/web-api/authorization/revoke-token/
 */
export async function revoke(client: FitbitClient, token: string, options: CallOptions = {}): Promise<void> {
  return revokeToken(resolveClient(fitbit, client), token, 'client', options);
}

/** Reads an introspection answer: `scope` is a Java map as text, `exp` and `iat` are in ms. */
function toTokenInfo(answer: Record<string, unknown>): FitbitTokenInfo {
  const { active, scope, client_id, user_id, token_type, exp, iat } = answer;
  if (active === false) return { active: false };
  const expiresAt = new Date(typeof exp === 'number' ? exp : Number.NaN);
  const issuedAt = new Date(typeof iat === 'number' ? iat : Number.NaN);
  if (active !== true || typeof client_id !== 'string' || Number.isNaN(expiresAt.getTime())) {
    throw malformed(fitbit, 'introspect', '"active", "client_id" or "exp" is missing or of a wrong type');
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
    answer,
  );
}
