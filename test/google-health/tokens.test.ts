import { inspect } from 'node:util';
import { ResponseError, TransportError } from 'passport-fitbit-strategy';
import { introspect, refresh, revoke } from 'passport-fitbit-strategy/google-health';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CLIENT, fixture, HEALTH, startGoogle } from './google.ts';

const ACCESS = 'ya29.a0AfH6SMBx';
const REFRESH = '1//05EcPdLqxn6wCgYIARAAGAUSNwF';
const TOKENINFO = fixture('tokeninfo');
const FORM = {
  accept: 'application/json',
  'content-type': 'application/x-www-form-urlencoded',
  'user-agent': 'passport-fitbit-strategy',
  connection: 'keep-alive',
};

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'success',
    (error) => error,
  );

describe('refresh', () => {
  it('sends the client and its secret in the body', async () => {
    const google = await startGoogle({ token: { body: fixture('refresh') } });
    await refresh({ ...CLIENT, ...google.endpoints }, REFRESH);
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: REFRESH,
      client_id: CLIENT.clientID,
      client_secret: CLIENT.clientSecret,
    }).toString();
    const headers = { ...FORM, 'content-length': String(body.length), host: new URL(google.server.url).host };
    expect(google.server.requests).toEqual([
      { method: 'POST', path: '/token', headers, body, connection: 1 },
    ]);
  });

  it('of a public client sends no secret', async () => {
    const google = await startGoogle({ token: { body: fixture('refresh') } });
    await refresh({ clientID: CLIENT.clientID, ...google.endpoints }, REFRESH);
    expect(google.server.requests[0]?.body).not.toContain('secret');
  });

  it('keeps the old refresh token when none comes', async () => {
    const google = await startGoogle({ token: { body: fixture('refresh') } });
    const tokens = await refresh({ ...CLIENT, ...google.endpoints }, REFRESH);
    expect(tokens).toMatchObject({
      accessToken: 'ya29.a0AfH6SMBz',
      refreshToken: REFRESH,
      scope: [`${HEALTH}.profile.readonly`],
    });
    expect(tokens.raw).toEqual(fixture('refresh'));
  });

  it('takes the new refresh token when one comes', async () => {
    const google = await startGoogle({
      token: { body: { ...fixture('refresh'), refresh_token: '1//06new' } },
    });
    expect((await refresh({ ...CLIENT, ...google.endpoints }, REFRESH)).refreshToken).toBe('1//06new');
  });

  it('says when the refresh token expires, if Google does', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 24, 12) });
    onTestFinished(() => void vi.useRealTimers());
    const google = await startGoogle({ token: { body: fixture('token-testing') } });
    const { refreshTokenExpiresAt } = await refresh({ ...CLIENT, ...google.endpoints }, REFRESH);
    expect(refreshTokenExpiresAt).toEqual(new Date(Date.UTC(2026, 11, 1, 11, 59, 59)));
  });

  it.each([undefined, null, '', 'soon', -1, {}])(
    'says nothing of the end of the refresh token for %j',
    async (refresh_token_expires_in) => {
      const google = await startGoogle({
        token: { body: { ...fixture('refresh'), refresh_token_expires_in } },
      });
      const tokens = await refresh({ ...CLIENT, ...google.endpoints }, REFRESH);
      expect(tokens).not.toHaveProperty('refreshTokenExpiresAt');
    },
  );

  it('asks for a part of the scopes, by their full or short names', async () => {
    const google = await startGoogle({ token: { body: fixture('refresh') } });
    const client = { ...CLIENT, ...google.endpoints };
    await refresh(client, REFRESH, { scope: ['profile.readonly', `${HEALTH}.sleep.readonly`] });
    await refresh(client, REFRESH, { scope: 'sleep.readonly openid' });
    await refresh(client, REFRESH);
    const scopes = google.requests('token').map(({ body }) => new URLSearchParams(body).get('scope'));
    expect(scopes).toEqual([
      `${HEALTH}.profile.readonly ${HEALTH}.sleep.readonly`,
      `${HEALTH}.sleep.readonly openid`,
      null,
    ]);
  });

  it('shares no request between callers who ask for different scopes', async () => {
    const google = await startGoogle({ token: { body: fixture('refresh') } });
    const client = { ...CLIENT, ...google.endpoints };
    await Promise.all([
      refresh(client, REFRESH),
      refresh(client, REFRESH, { scope: 'sleep.readonly' }),
      refresh(client, REFRESH, { scope: ['sleep.readonly'] }),
    ]);
    expect(google.requests('token')).toHaveLength(2);
  });

  it.each([
    [[], 'must not be empty'],
    ['', 'must not be empty'],
    ['activity', 'which is not a Google scope'],
    [5, 'must be a string of scopes'],
  ])('refuses the scope %j', async (scope, message) => {
    const google = await startGoogle();
    const options = Object.assign({}, { scope });
    // @ts-expect-error: wrong on purpose
    const error = await caught(refresh({ ...CLIENT, ...google.endpoints }, REFRESH, options));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(message);
    expect(google.server.requests).toEqual([]);
  });

  it('keeps the scope in an error that speaks of it', async () => {
    const error_description = `Not granted: ${HEALTH}.sleep.readonly`;
    const google = await startGoogle({
      token: { status: 400, body: { error: 'invalid_scope', error_description } },
    });
    const options = { scope: 'sleep.readonly' };
    const error = await caught(refresh({ ...CLIENT, ...google.endpoints }, REFRESH, options));
    expect(error).toMatchObject({ code: 'invalid_scope', description: error_description });
  });

  it('makes one request for many callers', async () => {
    const google = await startGoogle({ token: { body: fixture('refresh') } });
    const client = { ...CLIENT, ...google.endpoints };
    await Promise.all([refresh(client, REFRESH), refresh(client, REFRESH), refresh(client, REFRESH)]);
    expect(google.requests('token')).toHaveLength(1);
  });

  it('tries again after a 503', async () => {
    const google = await startGoogle({ token: { status: 503 } });
    const error = await caught(refresh({ ...CLIENT, ...google.endpoints }, REFRESH));
    expect(error).toMatchObject({ code: 'server_error', retryable: true });
    expect(google.requests('token')).toHaveLength(3);
  });

  it('asks for a new consent when the refresh token is dead, whatever the description', async () => {
    for (const error_description of ['Token has been expired or revoked.', 'Bad Request']) {
      const body = { error: 'invalid_grant', error_description };
      const google = await startGoogle({ token: { status: 400, body } });
      const error = await caught(refresh({ ...CLIENT, ...google.endpoints }, REFRESH));
      expect(error).toBeInstanceOf(ResponseError);
      expect(error).toMatchObject({ code: 'invalid_grant', operation: 'refresh', reauthorize: true });
      expect((error as Error).message).toContain('seven days while the Google project is in Testing');
    }
  });

  it('names no secret in its errors', async () => {
    const body = { error: 'invalid_grant', error_description: `No ${REFRESH} of ${CLIENT.clientSecret}` };
    const google = await startGoogle({ token: { status: 400, body } });
    const error = await caught(refresh({ ...CLIENT, ...google.endpoints }, REFRESH));
    const text = `${inspect(error, { showHidden: true, depth: 9 })} ${JSON.stringify(error)}`;
    expect(text).not.toContain(REFRESH);
    expect(text).not.toContain(CLIENT.clientSecret);
  });
});

