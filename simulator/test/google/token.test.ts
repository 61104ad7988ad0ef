import { describe, expect, it } from 'vitest';
import {
  ask,
  basic,
  bearer,
  callback,
  challenge,
  exchangeForm,
  get,
  googleClient,
  googleCode,
  googleExchange,
  googleRefresh,
  googleTokens,
  healthScope,
  objectOf,
  post,
  profileScope,
  start,
  text,
  verifier,
} from '../support.ts';

async function errorOf(response: Response): Promise<unknown[]> {
  const body = await objectOf(response);
  return [response.status, body.error, body.error_description];
}

describe('the code exchange with Google', () => {
  it('responds with the body of the contract, without a user id', async () => {
    const simulator = await start();
    const answer = await googleExchange(simulator, await googleCode(simulator));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const body = await objectOf(answer);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^ya29\.[\w-]{100,2000}$/),
      expires_in: 3599,
      refresh_token: expect.stringMatching(/^1\/\/05E[\w-]+$/),
      scope: profileScope,
      token_type: 'Bearer',
    });
  });

  it('takes the credentials in the body, and in a Basic header as well', async () => {
    const simulator = await start();
    const { tokenURL } = simulator.googleHealth;
    const inBody = { ...exchangeForm(await googleCode(simulator)), ...googleClient(simulator) };
    expect((await post(tokenURL, inBody)).status).toBe(200);
    const form = exchangeForm(await googleCode(simulator));
    expect((await post(tokenURL, form, basic(simulator.googleHealth))).status).toBe(200);
  });

  it('takes JSON as well', async () => {
    const simulator = await start();
    const send = (body: string) =>
      ask(simulator.googleHealth.tokenURL, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
    const form = { ...exchangeForm(await googleCode(simulator)), ...googleClient(simulator), extra: null };
    expect((await send(JSON.stringify(form))).status).toBe(200);
    expect((await send('{')).status).toBe(400);
    expect((await send('null')).status).toBe(400);
  });

  it('gives no refresh token without access_type=offline', async () => {
    const simulator = await start();
    const code = await googleCode(simulator, { accessType: 'online', prompt: 'consent' });
    expect(await objectOf(await googleExchange(simulator, code))).not.toHaveProperty('refresh_token');
  });

  it('gives a refresh token for the first consent only, unless prompt=consent', async () => {
    const simulator = await start();
    const hasRefreshToken = async (over = {}) =>
      'refresh_token' in (await objectOf(await googleExchange(simulator, await googleCode(simulator, over))));
    expect(await hasRefreshToken({ accessType: 'online' })).toBe(false);
    expect(await hasRefreshToken()).toBe(true);
    expect(await hasRefreshToken()).toBe(false);
    expect(await hasRefreshToken({ prompt: 'consent' })).toBe(true);
  });

  it('takes a code once and for ten minutes', async () => {
    const simulator = await start();
    const [once, late] = [await googleCode(simulator), await googleCode(simulator)];
    expect((await googleExchange(simulator, once)).status).toBe(200);
    expect(await errorOf(await googleExchange(simulator, once))).toEqual([
      400,
      'invalid_grant',
      'Bad Request',
    ]);
    simulator.advance({ minutes: 10 });
    expect(await errorOf(await googleExchange(simulator, late))).toEqual([
      400,
      'invalid_grant',
      'Bad Request',
    ]);
  });

  it('checks code, redirect URI and verifier', async () => {
    const simulator = await start();
    const code = await googleCode(simulator, { codeChallenge: challenge });
    const cases: [Record<string, string>, unknown[]][] = [
      [{ code: 'x' }, [400, 'invalid_grant', 'Malformed auth code.']],
      [{ code: '' }, [400, 'invalid_request', 'Missing required parameter: code']],
      [{ redirect_uri: `${callback}/` }, [400, 'redirect_uri_mismatch', 'Bad Request']],
      [{}, [400, 'invalid_grant', 'Missing code verifier.']],
      [{ code_verifier: `${verifier}x` }, [400, 'invalid_grant', 'Invalid code verifier.']],
    ];
    for (const [change, expected] of cases) {
      expect(await errorOf(await googleExchange(simulator, code, change))).toEqual(expected);
    }
    expect((await googleExchange(simulator, code, { code_verifier: verifier })).status).toBe(200);
  });

  it('checks the app and the grant type', async () => {
    const simulator = await start();
    const code = await googleCode(simulator);
    const cases: [Record<string, string>, unknown[]][] = [
      [{ client_id: '' }, [400, 'invalid_request', 'Could not determine client ID from request.']],
      [{ client_id: 'x' }, [401, 'invalid_client', 'The OAuth client was not found.']],
      [{ client_secret: '' }, [400, 'invalid_request', 'client_secret is missing.']],
      [{ client_secret: 'x' }, [401, 'invalid_client', 'Unauthorized']],
      [{ grant_type: '' }, [400, 'invalid_request', 'Missing required parameter: grant_type']],
      [{ grant_type: 'password' }, [400, 'unsupported_grant_type', 'Invalid grant_type: password']],
    ];
    for (const [change, expected] of cases) {
      expect(await errorOf(await googleExchange(simulator, code, change))).toEqual(expected);
    }
  });

  it('with the code of another app is refused', async () => {
    const simulator = await start();
    const other = simulator.registerGoogleHealthApp();
    const code = await googleCode(simulator, { clientID: other.clientID });
    expect((await googleExchange(simulator, code)).status).toBe(400);
  });
});

