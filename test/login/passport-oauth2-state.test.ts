// What passport-oauth2 does with states, stores and PKCE, and what holds here as well.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  authenticate,
  beginLogin,
  callbackRequest,
  fakeRequest,
  fakeSession,
  login,
} from '../support/strategy.ts';
import { client, comeBack, construct, errorOf, stubbed, verify } from './support.ts';

const KEY = 'oauth2:fitbit';

describe('the state in a session', () => {
  it('is made for each login and kept under the name of the strategy', async () => {
    const { strategy } = stubbed({ state: true });
    const { session, state } = await beginLogin(strategy);
    expect(state).toMatch(/^[\w-]{24,}$/);
    expect(JSON.stringify(session[KEY])).toContain(state);
    expect((await beginLogin(strategy)).state).not.toBe(state);
  });

  it('is kept under the session key of the strategy', async () => {
    const { strategy } = stubbed({ sessionKey: 'mine' });
    const { session, state } = await beginLogin(strategy);
    expect(Object.keys(session)).toEqual(['mine']);
    const outcome = await authenticate(strategy, callbackRequest(session, { code: 'abc', state }));
    expect(outcome.type).toBe('success');
    expect(session).not.toHaveProperty('mine');
  });

  it('is removed once it was used', async () => {
    const { strategy } = stubbed();
    const { session, state } = await beginLogin(strategy);
    await authenticate(strategy, callbackRequest(session, { code: 'abc', state }));
    expect(session).not.toHaveProperty([KEY]);
    const again = await authenticate(strategy, callbackRequest(session, { code: 'abc', state }));
    expect(again).toMatchObject({ type: 'fail', status: 403 });
  });

  it('leaves other data of the session alone', async () => {
    const { strategy } = stubbed();
    const { session, state } = await beginLogin(strategy, fakeSession({ cart: ['shoes'] }));
    expect(session.cart).toEqual(['shoes']);
    await authenticate(strategy, callbackRequest(session, { code: 'abc', state }));
    expect(session.cart).toEqual(['shoes']);
  });

  it('that does not match is a failure with status 403', async () => {
    const { strategy, exchanges } = stubbed();
    expect(await comeBack(strategy, { code: 'abc', state: 'made-up' })).toMatchObject({
      type: 'fail',
      status: 403,
      failure: { message: expect.any(String) },
    });
    expect(exchanges).toEqual([]);
  });

  it.each([
    ['nothing', {}],
    ['an empty object', { [KEY]: {} }],
    ['something else', { [KEY]: { state: 'S' } }],
  ])('that is not in a session with %s is a failure with status 403', async (_, data) => {
    const { strategy, exchanges } = stubbed();
    const req = callbackRequest(fakeSession(data), { code: 'abc', state: 'S' });
    expect(await authenticate(strategy, req)).toMatchObject({ type: 'fail', status: 403 });
    expect(exchanges).toEqual([]);
  });

  it('needs a session: without one, begin and callback are errors that say so', async () => {
    const { strategy } = stubbed();
    for (const query of [{}, { code: 'abc', state: 'S' }]) {
      const error = errorOf(await authenticate(strategy, fakeRequest({ query })));
      expect(error).toMatchObject({ message: expect.stringMatching(/session/) });
    }
  });

  it.each([
    ['an object', { returnTo: '/week' }],
    ['true', true],
  ])('carries the state of the app through the login: %s', async (_, state) => {
    const { strategy } = stubbed();
    const options: object = { state };
    expect(await login(strategy, options)).toMatchObject({ type: 'success', info: { state } });
  });

  it('carries no state of the app when the request has none, or false', async () => {
    const { strategy } = stubbed();
    const without: object[] = [{}, { state: false }];
    for (const options of without) {
      expect(await login(strategy, options)).toEqual({ type: 'success', user: expect.anything(), info: {} });
    }
  });
});

describe('PKCE', () => {
  it.each([true, 'S256'])('sends a challenge and later its verifier: pkce %j', async (pkce) => {
    const { strategy, exchanges } = stubbed({ state: true, pkce });
    const { url, session, state } = await beginLogin(strategy);
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    await authenticate(strategy, callbackRequest(session, { code: 'abc', state }));
    const verifier = exchanges[0]?.params.code_verifier ?? '';
    expect(verifier).toMatch(/^[\w-]{43}$/);
    expect(url.searchParams.get('code_challenge')).toBe(
      createHash('sha256').update(verifier).digest('base64url'),
    );
  });

  it('is off with pkce false', async () => {
    const { strategy, exchanges } = stubbed({ pkce: false });
    const { url, session, state } = await beginLogin(strategy);
    expect([...url.searchParams.keys()].filter((name) => name.startsWith('code_'))).toEqual([]);
    await authenticate(strategy, callbackRequest(session, { code: 'abc', state }));
    expect(exchanges[0]?.params).not.toHaveProperty('code_verifier');
  });

  it('cannot be on without state', () => {
    expect(() => construct({ ...client, state: false, pkce: true }, verify)).toThrow(TypeError);
    expect(() => construct({ ...client, state: false, pkce: true }, verify)).toThrow(
      /"state: false".*"pkce"/,
    );
  });
});

