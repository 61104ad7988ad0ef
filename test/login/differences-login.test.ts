// What is deliberately different from passport-oauth2 from the callback to the user.
// Each title is a row of docs/differences-from-passport-oauth2.md.
import { OAuthError } from 'passport-fitbit-strategy';
import type OAuth2Strategy from 'passport-oauth2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  authenticate,
  beginLogin,
  callbackRequest,
  fakeRequest,
  fakeSession,
  login,
  run,
} from '../support/strategy.ts';
import {
  client,
  comeBack,
  construct,
  type Done,
  errorOf,
  oauth2Of,
  stubbed,
  stubExchange,
  upstream,
} from './support.ts';

afterEach(() => vi.useRealTimers());

describe('the callback', () => {
  it('a parameter that is repeated, empty or too long', async () => {
    const theirs = upstream();
    const exchanges = stubExchange(theirs);
    await authenticate(theirs, fakeRequest({ query: { code: ['a', 'b'] } }));
    expect(exchanges).toMatchObject([{ code: ['a', 'b'] }]);
    for (const name of ['code', 'state', 'error']) {
      for (const value of [['a', 'b'], { a: 'b' }, '', 'x'.repeat(5000)]) {
        const ours = stubbed();
        const { session, state } = await beginLogin(ours.strategy);
        const query = { code: 'abc', state, [name]: value };
        const req = fakeRequest({ session, query });
        expect(await authenticate(ours.strategy, req)).toMatchObject({
          type: 'fail',
          status: 400,
          failure: { code: 'invalid_callback', message: expect.any(String) },
        });
        expect(ours.exchanges).toEqual([]);
      }
    }
  });

  it('`code` and `state` from different places', async () => {
    const send = async (strategy: OAuth2Strategy) => {
      const { session, state } = await beginLogin(strategy);
      return authenticate(strategy, fakeRequest({ session, query: { code: 'abc' }, body: { state } }));
    };
    expect(await send(upstream({ state: true }))).toMatchObject({ type: 'success' });
    expect(await send(stubbed().strategy)).toMatchObject({ type: 'fail', status: 403 });
  });

  it('`error` without a valid `state`', async () => {
    const query = { error: 'server_error', error_description: 'Call 555-0100 now' };
    const denied = { error: 'access_denied', error_description: 'Call 555-0100 now' };
    const theirs = upstream({ state: true });
    const session = fakeSession();
    expect(errorOf(await authenticate(theirs, fakeRequest({ session, query })))).toMatchObject({
      code: 'server_error',
      message: query.error_description,
    });
    expect(await authenticate(theirs, fakeRequest({ session, query: denied }))).toMatchObject({
      failure: { message: denied.error_description },
    });
    for (const made of [query, denied]) {
      const { strategy } = stubbed();
      const missing = await authenticate(strategy, fakeRequest({ session: fakeSession(), query: made }));
      expect(missing).toMatchObject({ type: 'fail', status: 403, failure: { code: 'state_missing' } });
      const mismatch = await comeBack(strategy, { ...made, state: 'made-up' });
      expect(mismatch).toMatchObject({ type: 'fail', status: 403, failure: { code: 'state_mismatch' } });
      expect(JSON.stringify([missing, mismatch])).not.toContain('555-0100');
    }
  });

  it('`error=access_denied`', async () => {
    const query = { error: 'access_denied' };
    const explained = { ...query, error_description: 'Why not?' };
    expect(await comeBack(upstream({ state: true }), explained)).toMatchObject({
      failure: { message: 'Why not?' },
    });
    expect(await comeBack(stubbed().strategy, explained)).toMatchObject({ failure: { hint: 'Why not?' } });
    expect(await comeBack(upstream({ state: true }), query)).toEqual({
      type: 'fail',
      failure: { message: undefined },
      status: undefined,
    });
    expect(await comeBack(stubbed().strategy, query)).toMatchObject({
      type: 'fail',
      status: 403,
      failure: { code: 'access_denied', message: expect.any(String) },
    });
  });

  it('`error` in a form post', async () => {
    const post = async (strategy: OAuth2Strategy) => {
      const { session, state } = await beginLogin(strategy);
      return authenticate(strategy, fakeRequest({ session, body: { error: 'access_denied', state } }));
    };
    expect((await post(upstream({ state: true }))).type).toBe('redirect');
    expect(await post(stubbed().strategy)).toMatchObject({ failure: { code: 'access_denied' }, status: 403 });
  });

  it('any other `error`', async () => {
    const query = { error: 'temporarily_unavailable', error_uri: 'https://help.example/' };
    expect(errorOf(await comeBack(upstream({ state: true }), query))).toMatchObject({
      name: 'AuthorizationError',
      code: 'temporarily_unavailable',
      uri: 'https://help.example/',
      status: 503,
    });
    const error = errorOf(await comeBack(stubbed().strategy, query));
    expect(error).toBeInstanceOf(OAuthError);
    expect(error).toMatchObject({
      code: 'temporarily_unavailable',
      operation: 'authorization',
      retryable: true,
    });
    expect(error).not.toHaveProperty('uri');
    expect(error).not.toHaveProperty('status');
  });

  it('`iss`', async () => {
    const query = { code: 'abc', iss: 'https://evil.example' };
    expect((await comeBack(upstream({ state: true }), query)).type).toBe('success');
    const { strategy, exchanges } = stubbed();
    expect(await comeBack(strategy, query)).toMatchObject({
      type: 'fail',
      failure: { code: 'invalid_callback' },
    });
    expect(exchanges).toEqual([]);
  });
});

