import type { Request } from 'express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SessionStateStore } from '../../lib/state/session.ts';
import { fakeRequest, fakeSession } from '../support/strategy.ts';

const meta = { authorizationURL: 'https://p.example/a', tokenURL: 'https://p.example/t', clientID: 'id' };
const logins = new SessionStateStore('key');

type Get = (id: string, callback: (error: unknown, session?: unknown) => void) => void;

/** A request of a browser whose sessions are in a store with this `get`. */
function request(sessionID: string, get: Get): Request {
  return Object.assign(fakeRequest({ session: fakeSession() }), { sessionID, sessionStore: { get } });
}

const begin = (req: Request) =>
  new Promise<string>((resolve, reject) => {
    logins.store(req, 'a-verifier', undefined, meta, (error, state) =>
      error ? reject(error) : resolve(state ?? ''),
    );
  });

const works: Get = (_id, callback) => setImmediate(callback, null, {});
const hangs: Get = () => {};
const throws: Get = () => {
  throw new Error('The store is broken');
};

describe('a session store', () => {
  it('that lost a call delays other logins of its browser by ten seconds, then fails its own', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const lost = expect(begin(request('lost', hangs))).rejects.toMatchObject({
      code: 'session_not_saved',
      retryable: true,
      message: 'The session store did not respond within 10000 ms: check that it is reachable',
    });
    let state = '';
    const second = begin(request('lost', works)).then((made) => {
      state = made;
    });
    await vi.advanceTimersByTimeAsync(9_999);
    expect(state).toBe('');
    await vi.advanceTimersByTimeAsync(1);
    await lost;
    await second;
    expect(state).toMatch(/^[\w-]{32}$/);
  });

  it('that lost a call does not delay other browsers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const lost = expect(begin(request('one', hangs))).rejects.toMatchObject({ code: 'session_not_saved' });
    expect(await begin(request('another', works))).toMatch(/^[\w-]{32}$/);
    await vi.advanceTimersByTimeAsync(10_000);
    await lost;
  });

  it.each([
    ['with a session id', 'saved'],
    ['without one', undefined],
  ])('that never saves fails the login after ten seconds, %s', async (_, sessionID) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const session = { save: () => {}, reload: () => {} };
    const req = Object.assign(fakeRequest({ session }), { sessionID });
    const failed = expect(begin(req)).rejects.toMatchObject({
      name: 'OAuthError',
      code: 'session_not_saved',
      operation: 'authorization',
      retryable: true,
    });
    await vi.advanceTimersByTimeAsync(10_000);
    await failed;
  });

  it('whose promise to save never settles fails the login after ten seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const session = { save: () => new Promise(() => {}) };
    const failed = expect(begin(fakeRequest({ session }))).rejects.toMatchObject({
      code: 'session_not_saved',
    });
    await vi.advanceTimersByTimeAsync(10_000);
    await failed;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('works with timers that are numbers, as those of jsdom', async () => {
    vi.spyOn(globalThis, 'setTimeout').mockReturnValueOnce(5 as never);
    expect(await begin(request('jsdom', works))).toMatch(/^[\w-]{32}$/);
  });

  it('that throws is an error for the login that called it, and for no other one', async () => {
    const results = await Promise.allSettled([
      begin(request('broken', works)),
      begin(request('broken', throws)),
      begin(request('broken', throws)),
      begin(request('broken', works)),
    ]);
    expect(results).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'session_not_saved', cause: new Error('The store is broken') } },
      { status: 'rejected', reason: { code: 'session_not_saved' } },
      { status: 'fulfilled' },
    ]);
  });

  it('that calls back twice leads to one redirect', async () => {
    const twice: Get = (_id, callback) => {
      callback(null, {});
      callback(null, {});
    };
    const stored = vi.fn();
    logins.store(request('twice', twice), undefined, undefined, meta, stored);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(stored).toHaveBeenCalledTimes(1);
  });
});