describe("an app's own store", () => {
  type Stored = (error: unknown, state?: string) => void;
  type Verified = (error: unknown, ok?: unknown, state?: unknown) => void;
  const META = {
    authorizationURL: 'https://www.fitbit.com/oauth2/authorize',
    tokenURL: 'https://api.fitbit.com/oauth2/token',
    clientID: 'CID',
    callbackURL: 'https://app.example/callback',
  };
  const callbackURL = META.callbackURL;
  const accepts = (_req: unknown, _state: string, done: Verified) => done(null, true);

  it.each<[string, (seen: unknown[]) => object, unknown[]]>([
    [
      'five: verifier, state of the app and meta',
      (seen) => (_req: unknown, verifier: string, app: unknown, meta: object, done: Stored) => {
        seen.push(verifier, app, meta);
        done(null, 'S');
      },
      [expect.stringMatching(/^[\w-]{43}$/), { n: 1 }, expect.objectContaining(META)],
    ],
    [
      'four: state of the app and meta',
      (seen) => (_req: unknown, app: unknown, meta: object, done: Stored) => {
        seen.push(app, meta);
        done(null, 'S');
      },
      [{ n: 1 }, expect.objectContaining(META)],
    ],
    [
      'three: meta',
      (seen) => (_req: unknown, meta: object, done: Stored) => {
        seen.push(meta);
        done(null, 'S');
      },
      [expect.objectContaining(META)],
    ],
    ['two', () => (_req: unknown, done: Stored) => done(null, 'S'), []],
  ])('gets what its `store` declares: %s', async (_, makeStore, expected) => {
    const seen: unknown[] = [];
    const { strategy } = stubbed({ callbackURL, store: { store: makeStore(seen), verify: accepts } });
    const { state } = await beginLogin(strategy, undefined, { state: { n: 1 } });
    expect(state).toBe('S');
    expect(seen).toEqual(expected);
  });

  it.each<[string, (seen: unknown[]) => object, unknown[]]>([
    [
      'four: state and meta',
      (seen) => (_req: unknown, state: string, meta: object, done: Verified) => {
        seen.push(state, meta);
        done(null, true);
      },
      ['S', expect.objectContaining(META)],
    ],
    [
      'three: state',
      (seen) => (_req: unknown, state: string, done: Verified) => {
        seen.push(state);
        done(null, true);
      },
      ['S'],
    ],
  ])('gets what its `verify` declares: %s', async (_, makeVerify, expected) => {
    const seen: unknown[] = [];
    const store = { store: (_req: unknown, done: Stored) => done(null, 'S'), verify: makeVerify(seen) };
    const { strategy } = stubbed({ callbackURL, store });
    expect((await login(strategy)).type).toBe('success');
    expect(seen).toEqual(expected);
  });

  it('is called with itself as this', async () => {
    const store = {
      states: new Set<string>(),
      store(_req: unknown, done: Stored) {
        this.states.add('S');
        done(null, 'S');
      },
      verify(_req: unknown, state: string, done: Verified) {
        done(null, this.states.has(state));
      },
    };
    const { strategy } = stubbed({ store });
    expect((await login(strategy)).type).toBe('success');
  });

  it('hands back the verifier of the code exchange and the state of the app', async () => {
    const store = {
      store: (_req: unknown, _verifier: string, _app: unknown, _meta: object, done: Stored) =>
        done(null, 'S'),
      verify: (_req: unknown, _state: string, _meta: object, done: Verified) =>
        setImmediate(done, null, 'the-verifier', { n: 1 }),
    };
    const { strategy, exchanges } = stubbed({ store });
    expect(await login(strategy)).toMatchObject({ type: 'success', info: { state: { n: 1 } } });
    expect(exchanges[0]?.params).toMatchObject({ code_verifier: 'the-verifier' });
  });

  it('sends no state when its `store` makes none', async () => {
    const store = { store: (_req: unknown, done: Stored) => done(null), verify: accepts };
    const { strategy } = stubbed({ store });
    expect((await beginLogin(strategy)).url.searchParams.has('state')).toBe(false);
  });

  it('refuses a callback with a failure of its own and status 403', async () => {
    const failure = { message: 'Not mine', own: 1 };
    const store = {
      store: (_req: unknown, done: Stored) => done(null, 'S'),
      verify: (_req: unknown, _state: string, done: Verified) => done(null, false, failure),
    };
    const { strategy, exchanges } = stubbed({ store });
    expect(await login(strategy)).toEqual({ type: 'fail', failure, status: 403 });
    expect(exchanges).toEqual([]);
  });

  it.each(['store', 'verify'] as const)(
    'ends the login with the error of its `%s`, called back or thrown',
    async (method) => {
      const failed = new Error('no store');
      const works = { store: (_req: unknown, done: Stored) => done(null, 'S'), verify: accepts };
      const callsBack =
        method === 'store'
          ? (_req: unknown, done: Stored) => done(failed)
          : (_req: unknown, _state: string, done: Verified) => done(failed);
      const throws =
        method === 'store'
          ? (_req: unknown, _done: Stored) => {
              throw failed;
            }
          : (_req: unknown, _state: string, _done: Verified) => {
              throw failed;
            };
      for (const fails of [callsBack, throws]) {
        const { strategy, exchanges } = stubbed({ store: { ...works, [method]: fails } });
        const req =
          method === 'store' ? fakeRequest() : callbackRequest(undefined, { code: 'abc', state: 'S' });
        expect(errorOf(await authenticate(strategy, req))).toBe(failed);
        expect(exchanges).toEqual([]);
      }
    },
  );
});
