import { randomBytes } from 'node:crypto';
import type { App } from './apps.ts';
import { verifierFits } from './authorize.ts';
import { fullScopeName } from './google-scopes.ts';
import { decodeCredential, type Incoming, json, type Reply, readBasic, readBearer } from './http.ts';
import type { RefreshToken } from './ledger.ts';
import type { State } from './state.ts';

/** What an access token and, in Testing, a refresh token live, in seconds. */
const accessLifetime = 3599;
const testingLifetime = 604_799;

/** An error in RFC 6749's shape, as Google's OAuth endpoints send it. */
export function oauthError(status: number, error: string, description: string, note: string): Reply {
  return json(status, { error, error_description: description }, {}, note);
}

/** Google's token endpoint: code exchange and refresh. */
export function googleToken(state: State, request: Incoming): Reply {
  const client = authenticate(state, request);
  if ('reply' in client) return client.reply;
  const grantType = request.form.get('grant_type');
  if (grantType === 'authorization_code') return exchange(state, client.app, request.form);
  if (grantType === 'refresh_token') return refresh(state, client.app, request.form);
  if (!grantType) {
    return oauthError(
      400,
      'invalid_request',
      'Missing required parameter: grant_type',
      'grant_type is missing',
    );
  }
  const note = 'the simulator knows authorization_code and refresh_token';
  return oauthError(400, 'unsupported_grant_type', `Invalid grant_type: ${grantType}`, note);
}

/** Credentials come in the body; a Basic header is taken as well, as the real server takes it. */
function authenticate(state: State, request: Incoming): { app: App } | { reply: Reply } {
  const basic = readBasic(request.headers.authorization);
  const clientID = basic === undefined ? request.form.get('client_id') : decodeCredential(basic.user);
  const secret = basic === undefined ? request.form.get('client_secret') : decodeCredential(basic.password);
  if (!clientID) {
    const description = 'Could not determine client ID from request.';
    return { reply: oauthError(400, 'invalid_request', description, 'client_id is missing in the body') };
  }
  const app = state.apps.find('google-health', clientID);
  if (app === undefined) {
    const note = `no app is registered with client_id ${clientID}`;
    return { reply: oauthError(401, 'invalid_client', 'The OAuth client was not found.', note) };
  }
  if (!secret) {
    const description = 'client_secret is missing.';
    return { reply: oauthError(400, 'invalid_request', description, 'client_secret is missing in the body') };
  }
  if (secret !== app.clientSecret) {
    return { reply: oauthError(401, 'invalid_client', 'Unauthorized', 'the client secret is wrong') };
  }
  return { app };
}

function exchange(state: State, app: App, form: URLSearchParams): Reply {
  const value = form.get('code');
  if (!value)
    return oauthError(400, 'invalid_request', 'Missing required parameter: code', 'code is missing');
  const code = state.ledger.code(value);
  if (code?.clientID !== app.clientID) {
    return oauthError(400, 'invalid_grant', 'Malformed auth code.', 'this code was not given to this app');
  }
  if (code.used || state.ledger.expired(code)) {
    const note = code.used ? 'this code was used before' : 'a code lives ten minutes';
    return oauthError(400, 'invalid_grant', 'Bad Request', note);
  }
  if (form.get('redirect_uri') !== code.redirectURI) {
    const note = `the code was given for redirect_uri ${code.redirectURI}`;
    return oauthError(400, 'redirect_uri_mismatch', 'Bad Request', note);
  }
  const verifier = form.get('code_verifier');
  if (!verifierFits(code.challenge, verifier)) {
    const description = verifier === null ? 'Missing code verifier.' : 'Invalid code verifier.';
    const note = 'code_verifier does not belong to the code_challenge of the authorize request';
    return oauthError(400, 'invalid_grant', description, note);
  }
  code.used = true;
  return json(200, issue(state, code, code.newRefreshToken, code.offline));
}

