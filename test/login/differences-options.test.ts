// What is deliberately different from passport-oauth2 in a strategy's options and in the authorization request.
// Each title is a row of docs/differences-from-passport-oauth2.md.
import * as fitbit from 'passport-fitbit-strategy';
import OAuth2Strategy from 'passport-oauth2';
import { describe, expect, it } from 'vitest';
import {
  authenticate,
  beginLogin,
  callbackRequest,
  fakeRequest,
  fakeSession,
  login,
} from '../support/strategy.ts';
import {
  client,
  construct,
  constructGoogle,
  errorOf,
  oauth2Of,
  stubbed,
  stubExchange,
  upstream,
  verify,
} from './support.ts';

const parametersOf = async (strategy: OAuth2Strategy, options?: object) =>
  Object.fromEntries((await beginLogin(strategy, fakeSession(), options)).url.searchParams);

describe('options', () => {
  it('exports of the module', () => {
    expect(OAuth2Strategy).toHaveProperty('Strategy', OAuth2Strategy);
    expect(OAuth2Strategy).toHaveProperty('TokenError', expect.any(Function));
    expect(typeof fitbit).toBe('object');
    expect(fitbit).not.toHaveProperty('default');
    expect(fitbit).not.toHaveProperty('TokenError');
    expect(fitbit.Strategy).toBe(fitbit.FitbitStrategy);
    expect(fitbit.ResponseError.prototype).toBeInstanceOf(fitbit.OAuthError);
  });

  it('`authorizationURL` and `tokenURL`', async () => {
    expect(() => upstream({ authorizationURL: undefined })).toThrow(TypeError);
    expect(() => upstream({ tokenURL: undefined })).toThrow(TypeError);
    const { url } = await beginLogin(construct(client, verify));
    expect(url.origin + url.pathname).toBe('https://www.fitbit.com/oauth2/authorize');
  });

  it('`scope` left out', async () => {
    expect(await parametersOf(upstream())).not.toHaveProperty('scope');
    expect(await parametersOf(construct(client, verify))).toMatchObject({ scope: 'profile' });
  });

  it('`state` left out', async () => {
    expect(await parametersOf(upstream())).not.toHaveProperty('state');
    expect(await parametersOf(construct(client, verify))).toMatchObject({ state: expect.any(String) });
  });

  it('`pkce` left out', async () => {
    expect(await parametersOf(upstream({ state: true }))).not.toHaveProperty('code_challenge');
    expect(await parametersOf(construct(client, verify))).toMatchObject({ code_challenge_method: 'S256' });
    const store = { store: (_: unknown, done: (e: null, s: string) => void) => done(null, 'S'), verify() {} };
    expect(await parametersOf(construct({ ...client, store }, verify))).not.toHaveProperty('code_challenge');
  });

  it('`pkce: "plain"` or an unknown method', async () => {
    expect(await parametersOf(upstream({ state: true, pkce: 'plain' }))).toMatchObject({
      code_challenge_method: 'plain',
    });
    const late = await authenticate(
      upstream({ state: true, pkce: 's256' }),
      fakeRequest({ session: fakeSession() }),
    );
    expect(late.type).toBe('error');
    for (const pkce of ['plain', 's256']) {
      expect(() => construct({ ...client, pkce }, verify)).toThrow(/"pkce" must be true or false, or "S256"/);
    }
  });

  it('`pkce` with a store that cannot keep the verifier', async () => {
    const store = {
      store: (_req: unknown, _state: unknown, _meta: unknown, done: (e: null, s: string) => void) =>
        done(null, 'S'),
      verify: (_req: unknown, _state: unknown, done: (e: null, ok: boolean) => void) => done(null, true),
    };
    const strategy = upstream({ store, pkce: true });
    const exchanges = stubExchange(strategy);
    await login(strategy);
    expect(exchanges[0]?.params).not.toHaveProperty('code_verifier');
    expect(() => construct({ ...client, store, pkce: true }, verify)).toThrow(
      /"store" .*doesn't declare five parameters/,
    );
  });

  it('`store: true`', async () => {
    const state = { returnTo: '/week' };
    expect(await login(upstream({ store: true }), { state })).toMatchObject({ info: { state } });
    expect(() => construct({ ...client, store: true }, verify)).toThrow(/"store" must be an object/);
    expect(await login(stubbed().strategy, { state })).toMatchObject({ info: { state } });
  });

  it('an option of a wrong type', () => {
    const wrong = {
      callbackURL: 5,
      passReqToCallback: 'yes',
      proxy: 1,
      sessionKey: {},
      skipUserProfile: 'no',
    };
    for (const [name, value] of Object.entries(wrong)) {
      expect(() => upstream({ [name]: value })).not.toThrow();
      expect(() => construct({ ...client, [name]: value }, verify)).toThrow(TypeError);
      expect(() => construct({ ...client, [name]: value }, verify)).toThrow(`"${name}" must be`);
    }
  });

  it('a misspelled option', () => {
    const spellings = {
      callbackUrl: 'callbackURL',
      callbackUri: 'callbackURL',
      callback_url: 'callbackURL',
      scopes: 'scope',
      clientId: 'clientID',
      clientid: 'clientID',
      client_id: 'clientID',
      clientsecret: 'clientSecret',
      client_secret: 'clientSecret',
      authorizationUrl: 'authorizationURL',
      tokenUrl: 'tokenURL',
    };
    for (const [wrong, right] of Object.entries(spellings)) {
      expect(() => upstream({ [wrong]: 'https://app.example/' })).not.toThrow();
      for (const make of [construct, constructGoogle]) {
        const { [right]: _, ...others }: Record<string, string> = client;
        const misspelled = () => make({ ...others, [wrong]: 'https://app.example/' }, verify);
        expect(misspelled).toThrow(TypeError);
        const message =
          right === 'clientID' ? '"clientID" must be' : `"${wrong}" is not an option: write "${right}"`;
        expect(misspelled).toThrow(message);
      }
    }
    expect(() => construct({ ...client, client_secret: 'x' }, verify)).not.toThrow();
    // Shared configuration objects hold more than one library's options.
    for (const other of ['logger', 'realm', 'apiVersion', 'id', 'url']) {
      expect(() => construct({ ...client, [other]: 'https://app.example/' }, verify)).not.toThrow();
    }
  });

  it('`sessionKey` left out', async () => {
    const keysOf = async (strategy: OAuth2Strategy) => Object.keys((await beginLogin(strategy)).session);
    expect(await keysOf(upstream({ state: true }))).toEqual(['oauth2:www.fitbit.com']);
    expect(await keysOf(construct(client, verify))).toEqual(['oauth2:fitbit']);
  });

  it('`verify` as an option', async () => {
    expect(() => upstream({ verify }, null)).toThrow(TypeError);
    const strategy = construct({
      ...client,
      skipUserProfile: true,
      verify: ({ tokens, profile, state }: Record<string, object>) => ({ tokens, profile, state }),
    });
    stubExchange(strategy);
    expect(await login(strategy, { state: { n: 1 } })).toMatchObject({
      type: 'success',
      user: { tokens: { accessToken: 'access' }, profile: { id: 'ME' }, state: { n: 1 } },
    });
    expect(() => construct({ ...client, verify }, verify)).toThrow(/"verify"/);
  });

  it('a second argument with one parameter', async () => {
    const form = (login: unknown) => login;
    const calls: unknown[][] = [];
    const strategy = upstream(
      {},
      Object.defineProperty((...args: unknown[]) => calls.push(args), 'length', { value: 1 }),
    );
    void authenticate(strategy, fakeRequest({ query: { code: 'abc' } }));
    await expect.poll(() => calls).toEqual([['access', 'refresh', {}, expect.any(Function)]]);
    for (const make of [construct, constructGoogle]) {
      expect(() => make(client, form)).toThrow(TypeError);
      expect(() => make(client, form)).toThrow(/"verify"/);
    }
  });
});

