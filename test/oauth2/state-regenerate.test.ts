import { describe, expect, it, vi } from 'vitest';
import { SessionStateStore } from '../../lib/oauth2/state.ts';
import { fakeRequest } from '../support/strategy.ts';

const LOGIN = { state: 'abc', expires: Date.now() + 60_000 };

/** A request whose session is renewed as @fastify/session does it: names first, a promise without a callback. */
function fastifyRequest(failure?: Error) {
  const renew = vi.fn((...args: unknown[]) => {
    const callback = args.at(-1);
    const finish = () => {
      if (failure === undefined) Reflect.set(req, 'session', { fresh: true });
      return failure;
    };
    if (typeof callback === 'function') return void setImmediate(() => callback(finish()));
    return Promise.reject(new Error('it was called without a callback'));
  });
  const session: { logins: unknown[]; regenerate: (names?: string[]) => unknown } = {
    logins: [LOGIN],
    regenerate: renew,
  };
  const req = fakeRequest({ session });
  new SessionStateStore('logins').keepOverLogin(req);
  return { req, renew, session };
}

describe('a session whose regenerate() gives a promise', () => {
  it('keeps the logins of other tabs, too', async () => {
    const { req, session } = fastifyRequest();
    await session.regenerate();
    expect(req.session).toEqual({ fresh: true, logins: [LOGIN] });
  });

  it('is told what else to keep', async () => {
    const { renew, session } = fastifyRequest();
    await session.regenerate(['session']);
    expect(renew).toHaveBeenCalledWith(['session'], expect.any(Function));
  });

  it('rejects when it could not be renewed', async () => {
    const { session } = fastifyRequest(new Error('the store is down'));
    await expect(session.regenerate()).rejects.toThrow('the store is down');
  });
});
