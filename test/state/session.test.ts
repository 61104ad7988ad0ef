import { createHash } from 'node:crypto';
import { type Failure, OAuthError } from 'passport-fitbit-strategy';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  authenticate,
  beginLogin,
  callbackRequest,
  fakeRequest,
  fakeSession,
  type Outcome,
} from '../support/strategy.ts';
import { stubbedStrategy } from '../support/stub.ts';

const KEY = 'oauth2:fitbit';
const MINUTE = 60_000;

afterEach(() => {
  vi.useRealTimers();
});

function stopClock() {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(1_800_000_000_000);
}

function come(
  back: { strategy: Parameters<typeof authenticate>[0] },
  on: unknown,
  state: string,
  code = 'abc',
) {
  return authenticate(back.strategy, callbackRequest(on, { code, state }));
}

function failureOf(outcome: Outcome) {
  if (outcome.type !== 'fail') throw new Error(outcome.type);
  expect(outcome.status).toBe(403);
  return outcome.failure as Failure;
}

function errorOf(outcome: Outcome) {
  if (outcome.type !== 'error') throw new Error(outcome.type);
  expect(outcome.error).toBeInstanceOf(OAuthError);
  return outcome.error as OAuthError;
}

describe('logins of several tabs in one browser', () => {
  it('all succeed, in any order, each with its own verifier and state of the app', async () => {
    const stub = stubbedStrategy();
    const browser = fakeSession();
    const tabs = [];
    for (let tab = 0; tab < 5; tab += 1)
      tabs.push(await beginLogin(stub.strategy, browser, { state: { tab } }));
    for (const tab of [3, 0, 4, 2, 1]) {
      const outcome = await come(stub, browser, tabs[tab]?.state ?? '', `code${tab}`);
      expect(outcome).toMatchObject({
        type: 'success',
        user: { tokens: { accessToken: `access-code${tab}` } },
        info: { state: { tab } },
      });
      const verifier = stub.exchanges.at(-1)?.params.code_verifier ?? '';
      expect(createHash('sha256').update(verifier).digest('base64url')).toBe(
        tabs[tab]?.url.searchParams.get('code_challenge'),
      );
    }
    expect(browser).not.toHaveProperty([KEY]);
  });

  it('are limited to ten: the eleventh drops the oldest', async () => {
    const stub = stubbedStrategy();
    const browser = fakeSession();
    const states = [];
    for (let tab = 0; tab < 11; tab += 1) states.push((await beginLogin(stub.strategy, browser)).state);
    expect(browser).toHaveProperty([KEY, 'logins', 'length'], 10);
    expect(failureOf(await come(stub, browser, states[0] ?? '')).code).toBe('state_mismatch');
    expect((await come(stub, browser, states[1] ?? '')).type).toBe('success');
    expect((await come(stub, browser, states[10] ?? '')).type).toBe('success');
  });

  it('are kept as plain data, so that any session store can hold them', async () => {
    const { strategy } = stubbedStrategy();
    const { session: browser } = await beginLogin(strategy, fakeSession(), { state: { returnTo: '/week' } });
    expect(JSON.parse(JSON.stringify(browser))).toEqual({ ...browser });
  });
});