function refresh(state: State, app: App, form: URLSearchParams): Reply {
  const value = form.get('refresh_token');
  if (!value) {
    return oauthError(
      400,
      'invalid_request',
      'Missing required parameter: refresh_token',
      'refresh_token is missing',
    );
  }
  const token = state.ledger.refreshToken('google-health', value);
  if (token?.clientID !== app.clientID || state.ledger.expired(token)) {
    const note =
      token === undefined
        ? 'this refresh token is unknown or revoked'
        : 'this refresh token has expired, or is not yours';
    return oauthError(400, 'invalid_grant', state.switches.values.googleInvalidGrant, note);
  }
  const rotate = state.switches.values.googleRotateRefreshToken;
  if (rotate) state.ledger.dropRefreshToken(value);
  else if (!Number.isFinite(token.endsAt)) token.expiresAt = unusedEnd(state);
  return json(200, issue(state, token, rotate, true));
}

/** A refresh token that nobody uses dies after six months. */
function unusedEnd(state: State): number {
  const end = new Date(state.clock.now());
  return end.setUTCMonth(end.getUTCMonth() + 6);
}

/** Makes the tokens and the body that carries them. There is no user id in it. */
function issue(
  state: State,
  from: Pick<RefreshToken, 'clientID' | 'personID' | 'scope'>,
  withRefreshToken: boolean,
  offline: boolean,
): Record<string, unknown> {
  const { clientID, personID, scope } = from;
  const now = state.clock.now();
  const issued = { provider: 'google-health', clientID, personID, scope, issuedAt: now } as const;
  const accessToken = `ya29.a0${randomBytes(140).toString('base64url')}`;
  state.ledger.addAccessToken({
    ...issued,
    value: accessToken,
    expiresAt: now + accessLifetime * 1000,
    offline,
  });
  const body = { access_token: accessToken, expires_in: accessLifetime };
  const rest = { scope: scope.join(' '), token_type: 'Bearer' };
  if (!withRefreshToken) return { ...body, ...rest };

  const refreshToken = `1//05E${randomBytes(70).toString('base64url')}`;
  const testing = state.switches.values.googleTesting;
  const endsAt = testing ? now + testingLifetime * 1000 : Number.POSITIVE_INFINITY;
  const expiresAt = testing ? endsAt : unusedEnd(state);
  state.ledger.addRefreshToken({ ...issued, value: refreshToken, expiresAt, endsAt, use: undefined });
  return {
    ...body,
    refresh_token: refreshToken,
    ...rest,
    ...(testing && { refresh_token_expires_in: testingLifetime }),
  };
}

/** A token as Google's endpoints take it: Bearer header, else `access_token` in the query or the body. */
export function googleBearer(request: Incoming): string {
  const { headers, query, form } = request;
  return readBearer(headers.authorization) ?? query.get('access_token') ?? form.get('access_token') ?? '';
}

/** Google's tokeninfo, the counterpart of introspection. Its numbers are strings. */
export function googleTokeninfo(state: State, request: Incoming): Reply {
  const token = state.ledger.accessToken('google-health', googleBearer(request));
  if (token === undefined || state.ledger.expired(token)) {
    return oauthError(
      400,
      'invalid_token',
      'Invalid Value',
      'this access token is unknown, revoked or expired',
    );
  }
  const google = state.people.get(token.personID)?.google;
  const exp = Math.floor(token.expiresAt / 1000);
  const has = (scope: string) => token.scope.some((one) => fullScopeName(one) === fullScopeName(scope));
  return json(200, {
    azp: token.clientID,
    aud: token.clientID,
    ...((has('openid') || has('profile') || has('email')) && { sub: google?.sub }),
    scope: token.scope.join(' '),
    exp: String(exp),
    expires_in: String(exp - state.clock.seconds()),
    ...(has('email') && { email: google?.email, email_verified: 'true' }),
    access_type: token.offline ? 'offline' : 'online',
  });
}

/** Google's revocation: no client authentication, and everything the person allowed the app is gone. */
export function googleRevoke(state: State, request: Incoming): Reply {
  const value = request.form.get('token') ?? request.query.get('token') ?? '';
  const { ledger } = state;
  const token = ledger.accessToken('google-health', value) ?? ledger.refreshToken('google-health', value);
  if (token === undefined || ledger.expired(token)) {
    return oauthError(400, 'invalid_token', 'Token expired or revoked', 'this token is dead already');
  }
  ledger.revoke('google-health', token.clientID, token.personID);
  return json(200, {});
}
