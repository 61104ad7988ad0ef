import { setTimeout as sleep } from 'node:timers/promises';
import type { Request } from 'express';
import {
  type FitbitProfile,
  FitbitStrategy,
  type Login,
  type VerifyCallback,
} from 'passport-fitbit-strategy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginLogin, callbackRequest, fakeSession, type Outcome, run } from '../support/strategy.ts';
import { answer } from './fake-fitbit.ts';
import { client, fixture, TOKEN_URL } from './fixtures.ts';

const TOKEN = JSON.parse(fixture('token.json'));
const { refresh_token: _, ...PARAMS } = TOKEN;
const PROFILE = { provider: 'fitbit', id: '26FWFL', displayName: '' };
const options = { ...client, skipUserProfile: true };
const withRequest = { ...options, passReqToCallback: true } as const;

/** A strategy with a second argument whose type does not matter. */
function make(given: object, verify: (...args: never[]) => unknown): FitbitStrategy {
  return Reflect.construct(FitbitStrategy, [given, verify]);
}

/** A strategy with a verify function of Passport's commonest form. */
function classic(act: (done: VerifyCallback) => unknown): FitbitStrategy {
  return new FitbitStrategy(options, (_a: string, _r: string, _p: FitbitProfile, done: VerifyCallback) =>
    act(done),
  );
}

const rejections: unknown[] = [];
const onRejection = (reason: unknown) => rejections.push(reason);
beforeEach(() => {
  process.on('unhandledRejection', onRejection);
});
afterEach(() => {
  process.off('unhandledRejection', onRejection);
  expect(rejections.splice(0)).toEqual([]);
});

/** Signs in; resolves with all outcomes, some time after the first. */
async function outcomesOf(strategy: FitbitStrategy, state?: object, token: object = TOKEN) {
  answer('POST', TOKEN_URL, { body: token });
  const begun = await beginLogin(strategy, fakeSession(), state && { state });
  const req = callbackRequest(begun.session, { code: 'abc', state: begun.state });
  const { outcome, outcomes } = run(strategy, req);
  await outcome;
  await sleep(5);
  return { outcomes, req };
}

async function outcomeOf(strategy: FitbitStrategy, state?: object): Promise<Outcome | undefined> {
  const { outcomes } = await outcomesOf(strategy, state);
  expect(outcomes).toHaveLength(1);
  return outcomes[0];
}

describe('the option verify', () => {
  it('gets the tokens, profile, state and request, and signs in the user that it resolves to', async () => {
    const seen: object[] = [];
    const strategy = new FitbitStrategy({
      ...options,
      verify: async (login) => {
        seen.push(login);
        return { name: 'zoe' };
      },
    });
    const { outcomes, req } = await outcomesOf(strategy);
    expect(outcomes).toEqual([{ type: 'success', user: { name: 'zoe' }, info: {} }]);
    expect(seen).toHaveLength(1);
    expect(Object.keys(seen[0] ?? {}).sort()).toEqual(['callback', 'profile', 'req', 'state', 'tokens']);
    expect(seen[0]).toMatchObject({
      profile: PROFILE,
      tokens: { accessToken: TOKEN.access_token, refreshToken: TOKEN.refresh_token, userID: '26FWFL' },
    });
    expect(Reflect.get(seen[0] ?? {}, 'req')).toBe(req);
  });

  it('may return the user without a promise', async () => {
    const user = { name: 'zoe' };
    expect(await outcomeOf(new FitbitStrategy({ ...options, verify: () => user }))).toEqual({
      type: 'success',
      user,
      info: {},
    });
  });

  it('gets the state of the app', async () => {
    const seen: unknown[] = [];
    const verify = ({ state }: Login) => seen.push(state) > 0 && {};
    await outcomeOf(new FitbitStrategy({ ...options, verify }), { returnTo: '/week' });
    await outcomeOf(new FitbitStrategy({ ...options, verify }));
    expect(seen).toEqual([{ returnTo: '/week' }, undefined]);
  });

  it('is called with the strategy as this', async () => {
    const seen: unknown[] = [];
    const strategy = new FitbitStrategy({
      ...options,
      verify(this: unknown) {
        seen.push(Reflect.get(Object(this), '_verifyLogin'));
        return {};
      },
    });
    await outcomeOf(strategy);
    expect(seen).toEqual([Reflect.get(strategy, '_verifyLogin')]);
  });

  it('may be a mock or a function with default values: the number of its parameters does not matter', async () => {
    for (const length of [0, 1, 2, 4, 5]) {
      const verify = Object.defineProperty(async () => ({ length }), 'length', { value: length });
      expect(await outcomeOf(new FitbitStrategy({ ...options, verify }))).toMatchObject({ user: { length } });
    }
  });

  it.each([false, undefined, null])('refuses the login when it resolves to %s', async (user) => {
    expect(await outcomeOf(new FitbitStrategy({ ...options, verify: async (_login) => user }))).toEqual({
      type: 'fail',
      failure: { message: 'This account is not allowed to sign in.', code: 'user_refused' },
      status: undefined,
    });
  });

  it('gives each refused login its own failure object', async () => {
    const strategy = new FitbitStrategy({ ...options, verify: async (_login) => false });
    const first = await outcomeOf(strategy);
    const second = await outcomeOf(strategy);
    if (first?.type !== 'fail' || second?.type !== 'fail') throw new Error('no failure');
    expect(first.failure).not.toBe(second.failure);
  });

  it('is an error when it rejects or throws, with the reason unchanged', async () => {
    const reason = new Error('no database');
    const error = { type: 'error', error: reason };
    expect(
      await outcomeOf(new FitbitStrategy({ ...options, verify: (_login) => Promise.reject(reason) })),
    ).toEqual(error);
    const throws = new FitbitStrategy({
      ...options,
      verify: (_login) => {
        throw reason;
      },
    });
    expect(await outcomeOf(throws)).toEqual(error);
  });

  it('is an error when it rejects without a reason', async () => {
    const outcome = await outcomeOf(
      new FitbitStrategy({ ...options, verify: (_login) => Promise.reject(undefined) }),
    );
    if (outcome?.type !== 'error') throw new Error(outcome?.type);
    expect(outcome.error).toBeInstanceOf(Error);
    expect(outcome.error).toHaveProperty('message', expect.stringContaining('without a reason'));
  });
});