describe('the state', () => {
  it('failure of a wrong state', async () => {
    const query = { code: 'abc', state: 'made-up' };
    const theirs = await comeBack(upstream({ state: true }), query);
    expect(theirs).toMatchObject({
      failure: { message: 'Invalid authorization request state.' },
      status: 403,
    });
    expect(theirs).not.toHaveProperty('failure.code');
    expect(await comeBack(stubbed().strategy, query)).toMatchObject({
      failure: { code: 'state_mismatch', message: expect.any(String) },
      status: 403,
    });
  });

  it('login in progress after a callback with a wrong state', async () => {
    const retry = async (strategy: OAuth2Strategy) => {
      const { session, state } = await beginLogin(strategy);
      await authenticate(strategy, callbackRequest(session, { code: 'abc', state: 'made-up' }));
      return authenticate(strategy, callbackRequest(session, { code: 'abc', state }));
    };
    expect((await retry(upstream({ state: true }))).type).toBe('fail');
    expect((await retry(stubbed().strategy)).type).toBe('success');
  });

  it('logins in several tabs', async () => {
    const first = async (strategy: OAuth2Strategy) => {
      const { session, state } = await beginLogin(strategy);
      await beginLogin(strategy, session);
      return authenticate(strategy, callbackRequest(session, { code: 'abc', state }));
    };
    expect((await first(upstream({ state: true }))).type).toBe('fail');
    expect((await first(stubbed().strategy)).type).toBe('success');
  });

  it('time that a login may take', async () => {
    const late = async (strategy: OAuth2Strategy) => {
      vi.useFakeTimers({ toFake: ['Date'] });
      const { session, state } = await beginLogin(strategy);
      vi.setSystemTime(Date.now() + 10 * 60 * 1000 + 1);
      return authenticate(strategy, callbackRequest(session, { code: 'abc', state }));
    };
    expect((await late(upstream({ state: true }))).type).toBe('success');
    expect(await late(stubbed().strategy)).toMatchObject({ failure: { code: 'state_expired' }, status: 403 });
  });

  it('callback of a login that another client or callback URL began', async () => {
    const sessionKey = 'shared';
    const own = { sessionKey, callbackURL: 'https://app.example/a' };
    const others = [
      { ...own, clientID: 'OTHER' },
      { ...own, callbackURL: 'https://app.example/b' },
      { ...own, authorizationURL: 'https://other.example/authorize' },
      { ...own, tokenURL: 'https://other.example/token' },
    ];
    const across = async (began: OAuth2Strategy, completes: OAuth2Strategy) => {
      const { session, state } = await beginLogin(began);
      return authenticate(completes, callbackRequest(session, { code: 'abc', state }));
    };
    for (const other of others) {
      const theirs = await across(upstream({ ...other, state: true }), upstream({ ...own, state: true }));
      expect(theirs.type).toBe('success');
      const { strategy, exchanges } = stubbed(own);
      expect(await across(stubbed(other).strategy, strategy)).toMatchObject({ type: 'fail', status: 403 });
      expect(exchanges).toEqual([]);
    }
  });

  it('callback under PKCE of a login without a verifier', async () => {
    const { strategy, exchanges } = stubbed();
    const { session, state } = await beginLogin(stubbed({ pkce: false }).strategy);
    const outcome = await authenticate(strategy, callbackRequest(session, { code: 'abc', state }));
    expect(outcome).toMatchObject({ type: 'fail', status: 403, failure: { code: expect.any(String) } });
    expect(exchanges).toEqual([]);
    // passport-oauth2 refuses it, too, without a reason.
    const key = 'oauth2:www.fitbit.com';
    const theirs = upstream({ state: true, pkce: true });
    const planted = fakeSession({ [key]: { state: { handle: 'S' } } });
    expect(await authenticate(theirs, callbackRequest(planted, { code: 'abc', state: 'S' }))).toEqual({
      type: 'fail',
      failure: undefined,
      status: 403,
    });
  });
});

