import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { FitbitStrategy, type StateStore } from 'passport-fitbit-strategy';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  authenticate,
  beginLogin,
  callbackRequest,
  type FakeSession,
  fakeRequest,
  fakeSession,
  login,
  type Outcome,
  run,
} from '../support/strategy.ts';
import { oauth2Of, stubbedStrategy, stubExchanges } from '../support/stub.ts';

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

/** The requests that lead to the three outcomes, and one to an error. */
async function requests(strategy: FitbitStrategy) {
  const { session, state } = await beginLogin(strategy);
  return [
    ['redirect', fakeRequest({ session: fakeSession() })],
    ['success', callbackRequest(session, { code: 'abc', state })],
    ['fail', callbackRequest(fakeSession(), { code: 'abc', state: 'made-up' })],
    ['error', fakeRequest()],
  ] as const;
}

describe('an outcome', () => {
  it('always comes after authenticate has returned, and once', async () => {
    const { strategy } = stubbedStrategy();
    for (const [type, req] of await requests(strategy)) {
      const { outcome, outcomes } = run(strategy, req);
      expect(outcomes).toEqual([]);
      expect((await outcome).type).toBe(type);
      await settle();
      expect(outcomes).toHaveLength(1);
    }
  });

  it('comes after authenticate has returned when everything calls back at once', async () => {
    const store: StateStore = {
      store: (_req, _verifier, _appState, _meta, callback) => callback(null, 'S'),
      verify: (_req, _state, _meta, callback) => callback(null, 'verifier'),
    };
    const strategy = new FitbitStrategy(
      { clientID: 'id', clientSecret: 's3cret', store, skipUserProfile: true },
      (_accessToken, _refreshToken, profile, done) => done(null, profile),
    );
    oauth2Of(strategy).getOAuthAccessToken = (_code, _params, done) => done(null, 'a', 'r', { user_id: 'A' });
    for (const query of [{}, { code: 'abc', state: 'S' }]) {
      const { outcome, outcomes } = run(strategy, callbackRequest(undefined, query));
      expect(outcomes).toEqual([]);
      expect((await outcome).type).toMatch(/^(redirect|success)$/);
    }
  });

  it('is pass if a subclass passes', async () => {
    class Passing extends FitbitStrategy {
      override userProfile(): void {
        this.pass();
      }
    }
    const strategy = new Passing({ clientID: 'id', clientSecret: 's' }, () => expect.unreachable());
    stubExchanges(strategy);
    expect(await login(strategy)).toEqual({ type: 'pass' });
  });

  it('goes to the functions that were there when authenticate was called', async () => {
    const { strategy } = stubbedStrategy();
    const [first, second] = [vi.fn(), vi.fn()];
    const instance = Object.assign(Object.create(strategy), { redirect: first, error: first });
    instance.authenticate(fakeRequest({ session: fakeSession() }));
    // Passport puts those of the next request on the same object if it is given the strategy itself.
    Object.assign(instance, { redirect: second, error: second });
    await vi.waitFor(() => expect(first).toHaveBeenCalledTimes(1));
    expect(second).not.toHaveBeenCalled();
  });
});

describe('what the app throws in an outcome', () => {
  it.each(['redirect', 'success', 'fail'])(
    "goes to Passport's error, as it is and once: %s",
    async (type) => {
      const { strategy } = stubbedStrategy();
      const bug = new Error('the view is broken');
      const [, req] = (await requests(strategy)).find(([name]) => name === type) ?? [];
      const { outcome, outcomes } = run(strategy, req ?? expect.unreachable(), undefined, (each) => {
        if (each.type === type) throw bug;
      });
      await outcome;
      await settle();
      expect(outcomes.map((each) => each.type)).toEqual([type, 'error']);
      expect(outcomes[1]).toEqual({ type: 'error', error: bug });
      expect(outcomes[1]).toHaveProperty('error', bug);
    },
  );

  it.each(['redirect', 'success', 'fail', 'error'])(
    'is an uncaught exception if the error handler throws, too: %s',
    async (type) => {
      const { strategy } = stubbedStrategy();
      const [, req] = (await requests(strategy)).find(([name]) => name === type) ?? [];
      const others = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      const rejections = vi.fn();
      process.on('unhandledRejection', rejections);
      onTestFinished(() => {
        process.removeAllListeners('uncaughtException').off('unhandledRejection', rejections);
        for (const other of others) process.on('uncaughtException', other);
      });
      const thrown = once(process, 'uncaughtException');
      const { outcomes } = run(strategy, req ?? expect.unreachable(), undefined, (each) => {
        throw new Error(`thrown in ${each.type}`);
      });
      expect(await thrown).toEqual([new Error('thrown in error'), 'uncaughtException']);
      await settle();
      expect(outcomes.at(-1)?.type).toBe('error');
      expect(rejections).not.toHaveBeenCalled();
    },
  );

  it.each([undefined, null, 0, ''])('is an error even if it is %j', async (thrown) => {
    const { strategy } = stubbedStrategy();
    const { outcome, outcomes } = run(
      strategy,
      fakeRequest({ session: fakeSession() }),
      undefined,
      (each) => {
        if (each.type === 'redirect') throw thrown;
      },
    );
    await outcome;
    await settle();
    expect(outcomes[1]).toMatchObject({ type: 'error', error: { name: 'OAuthError', code: 'unknown' } });
  });
});

