import { inspect } from 'node:util';
import type { Request } from 'express';
import { ResponseError, TransportError, type VerifyCallback } from 'passport-fitbit-strategy';
import {
  type GoogleHealthAuthenticateOptions,
  type GoogleHealthProfile,
  GoogleHealthStrategy,
  type GoogleHealthStrategyOptions,
} from 'passport-fitbit-strategy/google-health';
import { describe, expect, it, vi } from 'vitest';
import { authenticate, beginLogin, callbackRequest, login, type Outcome } from '../support/strategy.ts';
import {
  CALLBACK_URL,
  CLIENT,
  fixture,
  type GoogleLogin,
  HEALTH,
  startGoogle,
  strategyOf,
} from './google.ts';

const TOKEN = fixture('token');
const ALL_SCOPES = { body: fixture('token-testing') };

/** What `verify` got in a login that succeeded. */
function loginOf(outcome: Outcome): GoogleLogin {
  if (outcome.type !== 'success') throw new Error(`no success but ${inspect(outcome)}`);
  return (outcome.user as { login: GoogleLogin }).login;
}

async function signIn(
  answers: Parameters<typeof startGoogle>[0] = {},
  options: Partial<GoogleHealthStrategyOptions> = {},
): Promise<GoogleLogin> {
  return loginOf(await login(strategyOf(await startGoogle(answers), options)));
}

