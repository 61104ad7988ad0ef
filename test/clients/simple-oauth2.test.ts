import { type Simulator, startSimulator } from 'fitbit-simulator';
import { AuthorizationCode } from 'simple-oauth2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALLBACK, callbackOf } from './support/consent.ts';

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

function fitbit(secret = simulator.fitbit.clientSecret ?? '') {
  const path = (url: string) => new URL(url).pathname;
  const { clientID, authorizationURL, tokenURL, revocationURL } = simulator.fitbit;
  return new AuthorizationCode({
    client: { id: clientID, secret },
    auth: {
      tokenHost: simulator.url,
      tokenPath: path(tokenURL),
      authorizePath: path(authorizationURL),
      revokePath: path(revocationURL),
    },
  });
}

function google() {
  const path = (url: string) => new URL(url).pathname;
  const { clientID, clientSecret, authorizationURL, tokenURL, revocationURL } = simulator.googleHealth;
  return new AuthorizationCode({
    client: { id: clientID, secret: clientSecret },
    auth: {
      tokenHost: simulator.url,
      tokenPath: path(tokenURL),
      authorizePath: path(authorizationURL),
      revokePath: path(revocationURL),
    },
    options: { authorizationMethod: 'body' },
  });
}

async function signIn(client: AuthorizationCode, person: string, scope: string | string[], extra = {}) {
  const url = client.authorizeURL({ redirect_uri: CALLBACK, scope, state: 'abc', ...extra });
  const callback = await callbackOf(url, person);
  expect(callback.searchParams.get('state')).toBe('abc');
  return client.getToken({ code: callback.searchParams.get('code') ?? '', redirect_uri: CALLBACK });
}

describe('simple-oauth2 with the simulated Fitbit', () => {
  it('signs in by authorization code', async () => {
    const { token } = await signIn(fitbit(), 'tomas', ['activity', 'profile']);
    expect(token).toMatchObject({ token_type: 'Bearer', user_id: '6CGW8Z', expires_in: 28_800 });
    expect(String(token.scope).split(' ').sort()).toEqual(['activity', 'profile']);
  });

  it('refreshes, and gets a new refresh token', async () => {
    const before = await signIn(fitbit(), 'tomas', 'activity');
    const after = await before.refresh();
    expect(after.token.refresh_token).not.toBe(before.token.refresh_token);
    expect((await after.refresh()).token.user_id).toBe('6CGW8Z');
  });

  it('revokes the refresh token, after which nothing can be refreshed', async () => {
    simulator.set({ fitbitRevokeBody: 'json' });
    const tokens = await signIn(fitbit(), 'tomas', 'activity');
    await tokens.revoke('refresh_token');
    await expect(tokens.refresh()).rejects.toMatchObject({
      output: { statusCode: 400 },
      data: { payload: { errors: [{ errorType: 'invalid_grant' }] } },
    });
  });

  // RFC 7009, section 2.2: the body means nothing. This client wants JSON all the same.
  it('takes an empty response to a revocation for a failure, though the consent is gone', async () => {
    simulator.set({ fitbitRevokeBody: 'empty' });
    const tokens = await signIn(fitbit(), 'tomas', 'activity');
    await expect(tokens.revoke('refresh_token')).rejects.toThrow('content-type is not JSON');
    expect(simulator.grants).toEqual([]);
  });

  it('fails in revokeAll, since Fitbit refuses the second of two tokens that die together', async () => {
    simulator.set({ fitbitRevokeBody: 'json' });
    const tokens = await signIn(fitbit(), 'tomas', 'activity');
    await expect(tokens.revokeAll()).rejects.toMatchObject({
      data: { payload: { errors: [{ errorType: 'invalid_token' }] } },
    });
    expect(simulator.grants).toEqual([]);
  });

  it('is refused with a wrong secret', async () => {
    await expect(signIn(fitbit('wrong'), 'tomas', 'activity')).rejects.toMatchObject({
      output: { statusCode: 401 },
      data: { payload: { errors: [{ errorType: 'invalid_client' }] } },
    });
  });
});

describe('simple-oauth2 with the simulated Google', () => {
  const scope = 'https://www.googleapis.com/auth/googlehealth.sleep.readonly';
  const offline = { access_type: 'offline', prompt: 'consent' };

  it('signs in by authorization code', async () => {
    const { token } = await signIn(google(), 'zoe', scope, offline);
    expect(token).toMatchObject({ token_type: 'Bearer', expires_in: 3599, scope });
  });

  it('refreshes', async () => {
    const before = await signIn(google(), 'zoe', scope, offline);
    const after = await before.refresh();
    expect(after.token.access_token).not.toBe(before.token.access_token);
  });

  it('revokes the access token, after which nothing can be refreshed', async () => {
    const tokens = await signIn(google(), 'zoe', scope, offline);
    await tokens.revoke('access_token');
    await expect(tokens.refresh()).rejects.toMatchObject({
      data: { payload: { error: 'invalid_grant' } },
    });
  });
});
