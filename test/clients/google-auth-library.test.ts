import { type Simulator, startSimulator } from 'fitbit-simulator';
import { CodeChallengeMethod, OAuth2Client } from 'google-auth-library';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALLBACK, callbackOf } from './support/consent.ts';

const scope = 'https://www.googleapis.com/auth/googlehealth.profile.readonly';

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

function newClient(clientSecret = simulator.googleHealth.clientSecret) {
  const { clientID, authorizationURL, tokenURL, revocationURL, introspectionURL } = simulator.googleHealth;
  return new OAuth2Client({
    clientId: clientID,
    clientSecret,
    redirectUri: CALLBACK,
    forceRefreshOnFailure: true, // a 401 is enough: the simulator's clock is not the client's
    endpoints: {
      oauth2AuthBaseUrl: authorizationURL,
      oauth2TokenUrl: tokenURL,
      oauth2RevokeUrl: revocationURL,
      tokenInfoUrl: introspectionURL,
    },
  });
}

/** Signs in with PKCE; the client has the tokens afterwards. */
async function signIn(client: OAuth2Client, person: string, scopes: string | string[] = scope) {
  const { codeVerifier, codeChallenge = '' } = await client.generateCodeVerifierAsync();
  const url = client.generateAuthUrl({
    access_type: 'offline',
    prompt: 'consent',
    scope: scopes,
    state: 'abc',
    code_challenge_method: CodeChallengeMethod.S256,
    code_challenge: codeChallenge,
  });
  const callback = await callbackOf(url, person);
  const code = callback.searchParams.get('code') ?? '';
  const { tokens } = await client.getToken({ code, codeVerifier });
  client.setCredentials(tokens);
  return tokens;
}

describe('google-auth-library with the simulated Google', () => {
  it('signs in by authorization code with PKCE', async () => {
    const tokens = await signIn(newClient(), 'zoe');
    expect(tokens).toMatchObject({ token_type: 'Bearer', scope });
    expect(tokens.access_token).toMatch(/^ya29\./);
    expect(tokens.refresh_token).toMatch(/^1\/\//);
    const life = (tokens.expiry_date ?? 0) - Date.now();
    expect(life).toBeGreaterThan(3_500_000);
    expect(life).toBeLessThanOrEqual(3_600_000);
  });

  it('calls the Health API in the name of the user', async () => {
    const client = newClient();
    await signIn(client, 'zoe');
    const { data } = await client.request({ url: simulator.googleHealth.identityURL });
    expect(data).toMatchObject({ healthUserId: '8677373576871223311', legacyUserId: '2E4RVC' });
  });

  it('refreshes automatically once the access token has expired', async () => {
    const client = newClient();
    const tokens = await signIn(client, 'zoe');
    simulator.advance({ hours: 2 });
    const { data } = await client.request({ url: simulator.googleHealth.identityURL });
    expect(data).toMatchObject({ legacyUserId: '2E4RVC' });
    expect(client.credentials.access_token).not.toBe(tokens.access_token);
    expect(client.credentials.refresh_token).toBe(tokens.refresh_token);
  });

  it('refreshes when told to', async () => {
    const client = newClient();
    const tokens = await signIn(client, 'zoe');
    const { credentials } = await client.refreshAccessToken();
    expect(credentials.access_token).not.toBe(tokens.access_token);
  });

  it('reads tokeninfo', async () => {
    const client = newClient();
    const tokens = await signIn(client, 'zoe', ['openid', 'email', scope]);
    const info = await client.getTokenInfo(tokens.access_token ?? '');
    expect(info).toMatchObject({
      aud: simulator.googleHealth.clientID,
      azp: simulator.googleHealth.clientID,
      access_type: 'offline',
      sub: '108204268033311374519',
      email: 'zoe.kraemer@example.com',
    });
    expect(info.scopes).toContain(scope);
    expect(info.expiry_date).toBeGreaterThan(Date.now());
  });

  it('learns from tokeninfo that a token is dead', async () => {
    const client = newClient();
    await expect(client.getTokenInfo('ya29.unknown')).rejects.toMatchObject({
      status: 400,
      response: { data: { error: 'invalid_token', error_description: 'Invalid Value' } },
    });
  });

  it('revokes, after which a refresh is refused', async () => {
    const client = newClient();
    const tokens = await signIn(client, 'zoe');
    const { data } = await client.revokeToken(tokens.access_token ?? '');
    expect(data).toEqual({});
    await expect(client.refreshAccessToken()).rejects.toMatchObject({
      response: { data: { error: 'invalid_grant' } },
    });
  });

  it('is refused with a wrong secret', async () => {
    await expect(signIn(newClient('wrong'), 'zoe')).rejects.toMatchObject({
      status: 401,
      response: { data: { error: 'invalid_client' } },
    });
  });
});
