import type { Simulator } from 'fitbit-simulator';
import { describe, expect, it } from 'vitest';
import { bearer, get, googleTokens, healthScope, objectOf, profileScope, start } from '../support.ts';

async function identity(simulator: Simulator, over = {}): Promise<Response> {
  const { access } = await googleTokens(simulator, over);
  return get(simulator.googleHealth.identityURL, bearer(access));
}

describe('the identity', () => {
  it('has the id of the Health API and the old id of Fitbit', async () => {
    const answer = await identity(await start());
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      name: 'users/me/identity',
      legacyUserId: '2E4RVC',
      healthUserId: '8677373576871223311',
    });
  });

  it('has no legacyUserId, or an empty one, for a user who never had Fitbit', async () => {
    const simulator = await start();
    const person = { person: 'aiko' };
    expect(await (await identity(simulator, person)).json()).toEqual({
      name: 'users/me/identity',
      healthUserId: '3304918275566102947',
    });
    simulator.set({ googleLegacyUserID: 'empty' });
    expect(await objectOf(await identity(simulator, person))).toMatchObject({ legacyUserId: '' });
  });

  it('needs one of the ten scopes of the contract', { timeout: 20_000 }, async () => {
    const simulator = await start();
    const enough = [
      'activity_and_fitness',
      'ecg',
      'health_metrics_and_measurements',
      'irn',
      'logged_symptoms',
      'mindfulness',
      'profile',
      'reproductive_health',
      'settings',
      'sleep',
    ].map((name) => healthScope(`${name}.readonly`));
    const notEnough = [
      healthScope('location.readonly'),
      healthScope('nutrition.readonly'),
      healthScope('profile.writeonly'),
      'openid profile email',
    ];
    for (const scope of enough)
      expect([scope, (await identity(simulator, { scope })).status]).toEqual([scope, 200]);
    for (const scope of notEnough) {
      const answer = await identity(simulator, { scope });
      expect([scope, answer.status]).toEqual([scope, 403]);
      expect(await objectOf(answer)).toMatchObject({ error: { code: 403, status: 'PERMISSION_DENIED' } });
    }
  });

  it('of an account without Google Health responds with ACCOUNT_NOT_LINKED', async () => {
    const answer = await identity(await start(), { person: 'noor' });
    expect(answer.status).toBe(400);
    expect(await objectOf(answer)).toMatchObject({
      error: {
        code: 400,
        status: 'FAILED_PRECONDITION',
        message: 'The account is not linked to Google Health.',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'ACCOUNT_NOT_LINKED',
            domain: 'health.googleapis.com',
            metadata: { redirect_uri: 'https://fitbit.google.com/auth/signup' },
          },
        ],
      },
    });
  });

  it('of a user who has not finished the setup responds 412, or 400 if the switch says so', async () => {
    const simulator = await start();
    simulator.people.add({ id: 'lena', displayName: 'Lena', google: { unfinished: true } });
    for (const status of [412, 400] as const) {
      simulator.set({ googleUnfinishedStatus: status });
      const answer = await identity(simulator, { person: 'lena' });
      expect(answer.status).toBe(status);
      const body = await objectOf(answer);
      expect(body).toMatchObject({ error: { code: status, status: 'FAILED_PRECONDITION' } });
      expect(body.error).not.toHaveProperty('details');
    }
  });

  it('refuses a token that also has scopes of other Google APIs, and names them', async () => {
    const simulator = await start();
    const [calendar, drive] = ['calendar.readonly', 'drive.readonly'].map(
      (name) => `https://www.googleapis.com/auth/${name}`,
    );
    const detailsOf = async () => {
      const answer = await identity(simulator, { scope: `${profileScope} ${calendar} ${drive}` });
      return [answer.status, await objectOf(answer)];
    };
    const details = (scopes: string) => {
      const info = { reason: 'DISALLOWED_OAUTH_SCOPES', domain: 'health.googleapis.com' };
      return { details: [{ ...info, metadata: { disallowed_scopes: scopes } }] };
    };
    const short = { error: { status: 'PERMISSION_DENIED', ...details('calendar.readonly,drive.readonly') } };
    expect(await detailsOf()).toMatchObject([403, short]);
    simulator.set({ googleDisallowedScopes: 'full' });
    expect(await detailsOf()).toMatchObject([403, { error: details(`${calendar},${drive}`) }]);
  });

  it('is given for nutrition.readonly if the switch says so', async () => {
    const simulator = await start({ switches: { googleNutritionIdentity: true } });
    expect((await identity(simulator, { scope: healthScope('nutrition.readonly') })).status).toBe(200);
    expect((await identity(simulator, { scope: healthScope('location.readonly') })).status).toBe(403);
  });

  it('names the missing scope by whether the token has a Health scope at all', async () => {
    const simulator = await start();
    const reasonFor = async (scope: string) => objectOf(await identity(simulator, { scope }));
    expect(await reasonFor(healthScope('location.readonly'))).toMatchObject({
      error: { details: [{ reason: 'MISSING_OAUTH_SCOPE' }] },
    });
    expect(await reasonFor('openid')).toMatchObject({
      error: { details: [{ reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' }] },
    });
  });

  it('of too many requests says how long to wait, in the form of the switch', async () => {
    const clock = { startAt: new Date('2026-03-01T12:00:20Z'), stopped: true };
    const simulator = await start({ clock, switches: { googleRateLimit: 1 } });
    const { access } = await googleTokens(simulator);
    const ask = () => get(simulator.googleHealth.identityURL, bearer(access));
    await ask();
    expect(await objectOf(await ask())).toMatchObject({
      error: {
        details: [
          { reason: 'RATE_LIMIT_EXCEEDED' },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '40s' },
        ],
      },
    });
    simulator.set({ googleRetryAfter: 'seconds' });
    expect((await ask()).headers.get('retry-after')).toBe('40');
    simulator.set({ googleRetryAfter: 'date' });
    expect((await ask()).headers.get('retry-after')).toBe('Sun, 01 Mar 2026 12:01:00 GMT');
    simulator.set({ googleRetryAfter: 'none' });
    const silent = await ask();
    expect(silent.headers.get('retry-after')).toBeNull();
    expect(await silent.text()).not.toContain('retryDelay');
  });

  it('of a Fitbit account that was not moved responds 403 with either text', async () => {
    const simulator = await start();
    const answerOf = async () => {
      const answer = await identity(simulator, { person: 'victor' });
      return [answer.status, await objectOf(answer)];
    };
    const error = { code: 403, message: 'The caller does not have permission', status: 'PERMISSION_DENIED' };
    expect(await answerOf()).toEqual([403, { error }]);
    const message = 'The caller does not have permission. Could not mint UberMint from GaiaMint';
    simulator.set({ googleUnmigratedMessage: message });
    expect(await answerOf()).toEqual([403, { error: { ...error, message } }]);
  });

  it('takes the id of the user in place of me, and no other', async () => {
    const simulator = await start();
    const { access } = await googleTokens(simulator);
    const ask = async (url: string, user: string) => {
      const answer = await get(url.replace('/me/', `/${user}/`), bearer(access));
      return [answer.status, await objectOf(answer)];
    };
    const { identityURL, userProfileURL } = simulator.googleHealth;
    const [zoe, victor] = ['8677373576871223311', '5120993317845560032'];
    expect(await ask(identityURL, zoe)).toMatchObject([200, { name: `users/${zoe}/identity` }]);
    expect(await ask(userProfileURL, zoe)).toMatchObject([200, { name: `users/${zoe}/profile` }]);
    for (const url of [identityURL, userProfileURL]) {
      simulator.set({ googleForeignUser: 403 });
      expect(await ask(url, victor)).toMatchObject([403, { error: { status: 'PERMISSION_DENIED' } }]);
      simulator.set({ googleForeignUser: 400 });
      expect(await ask(url, victor)).toMatchObject([
        400,
        { error: { status: 'INVALID_ARGUMENT', details: [{ reason: 'INVALID_USER_RESOURCE_NAME' }] } },
      ]);
    }
  });

  it('responds 403 where the project has not enabled the API', async () => {
    const answer = await identity(await start({ googleHealth: { apiEnabled: false } }));
    expect(await objectOf(answer)).toMatchObject({
      error: {
        code: 403,
        status: 'PERMISSION_DENIED',
        details: [
          {
            reason: 'SERVICE_DISABLED',
            domain: 'googleapis.com',
            metadata: {
              service: 'health.googleapis.com',
              consumer: expect.stringMatching(/^projects\/40741040000/),
            },
          },
          { links: [{ url: expect.stringContaining('?project=40741040000') }] },
        ],
      },
    });
  });

  it('responds 401 UNAUTHENTICATED without a valid token', async () => {
    const simulator = await start();
    const { access } = await googleTokens(simulator);
    simulator.advance({ seconds: 3599 });
    for (const headers of [{}, bearer('x'), bearer(access)]) {
      const answer = await get(simulator.googleHealth.identityURL, headers);
      expect(answer.status).toBe(401);
      expect(await objectOf(answer)).toMatchObject({ error: { code: 401, status: 'UNAUTHENTICATED' } });
      const dead = answer.headers.get('www-authenticate')?.includes('error="invalid_token"');
      expect(dead).toBe('authorization' in headers);
    }
  });

  it('names the call and the service in the 401 without a token', async () => {
    const simulator = await start();
    const { identityURL, userProfileURL } = simulator.googleHealth;
    const errorOf = async (url: string) => (await objectOf(await get(url))).error;
    const info = {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'CREDENTIALS_MISSING',
      domain: 'googleapis.com',
    };
    const service = 'health.googleapis.com';
    const method = 'google.devicesandservices.health.v4.HealthProfileService.GetProfile';
    expect(await errorOf(userProfileURL)).toEqual({
      code: 401,
      message:
        'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
      status: 'UNAUTHENTICATED',
      details: [{ ...info, metadata: { method, service } }],
    });
    // How the errors name the identity call is not known.
    expect(await errorOf(identityURL)).toMatchObject({ details: [{ ...info, metadata: { service } }] });
  });

  it('responds 429 after 300 requests of a user within a minute', { timeout: 20_000 }, async () => {
    const simulator = await start({ clock: { stopped: true } });
    const { access } = await googleTokens(simulator);
    const ask = () => get(simulator.googleHealth.identityURL, bearer(access));
    for (let batch = 0; batch < 30; batch += 1) await Promise.all(Array.from({ length: 10 }, ask));
    const answer = await ask();
    expect(answer.status).toBe(429);
    expect(await objectOf(answer)).toMatchObject({ error: { code: 429, status: 'RESOURCE_EXHAUSTED' } });
    simulator.advance({ minutes: 1 });
    expect((await ask()).status).toBe(200);
  });
});

