import { randomUUID } from 'node:crypto';
import { MemoryStore, type SessionData } from 'express-session';
import { describe, expect, it } from 'vitest';
import { startSessionApp } from '../support/session-app.ts';
import { stubbedStrategy } from '../support/stub.ts';

/** A session store whose next-but-one `get` waits: the first loads a request's session, the second is the login's. */
class PausingStore extends MemoryStore {
  #gets = Number.NEGATIVE_INFINITY;
  #paused: () => void = () => {};
  #resume: () => void = () => {};

  /** Resolves when a login waits in the store. */
  pauseLogin(): Promise<void> {
    this.#gets = 0;
    return new Promise((resolve) => {
      this.#paused = resolve;
    });
  }

  resume(): void {
    this.#resume();
  }

  ids(): Promise<string[]> {
    return new Promise((resolve) => this.all?.((_error, all) => resolve(Object.keys(all ?? {}))));
  }

  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    this.#gets += 1;
    if (this.#gets !== 2) {
      super.get(sid, callback);
      return;
    }
    this.#resume = () => super.get(sid, callback);
    this.#paused();
  }
}

async function start(genid?: () => string) {
  const store = new PausingStore();
  const { strategy, exchanges } = stubbedStrategy();
  const app = await startSessionApp([strategy], { store, genid });
  const { state } = await app.visit('/login/fitbit');
  await app.visit(`/callback/fitbit?code=1&state=${state}`);
  expect((await app.visit('/me')).body).toContain('access-1');
  return { store, app, exchanges };
}

describe.each(['/sign-out', '/destroy'])('a session that was signed out with %s', (signOut) => {
  it('does not come back with a login that began before', async () => {
    const { store, app } = await start();
    const { cookie } = app;
    const waits = store.pauseLogin();
    const login = app.visit('/login/fitbit');
    await waits;
    expect((await app.visit(signOut)).body).toBe('signed out');
    const left = await store.ids();
    store.resume();
    expect(await login).toMatchObject({ status: 500, body: 'session_ended' });
    expect(await store.ids()).toEqual(left);
    app.cookie = cookie;
    expect((await app.visit('/me')).body).toBe('null');
  });

  it('does not come back with a login that was completed before', async () => {
    const { store, app, exchanges } = await start();
    const { state } = await app.visit('/login/fitbit');
    const { cookie } = app;
    const waits = store.pauseLogin();
    const callback = app.visit(`/callback/fitbit?code=2&state=${state}`);
    await waits;
    expect((await app.visit(signOut)).body).toBe('signed out');
    const left = await store.ids();
    store.resume();
    expect(await callback).toMatchObject({ status: 403, body: 'state_missing' });
    expect(await store.ids()).toEqual(left);
    expect(exchanges.map(({ code }) => code)).toEqual(['1']);
    app.cookie = cookie;
    expect((await app.visit('/me')).body).toBe('null');
  });
});

describe('a session whose id the cookie has encoded', () => {
  it('does not come back with a login that began before', async () => {
    const { store, app } = await start(() => `user/1:${randomUUID()}=`);
    expect(app.cookie).not.toContain('user/1:');
    const waits = store.pauseLogin();
    const login = app.visit('/login/fitbit');
    await waits;
    await app.visit('/sign-out');
    const left = await store.ids();
    store.resume();
    expect(await login).toMatchObject({ status: 500, body: 'session_ended' });
    expect(await store.ids()).toEqual(left);
  });
});

describe('a session that is not saved yet', () => {
  it('begins several logins at the same moment, each in a session of its own', async () => {
    const app = await startSessionApp([stubbedStrategy().strategy]);
    const logins = await Promise.all([1, 2, 3].map(() => app.visit('/login/fitbit')));
    expect(logins.map(({ status }) => status)).toEqual([302, 302, 302]);
  });
});
