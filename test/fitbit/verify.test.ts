import { setTimeout as sleep } from 'node:timers/promises';
import type { Request } from 'express';
import { type FitbitProfile, FitbitStrategy, type VerifyDone } from 'passport-fitbit-strategy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginLogin, callbackRequest, fakeSession, type Outcome, run } from '../support/strategy.ts';
import { answer } from './fake-fitbit.ts';
import { client, fixture, TOKEN_URL } from './fixtures.ts';

const TOKEN = JSON.parse(fixture('token.json'));
const { refresh_token: _, ...PARAMS } = TOKEN;
const PROFILE = { provider: 'fitbit', id: '26FWFL' };
const options = { ...client, skipUserProfile: true };
const withRequest = { ...options, passReqToCallback: true } as const;

/** A strategy with a verify function of Passport's commonest form. */
function classic(act: (done: VerifyDone) => unknown): FitbitStrategy {
  return new FitbitStrategy(options, (_a: string, _r: string, _p: FitbitProfile, done: VerifyDone) =>
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

describe('a verify function of one parameter', () => {
  it('gets tokens, profile and request, and signs in what it resolves to', async () => {
    const seen: object[] = [];
    const strategy = new FitbitStrategy(options, async (login) => {
      seen.push(login);
      return { name: 'zoe' };
    });
    const { outcomes, req } = await outcomesOf(strategy);
    expect(outcomes).toEqual([{ type: 'success', user: { name: 'zoe' }, info: {} }]);
    expect(seen).toHaveLength(1);
    expect(Object.keys(seen[0] ?? {}).sort()).toEqual(['profile', 'req', 'tokens']);
    expect(seen[0]).toMatchObject({
      profile: PROFILE,
      tokens: { accessToken: TOKEN.access_token, refreshToken: TOKEN.refresh_token, userID: '26FWFL' },
    });
    expect(Reflect.get(seen[0] ?? {}, 'req')).toBe(req);
  });

  it('may return the user without a promise, also with passReqToCallback', async () => {
    const user = { name: 'zoe' };
    expect(await outcomeOf(new FitbitStrategy(withRequest, (_login) => user))).toEqual({
      type: 'success',
      user,
      info: {},
    });
  });

  it.each([false, undefined, null])('refuses the login when it resolves to %s', async (user) => {
    expect(await outcomeOf(new FitbitStrategy(options, async (_login) => user))).toEqual({
      type: 'fail',
      failure: { message: 'This account may not sign in.', code: 'user_refused' },
      status: undefined,
    });
  });

  it('gives each refused login an info object of its own', async () => {
    const strategy = new FitbitStrategy(options, async (_login) => false);
    const first = await outcomeOf(strategy);
    const second = await outcomeOf(strategy);
    if (first?.type !== 'fail' || second?.type !== 'fail') throw new Error('no failure');
    expect(first.failure).not.toBe(second.failure);
  });

  it('is an error when it rejects or throws, with the very reason', async () => {
    const reason = new Error('no database');
    const error = { type: 'error', error: reason };
    expect(await outcomeOf(new FitbitStrategy(options, (_login) => Promise.reject(reason)))).toEqual(error);
    const throws = new FitbitStrategy(options, (_login) => {
      throw reason;
    });
    expect(await outcomeOf(throws)).toEqual(error);
  });

  it('is an error when it rejects without a reason', async () => {
    const outcome = await outcomeOf(new FitbitStrategy(options, (_login) => Promise.reject(undefined)));
    if (outcome?.type !== 'error') throw new Error(outcome?.type);
    expect(outcome.error).toBeInstanceOf(Error);
    expect(outcome.error).toHaveProperty('message', expect.stringContaining('without giving a reason'));
  });
});

describe("a verify function of Passport's", () => {
  /** A function that declares as many parameters and signs its arguments in. */
  function recording(parameters: number) {
    const calls: unknown[][] = [];
    const verify = (...args: unknown[]) => {
      calls.push(args);
      (args.at(-1) as VerifyDone)(null, { name: 'zoe' });
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
  ])('of %i parameters gets what passport-oauth2 gives it (%#)', async (parameters, given, args) => {
    const { verify, calls } = recording(parameters);
    const outcome = await outcomeOf(new FitbitStrategy(given, verify as () => Promise<false>));
    expect(outcome).toEqual({ type: 'success', user: { name: 'zoe' }, info: {} });
    expect(calls).toEqual([args]);
  });

  it('of rest parameters, as NestJS has it, may be async', async () => {
    const strategy = new FitbitStrategy(options, async (...args: unknown[]) => {
      const done = args.at(-1) as VerifyDone;
      await sleep(1);
      done(null, { id: (args[2] as { id: string }).id });
    });
    expect(await outcomeOf(strategy)).toEqual({ type: 'success', user: { id: '26FWFL' }, info: {} });
  });

  it('without parameters that returns its user is an error that says what to do', async () => {
    const outcome = await outcomeOf(new FitbitStrategy(options, async () => ({ name: 'zoe' })));
    if (outcome?.type !== 'error') throw new Error(outcome?.type);
    expect(outcome.error).toBeInstanceOf(TypeError);
    expect(outcome.error).toHaveProperty('message', expect.stringContaining('"verify" must declare'));
  });

  it('gets no refresh token where none came', async () => {
    const { verify, calls } = recording(4);
    const strategy = new FitbitStrategy(options, verify as () => Promise<false>);
    await outcomesOf(strategy, undefined, { access_token: 'a', user_id: 'X' });
    expect(calls[0]?.slice(0, 2)).toEqual(['a', undefined]);
  });

  it('hands an info object on, and a failure as it is', async () => {
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
  ])('may give %s instead of an info object', async (_name, info) => {
    const strategy = classic((done) => done(null, {}, info as unknown as object));
    expect(await outcomeOf(strategy)).toEqual({ type: 'success', user: {}, info: info ?? {} });
  });

  it('is an error when it calls done with one', async () => {
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
      (done: VerifyDone) => {
        done(null, { name: 'zoe' });
        done(null, { name: 'mallory' });
        done(new Error('late'));
      },
    ],
    [
      'calls done again later',
      (done: VerifyDone) => {
        done(null, { name: 'zoe' });
        setImmediate(done, null, false);
      },
    ],
    [
      'throws after done',
      (done: VerifyDone) => {
        done(null, { name: 'zoe' });
        throw new Error('late');
      },
    ],
    [
      'rejects after done',
      async (done: VerifyDone) => {
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

  it('comes back as info.state, in both forms', async () => {
    const modern = new FitbitStrategy(options, async (_login) => ({}));
    expect(await outcomeOf(modern, state)).toMatchObject({ type: 'success', info: { state } });
    const withDone = classic((done) => done(null, {}));
    expect(await outcomeOf(withDone, state)).toMatchObject({ type: 'success', info: { state } });
  });

  it("is added to a copy of the app's info", async () => {
    const info = Object.freeze({ message: 'Welcome' });
    const strategy = classic((done) => done(null, {}, info));
    expect(await outcomeOf(strategy, state)).toMatchObject({ info: { message: 'Welcome', state } });
    expect(info).toEqual({ message: 'Welcome' });
  });

  it('is absent when the app gave none', async () => {
    const strategy = new FitbitStrategy(options, async (_login) => ({}));
    expect(await outcomeOf(strategy)).toStrictEqual({ type: 'success', user: {}, info: {} });
  });

  it('does no harm to an info that is a text', async () => {
    const strategy = classic((done) => done(null, {}, 'Welcome' as unknown as object));
    expect(await outcomeOf(strategy, state)).toStrictEqual({ type: 'success', user: {}, info: 'Welcome' });
  });
});

describe('what throws inside the outcome', () => {
  it('reaches the error handler as it is, once, and is no failed login', async () => {
    const bug = new Error('the view is broken');
    answer('POST', TOKEN_URL, { body: TOKEN });
    const strategy = new FitbitStrategy(options, async (_login) => ({}));
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

  it('is thrown out of authenticate when the error callback itself throws at once', () => {
    const bug = new Error('the error view is broken');
    const strategy = new FitbitStrategy(options, async (_login) => ({}));
    const throwing = () =>
      run(strategy, callbackRequest(undefined, {}), undefined, () => {
        throw bug;
      });
    expect(throwing).toThrow(bug);
  });
});
