import { describe, expect, it, vi } from 'vitest';
import { SessionStateStore } from '../../lib/oauth2/session-state.ts';
import { fakeRequest } from '../support/strategy.ts';

const META = { authorizationURL: 'https://a.example', tokenURL: 'https://a.example', clientID: 'a' };
const LOGIN = { state: 'abc', expires: Date.now() + 60_000 };

/** A request whose session is renewed without a callback, as those of Fastify's plugins. */
function fastifyRequest(outcome: () => unknown) {
  const renew = vi.fn((..._args: unknown[]) => {
    Reflect.set(req, 'session', { fresh: true });
    return outcome();
  });
  const session: { logins: unknown[]; regenerate: (names?: string[]) => unknown } = {
    logins: [LOGIN],
    regenerate: renew,
  };
  const req = fakeRequest({ session });
  new SessionStateStore('logins').keepOverLogin(req);
  return { req, renew, session };
}

describe('a session whose regenerate() takes no callback', () => {
  it('keeps the logins of other tabs, too, when it gives a promise', async () => {
    const { req, session } = fastifyRequest(() => Promise.resolve());
    await session.regenerate();
    expect(req.session).toEqual({ fresh: true, logins: [LOGIN] });
  });

  it('keeps them when it gives nothing', async () => {
    const { req, session } = fastifyRequest(() => undefined);
    await session.regenerate();
    expect(req.session).toEqual({ fresh: true, logins: [LOGIN] });
  });

  it('is told what else to keep', async () => {
    const { renew, session } = fastifyRequest(() => undefined);
    await session.regenerate(['session']);
    expect(renew).toHaveBeenCalledWith(['session']);
  });

  it('rejects when it could not be renewed', async () => {
    const { session } = fastifyRequest(() => Promise.reject(new Error('the store is down')));
    await expect(session.regenerate()).rejects.toThrow('the store is down');
  });
});

describe('a session whose regenerate() calls back', () => {
  const renewed = (error?: Error) => {
    const session = {
      logins: [LOGIN],
      regenerate(callback: (error?: Error) => void) {
        Reflect.set(req, 'session', { fresh: true });
        callback(error);
      },
    };
    const req = fakeRequest({ session });
    new SessionStateStore('logins').keepOverLogin(req);
    const told = vi.fn();
    session.regenerate(told);
    return { req, told };
  };

  it('keeps the logins of other tabs', () => {
    const { req, told } = renewed();
    expect(req.session).toEqual({ fresh: true, logins: [LOGIN] });
    expect(told).toHaveBeenCalledOnce();
  });

  it('puts nothing into a session that could not be renewed, and says why', () => {
    const down = new Error('the store is down');
    const { req, told } = renewed(down);
    expect(req.session).toEqual({ fresh: true });
    expect(told).toHaveBeenCalledExactlyOnceWith(down);
  });
});

describe('a session that is a proxy, which delete does not get through', () => {
  it('forgets a login that was used', async () => {
    const data: Record<string, unknown> = { logins: [LOGIN] };
    const session = new Proxy(Object.create(null), {
      get: (_target, name) => data[String(name)],
      set: (_target, name, value) => {
        data[String(name)] = value;
        return true;
      },
    });
    const store = new SessionStateStore('logins');
    const verify = () =>
      new Promise((resolve) => {
        store.verify(fakeRequest({ session }), 'abc', META, (_error, ok) => resolve(ok));
      });
    expect(await verify()).toBe(true);
    expect(await verify()).toBe(false);
  });
});