describe('a login', () => {
  it('sends exactly these requests', async () => {
    const google = await startGoogle({ token: ALL_SCOPES });
    const { session, state } = await beginLogin(strategyOf(google));
    const { logins } = session['oauth2:google-health'] as { logins: { verifier: string }[] };
    const [pending] = logins;
    await authenticate(
      strategyOf(google, { healthProfile: true }),
      callbackRequest(session, { code: '4/0AX', state, scope: 'ignored' }),
    );
    const host = new URL(google.server.url).host;
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      redirect_uri: CALLBACK_URL,
      code_verifier: pending?.verifier ?? '',
      code: '4/0AX',
      client_id: CLIENT.clientID,
      client_secret: CLIENT.clientSecret,
    }).toString();
    expect(google.requests('token')).toEqual([
      {
        method: 'POST',
        path: '/token',
        headers: {
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
          'user-agent': 'passport-fitbit-strategy',
          'content-length': String(body.length),
          host,
          connection: 'keep-alive',
        },
        body,
        connection: 1,
      },
    ]);
    for (const name of ['identity', 'userinfo', 'profile'] as const) {
      expect(google.requests(name)).toMatchObject([
        {
          method: 'GET',
          path: `/${name}`,
          headers: {
            accept: 'application/json',
            authorization: 'Bearer ya29.a0AfH6SMBy',
            'user-agent': 'passport-fitbit-strategy',
            host,
            connection: 'keep-alive',
          },
          body: '',
        },
      ]);
    }
  });

  it('of a public client sends the client id and no secret', async () => {
    const google = await startGoogle();
    const { clientID } = CLIENT;
    const options = { clientID, callbackURL: CALLBACK_URL, ...google.endpoints };
    await login(new GoogleHealthStrategy({ ...options, verify: (_login) => ({}) }));
    const form = new URLSearchParams(google.requests('token')[0]?.body);
    expect(form.get('client_id')).toBe(clientID);
    expect(form.has('client_secret')).toBe(false);
  });

  it('brings the ids, and a token set with the user id in it', async () => {
    const before = Date.now();
    const { profile, tokens } = await signIn();
    expect(profile).toEqual({
      provider: 'google-health',
      displayName: '',
      id: '8677373576871223311',
      legacyUserId: '2E4RVC',
      _json: { identity: fixture('identity') },
    });
    expect(tokens).toMatchObject({
      accessToken: TOKEN.access_token,
      refreshToken: TOKEN.refresh_token,
      tokenType: 'Bearer',
      scope: [`${HEALTH}.profile.readonly`],
      userID: '8677373576871223311',
    });
    expect(tokens.expiresAt.getTime() - before).toBeGreaterThanOrEqual(3_599_000);
    expect(tokens.expiresAt.getTime() - before).toBeLessThan(3_609_000);
  });

  it.each(['identity-empty-legacy', 'identity-no-legacy'])(
    'of a user who never had Fitbit has no legacyUserId (%s)',
    async (name) => {
      const { profile } = await signIn({ identity: { body: fixture(name) } });
      expect(profile.id).toBe('3304918275566102947');
      expect(profile).not.toHaveProperty('legacyUserId');
    },
  );

  it('brings name, picture and address when OpenID scopes were granted', async () => {
    const { profile } = await signIn({ token: ALL_SCOPES });
    expect(profile).toEqual({
      provider: 'google-health',
      id: '8677373576871223311',
      legacyUserId: '2E4RVC',
      displayName: 'Zoë Krämer',
      name: { familyName: 'Krämer', givenName: 'Zoë' },
      emails: [{ value: 'zoe.kraemer@example.com', verified: true }],
      photos: [{ value: 'https://lh3.googleusercontent.com/a/picture=s96-c' }],
      _json: { identity: fixture('identity'), userinfo: fixture('userinfo') },
    });
  });

  it.each([
    'openid',
    'profile',
    'email',
    'https://www.googleapis.com/auth/userinfo.profile',
    'https://www.googleapis.com/auth/userinfo.email',
  ])('asks for userinfo when %s was granted', async (scope) => {
    const google = await startGoogle({
      token: { body: { ...TOKEN, scope: `${HEALTH}.sleep.readonly ${scope}` } },
    });
    await login(strategyOf(google));
    expect(google.requests('userinfo')).toHaveLength(1);
  });

  it('asks for the identity alone when nothing else was granted, although it was asked for', async () => {
    const google = await startGoogle();
    const options = { scope: ['openid', 'email', 'profile', 'profile.readonly'] };
    const { profile } = loginOf(await login(strategyOf(google, options)));
    expect(google.server.requests.map(({ path }) => path)).toEqual(['/token', '/identity']);
    expect(profile).not.toHaveProperty('_errors');
  });

  it('asks for the Health profile only if the app wants it and its scope was granted', async () => {
    const asked = async (options: Partial<GoogleHealthStrategyOptions>, scope: string) => {
      const google = await startGoogle({ token: { body: { ...TOKEN, scope } } });
      await login(strategyOf(google, options));
      return google.requests('profile').length;
    };
    expect(await asked({}, `${HEALTH}.profile.readonly`)).toBe(0);
    expect(await asked({ healthProfile: true }, `${HEALTH}.sleep.readonly`)).toBe(0);
    expect(await asked({ healthProfile: true }, `${HEALTH}.profile.readonly`)).toBe(1);
  });

  it('asks for all of it at the same time, not one after the other', async () => {
    const google = await startGoogle({
      token: ALL_SCOPES,
      identity: undefined,
      userinfo: undefined,
      profile: undefined,
    });
    login(strategyOf(google, { healthProfile: true, timeout: 60_000 }));
    await vi.waitFor(() => expect(google.server.requests).toHaveLength(4), 4000);
    expect(google.server.requests.map(({ path }) => path).sort()).toEqual([
      '/identity',
      '/profile',
      '/token',
      '/userinfo',
    ]);
  });

  it('tries everything when the token response does not say what was granted', async () => {
    const { scope: _, ...token } = TOKEN;
    const { profile } = await signIn(
      { token: { body: token }, userinfo: { status: 401, body: { error: 'invalid_request' } } },
      { healthProfile: true },
    );
    expect(profile._json).toEqual({ identity: fixture('identity'), profile: fixture('profile') });
  });

  it('has no refresh token when Google gave none', async () => {
    const { refresh_token: _, ...token } = TOKEN;
    const { tokens } = await signIn({ token: { body: token } });
    expect(tokens).not.toHaveProperty('refreshToken');
  });

  it("works in Passport's own form of verify", async () => {
    const google = await startGoogle();
    const strategy = new GoogleHealthStrategy(
      { ...CLIENT, callbackURL: CALLBACK_URL, ...google.endpoints, passReqToCallback: true },
      (
        req: Request,
        accessToken: string,
        refreshToken: string,
        params: Record<string, unknown>,
        profile: GoogleHealthProfile,
        done: VerifyCallback,
      ) => done(null, { path: req.url.split('?')[0], accessToken, refreshToken, params, id: profile.id }),
    );
    const { refresh_token, ...params } = TOKEN;
    expect(await login(strategy)).toMatchObject({
      type: 'success',
      user: {
        path: '/auth/fitbit/callback',
        accessToken: TOKEN.access_token,
        refreshToken: refresh_token,
        params,
        id: '8677373576871223311',
      },
    });
  });
});

