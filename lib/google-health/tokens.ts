import { checkToken } from '../oauth2/arguments.ts';
import { type CallOptions, checkCallOptions, post } from '../oauth2/client.ts';
import { resolveClient } from '../oauth2/provider.ts';
import { refreshToken as refreshOnce } from '../oauth2/refresh.ts';
import { malformed, parseObject } from '../oauth2/response.ts';
import { isDeadToken, revokeToken } from '../oauth2/revoke.ts';
import { splitScope, type TokenInfo, type TokenSet, toSeconds, withRaw } from '../oauth2/tokens.ts';
import { type GoogleHealthClient, googleHealth } from './endpoints.ts';

/**
 * What Google says of an access token: its `scope` is a list. There is no `userID`: Google knows the token by the
 * Google account (`raw.sub`, with an OpenID scope only), not by the `healthUserId` that is `profile.id`.
 */
export type GoogleHealthTokenInfo = TokenInfo<string[]>;

/**
 * Gets a new access token for a refresh token. Google's refresh tokens stay: the token set has the old one again,
 * or the new one if Google sent one, so that it can be stored as it is.
 *
 * Calls with the same refresh token share one request. After a network failure or a 5xx the identical request is
 * sent again, three times at most; so the call may take up to three times the `timeout`.
 *
 * @throws ResponseError `invalid_grant` (`reauthorize`): the token was revoked, was not used for six months, or is
 *   older than seven days in a Google project in Testing; …
 * @throws TransportError no usable answer came; the same call may be made again
 * @throws TypeError a wrong argument
 * @see https://developers.google.com/identity/protocols/oauth2/web-server#offline
 */
export async function refresh(
  client: GoogleHealthClient,
  refreshToken: string,
  options: CallOptions = {},
): Promise<TokenSet> {
  return refreshOnce(resolveClient(googleHealth, client), refreshToken, options);
}

/**
 * Asks Google about an access token, through tokeninfo. The token itself authorizes the call, in a header.
 *
 * @returns `{ active: false }` for a dead token, and for one that was given to another client
 * @throws ResponseError any other refusal
 * @throws TransportError no usable answer came
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
    const { body } = await post(resolved, url, {}, { bearer: accessToken }, 'introspect', options);
    const info = toTokenInfo(parseObject(googleHealth, 'introspect', body));
    // Whoever has got hold of another app's token could otherwise pass for its user here.
    return info.clientID === resolved.clientID ? info : { active: false };
  } catch (error) {
    if (isDeadToken(error)) return { active: false };
    throw error;
  }
}

/**
 * Withdraws the user's consent (RFC 7009): every token and scope that the user gave to the Google Cloud project
 * is gone, those of its other clients included. A token that is dead already counts as revoked.
 *
 * @param token an access or refresh token
 * @throws ResponseError the revocation was refused
 * @throws TransportError no usable answer came; the same call may be made again
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

/** Reads an answer of tokeninfo, whose numbers are strings. `exp` is in seconds since the epoch. */
function toTokenInfo(answer: Record<string, unknown>, now = Date.now()) {
  const { aud, scope, exp, expires_in } = answer;
  const end = toSeconds(exp);
  const left = toSeconds(expires_in);
  const expiresAt = end !== undefined ? end * 1000 : left !== undefined ? now + left * 1000 : undefined;
  if (typeof aud !== 'string' || expiresAt === undefined) {
    throw malformed(googleHealth, 'introspect', '"aud" or "exp" is missing or of a wrong type');
  }
  return withRaw(
    {
      active: true as const,
      scope: typeof scope === 'string' ? splitScope(scope) : [],
      clientID: aud,
      expiresAt: new Date(expiresAt),
    },
    answer,
  );
}