describe('introspect', () => {
  it('sends the token in a header: no token in a URL, nothing in the body, no secret', async () => {
    const google = await startGoogle();
    await introspect({ ...CLIENT, ...google.endpoints }, ACCESS);
    const { host } = new URL(google.server.url);
    expect(google.server.requests).toEqual([
      {
        method: 'POST',
        path: '/tokeninfo',
        headers: { ...FORM, authorization: `Bearer ${ACCESS}`, 'content-length': '0', host },
        body: '',
        connection: 1,
      },
    ]);
  });

  it('reads numbers that are strings, and the scopes as a list', async () => {
    const google = await startGoogle();
    const info = await introspect({ ...CLIENT, ...google.endpoints }, ACCESS);
    expect(info).toEqual({
      active: true,
      scope: [`${HEALTH}.profile.readonly`, `${HEALTH}.sleep.readonly`],
      clientID: CLIENT.clientID,
      expiresAt: new Date(1_707_750_000_000),
    });
    expect(info.active && info.raw).toEqual(TOKENINFO);
  });

  it('reads numbers that are numbers', async () => {
    const google = await startGoogle({ tokeninfo: { body: { ...TOKENINFO, exp: 1_707_750_000 } } });
    const info = await introspect({ ...CLIENT, ...google.endpoints }, ACCESS);
    expect(info).toMatchObject({ expiresAt: new Date(1_707_750_000_000) });
  });

  it('reckons the expiry from expires_in where exp is missing', async () => {
    const { exp: _, ...rest } = TOKENINFO;
    const google = await startGoogle({ tokeninfo: { body: rest } });
    const before = Date.now();
    const info = await introspect({ ...CLIENT, ...google.endpoints }, ACCESS);
    const left = info.active ? info.expiresAt.getTime() - before : 0;
    expect(left).toBeGreaterThanOrEqual(3_560_000);
    expect(left).toBeLessThan(3_570_000);
  });

  it('does not pass the Google account off as the user id of Google Health', async () => {
    const google = await startGoogle({ tokeninfo: { body: { ...TOKENINFO, sub: '108204268033311374519' } } });
    const info = await introspect({ ...CLIENT, ...google.endpoints }, ACCESS);
    expect(info).not.toHaveProperty('userID');
    expect(info.active && info.raw.sub).toBe('108204268033311374519');
  });

  it('has no scopes where Google names none', async () => {
    const { scope: _, ...rest } = TOKENINFO;
    const google = await startGoogle({ tokeninfo: { body: rest } });
    expect(await introspect({ ...CLIENT, ...google.endpoints }, ACCESS)).toMatchObject({ scope: [] });
  });

  it("says that another app's token is not active", async () => {
    for (const aud of ['9999-evil.apps.googleusercontent.com', '', `${CLIENT.clientID} `]) {
      const google = await startGoogle({ tokeninfo: { body: { ...TOKENINFO, aud } } });
      expect(await introspect({ ...CLIENT, ...google.endpoints }, ACCESS)).toEqual({ active: false });
    }
  });

  it('looks at aud, not at azp', async () => {
    const body = { ...TOKENINFO, aud: '9999-evil.apps.googleusercontent.com', azp: CLIENT.clientID };
    const google = await startGoogle({ tokeninfo: { body } });
    expect(await introspect({ ...CLIENT, ...google.endpoints }, ACCESS)).toEqual({ active: false });
  });

  it('says that an invalid token is not active', async () => {
    const google = await startGoogle({ tokeninfo: { status: 400, body: fixture('error-invalid-token') } });
    expect(await introspect({ ...CLIENT, ...google.endpoints }, ACCESS)).toEqual({ active: false });
  });

  it('rejects with any other refusal', async () => {
    const google = await startGoogle({ tokeninfo: { status: 400, body: { error: 'invalid_request' } } });
    expect(await caught(introspect({ ...CLIENT, ...google.endpoints }, ACCESS))).toMatchObject({
      code: 'invalid_request',
      operation: 'introspect',
    });
  });
});

