import { type Simulator, startSimulator } from 'fitbit-simulator';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALLBACK, callbackOf } from './support/consent.ts';

const http = { [oauth.allowInsecureRequests]: true };

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

/** A client of one provider, as oauth4webapi wants it described. */
interface Registration {
  as: oauth.AuthorizationServer;
  client: oauth.Client;
  auth: oauth.ClientAuth;
  extra?: Record<string, string>;
}

function fitbit(): Registration {
  const { clientID, clientSecret = '', authorizationURL, tokenURL, revocationURL } = simulator.fitbit;
  return {
    as: {
      issuer: simulator.url,
      authorization_endpoint: authorizationURL,
      token_endpoint: tokenURL,
      revocation_endpoint: revocationURL,
    },
    client: { client_id: clientID },
    auth: oauth.ClientSecretBasic(clientSecret),
  };
}

function google(): Registration {
  const { clientID, clientSecret, authorizationURL, tokenURL, revocationURL } = simulator.googleHealth;
  return {
    as: {
      issuer: 'https://accounts.google.com', // what the callback's `iss` says
      authorization_endpoint: authorizationURL,
      token_endpoint: tokenURL,
      revocation_endpoint: revocationURL,
    },
    client: { client_id: clientID },
    auth: oauth.ClientSecretPost(clientSecret),
    extra: { access_type: 'offline', prompt: 'consent' },
  };
}

/** The authorization code grant with PKCE and state. */
async function signIn({ as, client, auth, extra }: Registration, person: string, scope: string) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(as.authorization_endpoint ?? '');
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: CALLBACK,
    scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...extra,
  }).toString();
  const params = oauth.validateAuthResponse(as, client, await callbackOf(url, person), state);
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    auth,
    params,
    CALLBACK,
    verifier,
    http,
  );
  return oauth.processAuthorizationCodeResponse(as, client, response);
}

async function refresh({ as, client, auth }: Registration, refreshToken = '') {
  const response = await oauth.refreshTokenGrantRequest(as, client, auth, refreshToken, http);
  return oauth.processRefreshTokenResponse(as, client, response);
}

function get(url: string, accessToken: string) {
  return oauth.protectedResourceRequest(accessToken, 'GET', new URL(url), undefined, undefined, http);
}

async function revoke({ as, client, auth }: Registration, token = '') {
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, token, http));
}

describe('oauth4webapi with the simulated Fitbit', () => {
  it('signs in by authorization code with PKCE', async () => {
    const tokens = await signIn(fitbit(), 'maya', 'sleep profile');
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 28_800, user_id: '26FWFL' });
    expect(tokens.scope?.split(' ').sort()).toEqual(['profile', 'sleep']);
    const { userProfileURL } = simulator.fitbit;
    const profile = await get(userProfileURL, tokens.access_token);
    expect(await profile.json()).toMatchObject({ user: { encodedId: '26FWFL' } });
  });

  it('is a public client where the app has no secret', async () => {
    const app = simulator.registerFitbitApp({ type: 'client' });
    const registration = { ...fitbit(), client: { client_id: app.clientID }, auth: oauth.None() };
    const tokens = await signIn(registration, 'maya', 'profile');
    const fresh = await refresh(registration, tokens.refresh_token);
    expect(fresh.refresh_token).not.toBe(tokens.refresh_token);
    await revoke(registration, fresh.refresh_token);
    await expect(refresh(registration, fresh.refresh_token)).rejects.toThrow();
  });

  it('refreshes, and gets a new refresh token', async () => {
    const tokens = await signIn(fitbit(), 'maya', 'profile');
    const fresh = await refresh(fitbit(), tokens.refresh_token);
    expect(fresh.access_token).not.toBe(tokens.access_token);
    expect(fresh.refresh_token).toMatch(/^[\da-f]{64}$/);
    expect(fresh.refresh_token).not.toBe(tokens.refresh_token);
  });

  it("sees Fitbit's own error envelope in the response to a used refresh token", async () => {
    const tokens = await signIn(fitbit(), 'maya', 'profile');
    await refresh(fitbit(), tokens.refresh_token);
    simulator.advance({ minutes: 3 });
    const { as, client, auth } = fitbit();
    const response = await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token ?? '', http);
    expect(response.status).toBe(400);
    expect(await response.clone().json()).toMatchObject({
      errors: [{ errorType: 'invalid_grant' }],
      success: false,
    });
    // It is no error of RFC 6749, so that is all a client of that RFC can say.
    await expect(oauth.processRefreshTokenResponse(as, client, response)).rejects.toMatchObject({
      code: oauth.RESPONSE_IS_NOT_CONFORM,
    });
  });

  it('revokes, after which every token is dead', async () => {
    const tokens = await signIn(fitbit(), 'maya', 'profile');
    await revoke(fitbit(), tokens.access_token);
    const { userProfileURL } = simulator.fitbit;
    await expect(get(userProfileURL, tokens.access_token)).resolves.toMatchObject({ status: 401 });
    await expect(refresh(fitbit(), tokens.refresh_token)).rejects.toThrow();
  });

  it('learns of a wrong secret by status 401 and a Basic challenge', async () => {
    const wrong = { ...fitbit(), auth: oauth.ClientSecretBasic('wrong') };
    const refused = signIn(wrong, 'maya', 'profile');
    await expect(refused).rejects.toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
    await expect(refused).rejects.toMatchObject({
      status: 401,
      cause: [{ scheme: 'basic', parameters: { realm: 'api.fitbit.com' } }],
    });
  });

  it('cannot exchange a code with another code verifier', async () => {
    const { as, client, auth } = fitbit();
    const verifier = oauth.generateRandomCodeVerifier();
    const { redirectTo } = await simulator.consent({
      provider: 'fitbit',
      person: 'maya',
      scope: 'profile',
      redirectURI: CALLBACK,
      codeChallenge: await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier()),
    });
    const params = oauth.validateAuthResponse(as, client, new URL(redirectTo), oauth.expectNoState);
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      auth,
      params,
      CALLBACK,
      verifier,
      http,
    );
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ errorType: 'invalid_grant' }] });
  });
});

describe('oauth4webapi with the simulated Google', () => {
  const scope = 'https://www.googleapis.com/auth/googlehealth.profile.readonly';

  it('signs in by authorization code with PKCE', async () => {
    const tokens = await signIn(google(), 'zoe', scope);
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 3599, scope });
    expect(tokens.refresh_token).toMatch(/^1\/\//);
    const { identityURL } = simulator.googleHealth;
    const identity = await get(identityURL, tokens.access_token);
    expect(await identity.json()).toMatchObject({ legacyUserId: '2E4RVC' });
  });

  it('refreshes, and keeps the refresh token it has', async () => {
    const tokens = await signIn(google(), 'zoe', scope);
    const fresh = await refresh(google(), tokens.refresh_token);
    expect(fresh.access_token).not.toBe(tokens.access_token);
    expect(fresh).not.toHaveProperty('refresh_token');
  });

  it('revokes, and a refresh is then refused with the error of RFC 6749', async () => {
    const tokens = await signIn(google(), 'zoe', scope);
    await revoke(google(), tokens.refresh_token);
    const refused = refresh(google(), tokens.refresh_token);
    await expect(refused).rejects.toBeInstanceOf(oauth.ResponseBodyError);
    await expect(refused).rejects.toMatchObject({ status: 400, error: 'invalid_grant' });
  });
});