describe("Passport's form of verify", () => {
  /** A function that declares as many parameters and signs its arguments in. */
  function recording(parameters: number) {
    const calls: unknown[][] = [];
    const verify = (...args: unknown[]) => {
      calls.push(args);
      (args.at(-1) as VerifyCallback)(null, { name: 'zoe' });
    };
    Object.defineProperty(verify, 'length', { value: parameters });
    return { verify, calls };
  }
  const ANY_REQUEST = expect.objectContaining({ query: expect.anything() });
  const DONE = expect.any(Function);

  it.each([
    [4, options, [TOKEN.access_token, TOKEN.refresh_token, PROFILE, DONE]],
    [5, options, [TOKEN.access_token, TOKEN.refresh_token, PARAMS, PROFILE, DONE]],
    [5, withRequest, [ANY_REQUEST, TOKEN.access_token, TOKEN.refresh_token, PROFILE, DONE]],
    [6, withRequest, [ANY_REQUEST, TOKEN.access_token, TOKEN.refresh_token, PARAMS, PROFILE, DONE]],
    [0, options, [TOKEN.access_token, TOKEN.refresh_token, PROFILE, DONE]],
    [0, withRequest, [ANY_REQUEST, TOKEN.access_token, TOKEN.refresh_token, PROFILE, DONE]],
    [3, options, [TOKEN.access_token, TOKEN.refresh_token, PROFILE, DONE]],
    [6, options, [TOKEN.access_token, TOKEN.refresh_token, PROFILE, DONE]],
  ])(
    'with %i parameters gets the same arguments as in passport-oauth2 (%#)',
    async (parameters, given, args) => {
      const { verify, calls } = recording(parameters);
      const outcome = await outcomeOf(make(given, verify));
      expect(outcome).toEqual({ type: 'success', user: { name: 'zoe' }, info: {} });
      expect(calls).toEqual([args]);
    },
  );

  it('may be async and have rest parameters, as in NestJS', async () => {
    const strategy = new FitbitStrategy(options, async (...args: unknown[]) => {
      const done = args.at(-1) as VerifyCallback;
      await sleep(1);
      done(null, { id: (args[2] as { id: string }).id });
    });
    expect(await outcomeOf(strategy)).toEqual({ type: 'success', user: { id: '26FWFL' }, info: {} });
  });

  it('is an error that says what to do when it has no parameters and returns a user', async () => {
    const outcome = await outcomeOf(new FitbitStrategy(options, async () => ({ name: 'zoe' })));
    if (outcome?.type !== 'error') throw new Error(outcome?.type);
    expect(outcome.error).toBeInstanceOf(TypeError);
    expect(outcome.error).toHaveProperty(
      'message',
      expect.stringContaining('pass the function as the option "verify"'),
    );
  });

  it('gets no refresh token if the provider sent none', async () => {
    const { verify, calls } = recording(4);
    const strategy = make(options, verify);
    await outcomesOf(strategy, undefined, { access_token: 'a', user_id: 'X' });
    expect(calls[0]?.slice(0, 2)).toEqual(['a', undefined]);
  });

  it('passes an info object and a failure on unchanged', async () => {
    const info = { message: 'Welcome' };
    const welcome = classic((done) => done(null, {}, info));
    expect(await outcomeOf(welcome)).toEqual({ type: 'success', user: {}, info });

    const refusal = new Error('Not on the list');
    const refuses = classic((done) => done(null, false, refusal));
    const outcome = await outcomeOf(refuses);
    if (outcome?.type !== 'fail') throw new Error(outcome?.type);
    expect(outcome.failure).toBe(refusal);
  });

  it.each([
    ['a text', 'Welcome'],
    ['null', null],
  ])('may give %s as info', async (_name, info) => {
    const strategy = classic((done) => done(null, {}, info as unknown as object));
    expect(await outcomeOf(strategy)).toEqual({ type: 'success', user: {}, info: info ?? {} });
  });

  it('is an error when it calls done with an error', async () => {
    const error = new Error('no database');
    const strategy = classic((done) => done(error));
    expect(await outcomeOf(strategy)).toEqual({ type: 'error', error });
  });

  it('is an error when it rejects, at once or later', async () => {
    const error = new Error('no database');
    const atOnce = classic(async () => Promise.reject(error));
    expect(await outcomeOf(atOnce)).toEqual({ type: 'error', error });
    const later = classic(async () => {
      await sleep(1);
      throw error;
    });
    expect(await outcomeOf(later)).toEqual({ type: 'error', error });
  });

  it('is an error when it throws', async () => {
    const error = new Error('a bug');
    const strategy = classic(() => {
      throw error;
    });
    expect(await outcomeOf(strategy)).toEqual({ type: 'error', error });
  });

  it.each([
    [
      'calls done twice',
      (done: VerifyCallback) => {
        done(null, { name: 'zoe' });
        done(null, { name: 'mallory' });
        done(new Error('late'));
      },
    ],
    [
      'calls done again later',
      (done: VerifyCallback) => {
        done(null, { name: 'zoe' });
        setImmediate(done, null, false);
      },
    ],
    [
      'throws after done',
      (done: VerifyCallback) => {
        done(null, { name: 'zoe' });
        throw new Error('late');
      },
    ],
    [
      'rejects after done',
      async (done: VerifyCallback) => {
        done(null, { name: 'zoe' });
        throw new Error('late');
      },
    ],
  ])('has one outcome when it %s', async (_name, verify) => {
    expect(await outcomeOf(classic(verify))).toEqual({
      type: 'success',
      user: { name: 'zoe' },
      info: {},
    });
  });
});