describe('the authorization request', () => {
  it('a string `state` of a request', async () => {
    const strategy = upstream({ state: true });
    const { session, url } = await beginLogin(strategy, fakeSession(), { state: 'fixed' } as object);
    expect(url.searchParams.get('state')).toBe('fixed');
    expect(session).toEqual({});
    const options: object = { state: 'fixed' };
    const req = fakeRequest({ session: fakeSession() });
    const error = errorOf(await authenticate(construct(client, verify), req, options));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: expect.stringMatching(/"state" must be an object/) });
  });

  it('a relative `callbackURL` without a leading slash', async () => {
    expect(await parametersOf(upstream({ callbackURL: 'callback' }))).toMatchObject({
      redirect_uri: 'https://app.example/auth/callback',
    });
    expect(() => construct({ ...client, callbackURL: 'callback' }, verify)).toThrow(/"callbackURL" must be/);
  });

  it('a relative `callbackURL` and a request without a usable Host header', async () => {
    const begin = (strategy: OAuth2Strategy, host?: string) => {
      const req = fakeRequest({ session: fakeSession() });
      if (host === undefined) delete req.headers.host;
      else req.headers.host = host;
      return authenticate(strategy, req);
    };
    expect(await begin(upstream({ callbackURL: '/callback' }))).toMatchObject({
      url: expect.stringContaining(encodeURIComponent('https://undefined/callback')),
    });
    const strategy = construct({ ...client, callbackURL: '/callback' }, verify);
    for (const host of [
      undefined,
      '',
      'a b',
      'user@evil.example',
      'evil.example/path',
      'evil.example?x',
      'a#b',
    ]) {
      expect((await begin(strategy, host)).type).not.toBe('redirect');
    }
  });

  it('`X-Forwarded-Host` with several hosts', async () => {
    const options = { callbackURL: '/callback', proxy: true };
    const headers = { 'x-forwarded-host': 'www.example, inner.example' };
    const begin = (strategy: OAuth2Strategy) =>
      authenticate(strategy, fakeRequest({ session: fakeSession(), headers }));
    expect(await begin(upstream(options))).toMatchObject({
      url: expect.stringContaining(encodeURIComponent('https://www.example,/callback')),
    });
    expect(await begin(construct({ ...client, ...options }, verify))).toMatchObject({
      url: expect.stringContaining(encodeURIComponent('https://www.example/callback')),
    });
  });

  it('when the session is saved', async () => {
    const saves = async (strategy: OAuth2Strategy) => {
      let saved = 0;
      const session = fakeSession();
      const save = (callback: () => void) => {
        saved += 1;
        setImmediate(callback);
      };
      Object.defineProperty(session, 'save', { value: save });
      const { state } = await beginLogin(strategy, session);
      const savedBeforeRedirect = saved;
      let savedBeforeExchange = 0;
      oauth2Of(strategy).getOAuthAccessToken = (_code, _params, callback) => {
        savedBeforeExchange = saved - savedBeforeRedirect;
        callback(null, 'access', undefined, { user_id: 'ME' });
      };
      await authenticate(strategy, callbackRequest(session, { code: 'abc', state }));
      return { savedBeforeRedirect, savedBeforeExchange };
    };
    expect(await saves(upstream({ state: true }))).toEqual({
      savedBeforeRedirect: 0,
      savedBeforeExchange: 0,
    });
    expect(await saves(stubbed().strategy)).toEqual({ savedBeforeRedirect: 1, savedBeforeExchange: 1 });
  });

  it('objects that `authorizationParams`, `tokenParams` and `verify` return', async () => {
    const shared = {
      authorization: { display: 'page' },
      token: { expires_in: '9' },
      info: { message: 'Hi' },
    };
    const use = async (strategy: OAuth2Strategy) => {
      const given = structuredClone(shared);
      Object.assign(strategy, {
        authorizationParams: () => given.authorization,
        tokenParams: () => given.token,
        _verify: (_a: unknown, _r: unknown, _p: unknown, done: (e: null, u: object, i: object) => void) =>
          done(null, {}, given.info),
      });
      await login(strategy, { state: { n: 1 } });
      return given;
    };
    expect(await use(upstream({ store: true }))).not.toEqual(shared);
    expect(await use(stubbed().strategy)).toEqual(shared);
  });
});