describe('the async context of a request', () => {
  const context = new AsyncLocalStorage<string>();
  // Callbacks of a connection pool run in the context of whoever opened the connection.
  const elsewhere = (callback: () => void) => context.run('of another request', () => setImmediate(callback));

  /** A session and its store, which call back from another context. */
  function sessionElsewhere(session: FakeSession = fakeSession()) {
    const save = (done: () => void) => elsewhere(done);
    Object.defineProperty(session, 'save', { value: save, configurable: true });
    Object.defineProperty(session, 'reload', { value: () => {}, configurable: true });
    const get = (_id: string, done: (error: null, stored: object) => void) =>
      elsewhere(() => done(null, { ...session }));
    return { session, more: { sessionID: 'shared by all', sessionStore: { get } } };
  }

  async function outcomeIn(name: string, strategy: FitbitStrategy, req: object) {
    let endedIn: string | undefined;
    const outcome = await new Promise<Outcome>((resolve) => {
      context.run(name, () => {
        run(strategy, req as never, undefined, (each) => {
          endedIn = context.getStore();
          resolve(each);
        });
      });
    });
    expect(endedIn).toBe(name);
    return outcome;
  }

  it('lasts from the login through verify to the outcome, while other logins wait in the same line', async () => {
    const verifiedIn: unknown[] = [];
    const strategy = new FitbitStrategy({
      clientID: 'id',
      clientSecret: 's3cret',
      skipUserProfile: true,
      verify: ({ profile }) => {
        verifiedIn.push([profile.id, context.getStore()]);
        return profile;
      },
    });
    oauth2Of(strategy).getOAuthAccessToken = (code, _params, done) =>
      elsewhere(() => done(null, 'a', 'r', { user_id: code }));

    const { session, more } = sessionElsewhere();
    const names = ['one', 'two', 'three'];
    const begun = await Promise.all(
      names.map((name) => outcomeIn(name, strategy, Object.assign(fakeRequest({ session }), more))),
    );
    await Promise.all(
      begun.map(async (outcome, index) => {
        if (outcome.type !== 'redirect') throw new Error(outcome.type);
        const state = new URL(outcome.url).searchParams.get('state');
        const req = Object.assign(callbackRequest(session, { code: names[index], state }), more);
        expect((await outcomeIn(names[index] ?? '', strategy, req)).type).toBe('success');
      }),
    );
    expect(verifiedIn).toEqual(names.map((name) => [name, name]));
  });

  it("lasts with the app's own state store and Passport's form of verify", async () => {
    const verifiedIn: unknown[] = [];
    const store: StateStore = {
      store: (_req, _verifier, _appState, _meta, done) => elsewhere(() => done(null, 'S')),
      verify: (_req, _state, _meta, done) => elsewhere(() => done(null, 'verifier')),
    };
    const strategy = new FitbitStrategy(
      { clientID: 'id', clientSecret: 's3cret', store },
      (_accessToken, _refreshToken, profile, done) => {
        verifiedIn.push(context.getStore());
        elsewhere(() => done(null, profile));
      },
    );
    oauth2Of(strategy).getOAuthAccessToken = (_code, _params, done) =>
      elsewhere(() => done(null, 'a', 'r', { user_id: 'A' }));
    oauth2Of(strategy).get = (_url, _token, done) =>
      elsewhere(() => done(null, '{"user":{"encodedId":"A"}}'));
    expect((await outcomeIn('one', strategy, fakeRequest())).type).toBe('redirect');
    const req = callbackRequest(undefined, { code: 'abc', state: 'S' });
    expect((await outcomeIn('two', strategy, req)).type).toBe('success');
    expect(verifiedIn).toEqual(['two']);
  });
});

describe('authenticate', () => {
  it('needs no options', async () => {
    const { strategy } = stubbedStrategy();
    expect((await authenticate(strategy, fakeRequest({ session: fakeSession() }), undefined)).type).toBe(
      'redirect',
    );
  });
});
