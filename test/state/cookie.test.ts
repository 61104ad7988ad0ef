import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Request } from 'express';
import { CookieStateStore } from 'passport-fitbit-strategy';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CookieBrowser, meta } from '../support/cookie-browser.ts';

const secret = 'a secret of at least thirty-two characters';
afterEach(() => void vi.useRealTimers());

describe('CookieStateStore', () => {
  it('hands back the verifier and the data of the app, once', async () => {
    const store = new CookieStateStore({ secret });
    const browser = new CookieBrowser();
    const state = await browser.store(store, { returnTo: '/week' }, 'verifier');
    expect(await browser.verify(store, state)).toEqual({ ok: 'verifier', info: { returnTo: '/week' } });
    expect(browser.setCookies).toEqual([
      expect.stringMatching(
        /^__Host-oauth2-login\.[\da-z]+\.[\w-]{12}=; Max-Age=0; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
    expect(browser.cookies.size).toBe(0);
    expect(await browser.verify(store, state)).toMatchObject({ ok: false, info: { code: 'state_missing' } });
  });

  it('calls back with true if there is no verifier', async () => {
    const store = new CookieStateStore({ secret });
    const browser = new CookieBrowser();
    const state = await browser.store(store);
    expect(await browser.verify(store, state)).toEqual({ ok: true, info: undefined });
  });

  it('sets a short-lived cookie that scripts, other sites and other hosts cannot read', async () => {
    const browser = new CookieBrowser();
    const state = await browser.store(new CookieStateStore({ secret }), { returnTo: '/' }, 'the-verifier');
    expect(browser.setCookies).toHaveLength(1);
    expect(browser.setCookies[0]).toMatch(
      /^__Host-oauth2-login\.[\da-z]+\.[\w-]{12}=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(browser.setCookies[0]).not.toContain(state);
    expect(browser.setCookies[0]).not.toContain('the-verifier');
  });

  it('sets the name, lifetime and Secure attribute that its options say', async () => {
    const browser = new CookieBrowser();
    await browser.store(new CookieStateStore({ secret, secure: false, maxAge: 60, name: 'login' }));
    expect(browser.setCookies[0]).toMatch(
      /^login\.[\da-z]+\.[\w-]{12}=[\w.-]+; Max-Age=60; Path=\/; HttpOnly; SameSite=Lax$/,
    );
  });

  it('lets ten tabs sign in, in any order, and forgets the oldest login at the eleventh', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const store = new CookieStateStore({ secret });
    const browser = new CookieBrowser();
    const states: string[] = [];
    for (let tab = 0; tab < 11; tab += 1) {
      vi.advanceTimersByTime(1000);
      states.push(await browser.store(store, { tab }, `verifier ${tab}`));
    }
    expect(browser.cookies.size).toBe(10);
    expect(await browser.verify(store, states[0])).toMatchObject({
      ok: false,
      info: { code: 'state_mismatch' },
    });
    for (let tab = 10; tab > 0; tab -= 1) {
      expect(await browser.verify(store, states[tab])).toEqual({ ok: `verifier ${tab}`, info: { tab } });
    }
  });

  it('forgets the oldest login in whatever order the browser sends its cookies', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const store = new CookieStateStore({ secret });
    const browser = new CookieBrowser();
    const states: string[] = [];
    for (let tab = 0; tab < 10; tab += 1) {
      vi.advanceTimersByTime(1000);
      states.push(await browser.store(store));
    }
    const newestFirst = [...browser.cookies].reverse();
    browser.cookies.clear();
    for (const [name, value] of newestFirst) browser.cookies.set(name, value);
    states.push(await browser.store(store));
    expect(await browser.verify(store, states[0])).toMatchObject({ info: { code: 'state_mismatch' } });
    for (const state of states.slice(1))
      expect(await browser.verify(store, state)).toMatchObject({ ok: true });
  });

  it('refuses a copy of a used cookie', async () => {
    const store = new CookieStateStore({ secret });
    const browser = new CookieBrowser();
    const thief = new CookieBrowser();
    const state = await browser.store(store, undefined, 'verifier');
    for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
    expect(await browser.verify(store, state)).toMatchObject({ ok: 'verifier' });
    expect(await thief.verify(store, state)).toMatchObject({ ok: false, info: { code: 'state_mismatch' } });
  });

  it('refuses a login that took too long, even if the browser kept the cookie', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const store = new CookieStateStore({ secret });
    const browser = new CookieBrowser();
    const state = await browser.store(store);
    vi.advanceTimersByTime(600_000);
    expect(await browser.verify(store, state)).toMatchObject({ ok: false, info: { code: 'state_expired' } });
  });

  it('forgets used states when they have expired', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const store = new CookieStateStore({ secret, maxAge: 60 });
    const browser = new CookieBrowser();
    const thief = new CookieBrowser();
    const state = await browser.store(store);
    for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
    await browser.verify(store, state);
    vi.advanceTimersByTime(61_000);
    const other = await browser.store(store);
    await browser.verify(store, other);
    expect(await thief.verify(store, state)).toMatchObject({ ok: false, info: { code: 'state_expired' } });
  });

  it.each([
    ['cut', (value: string) => value.slice(0, -4)],
    [
      'changed',
      (value: string) => `${value.slice(0, -2)}${value.endsWith('A') ? 'B' : 'A'}${value.slice(-1)}`,
    ],
    ['emptied', () => ''],
    ['replaced by garbage', () => 'garbage'],
  ])('refuses a cookie that was %s, and leaves it there', async (_how, tamper) => {
    const store = new CookieStateStore({ secret });
    const browser = new CookieBrowser();
    const state = await browser.store(store, undefined, 'verifier');
    for (const [name, value] of browser.cookies) browser.cookies.set(name, tamper(value));
    expect(await browser.verify(store, state)).toMatchObject({ ok: false, info: { code: 'state_mismatch' } });
    expect(browser.setCookies).toEqual([]);
  });

  it('refuses a cookie under the name of another login', async () => {
    const store = new CookieStateStore({ secret });
    const browser = new CookieBrowser();
    const first = await browser.store(store);
    const second = await browser.store(store);
    const [[nameOfFirst = '', valueOfFirst = ''] = [], [nameOfSecond = ''] = []] = [...browser.cookies];
    browser.cookies.set(nameOfSecond, valueOfFirst);
    browser.cookies.delete(nameOfFirst);
    expect(await browser.verify(store, second)).toMatchObject({
      ok: false,
      info: { code: 'state_mismatch' },
    });
    expect(await browser.verify(store, first)).toMatchObject({ ok: false, info: { code: 'state_mismatch' } });
  });

  it('refuses a state that is missing, shorter or not its own', async () => {
    const store = new CookieStateStore({ secret });
    const browser = new CookieBrowser();
    const state = await browser.store(store);
    for (const wrong of [undefined, state.slice(0, 12), `${state.slice(0, -1)}!`]) {
      const fresh = new CookieBrowser();
      for (const [name, value] of browser.cookies) fresh.cookies.set(name, value);
      expect(await fresh.verify(store, wrong)).toMatchObject({ ok: false, info: { code: 'state_mismatch' } });
    }
  });

  it('opens cookies of an older secret, but not of one that was removed', async () => {
    const old = 'an old secret of at least thirty-two characters';
    const browser = new CookieBrowser();
    const first = await browser.store(new CookieStateStore({ secret: old }), undefined, 'verifier');
    const second = await browser.store(new CookieStateStore({ secret: old }), undefined, 'verifier');
    expect(await browser.verify(new CookieStateStore({ secret: [secret, old] }), first)).toMatchObject({
      ok: 'verifier',
    });
    expect(await browser.verify(new CookieStateStore({ secret }), second)).toMatchObject({
      ok: false,
      info: { code: 'state_mismatch' },
    });
  });

  it('leaves the cookies of others alone', async () => {
    const store = new CookieStateStore({ secret });
    const browser = new CookieBrowser();
    browser.cookies.set('session', 'mine');
    expect(await browser.verify(store, 'state')).toMatchObject({
      ok: false,
      info: { code: 'state_missing' },
    });
    const state = await browser.store(store);
    await browser.verify(store, state);
    expect([...browser.cookies]).toEqual([['session', 'mine']]);
  });

  it('refuses data that no browser would keep in a cookie', async () => {
    const browser = new CookieBrowser();
    await expect(
      browser.store(new CookieStateStore({ secret }), { text: 'x'.repeat(4000) }),
    ).rejects.toMatchObject({
      name: 'OAuthError',
      code: 'state_too_large',
      operation: 'authorization',
      message: '"state" is too large for a cookie: keep it under 2 kB of JSON',
    });
    expect(browser.cookies.size).toBe(0);
  });

  it('ignores a login in a cookie without the prefix __Host-, which another subdomain can plant', async () => {
    const attacker = new CookieBrowser();
    const victim = new CookieBrowser();
    const state = await attacker.store(new CookieStateStore({ secret }));
    for (const [name, value] of attacker.cookies) victim.cookies.set(name.replace('__Host-', ''), value);
    expect(await victim.verify(new CookieStateStore({ secret }), state)).toMatchObject({
      ok: false,
      info: { code: 'state_missing' },
    });
  });

  it("finds Koa's response behind the stand-in of koa-passport", async () => {
    const store = new CookieStateStore({ secret });
    const cookies: string[] = [];
    const res = { appendHeader: (_name: string, value: string) => cookies.push(value) };
    const req = { headers: {}, res: { setHeader: () => {} }, ctx: { res } } as unknown as Request;
    await new Promise((resolve) => store.store(req, undefined, undefined, meta, resolve));
    expect(cookies).toHaveLength(1);
  });

  it('says where it looks for the response when there is none', async () => {
    const store = new CookieStateStore({ secret });
    const req = { headers: {} } as Request;
    const failed = new Promise((resolve) => store.store(req, undefined, undefined, meta, resolve));
    expect(await failed).toMatchObject({
      code: 'no_response',
      operation: 'authorization',
      message: expect.stringContaining('req.res = res'),
    });
    const bare = new CookieBrowser();
    const state = await bare.store(store);
    const copy = bare.request();
    Reflect.deleteProperty(copy, 'res');
    const second = new Promise((resolve) => store.verify(copy, state, meta, resolve));
    expect(await second).toMatchObject({ code: 'no_response' });
  });

  it.each([
    [undefined, /"secret" must be a string of at least 32 characters/],
    [{}, /"secret"/],
    [{ secret: 'short' }, /"secret"/],
    [{ secret: [] }, /"secret"/],
    [{ secret: [secret, 'short'] }, /"secret"/],
    [{ secret, secure: 'yes' }, /"secure" must be true or false/],
    [{ secret, maxAge: 0 }, /"maxAge" must be a whole number of seconds/],
    [{ secret, maxAge: Number.NaN }, /"maxAge"/],
    [{ secret, maxAge: 86_401 }, /"maxAge"/],
    [{ secret, maxAge: 1.5 }, /"maxAge"/],
    [{ secret, maxAge: '600' }, /"maxAge"/],
    [{ secret, maxAge: null }, /"maxAge"/],
    [{ secret, name: 'a b' }, /"name" must have 1 to 64 characters/],
    [{ secret, name: 'a;b' }, /"name"/],
    [{ secret, name: '' }, /"name"/],
    [{ secret, name: null }, /"name"/],
    [{ secret, name: ['ab'] }, /"name"/],
    [{ secret, name: 'x'.repeat(65) }, /"name"/],
  ])('refuses the options %j by name', (options, message) => {
    const make = () => new CookieStateStore(options as ConstructorParameters<typeof CookieStateStore>[0]);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
    const text = (() => {
      try {
        make();
      } catch (error) {
        return String(error);
      }
    })();
    expect(text).not.toContain('short');
  });

  it.each([1, 86_400])('may have the maxAge %j', (maxAge) => {
    expect(() => new CookieStateStore({ secret, maxAge })).not.toThrow();
  });

  it('sets its cookie over real HTTP beside those of the app', async () => {
    const store = new CookieStateStore({ secret, secure: false });
    const server = createServer((req, res) => {
      res.setHeader('Set-Cookie', 'app=1');
      store.store(Object.assign(req, { res }) as unknown as Request, 'v', undefined, meta, () => res.end());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect(response.headers.getSetCookie()).toEqual(['app=1', expect.stringMatching(/^oauth2-login\./)]);
    server.close();
  });
});