describe('skipUserProfile', () => {
  it.each<[string, GoogleHealthStrategyOptions['skipUserProfile']]>([
    ['true', true],
    ['a function', () => true],
    ['a function with a callback', (_token, done) => done(null, true)],
  ])('as %s leaves out all calls but the one for the ids', async (_name, skipUserProfile) => {
    const google = await startGoogle({ token: ALL_SCOPES });
    const outcome = await login(strategyOf(google, { skipUserProfile, healthProfile: true }));
    const { profile, tokens } = loginOf(outcome);
    expect(profile).toEqual({
      provider: 'google-health',
      displayName: '',
      id: '8677373576871223311',
      legacyUserId: '2E4RVC',
      _json: { identity: fixture('identity') },
    });
    expect(tokens.userID).toBe('8677373576871223311');
    expect(google.server.requests.map(({ path }) => path)).toEqual(['/token', '/identity']);
  });

  it('reports why the ids are missing', async () => {
    const google = await startGoogle({
      identity: { status: 400, body: fixture('error-account-not-linked') },
    });
    expect(await login(strategyOf(google, { skipUserProfile: true }))).toMatchObject({
      type: 'fail',
      failure: { code: 'account_not_linked' },
    });
  });
});

describe('a failure that the user can resolve', () => {
  it('fails with account_not_linked if the Google account has no Health profile', async () => {
    const google = await startGoogle({
      identity: { status: 400, body: fixture('error-account-not-linked') },
    });
    expect(await login(strategyOf(google))).toEqual({
      type: 'fail',
      failure: {
        message:
          'This Google account has no Google Health or Fitbit profile. Sign in with the account that your device uses, or set this one up in its app first.',
        code: 'account_not_linked',
        hint: expect.stringContaining('Workspace accounts may be unable to have a profile.'),
        link: 'https://fitbit.google.com/auth/signup',
      },
      status: 403,
    });
  });

  it('fails with missing_scope and the requested scopes if no granted scope identifies the user', async () => {
    const google = await startGoogle({
      token: { body: { ...TOKEN, scope: `openid ${HEALTH}.location.readonly` } },
    });
    const scope = ['openid', 'location.readonly', 'sleep.readonly', 'profile.readonly'];
    expect(await login(strategyOf(google, { scope }))).toEqual({
      type: 'fail',
      failure: {
        message: `Google Health needs your permission to identify you. To sign in, please start again and select at least one of these permissions: ${HEALTH}.sleep.readonly, ${HEALTH}.profile.readonly`,
        code: 'missing_scope',
      },
      status: 403,
    });
    expect(google.server.requests.map(({ path }) => path)).toEqual(['/token']);
  });

  it('fails with missing_scope and the least scope needed if Google says so', async () => {
    const { scope: _, ...token } = TOKEN;
    const google = await startGoogle({
      token: { body: token },
      identity: { status: 403, body: fixture('error-scope-insufficient') },
    });
    const options = { scope: 'location.readonly', includeGrantedScopes: true };
    expect(await login(strategyOf(google, options))).toMatchObject({
      type: 'fail',
      failure: {
        code: 'missing_scope',
        message: expect.stringMatching(/permissions: \S+googlehealth\.profile\.readonly$/),
        hint: expect.stringContaining('Request had insufficient authentication scopes.'),
      },
    });
  });

  it("is not an error of the same code from the app's verify function", async () => {
    const google = await startGoogle();
    const own = new ResponseError('no', {
      code: 'account_not_linked',
      operation: 'refresh',
      httpStatus: 400,
      errors: [],
    });
    const strategy = new GoogleHealthStrategy(
      { ...CLIENT, callbackURL: CALLBACK_URL, ...google.endpoints },
      () => {
        throw own;
      },
    );
    expect(await login(strategy)).toEqual({ type: 'error', error: own });
  });
});

