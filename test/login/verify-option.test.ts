import {
  FitbitStrategy,
  type FitbitStrategyOptions,
  type Login,
  type VerifyCallback,
} from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import {
  authenticate,
  beginLogin,
  callbackRequest,
  fakeRequest,
  fakeSession,
  login,
  type Outcome,
} from '../support/strategy.ts';
import { stubExchanges } from '../support/stub.ts';

const client: FitbitStrategyOptions = { clientID: 'CID', clientSecret: 's3cret', skipUserProfile: true };
const state = { returnTo: '/week' };

/** A strategy made by a constructor call that the types refuse. */
function construct(...args: unknown[]): FitbitStrategy {
  return Reflect.construct(FitbitStrategy, args);
}

function signIn(strategy: FitbitStrategy, appState?: object): Promise<Outcome> {
  stubExchanges(strategy);
  return login(strategy, appState && { state: appState });
}

describe('the option verify', () => {
  it("gets tokens, profile, the app's state and the request, with the strategy as this", async () => {
    const seen: { self: unknown; login: Login }[] = [];
    const strategy = new FitbitStrategy({
      ...client,
      async verify(this: unknown, given: Login) {
        seen.push({ self: this, login: given });
        return { name: 'zoe' };
      },
    });
    stubExchanges(strategy);
    const begun = await beginLogin(strategy, fakeSession(), { state });
    const req = callbackRequest(begun.session, { code: 'abc', state: begun.state, lang: 'en' });
    expect(await authenticate(strategy, req)).toEqual({
      type: 'success',
      user: { name: 'zoe' },
      info: { state },
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]?.self).toBeInstanceOf(FitbitStrategy);
    expect(Object.getPrototypeOf(seen[0]?.self)).toBe(strategy); // Passport's copy of the strategy
    expect(seen[0]?.login).toStrictEqual({
      tokens: expect.objectContaining({ accessToken: 'access-abc', refreshToken: 'refresh-abc' }),
      profile: { provider: 'fitbit', id: 'user-abc', displayName: '' },
      state,
      req,
      callback: { lang: 'en' },
    });
  });

  it('may return the user without a promise, and then the info is empty', async () => {
    const strategy = new FitbitStrategy({ ...client, verify: () => ({ name: 'zoe' }) });
    expect(await signIn(strategy)).toStrictEqual({
      type: 'success',
      user: { name: 'zoe' },
      info: {},
    });
  });

  it('may have any number of declared parameters', async () => {
    const verifies = [
      () => ({ id: 1 }),
      ({ profile }: Login) => profile,
      (...logins: Login[]) => logins[0]?.profile,
      (given: Login, _unused = 1) => given.profile,
    ];
    for (const verify of verifies) {
      expect(await signIn(new FitbitStrategy({ ...client, verify }))).toMatchObject({ type: 'success' });
    }
  });

  it.each([false, undefined, null])('refuses the login if it returns %s', async (user) => {
    for (const verify of [() => user, async () => user]) {
      expect(await signIn(new FitbitStrategy({ ...client, verify }), state)).toEqual({
        type: 'fail',
        failure: { message: 'This account is not allowed to sign in.', code: 'user_refused' },
        status: undefined,
      });
    }
  });

  it('ends the login with what it throws', async () => {
    const error = new Error('no database');
    const rejects = () => Promise.reject(error);
    const throws = () => {
      throw error;
    };
    for (const verify of [rejects, throws]) {
      expect(await signIn(new FitbitStrategy({ ...client, verify }))).toEqual({ type: 'error', error });
    }
  });

  it.each([undefined, null, 0])('ends the login with an error if it rejects with %s', async (reason) => {
    const strategy = new FitbitStrategy({ ...client, verify: () => Promise.reject(reason) });
    expect(await signIn(strategy)).toMatchObject({
      type: 'error',
      error: {
        name: 'OAuthError',
        code: 'unknown',
        operation: 'authorization',
        message:
          'The login failed without a reason: "verify" or a hook of the strategy passed an empty value instead of an Error',
      },
    });
  });
});

describe('the parameters of the callback that verify gets', () => {
  it('are texts of at most 4 kB, given once', async () => {
    const seen: unknown[] = [];
    const verify = ({ callback }: Login) => void seen.push(callback);
    const strategy = new FitbitStrategy({ ...client, verify });
    stubExchanges(strategy);
    const { session, state } = await beginLogin(strategy);
    const [longest, tooLong] = ['x'.repeat(4096), 'x'.repeat(4097)];
    const query = { code: 'abc', state, longest, tooLong, twice: ['a', 'b'], object: { a: 'b' }, empty: '' };
    await authenticate(strategy, fakeRequest({ session, query }));
    expect(seen).toStrictEqual([{ longest, empty: '' }]);
  });
});