describe('a refresh with Google', () => {
  it('brings a new access token and no refresh token: the old one stays', async () => {
    const simulator = await start();
    const { access, refresh } = await googleTokens(simulator);
    for (let count = 0; count < 2; count += 1) {
      const body = await objectOf(await googleRefresh(simulator, refresh));
      expect(Object.keys(body)).toEqual(['access_token', 'expires_in', 'scope', 'token_type']);
      expect(body.access_token).not.toBe(access);
    }
  });

  it('brings a new refresh token that replaces the old one if the switch says so', async () => {
    const simulator = await start({ switches: { googleRotateRefreshToken: true } });
    const { refresh } = await googleTokens(simulator);
    const next = text(await objectOf(await googleRefresh(simulator, refresh)), 'refresh_token');
    expect((await googleRefresh(simulator, refresh)).status).toBe(400);
    expect((await googleRefresh(simulator, next)).status).toBe(200);
  });

  it('with a part of the scopes brings an access token with these alone', async () => {
    const simulator = await start();
    const sleep = healthScope('sleep.readonly');
    const calendar = 'https://www.googleapis.com/auth/calendar.readonly';
    const { refresh } = await googleTokens(simulator, { scope: `${sleep} ${calendar}` });
    const narrow = await objectOf(await googleRefresh(simulator, refresh, { scope: sleep }));
    expect(narrow.scope).toBe(sleep);
    const { identityURL } = simulator.googleHealth;
    expect((await get(identityURL, bearer(text(narrow, 'access_token')))).status).toBe(200);
    const whole = await objectOf(await googleRefresh(simulator, refresh));
    expect(whole.scope).toBe(`${sleep} ${calendar}`);
    expect((await get(identityURL, bearer(text(whole, 'access_token')))).status).toBe(403);
    const more = await googleRefresh(simulator, refresh, { scope: profileScope });
    expect([more.status, await objectOf(more)]).toMatchObject([400, { error: 'invalid_scope' }]);
  });

  it('of a user whose organization forbids the app gets admin_policy_enforced, as the code does', async () => {
    const simulator = await start({ switches: { googleOrganizationRefusal: 'token' } });
    simulator.people.add({ id: 'fay', displayName: 'Fay', google: { forbidden: true } });
    const code = await googleCode(simulator, { person: 'fay' });
    const answer = await googleExchange(simulator, code);
    expect([answer.status, await objectOf(answer)]).toMatchObject([400, { error: 'admin_policy_enforced' }]);
  });

  it('with an invalid token gets invalid_grant with either description', async () => {
    const simulator = await start();
    const expired = 'Token has been expired or revoked.';
    expect(await errorOf(await googleRefresh(simulator, 'x'))).toEqual([400, 'invalid_grant', expired]);
    simulator.set({ googleInvalidGrant: 'Bad Request' });
    expect(await errorOf(await googleRefresh(simulator, 'x'))).toEqual([400, 'invalid_grant', 'Bad Request']);
    const missing = [400, 'invalid_request', 'Missing required parameter: refresh_token'];
    expect(await errorOf(await googleRefresh(simulator, ''))).toEqual(missing);
  });

  it('with a token of another app gets invalid_grant', async () => {
    const simulator = await start();
    const { refresh } = await googleTokens(simulator);
    const other = simulator.registerGoogleHealthApp();
    const form = { client_id: other.clientID, client_secret: other.clientSecret };
    expect((await googleRefresh(simulator, refresh, form)).status).toBe(400);
  });

  it('works for six months after the last use', async () => {
    const simulator = await start({ clock: { startAt: new Date('2026-01-10T00:00:00Z') } });
    const { refresh } = await googleTokens(simulator);
    simulator.advance({ days: 180 });
    expect((await googleRefresh(simulator, refresh)).status).toBe(200);
    simulator.advance({ days: 180 });
    expect((await googleRefresh(simulator, refresh)).status).toBe(200);
    simulator.advance({ days: 185 });
    expect((await googleRefresh(simulator, refresh)).status).toBe(400);
  });

  it('works for seven days while the project is in Testing, and the token response says so', async () => {
    const simulator = await start({ switches: { googleTesting: true } });
    const body = await objectOf(await googleExchange(simulator, await googleCode(simulator)));
    expect(body.refresh_token_expires_in).toBe(604_799);
    const refresh = text(body, 'refresh_token');
    simulator.advance({ days: 6 });
    expect((await googleRefresh(simulator, refresh)).status).toBe(200);
    simulator.advance({ days: 1 });
    expect((await googleRefresh(simulator, refresh)).status).toBe(400);
  });
});

