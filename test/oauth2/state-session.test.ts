import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type http from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { OAuthError } from 'passport-fitbit-strategy';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  authenticate,
  beginLogin,
  callbackRequest,
  type FakeSession,
  fakeRequest,
  fakeSession,
  type Outcome,
} from '../support/strategy.ts';
import { stubbedStrategy } from './stub.ts';

const KEY = 'oauth2:www.fitbit.com';
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
  return outcome.failure as { message: string; code: string };
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

  it('are ten at most: the eleventh drops the oldest', async () => {
    const stub = stubbedStrategy();
    const browser = fakeSession();
    const states = [];
    for (let tab = 0; tab < 11; tab += 1) states.push((await beginLogin(stub.strategy, browser)).state);
    expect(browser[KEY]).toHaveLength(10);
    expect(failureOf(await come(stub, browser, states[0] ?? '')).code).toBe('state_mismatch');
    expect((await come(stub, browser, states[1] ?? '')).type).toBe('success');
    expect((await come(stub, browser, states[10] ?? '')).type).toBe('success');
  });

  it('are kept by plain data, so that any session store can hold them', async () => {
    const { strategy } = stubbedStrategy();
    const { session: browser } = await beginLogin(strategy, fakeSession(), { state: { returnTo: '/week' } });
    expect(JSON.parse(JSON.stringify(browser))).toEqual({ ...browser });
  });
});

