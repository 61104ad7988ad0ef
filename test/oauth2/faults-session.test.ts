import type { Request } from 'express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SessionStateStore } from '../../lib/oauth2/session-state.ts';
import { authenticate, beginLogin, callbackRequest, fakeRequest, fakeSession } from '../support/strategy.ts';
import { stubbedStrategy } from './stub.ts';

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
  it('that lost a call holds other logins of its browser up for ten seconds, not for ever', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    begin(request('lost', hangs));
    let state = '';
    const second = begin(request('lost', works)).then((made) => {
      state = made;
    });
    await vi.advanceTimersByTimeAsync(9_999);
    expect(state).toBe('');
    await vi.advanceTimersByTimeAsync(1);
    await second;
    expect(state).toMatch(/^[\w-]{32}$/);
  });

  it('that lost a call does not hold up other browsers', async () => {
    begin(request('one', hangs));
    expect(await begin(request('another', works))).toMatch(/^[\w-]{32}$/);
  });

  it('that throws is an error for each of the logins that wait for their turn', async () => {
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

describe('a session whose regenerate() can not be replaced', () => {
  it('is an error of the login, not of the process', async () => {
    const { strategy } = stubbedStrategy();
    const { session, state } = await beginLogin(strategy);
    Object.defineProperty(session, 'regenerate', { value: () => {} });
    expect(await authenticate(strategy, callbackRequest(session, { code: 'abc', state }))).toMatchObject({
      type: 'error',
      error: { message: expect.stringContaining('regenerate') },
    });
  });
});
