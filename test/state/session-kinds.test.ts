import type { Request } from 'express';
import { describe, expect, it, vi } from 'vitest';
import { SessionStateStore } from '../../lib/state/session.ts';
import { fakeRequest, fakeSession } from '../support/strategy.ts';

const meta = { authorizationURL: 'https://p.example/a', tokenURL: 'https://p.example/t', clientID: 'id' };
const store = new SessionStateStore('key');

const begin = (req: Request) =>
  new Promise<string>((resolve, reject) => {
    store.store(req, undefined, undefined, meta, (error, state) =>
      error ? reject(error) : resolve(state ?? ''),
    );
  });

const finish = (req: Request, state: string) =>
  new Promise<unknown>((resolve, reject) => {
    store.verify(req, state, meta, (error, ok) => (error ? reject(error) : resolve(ok)));
  });

const get = (session: unknown) => (_id: string, done: (error: null, session: unknown) => void) =>
  done(null, session);

describe('a session', () => {
  it.each<[what: string, more: object]>([
    ['without a store', {}],
    ['with a store that cannot be read', { sessionStore: {}, sessionID: 'x' }],
    ['with a store and no id', { sessionStore: { get: () => expect.unreachable() } }],
    ['that its store does not know yet', { sessionStore: { get: get(null) }, sessionID: 'y' }],
    [
      'whose id is not in the cookie yet, beside those of others',
      { sessionStore: { get: get(undefined) }, sessionID: 'z', headers: { cookie: 'a=b' } },
    ],
  ])('keeps the logins that it has: %s', async (_what, more) => {
    const session = fakeSession();
    const first = await begin(Object.assign(fakeRequest({ session }), more));
    const second = await begin(Object.assign(fakeRequest({ session }), more));
    expect(session.key).toMatchObject({ logins: [{ state: first }, { state: second }] });
    expect(await finish(Object.assign(fakeRequest({ session }), more), first)).toBe(true);
    expect(session.key).toMatchObject({ logins: [{ state: second }] });
  });

  it('gets the logins that its store has by now, instead of those that were loaded', async () => {
    const stored = fakeSession();
    const [kept, used] = [await begin(fakeRequest({ session: stored })), 'used by another tab'];
    const login = { state: used, binding: 'x', expires: Date.now() + 60_000 };
    const session = fakeSession({ key: { logins: [login] } });
    const req = Object.assign(fakeRequest({ session }), {
      sessionStore: { get: get(stored) },
      sessionID: 'id',
    });
    const state = await begin(req);
    expect(session.key).toMatchObject({ logins: [{ state: kept }, { state }] });
  });

  it('completes no login that its store has no longer', async () => {
    const session = fakeSession();
    const state = await begin(fakeRequest({ session }));
    const save = vi.spyOn(session, 'save');
    const req = Object.assign(fakeRequest({ session }), { sessionStore: { get: get({}) }, sessionID: 'id' });
    expect(await finish(req, state)).toBe(false);
    expect(save).not.toHaveBeenCalled();
  });

  it('that ended while a login began in it is an error that says to start again', async () => {
    const session = fakeSession();
    const req = Object.assign(fakeRequest({ session, headers: { cookie: 'sid=the-id' } }), {
      sessionStore: { get: get(undefined) },
      sessionID: 'the-id',
    });
    await expect(begin(req)).rejects.toMatchObject({
      name: 'OAuthError',
      code: 'session_ended',
      operation: 'authorization',
      retryable: true,
      message: expect.stringContaining('start the login again'),
    });
    expect(Object.keys(session)).toEqual([]);
  });

  it('is left without the key if it is a proxy that hides deletion', async () => {
    const data: Record<string, unknown> = {};
    const session = new Proxy(data, { deleteProperty: () => true });
    const state = await begin(fakeRequest({ session }));
    expect(await finish(fakeRequest({ session }), state)).toBe(true);
    expect(data.key).toBeUndefined();
  });
});