describe("the app's state", () => {
  const state = { returnTo: '/week' };

  it('is info.state with either form of verify', async () => {
    const modern = new FitbitStrategy({ ...options, verify: async (_login) => ({}) });
    expect(await outcomeOf(modern, state)).toMatchObject({ type: 'success', info: { state } });
    const withDone = classic((done) => done(null, {}));
    expect(await outcomeOf(withDone, state)).toMatchObject({ type: 'success', info: { state } });
  });

  it('keeps the class of an info object', async () => {
    class Info {
      constructor(readonly message: string) {}
      get loud() {
        return this.message.toUpperCase();
      }
    }
    const outcome = await outcomeOf(
      classic((done) => done(null, {}, new Info('Welcome'))),
      state,
    );
    if (outcome?.type !== 'success') throw new Error(outcome?.type);
    expect(outcome.info).toBeInstanceOf(Info);
    expect(outcome.info).toMatchObject({ message: 'Welcome', loud: 'WELCOME', state });
  });

  it("is added to a copy of the app's info", async () => {
    const info = Object.freeze({ message: 'Welcome' });
    const strategy = classic((done) => done(null, {}, info));
    expect(await outcomeOf(strategy, state)).toMatchObject({ info: { message: 'Welcome', state } });
    expect(info).toEqual({ message: 'Welcome' });
  });

  it('is absent when the app gave none', async () => {
    const strategy = new FitbitStrategy({ ...options, verify: async (_login) => ({}) });
    expect(await outcomeOf(strategy)).toStrictEqual({ type: 'success', user: {}, info: {} });
  });

  it('does not change an info that is a text', async () => {
    const strategy = classic((done) => done(null, {}, 'Welcome' as unknown as object));
    expect(await outcomeOf(strategy, state)).toStrictEqual({ type: 'success', user: {}, info: 'Welcome' });
  });
});

describe('an exception of the app after the outcome', () => {
  it('reaches the error handler once, unchanged', async () => {
    const bug = new Error('the view is broken');
    answer('POST', TOKEN_URL, { body: TOKEN });
    const strategy = new FitbitStrategy({ ...options, verify: async (_login) => ({}) });
    const { session, state } = await beginLogin(strategy);
    const req: Request = callbackRequest(session, { code: 'abc', state });
    const { outcome, outcomes } = run(strategy, req, undefined, (each) => {
      if (each.type === 'success') throw bug;
    });
    await outcome;
    await sleep(5);
    expect(outcomes.map(({ type }) => type)).toEqual(['success', 'error']);
    expect(outcomes[1]).toEqual({ type: 'error', error: bug });
  });

  it('is uncaught when the error handler throws, too', async () => {
    const bug = new Error('the error view is broken');
    const uncaught = new Promise((resolve) => {
      const others = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const each of others) process.on('uncaughtException', each);
        resolve(error);
      });
    });
    const strategy = new FitbitStrategy({ ...options, verify: async () => ({}) });
    const { outcomes } = run(strategy, callbackRequest(undefined, { code: 'abc' }), undefined, () => {
      throw bug;
    });
    expect(await uncaught).toBe(bug);
    expect(outcomes.map(({ type }) => type)).toEqual(['error']);
  });
});
