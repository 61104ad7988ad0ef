// What passport-oauth2 does with a callback and with `verify`, and what holds here as well.
import { describe, expect, it } from 'vitest';
import {
  authenticate,
  beginLogin,
  callbackRequest,
  fakeRequest,
  fakeSession,
  login,
} from '../support/strategy.ts';
import { client, comeBack, construct, type Done, errorOf, oauth2Of, stubbed } from './support.ts';

const CALLBACK_URL = 'https://app.example/auth/fitbit/callback';

describe('the code exchange', () => {
  it('sends the code without a redirect_uri when no callback URL is set', async () => {
    const { strategy, exchanges } = stubbed({ state: false });
    expect((await authenticate(strategy, fakeRequest({ query: { code: 'abc' } }))).type).toBe('success');
    expect(exchanges).toEqual([{ code: 'abc', params: { grant_type: 'authorization_code' } }]);
  });

  it('sends the callback URL of the strategy', async () => {
    const { strategy, exchanges } = stubbed({ callbackURL: CALLBACK_URL });
    await login(strategy);
    expect(exchanges[0]?.params).toMatchObject({ redirect_uri: CALLBACK_URL });
  });

  it('sends the callback URL of the request instead, resolved', async () => {
    const { strategy, exchanges } = stubbed({ callbackURL: CALLBACK_URL });
    await login(strategy, { callbackURL: 'https://app.example/link' });
    await login(strategy, { callbackURL: '/link' });
    expect(exchanges.map(({ params }) => params.redirect_uri)).toEqual([
      'https://app.example/link',
      'https://app.example/link',
    ]);
  });

  it('takes code and state from a form post', async () => {
    const { strategy, exchanges } = stubbed();
    const { session, state } = await beginLogin(strategy);
    const req = Object.assign(fakeRequest({ session, body: { code: 'posted', state } }), { method: 'POST' });
    expect((await authenticate(strategy, req)).type).toBe('success');
    expect(exchanges).toMatchObject([{ code: 'posted' }]);
  });

  it('takes the code from a form post without state when the strategy keeps none', async () => {
    const { strategy, exchanges } = stubbed({ state: false });
    await authenticate(strategy, fakeRequest({ body: { code: 'posted' } }));
    expect(exchanges).toMatchObject([{ code: 'posted' }]);
  });
});

describe('verify', () => {
  const PROFILE = { provider: 'fitbit', id: 'ME', displayName: '' };
  const PARAMS = { user_id: 'ME', scope: 'profile', extra: 1 };

  it('gets the tokens and the profile', async () => {
    const calls: unknown[][] = [];
    const { strategy } = stubbed({}, (access: unknown, refresh: unknown, profile: unknown, done: Done) => {
      calls.push([access, refresh, profile]);
      done(null, { id: 1 }, { message: 'Hello' });
    });
    expect(await login(strategy)).toEqual({
      type: 'success',
      user: { id: 1 },
      info: { message: 'Hello' },
    });
    expect(calls).toEqual([['access', 'refresh', PROFILE]]);
  });

  it('gets the token response too when it declares five parameters', async () => {
    const calls: unknown[][] = [];
    const { strategy } = stubbed(
      {},
      (access: unknown, refresh: unknown, params: unknown, profile: unknown, done: Done) => {
        calls.push([access, refresh, params, profile]);
        done(null, { id: 1 });
      },
    );
    expect((await login(strategy)).type).toBe('success');
    expect(calls).toEqual([['access', 'refresh', expect.objectContaining(PARAMS), PROFILE]]);
  });

  it('gets the request first with passReqToCallback', async () => {
    const calls: unknown[][] = [];
    const { strategy } = stubbed(
      { passReqToCallback: true },
      (req: unknown, access: unknown, refresh: unknown, profile: unknown, done: Done) => {
        calls.push([req, access, refresh, profile]);
        done(null, { id: 1 });
      },
    );
    const { session, state } = await beginLogin(strategy);
    const req = callbackRequest(session, { code: 'abc', state });
    expect((await authenticate(strategy, req)).type).toBe('success');
    expect(calls).toEqual([[expect.anything(), 'access', 'refresh', PROFILE]]);
    expect(calls[0]?.[0]).toBe(req);
  });

  it('gets the request and the token response when it declares six parameters', async () => {
    const calls: unknown[][] = [];
    const { strategy } = stubbed(
      { passReqToCallback: true },
      (req: object, access: unknown, refresh: unknown, params: unknown, profile: unknown, done: Done) => {
        calls.push([Reflect.get(req, 'url'), access, refresh, params, profile]);
        done(null, { id: 1 });
      },
    );
    expect((await login(strategy)).type).toBe('success');
    expect(calls).toEqual([
      [
        expect.stringContaining('/auth/fitbit/callback?'),
        'access',
        'refresh',
        expect.objectContaining(PARAMS),
        PROFILE,
      ],
    ]);
  });

  it('is called with the strategy as this', async () => {
    let self: unknown;
    const { strategy } = stubbed(
      {},
      function verify(this: unknown, _a: unknown, _r: unknown, _p: unknown, done: Done) {
        self = this;
        done(null, { id: 1 });
      },
    );
    await login(strategy);
    // Passport calls on an object that it makes from the strategy.
    expect(self === strategy || Object.getPrototypeOf(Object(self)) === strategy).toBe(true);
  });

  it('refuses the user with false: a failure without a challenge', async () => {
    const { strategy } = stubbed({}, (_a: unknown, _r: unknown, _p: unknown, done: Done) =>
      done(null, false),
    );
    expect(await login(strategy)).toEqual({ type: 'fail', failure: undefined, status: undefined });
  });

  it('refuses the user with false and a challenge of its own', async () => {
    const { strategy } = stubbed({}, (_a: unknown, _r: unknown, _p: unknown, done: Done) =>
      done(null, false, { message: 'Invite only' }),
    );
    expect(await login(strategy)).toEqual({
      type: 'fail',
      failure: { message: 'Invite only' },
      status: undefined,
    });
  });

  it('ends the login with the error that it calls back with', async () => {
    const failed = new Error('no database');
    const { strategy } = stubbed({}, (_a: unknown, _r: unknown, _p: unknown, done: Done) => done(failed));
    expect(errorOf(await login(strategy))).toBe(failed);
  });

  it('ends the login with the error that it throws', async () => {
    const bug = new Error('a bug');
    const { strategy } = stubbed({}, (_a: unknown, _r: unknown, _p: unknown, _done: unknown) => {
      throw bug;
    });
    expect(errorOf(await login(strategy))).toBe(bug);
  });

  it('gives an info with the state of the app beside its own', async () => {
    const own = { message: 'Hello' };
    const { strategy } = stubbed({}, (_a: unknown, _r: unknown, _p: unknown, done: Done) =>
      done(null, { id: 1 }, own),
    );
    const state = { returnTo: '/week' };
    expect(await login(strategy, { state })).toMatchObject({ info: { message: 'Hello', state } });
  });

  it('gives an info with nothing else but the state of the app', async () => {
    const { strategy } = stubbed();
    const state = { returnTo: '/week' };
    expect(await login(strategy, { state })).toMatchObject({ info: { state } });
    expect(await login(strategy)).toMatchObject({ info: {} });
  });
});

