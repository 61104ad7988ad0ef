import { createHash } from 'node:crypto';
import { FitbitStrategy, type FitbitStrategyOptions } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import {
  authenticate,
  beginLogin,
  callbackRequest,
  fakeRequest,
  fakeSession,
  type Outcome,
} from '../support/strategy.ts';
import { answer } from './fake-fitbit.ts';
import { fixture, TOKEN_URL } from './fixtures.ts';

const CALLBACK_URL = 'https://app.example/auth/fitbit/callback';

function strategy(options: Partial<FitbitStrategyOptions> = {}) {
  return new FitbitStrategy({
    clientID: 'CID',
    clientSecret: 's3cret',
    callbackURL: CALLBACK_URL,
    ...options,
    verify: async (_login) => ({}),
  });
}

function parameters(url: URL): Record<string, string> {
  return Object.fromEntries(url.searchParams);
}

function errorOf(outcome: Outcome): unknown {
  return outcome.type === 'error' ? outcome.error : outcome;
}

function deepFreeze<T extends object>(value: T): T {
  for (const each of Object.values(value)) {
    if (typeof each === 'object' && each !== null) deepFreeze(each);
  }
  return Object.freeze(value);
}

describe('the authorization request', () => {
  it('goes to Fitbit with all that the contract asks for, and nothing else', async () => {
    const session = fakeSession();
    const outcome = await authenticate(
      strategy({ scope: ['activity', 'profile'] }),
      fakeRequest({ session }),
    );
    if (outcome.type !== 'redirect') throw new Error(outcome.type);
    const { state, code_challenge } = parameters(new URL(outcome.url));
    expect(outcome.status).toBeUndefined();
    expect(outcome.url).toBe(
      'https://www.fitbit.com/oauth2/authorize?response_type=code' +
        '&redirect_uri=https%3A%2F%2Fapp.example%2Fauth%2Ffitbit%2Fcallback' +
        '&scope=activity%20profile' +
        `&code_challenge=${code_challenge}&code_challenge_method=S256` +
        `&state=${state}&client_id=CID`,
    );
  });

  it('has a state of 192 bits and a challenge of 256', async () => {
    const { code_challenge, state } = parameters((await beginLogin(strategy())).url);
    expect(state).toMatch(/^[\w-]{32}$/);
    expect(code_challenge).toMatch(/^[\w-]{43}$/);
  });

  it('asks for the profile when no scope is configured', async () => {
    expect(parameters((await beginLogin(strategy())).url).scope).toBe('profile');
  });

  it.each([
    ['an array', ['sleep', 'heartrate'], 'sleep heartrate'],
    ['a string', 'sleep heartrate', 'sleep heartrate'],
    ['a scope that this package does not know', ['sleep', 'mood'], 'sleep mood'],
  ])('takes the scope as %s, at construction and per request', async (_, scope, sent) => {
    expect(parameters((await beginLogin(strategy({ scope }))).url).scope).toBe(sent);
    const perRequest = await beginLogin(strategy({ scope: ['weight'] }), fakeSession(), { scope });
    expect(parameters(perRequest.url).scope).toBe(sent);
  });

  it.each([
    ['', 'activity'],
    [[], undefined],
  ])('has the scope of the strategy, or none, when a request has %j', async (scope, expected) => {
    const { url } = await beginLogin(strategy({ scope: 'activity' }), fakeSession(), { scope });
    expect(parameters(url).scope).toBe(expected);
  });

  it('is an error when the scope of a request is neither a string nor an array', async () => {
    const options = { scope: 5 as unknown as string };
    const error = errorOf(await authenticate(strategy(), fakeRequest({ session: fakeSession() }), options));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toHaveProperty('message', expect.stringContaining('"scope"'));
  });

  it.each(['none', 'consent', 'login', 'login consent'] as const)(
    'has the prompt "%s" when the strategy or the request says so',
    async (prompt) => {
      expect(parameters((await beginLogin(strategy({ prompt }))).url).prompt).toBe(prompt);
      const other = strategy({ prompt: prompt === 'none' ? 'login' : 'none' });
      expect(parameters((await beginLogin(other, fakeSession(), { prompt })).url).prompt).toBe(prompt);
    },
  );

  it('has no prompt unless one is set', async () => {
    expect((await beginLogin(strategy())).url.searchParams.has('prompt')).toBe(false);
  });

  it('is an error when a request has a prompt that Fitbit does not know', async () => {
    const req = fakeRequest({ session: fakeSession() });
    const error = errorOf(await authenticate(strategy(), req, { prompt: 'select_account' }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toHaveProperty(
      'message',
      '"prompt" must be one of "none", "consent", "login", "login consent"',
    );
  });

  it('is an error when there is a prompt and no callback URL, which Fitbit asks for then', async () => {
    const withoutCallback = strategy({ callbackURL: undefined, prompt: 'login' });
    const error = errorOf(await authenticate(withoutCallback, fakeRequest({ session: fakeSession() })));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toHaveProperty('message', expect.stringContaining('"callbackURL" must be set'));
    const { url } = await beginLogin(withoutCallback, fakeSession(), { callbackURL: CALLBACK_URL });
    expect(parameters(url)).toMatchObject({ prompt: 'login', redirect_uri: CALLBACK_URL });
  });

  it('has no redirect_uri when no callback URL is set', async () => {
    const { url } = await beginLogin(strategy({ callbackURL: undefined }));
    expect(url.searchParams.has('redirect_uri')).toBe(false);
  });

  it('lets no other option of authenticate into the URL', async () => {
    const options = {
      session: false,
      failureRedirect: '/login',
      successRedirect: '/',
      failureFlash: true,
      keepSessionInfo: true,
      accessType: 'offline',
      loginHint: 'zoe@example.com',
      includeGrantedScopes: true,
      display: 'touch',
      approval_prompt: 'force',
      expires_in: 31536000,
      client_secret: 'oops',
    } as const;
    const { url } = await beginLogin(strategy(), fakeSession(), options);
    expect([...url.searchParams.keys()].sort()).toEqual([
      'client_id',
      'code_challenge',
      'code_challenge_method',
      'redirect_uri',
      'response_type',
      'scope',
      'state',
    ]);
  });

  it("does not have the strategy's expiresIn, which only the implicit flow has", async () => {
    const { url } = await beginLogin(strategy({ expiresIn: 28800 }));
    expect(url.searchParams.has('expires_in')).toBe(false);
  });

  it('keeps the query of another authorization URL', async () => {
    const { url } = await beginLogin(
      strategy({
        authorizationURL: 'http://localhost:4000/authorize?tenant=a%26b&next=/x?y&client_id=OTHER',
      }),
    );
    expect(url.origin + url.pathname).toBe('http://localhost:4000/authorize');
    expect(parameters(url)).toMatchObject({
      ...{ tenant: 'a&b', next: '/x?y' },
      ...{ client_id: 'CID', response_type: 'code' },
    });
    expect(url.searchParams.getAll('client_id')).toHaveLength(1);
  });

  it("has a subclass's parameters and does not change their object", async () => {
    class Tenant extends FitbitStrategy {
      readonly params = Object.freeze({ tenant: 'a&b' });
      override authorizationParams() {
        return this.params;
      }
    }
    const tenant = new Tenant({ clientID: 'CID', clientSecret: 's3cret', verify: async () => ({}) });
    expect(parameters((await beginLogin(tenant)).url)).toMatchObject({ tenant: 'a&b', client_id: 'CID' });
  });

  it('never changes the options objects', async () => {
    const options = deepFreeze({
      clientID: 'CID',
      clientSecret: 's3cret',
      callbackURL: CALLBACK_URL,
      scope: ['activity', 'profile'],
      prompt: 'login' as const,
      pkce: true,
    });
    const perRequest = deepFreeze({ scope: ['sleep'], state: { returnTo: '/week' }, prompt: 'consent' });
    const frozen = new FitbitStrategy({ ...options, verify: async (_login) => ({}) });
    const first = await beginLogin(frozen, fakeSession(), perRequest);
    const second = await beginLogin(frozen, fakeSession(), perRequest);
    expect(parameters(first.url)).toMatchObject({ scope: 'sleep', prompt: 'consent' });
    expect(parameters(second.url)).toMatchObject({ scope: 'sleep', prompt: 'consent' });
  });

  it('is not changed by an array of scopes that the app changes afterwards', async () => {
    const scope = ['activity'];
    const made = strategy({ scope });
    scope.push('sleep');
    expect(parameters((await beginLogin(made)).url).scope).toBe('activity');
  });

  it('has a state and a challenge of its own for each of two users, with one options object', async () => {
    const made = strategy();
    const options = {};
    const [first, second] = await Promise.all([
      beginLogin(made, fakeSession(), options),
      beginLogin(made, fakeSession(), options),
    ]);
    expect(first.state).not.toBe(second.state);
    expect(first.url.searchParams.get('code_challenge')).not.toBe(
      second.url.searchParams.get('code_challenge'),
    );
    expect(options).toEqual({});
  });

  it('has the S256 challenge of the verifier that the code exchange sends', async () => {
    const requests = answer('POST', TOKEN_URL, { body: fixture('token.json') });
    const made = strategy({ skipUserProfile: true });
    const { session, state, url } = await beginLogin(made);
    const outcome = await authenticate(made, callbackRequest(session, { code: 'abc', state }));
    expect(outcome.type).toBe('success');
    const verifier = new URLSearchParams(requests[0]?.body).get('code_verifier') ?? '';
    expect(verifier).toMatch(/^[\w-]{43}$/);
    expect(url.searchParams.get('code_challenge')).toBe(
      createHash('sha256').update(verifier).digest('base64url'),
    );
  });

  it('has no challenge with pkce: false, and still a state', async () => {
    const { url, state } = await beginLogin(strategy({ pkce: false }));
    expect(url.searchParams.has('code_challenge')).toBe(false);
    expect(url.searchParams.has('code_challenge_method')).toBe(false);
    expect(state).toMatch(/^[\w-]{32}$/);
  });

  it.each([true, 'S256'] as const)('has a challenge with pkce: %s', async (pkce) => {
    const { url } = await beginLogin(strategy({ pkce }));
    expect(parameters(url)).toMatchObject({ code_challenge_method: 'S256' });
  });

  it('has neither state nor challenge with state: false, and needs no session', async () => {
    const outcome = await authenticate(strategy({ state: false }), fakeRequest());
    if (outcome.type !== 'redirect') throw new Error(outcome.type);
    expect(outcome.url).toBe(
      'https://www.fitbit.com/oauth2/authorize?response_type=code' +
        '&redirect_uri=https%3A%2F%2Fapp.example%2Fauth%2Ffitbit%2Fcallback&scope=profile&client_id=CID',
    );
  });

  it("has no state if the app's is empty and no store keeps one", async () => {
    const req = fakeRequest();
    const outcome = await authenticate(strategy({ state: false }), req, { state: '' as unknown as object });
    if (outcome.type !== 'redirect') throw new Error(outcome.type);
    expect(new URL(outcome.url).searchParams.has('state')).toBe(false);
  });

  it("sends the app's state unchanged if no store keeps one", async () => {
    const options = { state: 'mine' } as unknown as { state: object };
    const { state } = await beginLogin(strategy({ state: false }), fakeSession(), options);
    expect(state).toBe('mine');
  });

  it('is an error when a request sets the state to a string, which would be the same for all', async () => {
    const options = { state: 'mine' } as unknown as { state: object };
    const error = errorOf(await authenticate(strategy(), fakeRequest({ session: fakeSession() }), options));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toHaveProperty('message', expect.stringContaining('"state" must be an object'));
  });
});

describe('the callback URL', () => {
  it('is resolved on the host of the request when it is a path', async () => {
    const relative = strategy({ callbackURL: '/auth/fitbit/callback' });
    expect(parameters((await beginLogin(relative)).url).redirect_uri).toBe(CALLBACK_URL);
    const outcome = await authenticate(relative, fakeRequest({ session: fakeSession(), encrypted: false }));
    if (outcome.type !== 'redirect') throw new Error(outcome.type);
    expect(new URL(outcome.url).searchParams.get('redirect_uri')).toBe(
      'http://app.example/auth/fitbit/callback',
    );
  });

  it.each([
    [true, CALLBACK_URL],
    [false, 'http://internal:3000/auth/fitbit/callback'],
  ])('is resolved with X-Forwarded-* headers only with proxy: true (%s)', async (proxy, expected) => {
    const headers = {
      host: 'internal:3000',
      'x-forwarded-host': 'app.example',
      'x-forwarded-proto': 'https',
    };
    const req = fakeRequest({ session: fakeSession(), encrypted: false, headers });
    const outcome = await authenticate(strategy({ callbackURL: '/auth/fitbit/callback', proxy }), req);
    if (outcome.type !== 'redirect') throw new Error(outcome.type);
    expect(new URL(outcome.url).searchParams.get('redirect_uri')).toBe(expected);
  });

  it.each<[proto: string, expected: string]>([
    ['HTTPS, http', 'https://app.example/cb'],
    ['http, https', 'http://app.example/cb'],
    ['', 'http://app.example/cb'],
  ])(
    'is resolved with the values of the first of several proxies if Express trusts them: %j',
    async (proto, expected) => {
      const headers = {
        host: 'internal:3000',
        'x-forwarded-host': 'app.example, gateway.example',
        'x-forwarded-proto': proto,
      };
      const req = Object.assign(fakeRequest({ session: fakeSession(), encrypted: false, headers }), {
        app: { get: (name: string) => (name === 'trust proxy fn' ? () => true : undefined) },
      });
      const outcome = await authenticate(strategy({ callbackURL: '/cb' }), req);
      if (outcome.type !== 'redirect') throw new Error(outcome.type);
      expect(new URL(outcome.url).searchParams.get('redirect_uri')).toBe(expected);
    },
  );

  it.each(['', 'a b', 'app.example:port', '<script>'])(
    'is an error when it is a path and the Host header is %j',
    async (host) => {
      const req = fakeRequest({ session: fakeSession(), headers: { host } });
      expect(errorOf(await authenticate(strategy({ callbackURL: '/cb' }), req))).toMatchObject({
        name: 'TypeError',
        message: expect.stringMatching(/^"callbackURL" is a path, but the request has no valid Host header/),
      });
    },
  );

  it.each([{ proxy: true }, { proxy: false }])(
    'is resolved with the Host header if no proxy sent another: %j',
    async (options) => {
      const req = Object.assign(fakeRequest({ session: fakeSession() }), { app: {} });
      const outcome = await authenticate(strategy({ callbackURL: '/cb', ...options }), req);
      if (outcome.type !== 'redirect') throw new Error(outcome.type);
      expect(new URL(outcome.url).searchParams.get('redirect_uri')).toBe('https://app.example/cb');
    },
  );

  it('is resolved without a socket, which some adapters leave out', async () => {
    const req = Object.assign(fakeRequest({ session: fakeSession() }), { connection: undefined });
    const outcome = await authenticate(strategy({ callbackURL: '/cb' }), req as never);
    if (outcome.type !== 'redirect') throw new Error(outcome.type);
    expect(new URL(outcome.url).searchParams.get('redirect_uri')).toBe('http://app.example/cb');
  });

  it('can be overridden for one request', async () => {
    const options = { callbackURL: 'https://app.example/link/callback' };
    const { url } = await beginLogin(strategy(), fakeSession(), options);
    expect(parameters(url).redirect_uri).toBe('https://app.example/link/callback');
  });

  it.each(['myapp://login/callback?from=fitbit', 'https://App.example', 'https://app.example/a/../cb'])(
    "is sent exactly as given, also with an app's own scheme: %s",
    async (callbackURL) => {
      expect(parameters((await beginLogin(strategy({ callbackURL }))).url).redirect_uri).toBe(callbackURL);
    },
  );

  it.each(['', 'callback', '//evil.example/x', '/\\evil.example', 'https://', 'https://a.example/#x'])(
    'is an error when it is %j for one request',
    async (callbackURL) => {
      const req = fakeRequest({ session: fakeSession() });
      const error = errorOf(await authenticate(strategy(), req, { callbackURL }));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toHaveProperty('message', expect.stringContaining('"callbackURL" must be'));
    },
  );
});