describe('a login', () => {
  it('may take ten minutes less a moment', async () => {
    stopClock();
    const stub = stubbedStrategy();
    const { session: browser, state } = await beginLogin(stub.strategy);
    vi.advanceTimersByTime(10 * MINUTE - 1);
    expect((await come(stub, browser, state)).type).toBe('success');
  });

  it('is expired after ten minutes; then nothing is sent, and it is used up', async () => {
    stopClock();
    const stub = stubbedStrategy();
    const { session: browser, state } = await beginLogin(stub.strategy);
    vi.advanceTimersByTime(10 * MINUTE);
    expect(failureOf(await come(stub, browser, state))).toEqual({
      code: 'state_expired',
      message: 'The login took longer than ten minutes. Start again.',
    });
    expect(stub.exchanges).toEqual([]);
    expect(failureOf(await come(stub, browser, state)).code).toBe('state_missing');
  });

  it('clears away those that are expired when a new one begins', async () => {
    stopClock();
    const stub = stubbedStrategy();
    const { session: browser } = await beginLogin(stub.strategy);
    vi.advanceTimersByTime(10 * MINUTE);
    await beginLogin(stub.strategy, browser);
    expect(browser[KEY]).toHaveLength(1);
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
      message:
        'The answer does not belong to a login that this browser started, or was used already. Start again.',
    });
    expect(failureOf(await come(stub, fakeSession(), mine.state))).toEqual({
      code: 'state_missing',
      message: expect.stringContaining('check its SameSite, Secure, Domain and Path'),
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
  it.each([undefined, null, 'x', []])('must be there: %j is an error that says how', async (none) => {
    const stub = stubbedStrategy();
    for (const req of [fakeRequest({ session: none }), callbackRequest(none, { code: 'a', state: 'b' })]) {
      const error = errorOf(await authenticate(stub.strategy, req));
      expect(error).toMatchObject({ code: 'no_session', operation: 'authorization', retryable: false });
      expect(error.message).toContain('put express-session');
      expect(error.message).toContain('CookieStateStore');
    }
  });

  it('keeps logins under the key that is configured', async () => {
    const { strategy } = stubbedStrategy({ sessionKey: 'fitbit-logins' });
    const { session: browser } = await beginLogin(strategy);
    expect(Object.keys(browser)).toEqual(['fitbit-logins']);
  });

  it('keeps them under the host of the authorization URL by default', async () => {
    const { strategy } = stubbedStrategy({ authorizationURL: 'http://localhost:4000/authorize' });
    const { session: browser } = await beginLogin(strategy);
    expect(Object.keys(browser)).toEqual(['oauth2:localhost']);
  });

  it.each<[string, unknown]>([
    ['a text', 'x'],
    ["passport-oauth2's own", { state: { handle: 'abc' } }],
    ['null', null],
    ['a list of other things', [null, 5, 'x', [], {}, { state: 'a' }, { state: 5, expires: 1 }]],
    ['a login whose verifier is no text', [{ state: 'a', expires: Date.now() + MINUTE, verifier: 5 }]],
  ])('may have foreign data under the key: %s', async (_, foreign) => {
    const stub = stubbedStrategy();
    const stale = await come(stub, fakeSession({ [KEY]: foreign }), 'a');
    expect(failureOf(stale).code).toBe('state_missing');

    const { session: browser, state } = await beginLogin(stub.strategy, fakeSession({ [KEY]: foreign }));
    expect((await come(stub, browser, state)).type).toBe('success');
  });
});

describe('saving the session', () => {
  const DOWN = new Error('redis is down');

  /** A session whose `save` is done when the test says so. */
  function slowSession() {
    const events = new EventEmitter();
    const browser = fakeSession();
    let pending: ((error?: unknown) => void) | undefined;
    const save = (callback: (error?: unknown) => void) => {
      pending = callback;
      events.emit('saving');
    };
    Object.defineProperty(browser, 'save', { value: save, configurable: true });
    return { browser, saving: () => once(events, 'saving'), done: (error?: unknown) => pending?.(error) };
  }

  it('comes before the redirect', async () => {
    const { strategy } = stubbedStrategy();
    const { browser, saving, done } = slowSession();
    const began = saving();
    let outcome: Outcome | undefined;
    const login = authenticate(strategy, fakeRequest({ session: browser })).then((each) => {
      outcome = each;
    });
    await began;
    await new Promise(setImmediate);
    expect(outcome).toBeUndefined();
    done();
    await login;
    expect(outcome).toMatchObject({ type: 'redirect' });
  });

  it('comes before the code is sent, with the state used up', async () => {
    const stub = stubbedStrategy();
    const { browser, saving, done } = slowSession();
    let began = saving();
    const beginning = beginLogin(stub.strategy, browser);
    await began;
    done();
    const { state } = await beginning;

    began = saving();
    const login = come(stub, browser, state);
    await began;
    await new Promise(setImmediate);
    expect(stub.exchanges).toEqual([]);
    expect(browser).not.toHaveProperty([KEY]);
    done();
    expect((await login).type).toBe('success');
    expect(stub.exchanges).toHaveLength(1);
  });

  it.each<[string, (browser: FakeSession) => void]>([
    [
      'calls back with an error',
      (browser) =>
        Object.defineProperty(browser, 'save', { value: (done: (error: unknown) => void) => done(DOWN) }),
    ],
    [
      'throws',
      (browser) =>
        Object.defineProperty(browser, 'save', {
          value: () => {
            throw DOWN;
          },
        }),
    ],
    ['rejects', (browser) => Object.defineProperty(browser, 'save', { value: () => Promise.reject(DOWN) })],
  ])('that %s is an error before anything is sent', async (_, breakSave) => {
    const stub = stubbedStrategy();
    const { session: browser, state } = await beginLogin(stub.strategy);
    breakSave(browser);
    for (const req of [fakeRequest({ session: browser }), callbackRequest(browser, { code: 'a', state })]) {
      expect(errorOf(await authenticate(stub.strategy, req))).toMatchObject({
        code: 'session_not_saved',
        operation: 'authorization',
        retryable: true,
        cause: DOWN,
      });
    }
    expect(stub.exchanges).toEqual([]);
  });
  it.each<[string, unknown]>([
    ['no save, as with cookie-session', undefined],
    ['a save that is no function', true],
    ['a save that takes no callback and returns nothing', () => {}],
    ['a save that returns a promise', async () => {}],
  ])('is left to the session where it has %s', async (_, save) => {
    const stub = stubbedStrategy();
    const browser = fakeSession();
    Object.defineProperty(browser, 'save', { value: save });
    const { state } = await beginLogin(stub.strategy, browser);
    expect((await come(stub, browser, state)).type).toBe('success');
  });
});

describe('with express-session and passport', () => {
  /** An app whose session store takes its time, and a browser that keeps the cookie. */
  async function app(store: session.MemoryStore, options: { keep?: boolean } = {}) {
    const { strategy, exchanges } = stubbedStrategy();
    const authenticator = new passport.Passport();
    authenticator.use(strategy);
    authenticator.serializeUser((user, done) => done(null, JSON.stringify(user)));
    authenticator.deserializeUser((user: string, done) => done(null, JSON.parse(user)));
    const server = express()
      .use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false, store }))
      .get(
        ['/login', '/callback'],
        authenticator.authenticate('fitbit', { keepSessionInfo: options.keep ?? false }),
        (_req, res) => {
          res.send('signed in');
        },
      )
      .use(((error, _req, res, _next) => {
        res.status(500).send(error.code ?? String(error));
      }) as express.ErrorRequestHandler)
      .listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    let cookie = '';
    const visit = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { cookie },
        redirect: 'manual',
      });
      cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie;
      const location = response.headers.get('location');
      const state = location === null ? '' : (new URL(location).searchParams.get('state') ?? '');
      return { status: response.status, body: await response.text(), state };
    };
    return { visit, exchanges, cookie: () => cookie, close: () => (server as http.Server).close() };
  }

  /** express-session's own store, slowed down. */
  class SlowStore extends session.MemoryStore {
    readonly saved: string[] = [];
    override set(sid: string, data: session.SessionData, callback?: (error?: unknown) => void): void {
      setTimeout(() => {
        this.saved.push(JSON.stringify(data));
        super.set(sid, data, callback);
      }, 20);
    }
  }

  it('the redirect leaves only when the login is in the store', async () => {
    const store = new SlowStore();
    const { visit, close } = await app(store);
    try {
      const { status, state } = await visit('/login');
      expect(status).toBe(302);
      expect(store.saved.some((saved) => saved.includes(state))).toBe(true);
    } finally {
      close();
    }
  });

  it('a store that fails is an error, and no redirect', async () => {
    class BrokenStore extends session.MemoryStore {
      override set(_sid: string, _data: session.SessionData, callback?: (error?: unknown) => void): void {
        setImmediate(() => callback?.(new Error('redis is down')));
      }
    }
    const { visit, close } = await app(new BrokenStore());
    try {
      expect(await visit('/login')).toMatchObject({ status: 500, body: 'session_not_saved' });
    } finally {
      close();
    }
  });

  it.each([false, true])(
    'the logins of other tabs outlive the new session that passport makes (keepSessionInfo: %s)',
    async (keep) => {
      const { visit, exchanges, cookie, close } = await app(new session.MemoryStore(), { keep });
      try {
        const first = await visit('/login');
        const second = await visit('/login');
        const before = cookie();
        expect((await visit(`/callback?code=1&state=${first.state}`)).body).toBe('signed in');
        expect(cookie()).not.toBe(before);
        expect((await visit(`/callback?code=2&state=${second.state}`)).body).toBe('signed in');
        expect((await visit(`/callback?code=3&state=${second.state}`)).status).toBe(403);
        expect(exchanges.map(({ code }) => code)).toEqual(['1', '2']);
      } finally {
        close();
      }
    },
  );

  it('a session that can not be regenerated is reported by passport', async () => {
    const store = new session.MemoryStore();
    const { visit, close } = await app(store);
    try {
      const first = await visit('/login');
      await visit('/login');
      vi.spyOn(store, 'regenerate').mockImplementation((_req, callback) =>
        callback(new Error('store is down')),
      );
      expect(await visit(`/callback?code=1&state=${first.state}`)).toMatchObject({
        status: 500,
        body: 'Error: store is down',
      });
    } finally {
      close();
    }
  });
});