describe('the Health profile', () => {
  it('has no name, e-mail address or picture', async () => {
    const clock = { startAt: new Date('2026-03-01T12:00:00Z') };
    const simulator = await start({ clock });
    const { access } = await googleTokens(simulator);
    const answer = await get(simulator.googleHealth.userProfileURL, bearer(access));
    expect(await answer.json()).toEqual({
      name: 'users/8677373576871223311/profile',
      age: 37,
      membershipStartDate: { year: 2016, month: 6, day: 9 },
    });
  });

  it('has the stride lengths with activity_and_fitness only', async () => {
    const simulator = await start();
    const scope = `${profileScope} ${healthScope('activity_and_fitness.readonly')}`;
    const { access } = await googleTokens(simulator, { scope });
    expect(await objectOf(await get(simulator.googleHealth.userProfileURL, bearer(access)))).toMatchObject({
      userConfiguredWalkingStrideLengthMm: 714,
      userConfiguredRunningStrideLengthMm: 1074,
    });
  });

  it('needs its own scope', async () => {
    const simulator = await start();
    const { access } = await googleTokens(simulator, { scope: healthScope('sleep.readonly') });
    expect((await get(simulator.googleHealth.userProfileURL, bearer(access))).status).toBe(403);
  });

  it('is there for people who never had Fitbit as well', async () => {
    const simulator = await start();
    const { access } = await googleTokens(simulator, { person: 'aiko' });
    const body = await objectOf(await get(simulator.googleHealth.userProfileURL, bearer(access)));
    expect(body.membershipStartDate).toEqual({ year: 2024, month: 1, day: 15 });
  });
});

