import type { Request } from 'express';
import { CookieStateStore, FitbitStrategy } from 'passport-fitbit-strategy';
import { describe, expect, it, vi } from 'vitest';
import { checkCallbackURL, checkTimeout, checkURL } from '../../lib/oauth2/arguments.ts';
import { FirstOutcome } from '../../lib/oauth2/outcome.ts';
import { SessionStateStore } from '../../lib/oauth2/session-state.ts';
import { callVerify, type Verify } from '../../lib/oauth2/verify.ts';
import { response, sends, start } from '../support/faulty-server.ts';
import { fakeRequest, fakeSession, login } from '../support/strategy.ts';
import { oauth2Of } from './stub.ts';

const meta = { authorizationURL: 'https://p.example/a', tokenURL: 'https://p.example/t', clientID: 'id' };

describe('an argument', () => {
  it.each(['https://:pw@p.example', 'https://user@p.example', 'https://user:pw@p.example'])(
    'that is the URL %s is refused',
    (url) => {
      expect(() => checkURL(url, 'tokenURL')).toThrow('"tokenURL" must not contain a user name or password');
    },
  );

  it.each([
    ' https://app.example/cb',
    'x https://app.example/cb',
    '1https://app.example',
    'a_b://app.example',
  ])('that is the callback URL %j is refused', (url) => {
    expect(() => checkCallbackURL(url)).toThrow('"callbackURL" must be an absolute URL');
  });

  it.each(['5', [5], null, 0, -1, 2 ** 31, Number.NaN, Infinity])(
    'that is the time limit %j is refused',
    (limit) => {
      expect(() => checkTimeout(limit)).toThrow('"timeout" must be a positive number');
    },
  );
});

describe('a setting of CookieStateStore', () => {
  const secret = 'a secret of at least thirty-two characters';
  it.each([0, 86_401, 1.5, '600', null, Number.NaN])('that is the maxAge %j is refused', (maxAge) => {
    expect(() => new CookieStateStore({ secret, maxAge } as never)).toThrow(
      '"maxAge" must be a number of seconds',
    );
  });

  it.each([1, 86_400])('may be the maxAge %j', (maxAge) => {
    expect(() => new CookieStateStore({ secret, maxAge })).not.toThrow();
  });

  it.each([['ab'], 5, null, '', 'a;b', 'x'.repeat(65)])('that is the name %j is refused', (name) => {
    expect(() => new CookieStateStore({ secret, name } as never)).toThrow('"name" must consist of letters');
  });
});

describe('a parameter of the code exchange that is no text', () => {
  it('does no harm when the exchange is refused, and the texts of an array stay secret', async () => {
    class Odd extends FitbitStrategy {
      override tokenParams() {
        return { odd: Object.create(null), many: ['first-secret', 'second-secret'] };
      }
    }
    const body = '{"errors":[{"errorType":"invalid_request","message":"second-secret is wrong"}]}';
    const { url } = await start(sends(response(400, body)));
    const client = { clientID: 'id', clientSecret: 'secret', tokenURL: `${url}/token` };
    const outcome = await login(new Odd(client, () => expect.unreachable()));
    expect(outcome).toMatchObject({
      type: 'error',
      error: { code: 'invalid_request', description: '[redacted] is wrong' },
    });
  });
});

describe('the outcome of a request', () => {
  const outcomes = (report: (error: unknown) => void) => {
    const passport = {
      success: vi.fn(),
      fail: vi.fn(),
      redirect: vi.fn(),
      error: vi.fn(report),
    };
    return { passport, first: new FirstOutcome(passport as never) };
  };

  it('is the first error, whatever comes after it', () => {
    const { passport, first } = outcomes(() => {});
    first.error(new Error('one'));
    first.error(new Error('two'));
    first.fail('three');
    first.redirect('four');
    expect(passport.error.mock.calls).toEqual([[new Error('one')]]);
    expect(passport.fail).not.toHaveBeenCalled();
    expect(passport.redirect).not.toHaveBeenCalled();
  });

  it('is not changed by an error without a reason after it', () => {
    const { passport, first } = outcomes(() => {});
    first.redirect('https://app.example');
    expect(() => first.error(undefined)).not.toThrow();
    expect(passport.error).not.toHaveBeenCalled();
  });

  it('is pass, where a subclass says so', async () => {
    class Passing extends FitbitStrategy {
      override userProfile(): void {
        this.pass();
      }
    }
    const strategy = new Passing({ clientID: 'id', clientSecret: 'secret' }, () => expect.unreachable());
    oauth2Of(strategy).getOAuthAccessToken = (_code, _params, callback) => callback(null, 'access');
    expect(await login(strategy)).toEqual({ type: 'pass' });
  });

  it('lets through what the error handler threw, and nothing else', () => {
    const escaped = new Error('the app');
    const { passport, first } = outcomes(() => {
      throw escaped;
    });
    expect(() => first.error(new Error('one'))).toThrow(escaped);
    expect(() => first.error(escaped)).toThrow(escaped);
    expect(() => first.error(new Error('two'))).not.toThrow();
    expect(passport.error).toHaveBeenCalledTimes(1);
  });
});