describe('revoke', () => {
  it('sends the token alone: no client authentication', async () => {
    const google = await startGoogle();
    await revoke({ ...CLIENT, ...google.endpoints }, REFRESH);
    const body = new URLSearchParams({ token: REFRESH }).toString();
    const headers = { ...FORM, 'content-length': String(body.length), host: new URL(google.server.url).host };
    expect(google.server.requests).toEqual([
      { method: 'POST', path: '/revoke', headers, body, connection: 1 },
    ]);
  });

  it('takes an invalid token as revoked', async () => {
    const google = await startGoogle({ revoke: { status: 400, body: fixture('error-revoked-token') } });
    await expect(revoke({ ...CLIENT, ...google.endpoints }, ACCESS)).resolves.toBeUndefined();
  });

  it('rejects with any other refusal', async () => {
    const google = await startGoogle({ revoke: { status: 400, body: { error: 'invalid_request' } } });
    expect(await caught(revoke({ ...CLIENT, ...google.endpoints }, ACCESS))).toMatchObject({
      code: 'invalid_request',
      operation: 'revoke',
    });
  });
});

describe.each([
  ['refresh', refresh, 'refreshToken'],
  ['introspect', introspect, 'accessToken'],
  ['revoke', revoke, 'token'],
] as const)('%s', (_name, call, argument) => {
  it('refuses what can not be a token, by name and without its value', async () => {
    for (const token of ['', 'line\nbreak', 5, undefined]) {
      const error = await caught(call(CLIENT, token as string));
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toMatch(new RegExp(`^"${argument}" must be`));
      expect((error as Error).message).not.toContain('break');
    }
  });

  it('refuses wrong settings by name', async () => {
    expect(await caught(call({ ...CLIENT, clientID: '' }, ACCESS))).toMatchObject({
      message: '"clientID" must be a non-empty string: the client id of your app, as registered with Google',
    });
    expect(await caught(call(CLIENT, ACCESS, { timeout: 0 }))).toBeInstanceOf(TypeError);
    expect(await caught(call(CLIENT, ACCESS, { signal: {} as AbortSignal }))).toBeInstanceOf(TypeError);
  });

  it('can be given up, and has a time limit', async () => {
    const google = await startGoogle({ token: undefined, tokeninfo: undefined, revoke: undefined });
    const client = { ...CLIENT, ...google.endpoints };
    const given = await caught(call(client, ACCESS, { signal: AbortSignal.timeout(20) }));
    expect(given).toBeInstanceOf(TransportError);
    expect(given).toMatchObject({ code: 'aborted' });
    expect(await caught(call(client, ACCESS, { timeout: 20 }))).toMatchObject({ code: 'timeout' });
  });
});