describe('the second argument', () => {
  const done = (_a: string, _r: string, _p: object, callback: VerifyCallback) => callback(null, {});

  it('is needed if there is no option verify', () => {
    expect(() => construct(client)).toThrow(
      new TypeError('"verify" must be a function that finds or creates the user: ({ profile }) => user'),
    );
    expect(() => construct({ ...client, verify: 'x' })).toThrow(TypeError);
    expect(() => construct({ ...client, verify: null })).toThrow(TypeError);
  });

  it('is refused beside the option verify', () => {
    expect(() => construct({ ...client, verify: () => ({}) }, done)).toThrow(
      new TypeError('"verify" was given twice: pass it either as an option or as the second argument'),
    );
  });

  it.each([[(_login: Login) => ({})], [async ({ profile }: Login) => profile]])(
    'is refused if it has one parameter: that belongs in the options',
    (verify) => {
      expect(() => construct(client, verify)).toThrow(TypeError);
      expect(() => construct(client, verify)).toThrow('pass it as the option "verify"');
    },
  );

  it.each([null, 'x', {}])('is refused if it is not a function: %j', (verify) => {
    expect(() => construct(client, verify)).toThrow(TypeError);
    expect(() => construct(client, verify)).toThrow('"verify" must be a function');
  });

  it('has the strategy as this', async () => {
    let self: unknown;
    const strategy = new FitbitStrategy(client, function (this: unknown, _a, _r, _p, callback) {
      self = this;
      callback(null, {});
    });
    await signIn(strategy);
    expect(self).toBeInstanceOf(FitbitStrategy);
  });

  it('ends the login with the error of a function without parameters that returns a user', async () => {
    const outcome = await signIn(new FitbitStrategy(client, async () => ({ name: 'zoe' })));
    expect(outcome).toMatchObject({ type: 'error', error: expect.any(TypeError) });
    expect(outcome).toHaveProperty(
      ['error', 'message'],
      expect.stringContaining('instead of calling `done`'),
    );
  });

  it('may be async and resolve with anything: what it gave to done counts', async () => {
    const four = new FitbitStrategy(client, async (_a, _r, _p, callback) => {
      callback(null, { id: 1 });
      return 'ignored';
    });
    const rest = new FitbitStrategy(client, async (...args: unknown[]) => {
      (args.at(-1) as VerifyCallback)(null, { id: 1 });
    });
    for (const strategy of [four, rest]) {
      expect(await signIn(strategy)).toEqual({ type: 'success', user: { id: 1 }, info: {} });
    }
  });

  it('may be async and call done after it has returned, whatever it returned', async () => {
    const later = (done: unknown) => void setTimeout(done as VerifyCallback, 5, null, { id: 1 });
    const rest = new FitbitStrategy(client, async (...args: unknown[]) => later(args.at(-1)));
    const four = new FitbitStrategy(client, async (_a, _r, _p, callback) => {
      later(callback);
      return { id: 2 };
    });
    for (const strategy of [rest, four]) {
      expect(await signIn(strategy)).toEqual({ type: 'success', user: { id: 1 }, info: {} });
    }
  });

  it('has an error without a reason if it rejects with nothing', async () => {
    const strategy = new FitbitStrategy(client, async (_a, _r, _p, _done) => Promise.reject(0));
    expect(await signIn(strategy)).toMatchObject({ type: 'error', error: { code: 'unknown' } });
  });
});

describe('the info that an app gives to done', () => {
  class Welcome {
    readonly message = 'Welcome';
    get loud() {
      return this.message.toUpperCase();
    }
  }
  const infoOf = async (info: unknown, appState?: object) => {
    const strategy = new FitbitStrategy(client, (_a, _r, _p, done) => done(null, {}, info as object));
    const outcome = await signIn(strategy, appState);
    if (outcome.type !== 'success') throw new Error(outcome.type);
    return outcome.info;
  };

  it.each([undefined, null])('is an empty object in place of %j', async (info) => {
    expect(await infoOf(info)).toStrictEqual({});
  });

  it.each(['Welcome', { message: 'Welcome' }, new Welcome()])(
    'goes on as it is without a state of the app: %j',
    async (info) => {
      expect(await infoOf(info)).toBe(info);
    },
  );

  it('keeps its class and gets the state in a copy', async () => {
    const info = Object.freeze(new Welcome());
    const given = await infoOf(info, state);
    expect(given).toBeInstanceOf(Welcome);
    expect(given).toMatchObject({ message: 'Welcome', loud: 'WELCOME', state });
    expect(info).not.toHaveProperty('state');
  });

  it.each([undefined, null])('is the state alone if it is %s', async (info) => {
    expect(await infoOf(info, state)).toStrictEqual({ state });
  });

  it('stays a text if it is one', async () => {
    expect(await infoOf('Welcome', state)).toBe('Welcome');
  });

  it('goes to fail as it is if the login is refused', async () => {
    const refusal = new Error('Not on the list');
    const strategy = new FitbitStrategy(client, (_a, _r, _p, done) => done(null, false, refusal));
    const outcome = await signIn(strategy, state);
    expect(outcome).toMatchObject({ type: 'fail', status: undefined });
    expect(outcome).toHaveProperty('failure', refusal);
    expect(refusal).not.toHaveProperty('state');
  });
});
