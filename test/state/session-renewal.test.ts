import session, { MemoryStore } from 'express-session';
import { FitbitStrategy } from 'passport-fitbit-strategy';
import { describe, expect, it, vi } from 'vitest';
import { startSessionApp } from '../support/session-app.ts';
import { stubbedStrategy, stubExchanges } from '../support/stub.ts';

const KEY = 'oauth2:fitbit';
const client = { clientID: 'CID', clientSecret: 's3cret', skipUserProfile: true };

function onlySession(store: MemoryStore): Record<string, unknown> {
  const { sessions } = store as unknown as { sessions: Record<string, string> };
  const all = Object.values(sessions);
  expect(all).toHaveLength(1);
  return JSON.parse(all[0] ?? '');
}

describe('the new session at sign-in', () => {
  it('takes over no login that was pending in the old one', async () => {
    const { strategy, exchanges } = stubbedStrategy();
    const store = new MemoryStore();
    const app = await startSessionApp([strategy], { store });
    const first = await app.visit('/login/fitbit');
    const second = await app.visit('/login/fitbit');
    const before = app.cookie;
    expect((await app.visit(`/callback/fitbit?code=1&state=${first.state}`)).status).toBe(200);
    expect(app.cookie).not.toBe(before);
    expect(onlySession(store)).not.toHaveProperty([KEY]);
    const late = await app.visit(`/callback/fitbit?code=2&state=${second.state}`);
    expect(late).toMatchObject({ status: 403, body: 'state_missing' });
    expect(exchanges.map(({ code }) => code)).toEqual(['1']);
  });

  it('does not carry a login that an attacker planted, so the user stays who they are', async () => {
    const { strategy, exchanges } = stubbedStrategy();
    const app = await startSessionApp([strategy]);
    // The attacker begins a login, and plants the cookie of that session in the victim's browser.
    const planted = await app.visit('/login/fitbit');
    const own = await app.visit('/login/fitbit');
    await app.visit(`/callback/fitbit?code=victim&state=${own.state}`);
    const lured = await app.visit(`/callback/fitbit?code=attacker&state=${planted.state}`);
    expect(lured).toMatchObject({ status: 403, body: 'state_missing' });
    expect((await app.visit('/me')).body).toContain('access-victim');
    expect(exchanges.map(({ code }) => code)).toEqual(['victim']);
  });

  it('takes over pending logins with keepSessionInfo: true, each for one use', async () => {
    const { strategy, exchanges } = stubbedStrategy();
    const app = await startSessionApp([strategy], { keepSessionInfo: true });
    const first = await app.visit('/login/fitbit');
    const second = await app.visit('/login/fitbit');
    expect((await app.visit(`/callback/fitbit?code=1&state=${first.state}`)).status).toBe(200);
    expect((await app.visit(`/callback/fitbit?code=2&state=${second.state}`)).status).toBe(200);
    expect((await app.visit(`/callback/fitbit?code=3&state=${second.state}`)).status).toBe(403);
    expect(exchanges.map(({ code }) => code)).toEqual(['1', '2']);
  });

  it('is made by a `regenerate` that nobody replaced', async () => {
    const seen: unknown[] = [];
    const strategy = new FitbitStrategy({
      ...client,
      verify: ({ profile, req }) => {
        seen.push(Object.hasOwn(req.session, 'regenerate'), req.session.regenerate);
        return { id: profile.id };
      },
    });
    stubExchanges(strategy);
    const app = await startSessionApp([strategy]);
    const { state } = await app.visit('/login/fitbit');
    expect((await app.visit(`/callback/fitbit?code=1&state=${state}`)).status).toBe(200);
    expect(seen).toEqual([false, Reflect.get(session.Session.prototype, 'regenerate')]);
  });

  it('is reported by Passport if it cannot be made', async () => {
    const store = new MemoryStore();
    const app = await startSessionApp([stubbedStrategy().strategy], { store });
    const { state } = await app.visit('/login/fitbit');
    vi.spyOn(store, 'regenerate').mockImplementation((_req, callback) =>
      callback(new Error('store is down')),
    );
    const failed = await app.visit(`/callback/fitbit?code=1&state=${state}`);
    expect(failed).toMatchObject({ status: 500, body: 'Error: store is down' });
  });
});

describe('the redirect to the provider', () => {
  class SlowStore extends MemoryStore {
    readonly saved: string[] = [];
    override set(sid: string, data: session.SessionData, callback?: (error?: unknown) => void): void {
      setTimeout(() => {
        this.saved.push(JSON.stringify(data));
        super.set(sid, data, callback);
      }, 20);
    }
  }

  it('is sent when the login is in the store', async () => {
    const store = new SlowStore();
    const app = await startSessionApp([stubbedStrategy().strategy], { store });
    const { status, state } = await app.visit('/login/fitbit');
    expect(status).toBe(302);
    expect(store.saved.some((saved) => saved.includes(state))).toBe(true);
  });

  it('is not sent if the store fails', async () => {
    class BrokenStore extends MemoryStore {
      override set(_sid: string, _data: session.SessionData, callback?: (error?: unknown) => void): void {
        setImmediate(() => callback?.(new Error('redis is down')));
      }
    }
    const app = await startSessionApp([stubbedStrategy().strategy], { store: new BrokenStore() });
    expect(await app.visit('/login/fitbit')).toMatchObject({ status: 500, body: 'session_not_saved' });
  });
});
