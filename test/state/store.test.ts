import type { StateStore } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { authenticate, callbackRequest, fakeRequest, type Outcome } from '../support/strategy.ts';
import { stubbedStrategy } from '../support/stub.ts';

const meta = {
  authorizationURL: 'https://www.fitbit.com/oauth2/authorize',
  tokenURL: 'https://api.fitbit.com/oauth2/token',
  clientID: 'CID',
  callbackURL: 'https://app.example/cb',
};
const appState = { returnTo: '/week' };

type Done = (error: Error | null, ...results: unknown[]) => void;

type Take = (done: Done, ...args: unknown[]) => void;

/** The body of a method that keeps its arguments and calls back with the results. */
function taking(...results: unknown[]) {
  const seen: unknown[][] = [];
  const take: Take = (done, ...args) => {
    seen.push(args);
    done(null, ...results);
  };
  return { take, seen };
}

function strategyWith(store: object) {
  return stubbedStrategy({ store: store as StateStore, callbackURL: meta.callbackURL });
}

function stateOf(outcome: Outcome): string | null {
  if (outcome.type !== 'redirect') throw new Error(outcome.type);
  return new URL(outcome.url).searchParams.get('state');
}

describe("a state store of the app's, written for passport-oauth2", () => {
  const req = fakeRequest();
  const verifier = expect.stringMatching(/^[\w-]{43}$/);

  it.each<[parameters: number, declare: (take: Take) => unknown, expected: unknown[]]>([
    [
      5,
      (take) => (r: unknown, v: unknown, s: unknown, m: unknown, done: Done) => take(done, r, v, s, m),
      [req, verifier, appState, meta],
    ],
    [
      4,
      (take) => (r: unknown, s: unknown, m: unknown, done: Done) => take(done, r, s, m),
      [req, appState, meta],
    ],
    [3, (take) => (r: unknown, m: unknown, done: Done) => take(done, r, m), [req, meta]],
    [2, (take) => (r: unknown, done: Done) => take(done, r), [req]],
  ])('is given what its `store` of %i parameters declares', async (_parameters, declare, expected) => {
    const { take, seen } = taking('S');
    const { strategy } = strategyWith({ store: declare(take), verify() {} });
    expect(stateOf(await authenticate(strategy, req, { state: appState }))).toBe('S');
    expect(seen).toEqual([expected]);
  });

  it.each<[parameters: number, declare: (take: Take) => unknown, more: unknown[]]>([
    [4, (take) => (_r: unknown, s: unknown, m: unknown, done: Done) => take(done, s, m), [meta]],
    [3, (take) => (_r: unknown, s: unknown, done: Done) => take(done, s), []],
  ])('is given what its `verify` of %i parameters declares', async (_parameters, declare, more) => {
    const { take, seen } = taking('V', appState);
    const store = (_r: unknown, _v: unknown, _s: unknown, _m: unknown, _done: Done) => {};
    const { strategy, exchanges } = strategyWith({ store, verify: declare(take) });
    const outcome = await authenticate(strategy, callbackRequest(undefined, { code: 'abc', state: 'S' }));
    expect(outcome).toMatchObject({ type: 'success', info: { state: appState } });
    expect(seen).toEqual([['S', ...more]]);
    expect(exchanges).toMatchObject([{ code: 'abc', params: { code_verifier: 'V' } }]);
  });

  it.each(['store', 'verify'])(
    'ends the login if its `%s` throws or calls back with an error',
    async (name) => {
      const broken = new Error('no database');
      const methods = [
        (_req: unknown, _done: Done) => {
          throw broken;
        },
        (...args: unknown[]) => (args.at(-1) as Done)(broken),
      ];
      for (const method of methods) {
        const { strategy } = strategyWith({ store() {}, verify() {}, [name]: method });
        const callback = callbackRequest(undefined, { code: 'abc', state: 'S' });
        expect(await authenticate(strategy, name === 'store' ? req : callback)).toEqual({
          type: 'error',
          error: broken,
        });
      }
    },
  );
});
