import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Defaults, RequestOpts } from '@oazapfts/runtime';
import { type Simulator, startSimulator } from 'fitbit-simulator';
import { generateSource } from 'oazapfts';
import { refresh } from 'passport-fitbit-strategy';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CALLBACK, callbackOf } from './support/consent.ts';

interface Answer<T> {
  readonly status: number;
  readonly data: T;
}

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly user_id: string;
}

/** What oazapfts makes of Fitbit's OpenAPI file: the token endpoint's parameters are in the query, all of them. */
interface GeneratedClient {
  readonly defaults: Defaults<Record<string, never>>;
  oauthToken(
    clientID: string,
    grantType: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<Answer<Tokens>>;
  introspect(body: { token: string }, options: RequestOpts): Promise<Answer<unknown>>;
  revoke(body: { token: string }, options: RequestOpts): Promise<Answer<unknown>>;
  getProfile(options: RequestOpts): Promise<Answer<unknown>>;
}

const spec = fileURLToPath(new URL('../fixtures/specs/fitbit-authorization.json', import.meta.url));
const folder = new URL('dist/', import.meta.url);

let simulator: Simulator;
let client: GeneratedClient;

beforeAll(async () => {
  const file = fileURLToPath(new URL('fitbit.ts', folder));
  await mkdir(folder, { recursive: true });
  await writeFile(file, await generateSource(spec));
  client = await import(/* @vite-ignore */ file);
  simulator = await startSimulator();
  client.defaults.baseUrl = simulator.apiURL.fitbit;
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  simulator.set({ fitbitTokenQuery: true, fitbitRevokeAuth: 'bearer' });
  simulator.clearRequests();
});

const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

function basic(): string {
  const { clientID, clientSecret } = simulator.fitbit;
  return `Basic ${Buffer.from(`${clientID}:${clientSecret}`).toString('base64')}`;
}

const ask = (grantType: string, parameters: Readonly<Record<string, string>>) =>
  client.oauthToken(simulator.fitbit.clientID, grantType, { authorization: basic(), ...parameters });

/** Signs Maya in. */
async function signIn(): Promise<Tokens> {
  const url = new URL(simulator.fitbit.authorizationURL);
  const { clientID } = simulator.fitbit;
  const query = {
    response_type: 'code',
    client_id: clientID,
    redirect_uri: CALLBACK,
    scope: 'profile sleep',
  };
  url.search = new URLSearchParams(query).toString();
  const callback = await callbackOf(url, 'maya');
  const code = callback.searchParams.get('code') ?? '';
  const { status, data } = await ask('authorization_code', { code, redirectUri: CALLBACK });
  expect(status).toBe(200);
  return data;
}

describe('a client that is generated from Fitbit’s OpenAPI file, with the simulated Fitbit', () => {
  it('exchanges a code with every parameter in the query, and reads the profile', async () => {
    const tokens = await signIn();
    expect(tokens.user_id).toBe('26FWFL');
    const sent = simulator.requests.find(({ endpoint }) => endpoint === 'token');
    expect(sent?.body).toEqual({});
    expect(Object.keys(sent?.query ?? {})).toEqual(['code', 'client_id', 'grant_type', 'redirect_uri']);
    expect(JSON.stringify(simulator.requests)).not.toContain(tokens.access_token);
    const profile = await client.getProfile(bearer(tokens.access_token));
    expect(profile).toMatchObject({ status: 200, data: { user: { encodedId: '26FWFL' } } });
  });

  it('refreshes, for one hour if it wants', async () => {
    const { refresh_token: refreshToken } = await signIn();
    const first = await ask('refresh_token', { refreshToken, expiresIn: '3600' });
    expect(first).toMatchObject({ status: 200, data: { user_id: '26FWFL', expires_in: 3600 } });
    expect(first.data.refresh_token).not.toBe(refreshToken);
    // The tokens are those of any client.
    const next = await refresh(simulator.fitbit, first.data.refresh_token);
    expect(next).toMatchObject({ userID: '26FWFL' });
  });

  it('introspects and revokes, with the token in the body', async () => {
    const { access_token: token } = await signIn();
    const active = await client.introspect({ token }, bearer(token));
    expect(active).toMatchObject({ status: 200, data: { active: true, user_id: '26FWFL' } });
    expect(await client.revoke({ token }, bearer(token))).toMatchObject({ status: 200 });
    expect((await client.introspect({ token }, bearer(token))).status).toBe(401);
  });

  it('cannot revoke where Fitbit wants Basic, as its documentation says', async () => {
    const { access_token: token } = await signIn();
    simulator.set({ fitbitRevokeAuth: 'basic' });
    expect((await client.revoke({ token }, bearer(token))).status).toBe(401);
  });

  it('is refused if the token endpoint reads the body only', async () => {
    const { refresh_token: refreshToken } = await signIn();
    simulator.set({ fitbitTokenQuery: false });
    expect(await ask('refresh_token', { refreshToken })).toMatchObject({
      status: 400,
      data: { errors: [{ errorType: 'invalid_request' }] },
    });
  });
});