describe('userinfo', () => {
  it('has name and picture with profile, and the address with email', async () => {
    const simulator = await start();
    const infoFor = async (scope: string) => {
      const { access } = await googleTokens(simulator, { scope });
      return objectOf(await get(simulator.googleHealth.userinfoURL, bearer(access)));
    };
    const sub = '108204268033311374519';
    const email = { email: 'zoe.kraemer@example.com', email_verified: true };
    const profile = {
      name: 'Zoë Krämer',
      given_name: 'Zoë',
      family_name: 'Krämer',
      picture: `${simulator.url}/avatars/zoe/100.svg`,
    };
    expect(await infoFor('openid')).toEqual({ sub });
    expect(await infoFor('openid profile')).toEqual({ sub, ...profile });
    expect(await infoFor('openid email')).toEqual({ sub, ...email });
    simulator.set({ googleScopeNames: 'requested' });
    expect(await infoFor('openid profile email')).toEqual({ sub, ...profile, ...email });
  });

  it('refuses an invalid token and one without an OpenID scope', async () => {
    const simulator = await start();
    const { access } = await googleTokens(simulator, { scope: profileScope });
    for (const token of [access, 'x']) {
      const answer = await get(simulator.googleHealth.userinfoURL, bearer(token));
      expect([answer.status, await answer.json()]).toEqual([
        401,
        { error: 'invalid_request', error_description: 'Invalid Credentials' },
      ]);
    }
  });
});