describe('scopes of other Google APIs', () => {
  const OTHER = 'https://www.googleapis.com/auth/calendar.readonly';
  const scope = ['profile.readonly', OTHER];

  it('are a TypeError that names them, in the options and for one request', async () => {
    const google = await startGoogle();
    const message = `"scope" must not contain "${OTHER}": the Health API refuses tokens`;
    expect(() => strategyOf(google, { scope })).toThrow(TypeError);
    expect(() => strategyOf(google, { scope })).toThrow(message);
    const outcome = await authenticate(strategyOf(google), callbackRequest({}, {}), { scope });
    expect(outcome).toMatchObject({ type: 'error', error: { message: expect.stringContaining(message) } });
  });

  it('are asked for with allowOtherScopes, and Google decides', async () => {
    const granted = `${HEALTH}.profile.readonly ${OTHER}`;
    const google = await startGoogle({
      token: { body: { ...TOKEN, scope: granted } },
      identity: { status: 403, body: fixture('error-disallowed-scopes') },
    });
    const strategy = strategyOf(google, { scope, allowOtherScopes: true });
    const { url } = await beginLogin(strategy);
    expect(url.searchParams.get('scope')).toBe(granted);
    expect(await login(strategy)).toMatchObject({
      type: 'error',
      error: { code: 'disallowed_oauth_scopes', httpStatus: 403, message: expect.stringContaining(OTHER) },
    });
  });

  it('that were granted are named before the identity is asked for', async () => {
    const google = await startGoogle({
      token: { body: { ...TOKEN, scope: `${HEALTH}.profile.readonly openid ${OTHER}` } },
    });
    expect(await login(strategyOf(google))).toMatchObject({
      type: 'error',
      error: {
        code: 'disallowed_oauth_scopes',
        operation: 'profile',
        message: expect.stringMatching(new RegExp(`a refresh with .* refuses: ${OTHER}$`)),
      },
    });
    expect(google.requests('identity')).toEqual([]);
  });

  it('are refused together with includeGrantedScopes', async () => {
    const google = await startGoogle();
    const message = '"includeGrantedScopes" can\'t be combined with the scope';
    const options = { scope, allowOtherScopes: true };
    expect(() => strategyOf(google, { ...options, includeGrantedScopes: true })).toThrow(message);
    const perRequest: GoogleHealthAuthenticateOptions = { includeGrantedScopes: true };
    const outcome = await authenticate(strategyOf(google, options), callbackRequest({}, {}), perRequest);
    expect(outcome).toMatchObject({ type: 'error', error: { message: expect.stringContaining(message) } });
  });

  it('must be allowed by true or false', async () => {
    const google = await startGoogle();
    // @ts-expect-error: wrong on purpose
    expect(() => strategyOf(google, { allowOtherScopes: 'yes' })).toThrow('"allowOtherScopes" must be');
  });
});

describe('nutrition.readonly', () => {
  const scope = `${HEALTH}.nutrition.readonly`;
  const token = { body: { ...TOKEN, scope } };

  it('alone signs a user in, if Google lets it', async () => {
    const { profile } = await signIn({ token }, { scope: 'nutrition.readonly' });
    expect(profile.id).toBe('8677373576871223311');
  });

  it('alone is a missing scope, if Google says so', async () => {
    const identity = { status: 403, body: fixture('error-scope-insufficient') };
    const google = await startGoogle({ token, identity });
    expect(await login(strategyOf(google, { scope }))).toMatchObject({
      type: 'fail',
      failure: { code: 'missing_scope' },
    });
    expect(google.requests('identity')).toHaveLength(1);
  });
});