describe('the session of a request', () => {
  const store = new SessionStateStore('key');
  const begin = (req: Request) =>
    new Promise<string>((resolve, reject) => {
      store.store(req, undefined, undefined, meta, (error, state) =>
        error ? reject(error) : resolve(state ?? ''),
      );
    });

  it('holds no more of a login than there is', async () => {
    const session = fakeSession();
    const state = await begin(fakeRequest({ session }));
    expect(session.key).toEqual([{ state, expires: expect.any(Number) }]);
    expect(Object.keys((session.key as object[])[0] ?? {}).sort()).toEqual(['expires', 'state']);
  });

  it.each<[what: string, more: object]>([
    ['without a store', {}],
    ['with a store that can not be read', { sessionStore: {}, sessionID: 'x' }],
    ['with a store and no id', { sessionStore: { get: () => expect.unreachable() } }],
    [
      'that its store does not know yet',
      {
        sessionStore: { get: (_id: string, done: (...args: unknown[]) => void) => done(null, null) },
        sessionID: 'y',
      },
    ],
  ])('keeps the logins that it has: %s', async (_what, more) => {
    const session = fakeSession();
    const first = await begin(Object.assign(fakeRequest({ session }), more));
    const second = await begin(Object.assign(fakeRequest({ session }), more));
    expect(session.key).toMatchObject([{ state: first }, { state: second }]);
  });

  it('may be missing, or know no regenerate, when a user is signed in', () => {
    const session = fakeSession();
    expect(() => store.keepOverLogin(fakeRequest())).not.toThrow();
    expect(() => store.keepOverLogin(fakeRequest({ session }))).not.toThrow();
    expect(session).not.toHaveProperty('regenerate');
  });

  it.each([null, new Error('the store is down')])('may be gone after regenerate: %s', async (error) => {
    const session = fakeSession({ key: [{ state: 'a', expires: Date.now() + 1000 }] });
    const regenerate = vi.fn((callback: (error: unknown) => void) => {
      Reflect.deleteProperty(req, 'session');
      callback(error);
    });
    const req = fakeRequest({ session: Object.assign(session, { regenerate }) });
    store.keepOverLogin(req);
    const told = vi.fn();
    regenerate.mock.calls.length = 0;
    (session as unknown as { regenerate(callback: unknown): void }).regenerate(told);
    expect(told.mock.calls).toEqual([[error]]);
  });

  it('takes no logins over when it could not be renewed', () => {
    const session = fakeSession({ key: [{ state: 'a', expires: Date.now() + 1000 }] });
    const fresh = fakeSession();
    const regenerate = (callback: (error: unknown) => void) => {
      Reflect.set(req, 'session', fresh);
      callback(new Error('the store is down'));
    };
    const req = fakeRequest({ session: Object.assign(session, { regenerate }) });
    store.keepOverLogin(req);
    (session as unknown as { regenerate(callback: unknown): void }).regenerate(() => {});
    expect(fresh).not.toHaveProperty('key');
  });
});

describe('a verify function', () => {
  const login = {
    tokens: { accessToken: 'a' } as never,
    profile: { provider: 'fitbit', id: 'A' },
    req: fakeRequest(),
    refreshToken: 'r',
    params: {},
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const call = async (verify: Verify) => {
    const done = vi.fn();
    callVerify(verify, false, login, done);
    await settle();
    return done.mock.calls;
  };

  it('of four parameters may be async and resolve to anything: its done counts', async () => {
    const verify = async (_a: string, _r: string, _p: object, done: (error: null, user: object) => void) => {
      done(null, { id: 1 });
      return 'ignored';
    };
    expect(await call(verify as Verify)).toEqual([[null, { id: 1 }]]);
  });

  it("that rejects is no unhandled rejection where the error handler throws: that is the app's", async () => {
    const ticks: (() => void)[] = [];
    const nextTick = vi
      .spyOn(process, 'nextTick')
      .mockImplementation((tick) => void ticks.push(tick as () => void));
    const escaped = new Error('of the error handler');
    const done = vi.fn(() => {
      throw escaped;
    });
    callVerify(
      (async (_login: unknown) => Promise.reject(new Error('no database'))) as Verify,
      false,
      login,
      done,
    );
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    nextTick.mockRestore();
    expect(done.mock.calls).toEqual([[new Error('no database'), undefined, undefined]]);
    expect(ticks).toHaveLength(1);
    expect(ticks[0]).toThrow(escaped);
  });

  it('of rest parameters may be async and resolve to nothing', async () => {
    const verify = async (...args: unknown[]) => {
      (args.at(-1) as (error: null, user: object) => void)(null, { id: 1 });
    };
    expect(await call(verify as Verify)).toEqual([[null, { id: 1 }]]);
  });

  it('may give no promise, and null for the info', async () => {
    const verify = (
      _a: string,
      _r: string,
      _p: object,
      done: (error: null, user: object, info: null) => void,
    ) => {
      done(null, { id: 1 }, null);
      return 'no promise';
    };
    expect(await call(verify as Verify)).toEqual([[null, { id: 1 }, null]]);
  });

  it('that rejects with nothing is an error that says so, with that as its cause', async () => {
    const [[error] = []] = await call((async (_login: unknown) => Promise.reject(0)) as Verify);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).cause).toBe(0);
  });
});