describe('the profile', () => {
  const skipping = (skipUserProfile: unknown) => {
    const strategy = construct(
      { ...client, skipUserProfile },
      (_a: unknown, _r: unknown, profile: object, done: Done) => done(null, { profile }),
    );
    const oauth2 = oauth2Of(strategy);
    oauth2.getOAuthAccessToken = (_code, _params, callback) =>
      callback(null, 'access', undefined, { user_id: 'ME', scope: 'profile' });
    oauth2.get = (_url, _token, callback) =>
      callback(null, '{"user":{"encodedId":"ME","displayName":"Zoë"}}');
    return strategy;
  };
  const loaded = { type: 'success', user: { profile: { id: 'ME', displayName: 'Zoë' } } };
  const skipped = { type: 'success', user: { profile: { provider: 'fitbit', id: 'ME', displayName: '' } } };

  it('is loaded by default, and with skipUserProfile false', async () => {
    expect(await login(skipping(undefined))).toMatchObject(loaded);
    expect(await login(skipping(false))).toMatchObject(loaded);
  });

  it('is skipped with skipUserProfile true', async () => {
    expect(await login(skipping(true))).toEqual({ ...skipped, info: {} });
  });

  it('is loaded or skipped as a function says', async () => {
    expect(await login(skipping(() => false))).toMatchObject(loaded);
    expect(await login(skipping(() => true))).toEqual({ ...skipped, info: {} });
  });

  it('is loaded or skipped as a function calls back, which gets the access token', async () => {
    const tokens: string[] = [];
    const decides =
      (skip: boolean) => (accessToken: string, done: (error: unknown, skip: boolean) => void) => {
        tokens.push(accessToken);
        setImmediate(done, null, skip);
      };
    expect(await login(skipping(decides(false)))).toMatchObject(loaded);
    expect(await login(skipping(decides(true)))).toEqual({ ...skipped, info: {} });
    expect(tokens).toEqual(['access', 'access']);
  });

  it('ends the login with the error that such a function calls back with', async () => {
    const failed = new Error('undecided');
    const decides = (_token: string, done: (error: unknown) => void) => setImmediate(done, failed);
    expect(errorOf(await login(skipping(decides)))).toBe(failed);
  });
});

describe('a callback', () => {
  it('with access_denied is a failure, not an error', async () => {
    const { strategy, exchanges } = stubbed();
    expect((await comeBack(strategy, { error: 'access_denied' })).type).toBe('fail');
    expect(exchanges).toEqual([]);
  });

  it('with access_denied and a text has the text as the hint', async () => {
    const { strategy } = stubbed();
    const query = { error: 'access_denied', error_description: 'Why not?' };
    expect(await comeBack(strategy, query)).toMatchObject({ type: 'fail', failure: { hint: 'Why not?' } });
  });

  it('with another error is an error with its code', async () => {
    const { strategy, exchanges } = stubbed();
    const query = { error: 'invalid_scope', error_description: 'The scope is invalid' };
    expect(errorOf(await comeBack(strategy, query))).toMatchObject({
      code: 'invalid_scope',
      message: expect.stringContaining('The scope is invalid'),
    });
    expect(errorOf(await comeBack(strategy, { error: 'server_error' }))).toMatchObject({
      code: 'server_error',
    });
    expect(exchanges).toEqual([]);
  });

  it('without a code and an error begins a login', async () => {
    const { strategy } = stubbed();
    expect((await authenticate(strategy, fakeRequest({ session: fakeSession() }))).type).toBe('redirect');
  });
});