describe('the callback', () => {
  it('gives verify its other parameters', async () => {
    const strategy = strategyOf(await startGoogle());
    const { session, state } = await beginLogin(strategy);
    const others = { scope: 'a b', authuser: '1', hd: 'example.com', prompt: 'consent' };
    const iss = 'https://accounts.google.com';
    const query = { state, iss, code: '4/0AX', ...others, twice: ['a', 'b'], long: 'x'.repeat(5000) };
    const { callback } = loginOf(await authenticate(strategy, callbackRequest(session, query)));
    expect(callback).toEqual(others);
  });
});

describe('the end of the refresh token', () => {
  it('is in the token set of a login', async () => {
    const before = Date.now();
    const { tokens } = await signIn({ token: ALL_SCOPES });
    const end = tokens.refreshTokenExpiresAt?.getTime() ?? 0;
    expect(end - before).toBeGreaterThanOrEqual(604_799_000);
    expect(end - Date.now()).toBeLessThanOrEqual(604_799_000);
  });
});

describe('an error of the identity call', () => {
  const errorOf = async (answer: { status: number; body: unknown }): Promise<unknown> => {
    const outcome = await login(strategyOf(await startGoogle({ identity: answer })));
    return outcome.type === 'error' ? outcome.error : outcome;
  };

  it.each<[number, string, string, string]>([
    [401, 'error-unauthenticated', 'unauthenticated', 'refresh it'],
    [403, 'error-service-disabled', 'service_disabled', 'Enable the Google Health API'],
  ])('%i %s has the code %s and says what to do', async (status, name, code, remedy) => {
    const error = await errorOf({ status, body: fixture(name) });
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({ code, operation: 'profile', httpStatus: status, reauthorize: false });
    expect((error as Error).message).toContain(remedy);
  });

  it.each([
    ['no healthUserId', { name: 'users/me/identity', legacyUserId: '2E4RVC' }],
    ['an empty healthUserId', { healthUserId: '', legacyUserId: '2E4RVC' }],
    ['a number for healthUserId', { healthUserId: 8677373576871223, legacyUserId: '2E4RVC' }],
  ])('is malformed for a response with %s', async (_name, body) => {
    const error = await errorOf({ status: 200, body });
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'malformed', operation: 'profile' });
    expect((error as Error).message).toContain('"healthUserId" is missing');
  });

  it('does not wait for the other calls', async () => {
    const google = await startGoogle({
      token: ALL_SCOPES,
      identity: { status: 500 },
      userinfo: undefined,
    });
    expect(await login(strategyOf(google, { timeout: 60_000 }))).toMatchObject({
      type: 'error',
      error: { code: 'server_error' },
    });
  });

  it('shows no secret', async () => {
    const error = await errorOf({
      status: 403,
      body: {
        error: {
          code: 403,
          status: 'PERMISSION_DENIED',
          message: `The token ${TOKEN.access_token} of ${CLIENT.clientSecret}`,
        },
      },
    });
    const text = `${inspect(error, { showHidden: true, depth: 9 })} ${JSON.stringify(error)}`;
    expect(text).not.toContain(String(TOKEN.access_token));
    expect(text).not.toContain(CLIENT.clientSecret);
  });
});