describe('tokeninfo', () => {
  it('takes a Bearer header and an empty body, and has numbers as strings', async () => {
    const clock = { startAt: new Date('2026-03-01T12:00:00Z'), stopped: true };
    const simulator = await start({ clock });
    const { access } = await googleTokens(simulator);
    simulator.advance({ seconds: 39 });
    const answer = await ask(simulator.googleHealth.introspectionURL, {
      method: 'POST',
      headers: bearer(access),
    });
    expect(await answer.json()).toEqual({
      azp: simulator.googleHealth.clientID,
      aud: simulator.googleHealth.clientID,
      scope: profileScope,
      exp: String(clock.startAt.getTime() / 1000 + 3599),
      expires_in: '3560',
      access_type: 'offline',
    });
  });

  it('has sub and email with the OpenID scopes only', async () => {
    const simulator = await start();
    const infoFor = async (scope: string) => {
      const { access } = await googleTokens(simulator, { scope });
      return objectOf(await post(simulator.googleHealth.introspectionURL, {}, bearer(access)));
    };
    expect(await infoFor(`openid ${profileScope}`)).toMatchObject({ sub: '108204268033311374519' });
    expect(await infoFor('openid email')).toMatchObject({
      email: 'zoe.kraemer@example.com',
      email_verified: 'true',
    });
    expect(await infoFor('profile')).not.toHaveProperty('email');
  });

  it('says online for a token without offline access', async () => {
    const simulator = await start();
    const code = await googleCode(simulator, { accessType: 'online' });
    const access = text(await objectOf(await googleExchange(simulator, code)), 'access_token');
    const info = await objectOf(
      await get(`${simulator.googleHealth.introspectionURL}?access_token=${access}`),
    );
    expect(info.access_type).toBe('online');
  });

  it('takes access_token in the query or the body as well', async () => {
    const simulator = await start();
    const { access } = await googleTokens(simulator);
    const { introspectionURL } = simulator.googleHealth;
    expect((await get(`${introspectionURL}?access_token=${access}`)).status).toBe(200);
    expect((await post(introspectionURL, { access_token: access })).status).toBe(200);
  });

  it('of an invalid token responds with Invalid Value', async () => {
    const simulator = await start();
    const { access } = await googleTokens(simulator);
    const { introspectionURL } = simulator.googleHealth;
    const expected = [400, 'invalid_token', 'Invalid Value'];
    expect(await errorOf(await post(introspectionURL, {}, bearer('x')))).toEqual(expected);
    simulator.advance({ hours: 1 });
    expect(await errorOf(await post(introspectionURL, {}, bearer(access)))).toEqual(expected);
  });
});

describe('revocation with Google', () => {
  it.each(['access', 'refresh'] as const)(
    'by %s token needs no client and withdraws every scope',
    async (kind) => {
      const simulator = await start();
      const first = await googleTokens(simulator);
      const second = await googleTokens(simulator, { scope: 'openid' });
      const answer = await post(simulator.googleHealth.revocationURL, { token: first[kind] });
      expect([answer.status, await answer.json()]).toEqual([200, {}]);
      for (const { access, refresh } of [first, second]) {
        expect((await post(simulator.googleHealth.introspectionURL, {}, bearer(access))).status).toBe(400);
        expect((await googleRefresh(simulator, refresh)).status).toBe(400);
      }
    },
  );

  it('takes the token in the query as well', async () => {
    const simulator = await start();
    const { refresh } = await googleTokens(simulator);
    const url = `${simulator.googleHealth.revocationURL}?${new URLSearchParams({ token: refresh })}`;
    expect((await ask(url, { method: 'POST' })).status).toBe(200);
  });

  it('of an invalid token responds with invalid_token', async () => {
    const simulator = await start();
    const { access } = await googleTokens(simulator);
    simulator.advance({ hours: 1 });
    const expected = [400, 'invalid_token', 'Token expired or revoked'];
    for (const token of ['x', '', access]) {
      expect(await errorOf(await post(simulator.googleHealth.revocationURL, { token }))).toEqual(expected);
    }
  });

  it('lets the next consent bring a refresh token again', async () => {
    const simulator = await start();
    const { access } = await googleTokens(simulator);
    await post(simulator.googleHealth.revocationURL, { token: access });
    const body = await objectOf(await googleExchange(simulator, await googleCode(simulator)));
    expect(body).toHaveProperty('refresh_token');
  });
});