describe('a login', () => {
  it('can be completed until ten minutes have passed', async () => {
    stopClock();
    const stub = stubbedStrategy();
    const { session: browser, state } = await beginLogin(stub.strategy);
    vi.advanceTimersByTime(10 * MINUTE - 1);
    expect((await come(stub, browser, state)).type).toBe('success');
  });

  it('has expired after ten minutes: nothing is sent, and its state is used up', async () => {
    stopClock();
    const stub = stubbedStrategy();
    const { session: browser, state } = await beginLogin(stub.strategy);
    vi.advanceTimersByTime(10 * MINUTE);
    expect(failureOf(await come(stub, browser, state))).toEqual({
      code: 'state_expired',
      message: 'This sign-in took too long. Please start again.',
      hint: 'The callback came more than ten minutes after the redirect, or later than the "maxAge" of a CookieStateStore allows.',
    });
    expect(stub.exchanges).toEqual([]);
    expect(failureOf(await come(stub, browser, state)).code).toBe('state_missing');
  });

  it('removes expired ones from the session when it begins', async () => {
    stopClock();
    const stub = stubbedStrategy();
    const { session: browser } = await beginLogin(stub.strategy);
    vi.advanceTimersByTime(10 * MINUTE);
    await beginLogin(stub.strategy, browser);
    expect(browser).toHaveProperty([KEY, 'logins', 'length'], 1);
  });

  it('can be completed once: a replayed callback fails and sends nothing', async () => {
    const stub = stubbedStrategy();
    const other = await beginLogin(stub.strategy);
    const { state } = await beginLogin(stub.strategy, other.session);
    expect((await come(stub, other.session, state)).type).toBe('success');
    expect(failureOf(await come(stub, other.session, state)).code).toBe('state_mismatch');
    expect((await come(stub, other.session, other.state)).type).toBe('success');
    expect(failureOf(await come(stub, other.session, other.state)).code).toBe('state_missing');
    expect(stub.exchanges).toHaveLength(2);
  });

  it("can't be completed in another browser", async () => {
    const stub = stubbedStrategy();
    const mine = await beginLogin(stub.strategy);
    const other = await beginLogin(stub.strategy);
    expect(failureOf(await come(stub, other.session, mine.state))).toEqual({
      code: 'state_mismatch',
      message: 'This sign-in could not be completed. Please start again.',
      hint: expect.stringContaining(
        'was already used or is fabricated, or the login route and the callback route differ',
      ),
    });
    expect(failureOf(await come(stub, fakeSession(), mine.state))).toEqual({
      code: 'state_missing',
      message: 'This sign-in was already finished or has expired. Please start again.',
      hint: expect.stringContaining('check its SameSite, Secure, Domain and Path attributes'),
    });
    expect(stub.exchanges).toEqual([]);
  });

  it('fails when no state comes back', async () => {
    const stub = stubbedStrategy();
    const { session: browser } = await beginLogin(stub.strategy);
    const outcome = await authenticate(stub.strategy, callbackRequest(browser, { code: 'abc' }));
    expect(failureOf(outcome).code).toBe('state_mismatch');
    expect(stub.exchanges).toEqual([]);
  });

  it('without PKCE needs no verifier', async () => {
    const stub = stubbedStrategy({ pkce: false });
    const { session: browser, state } = await beginLogin(stub.strategy);
    expect((await come(stub, browser, state)).type).toBe('success');
    expect(stub.exchanges[0]?.params).not.toHaveProperty('code_verifier');
  });
});

describe('the session', () => {
  it.each([undefined, null, 'x', []])('is needed: %j is an error that says what to do', async (none) => {
    const stub = stubbedStrategy();
    for (const req of [fakeRequest({ session: none }), callbackRequest(none, { code: 'a', state: 'b' })]) {
      const error = errorOf(await authenticate(stub.strategy, req));
      expect(error).toMatchObject({ code: 'no_session', operation: 'authorization', retryable: false });
      expect(error.message).toContain('mount express-session');
      expect(error.message).toContain('CookieStateStore');
    }
  });

  it('holds no more of a login than its callback needs', async () => {
    const bare = await beginLogin(stubbedStrategy({ pkce: false }).strategy);
    const binding = expect.stringMatching(/^[\w-]{22}$/);
    const expires = expect.any(Number);
    expect(bare.session[KEY]).toStrictEqual({ logins: [{ state: bare.state, binding, expires }] });
    const appState = { returnTo: '/week' };
    const full = await beginLogin(stubbedStrategy().strategy, fakeSession(), { state: appState });
    const verifier = expect.stringMatching(/^[\w-]{43}$/);
    expect(full.session[KEY]).toStrictEqual({
      logins: [{ state: full.state, binding, expires, verifier, appState }],
    });
  });

  it('completes no login for a callback without a state, whatever it holds', async () => {
    const stub = stubbedStrategy();
    const { session: browser } = await beginLogin(stub.strategy);
    const held = browser[KEY] as { logins: [{ state?: unknown }] };
    for (const state of [undefined, null, '']) {
      held.logins[0].state = state;
      const outcome = await authenticate(stub.strategy, callbackRequest(browser, { code: 'abc' }));
      expect(['state_missing', 'state_mismatch']).toContain(failureOf(outcome).code);
    }
    expect(stub.exchanges).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['not objects', [null, 5, 'x', []]],
    ['without a binding', [{ state: 'a', expires: Date.now() + MINUTE }]],
    ['without an expiry', [{ state: 'a', binding: 'b', expires: '1' }]],
    ['with a verifier that is not a string', [{ state: 'a', binding: 'b', expires: 2 ** 50, verifier: 5 }]],
    ['not in an array', { 0: { state: 'a', binding: 'b', expires: 2 ** 50 } }],
  ])('may hold entries that are no pending logins: %s', async (_, logins) => {
    const stub = stubbedStrategy();
    const stale = await come(stub, fakeSession({ [KEY]: { logins } }), 'a');
    expect(failureOf(stale).code).toBe('state_missing');
    const browser = fakeSession({ [KEY]: { logins } });
    const { state } = await beginLogin(stub.strategy, browser);
    expect(browser).toHaveProperty([KEY, 'logins', 'length'], 1);
    expect((await come(stub, browser, state)).type).toBe('success');
  });
});
