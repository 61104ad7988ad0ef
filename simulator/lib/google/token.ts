import { randomBytes } from 'node:crypto';
import { splitScope } from '../check.ts';
import { verifierFits } from '../consent/authorization.ts';
import { json, type Reply } from '../http/reply.ts';
import type { Incoming } from '../http/request.ts';
import type { App } from '../world/apps.ts';
import type { RefreshToken } from '../world/ledger.ts';
import type { World } from '../world/world.ts';
import { authenticateGoogleClient } from './client-authentication.ts';
import { missingParameter, oauthError } from './errors.ts';
import { organizationRefusal } from './organization.ts';
import { fullScopeName, includesScope } from './scopes.ts';

/** The lifetimes of an access token and, in Testing, of a refresh token, in seconds. */
const accessLifetime = 3599;
const testingLifetime = 604_799;

/** The months after which an unused refresh token expires. */
const unusedMonths = 6;

/** Google's token endpoint: code exchange and refresh. */
export function googleToken(world: World, request: Incoming): Reply {
  const client = authenticateGoogleClient(world, request);
  if ('reply' in client) return client.reply;
  const grantType = request.form.get('grant_type');
  if (grantType === 'authorization_code') return exchange(world, client.app, request.form);
  if (grantType === 'refresh_token') return refresh(world, client.app, request.form);
  if (!grantType) return missingParameter('grant_type');
  const note = 'the simulator supports authorization_code and refresh_token';
  return oauthError(400, 'unsupported_grant_type', `Invalid grant_type: ${grantType}`, note);
}

function exchange(world: World, app: App, form: URLSearchParams): Reply {
  const value = form.get('code');
  if (!value) return missingParameter('code');
  const code = world.ledger.code(value);
  if (code?.clientID !== app.clientID) {
    return oauthError(400, 'invalid_grant', 'Malformed auth code.', 'this code was not given to this app');
  }
  if (code.used || world.ledger.expired(code)) {
    const note = code.used ? 'this code was used before' : 'a code expires after ten minutes';
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
  const forbidden = forbiddenBy(world, app, code.personID);
  if (forbidden !== undefined) return forbidden;
  code.used = true;
  return json(200, issueTokens(world, code, code.newRefreshToken, code.offline));
}

function refresh(world: World, app: App, form: URLSearchParams): Reply {
  const value = form.get('refresh_token');
  if (!value) return missingParameter('refresh_token');
  const token = world.ledger.refreshToken('google-health', value);
  if (token?.clientID !== app.clientID || world.ledger.expired(token)) {
    const note =
      token === undefined
        ? 'this refresh token is unknown or revoked'
        : 'this refresh token has expired, or is not yours';
    return oauthError(400, 'invalid_grant', world.switches.values.googleInvalidGrant, note);
  }
  const forbidden = forbiddenBy(world, app, token.personID);
  if (forbidden !== undefined) return forbidden;
  const scope = splitScope(form.get('scope') ?? '').map(fullScopeName);
  const foreign = scope.find((one) => !includesScope(token.scope, one));
  if (foreign !== undefined) {
    const note = `the user did not grant ${foreign}: a refresh can only reduce the scopes`;
    return oauthError(400, 'invalid_scope', 'Bad Request', note);
  }
  const rotate = world.switches.values.googleRotateRefreshToken;
  if (rotate) world.ledger.dropRefreshToken(value);
  else if (!Number.isFinite(token.endsAt)) token.expiresAt = endIfUnused(world);
  // A new refresh token has all granted scopes.
  return json(200, issueTokens(world, token, rotate, true, scope.length > 0 ? scope : token.scope));
}

/** The response for a user whose organization does not allow the app. */
function forbiddenBy(world: World, app: App, personID: string): Reply | undefined {
  const refusal = organizationRefusal(app, world.people.get(personID));
  return refusal && oauthError(400, refusal.error, 'Blocked by the organization.', refusal.note);
}

function endIfUnused(world: World): number {
  const end = new Date(world.clock.now());
  return end.setUTCMonth(end.getUTCMonth() + unusedMonths);
}

/** Issues tokens; returns the response's body, which has no user id. */
function issueTokens(
  world: World,
  from: Pick<RefreshToken, 'clientID' | 'personID' | 'scope'>,
  withRefreshToken: boolean,
  offline: boolean,
  accessScope: readonly string[] = from.scope,
): Record<string, unknown> {
  const { clientID, personID, scope } = from;
  const now = world.clock.now();
  const issued = { provider: 'google-health', clientID, personID, scope, issuedAt: now } as const;
  const accessToken = `ya29.a0${randomBytes(140).toString('base64url')}`;
  const expiresAt = now + accessLifetime * 1000;
  world.ledger.addAccessToken({ ...issued, scope: accessScope, value: accessToken, expiresAt, offline });
  const body = { access_token: accessToken, expires_in: accessLifetime };
  const rest = { scope: accessScope.join(' '), token_type: 'Bearer' };
  if (!withRefreshToken) return { ...body, ...rest };

  const refreshToken = `1//05E${randomBytes(70).toString('base64url')}`;
  const testing = world.switches.values.googleTesting;
  const endsAt = testing ? now + testingLifetime * 1000 : Number.POSITIVE_INFINITY;
  world.ledger.addRefreshToken({
    ...issued,
    value: refreshToken,
    expiresAt: testing ? endsAt : endIfUnused(world),
    endsAt,
    use: undefined,
  });
  return {
    ...body,
    refresh_token: refreshToken,
    ...rest,
    ...(testing && { refresh_token_expires_in: testingLifetime }),
  };
}
