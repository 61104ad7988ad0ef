import { EventEmitter, once } from 'node:events';
import { OAuthError } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import {
  authenticate,
  beginLogin,
  callbackRequest,
  type FakeSession,
  fakeRequest,
  fakeSession,
  type Outcome,
} from '../support/strategy.ts';
import { stubbedStrategy } from '../support/stub.ts';

const KEY = 'oauth2:fitbit';

function errorOf(outcome: Outcome) {
  if (outcome.type !== 'error') throw new Error(outcome.type);
  expect(outcome.error).toBeInstanceOf(OAuthError);
  return outcome.error as OAuthError;
}

function come(stub: ReturnType<typeof stubbedStrategy>, session: FakeSession, state: string) {
  return authenticate(stub.strategy, callbackRequest(session, { code: 'abc', state }));
}

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
    // What tells express-session from sessions whose `save` takes no callback.
    Object.defineProperty(browser, 'reload', { value: () => {} });
    return { browser, saving: () => once(events, 'saving'), done: (error?: unknown) => pending?.(error) };
  }

  it('ends before the redirect is sent', async () => {
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

  it('ends before the code is sent, with the state used up', async () => {
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
        message: expect.stringContaining('see `cause`'),
        cause: DOWN,
      });
    }
    expect(stub.exchanges).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['no save, as with cookie-session', undefined],
    ['a save that is not a function', true],
    ['a save that takes no callback and returns nothing', () => {}],
    ['a save that returns a promise', async () => {}],
  ])('is left to the session if it has %s', async (_, save) => {
    const stub = stubbedStrategy();
    const browser = fakeSession();
    Object.defineProperty(browser, 'save', { value: save });
    const { state } = await beginLogin(stub.strategy, browser);
    expect((await come(stub, browser, state)).type).toBe('success');
  });
});