describe('userinfo and the Health profile', () => {
  it('are left out if they fail: the login goes on, and the profile says why', async () => {
    const { profile } = await signIn(
      {
        token: ALL_SCOPES,
        userinfo: { status: 503, body: '<h1>Later</h1>' },
        profile: { status: 403, body: fixture('error-scope-insufficient') },
      },
      { healthProfile: true },
    );
    expect(profile._json).toEqual({ identity: fixture('identity') });
    expect(profile._errors?.userinfo).toBeInstanceOf(ResponseError);
    expect(profile._errors).toMatchObject({
      userinfo: { code: 'server_error', operation: 'profile' },
      profile: {
        code: 'missing_scope',
        message: expect.stringContaining('did not grant the scope'),
      },
    });
    expect(profile?.displayName).toBe('');
  });

  it('that never respond delay a login only until the deadline', async () => {
    const start = Date.now();
    const { profile } = await signIn(
      { token: ALL_SCOPES, userinfo: undefined, profile: undefined },
      { timeout: 800, healthProfile: true },
    );
    expect(Date.now() - start).toBeLessThan(1500);
    expect(profile._errors).toMatchObject({ userinfo: { code: 'timeout' }, profile: { code: 'timeout' } });
  });

  it('may hold wrong types, which are left out', async () => {
    const body = {
      name: 5,
      given_name: null,
      family_name: '',
      picture: [],
      email: {},
      email_verified: 'true',
    };
    const { profile } = await signIn({ token: ALL_SCOPES, userinfo: { body } });
    expect(profile).toEqual({
      provider: 'google-health',
      displayName: '',
      id: '8677373576871223311',
      legacyUserId: '2E4RVC',
      _json: { identity: fixture('identity'), userinfo: body },
    });
  });

  it('can not change the id', async () => {
    const body = { healthUserId: '1', legacyUserId: 'AAA111', id: '2', sub: '3' };
    const { profile } = await signIn({ token: ALL_SCOPES, userinfo: { body } });
    expect(profile).toMatchObject({ id: '8677373576871223311', legacyUserId: '2E4RVC' });
  });

  it('says of an address whether it is verified only if Google does', async () => {
    for (const email_verified of [undefined, 'true', 1]) {
      const body = { email: 'a@example.com', email_verified };
      const { profile } = await signIn({ token: ALL_SCOPES, userinfo: { body } });
      expect(profile.emails).toStrictEqual([{ value: 'a@example.com' }]);
    }
    const body = { email: 'a@example.com', email_verified: false };
    const { profile } = await signIn({ token: ALL_SCOPES, userinfo: { body } });
    expect(profile.emails).toEqual([{ value: 'a@example.com', verified: false }]);
  });
});

describe('a refused code exchange', () => {
  it.each<[string, string]>([
    ['invalid_grant', 'start the login again'],
    ['redirect_uri_mismatch', 'to the authorized redirect URIs of the OAuth client'],
    ['invalid_client', 'Check clientID and clientSecret'],
  ])('of %s is an error that says what to do', async (code, remedy) => {
    const google = await startGoogle({ token: { status: 400, body: { error: code } } });
    const outcome = await login(strategyOf(google));
    expect(outcome).toMatchObject({
      type: 'error',
      error: { code, operation: 'code_exchange', message: expect.stringContaining(remedy) },
    });
  });
});

describe('userProfile', () => {
  it('can be called on the strategy itself, as tests of apps do', async () => {
    const google = await startGoogle();
    const profile = await new Promise<GoogleHealthProfile | undefined>((resolve, reject) => {
      strategyOf(google).userProfile('ya29.a', (error, found) => (error ? reject(error) : resolve(found)));
    });
    expect(profile?.displayName).toBe('Zoë Krämer');
  });

  it.each<[number, string, object]>([
    [
      400,
      'error-account-not-linked',
      { code: 'account_not_linked', message: expect.stringContaining('another account') },
    ],
    [403, 'error-scope-insufficient', { code: 'missing_scope', reauthorize: true }],
    [
      429,
      'error-permission-denied',
      { code: 'rate_limited', message: expect.stringContaining('300 requests a minute') },
    ],
  ])('reports %i %s as an error', async (status, name, expected) => {
    const google = await startGoogle({ identity: { status, body: fixture(name) } });
    const error = await new Promise((resolve) => strategyOf(google).userProfile('ya29.a', resolve));
    expect(error).toMatchObject(expected);
  });

  it('takes what a stub in the place of _oauth2.get gives', async () => {
    const google = await startGoogle();
    const strategy = strategyOf(google);
    const urls: string[] = [];
    Reflect.set(
      Reflect.get(strategy, '_oauth2'),
      'get',
      (url: string, _token: string, done: (...answer: unknown[]) => void) => {
        urls.push(url);
        done(null, JSON.stringify({ healthUserId: '7' }), { statusCode: 200 });
      },
    );
    expect(loginOf(await login(strategy)).profile.id).toBe('7');
    expect(urls).toEqual([google.endpoints.identityURL]);
  });
});