describe('the profile and verify', () => {
  it('profile', async () => {
    expect(await login(upstream())).toMatchObject({ user: { profile: {} } });
    const strategy = construct(client, (_a: string, _r: string, profile: object, done: Done) =>
      done(null, { profile }),
    );
    stubExchange(strategy);
    oauth2Of(strategy).get = (_url, _token, callback) =>
      callback(null, '{"user":{"encodedId":"ME","displayName":"Zoë"}}');
    expect(await login(strategy)).toMatchObject({ user: { profile: { id: 'ME', displayName: 'Zoë' } } });
  });

  it('profile with `skipUserProfile`', async () => {
    expect(await login(upstream({ skipUserProfile: true }))).toMatchObject({ user: { profile: undefined } });
    expect(await login(stubbed().strategy)).toMatchObject({
      user: { profile: { provider: 'fitbit', id: 'ME', displayName: '' } },
    });
  });

  it('arguments of `userProfile`', async () => {
    const argumentsOf = async (strategy: OAuth2Strategy) => {
      const calls: unknown[][] = [];
      const userProfile = (...args: unknown[]) => {
        calls.push(args);
        Reflect.apply(Object(args[1]), undefined, [null, { provider: 'fitbit', id: 'ME' }]);
      };
      await login(Object.assign(strategy, { userProfile, _skipUserProfile: false }));
      return calls;
    };
    expect(await argumentsOf(upstream())).toEqual([['access', expect.any(Function)]]);
    expect(await argumentsOf(stubbed().strategy)).toEqual([
      [
        'access',
        expect.any(Function),
        expect.objectContaining({ accessToken: 'access', scope: ['profile'] }),
      ],
    ]);
  });

  it('promise of `verify` that rejects', async () => {
    const bug = new Error('no database');
    const form = async (_a: string, _r: string, _p: object, _done: Done) => {
      throw bug;
    };
    expect(errorOf(await login(stubbed({}, form).strategy))).toBe(bug);

    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    try {
      const unhandled = new Promise((resolve) => process.once('unhandledRejection', resolve));
      const theirs = run(upstream({}, form), fakeRequest({ query: { code: 'abc' } }));
      expect(await unhandled).toBe(bug);
      expect(theirs.outcomes).toEqual([]);
    } finally {
      for (const listener of listeners) process.on('unhandledRejection', listener);
    }
  });

  it('`done` called twice', async () => {
    const form = (_a: string, _r: string, _p: object, done: Done) => {
      done(null, { id: 1 });
      done(null, { id: 2 });
    };
    const outcomesOf = async (strategy: OAuth2Strategy) => {
      const { session, state } = await beginLogin(strategy);
      const { outcome, outcomes } = run(strategy, callbackRequest(session, { code: 'abc', state }));
      await outcome;
      await new Promise((resolve) => setImmediate(resolve));
      return outcomes;
    };
    expect(await outcomesOf(upstream({ state: true }, form))).toHaveLength(2);
    expect(await outcomesOf(stubbed({}, form).strategy)).toMatchObject([
      { type: 'success', user: { id: 1 } },
    ]);
  });

  it('exception in a callback that runs later', async () => {
    const bug = new Error('a bug');
    const skipUserProfile = (_token: string, done: (error: null, skip: boolean) => void) =>
      setImmediate(done, null, false);
    const userProfile = () => {
      throw bug;
    };
    const { strategy } = stubbed({ skipUserProfile });
    expect(errorOf(await login(Object.assign(strategy, { userProfile })))).toBe(bug);

    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    try {
      const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
      const theirs = Object.assign(upstream({ skipUserProfile }), { userProfile });
      const { outcomes } = run(theirs, fakeRequest({ query: { code: 'abc' } }));
      expect(await uncaught).toBe(bug);
      expect(outcomes).toEqual([]);
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });

  it('private methods `_loadUserProfile` and `_createOAuthError`', async () => {
    const called = async (strategy: OAuth2Strategy) => {
      let calls = 0;
      const count = () => {
        calls += 1;
        return new Error('private');
      };
      Object.assign(strategy, { _createOAuthError: count });
      stubExchange(strategy, { statusCode: 400, data: '{}' });
      await login(strategy);
      Object.assign(strategy, {
        _loadUserProfile: (_token: string, done: (error: Error) => void) => done(count()),
      });
      stubExchange(strategy);
      await login(strategy);
      return calls;
    };
    expect(await called(upstream())).toBe(2);
    expect(await called(stubbed().strategy)).toBe(0);
  });
});
