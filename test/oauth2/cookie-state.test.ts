import { once } from 'node:events';
import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Request } from 'express';
import { CookieStateStore } from 'passport-fitbit-strategy';
import { afterEach, describe, expect, it, vi } from 'vitest';

const secret = 'a secret of at least thirty-two characters';
const meta = {
  authorizationURL: 'https://p.example/authorize',
  tokenURL: 'https://p.example/token',
  clientID: 'id',
};

/** A browser's cookie jar and the requests that it sends. */
class Browser {
  readonly cookies = new Map<string, string>();
  setCookies: string[] = [];

  request(): Request {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const req = { headers: { cookie } } as IncomingMessage;
    const res = new ServerResponse(req);
    return Object.assign(req, { res }) as unknown as Request;
  }

  take(req: Request): void {
    this.setCookies = [req.res?.getHeader('set-cookie') ?? []].flat().map(String);
    for (const line of this.setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0\b/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }

  async store(store: CookieStateStore, appState?: unknown, verifier?: string): Promise<string> {
    const req = this.request();
    const state = await new Promise<string>((resolve, reject) => {
      store.store(req, verifier, appState, meta, (error, value) =>
        error ? reject(error) : resolve(value ?? ''),
      );
    });
    this.take(req);
    return state;
  }

  async verify(store: CookieStateStore, state: string | undefined, about = meta) {
    const req = this.request();
    const result = await new Promise<{ ok: unknown; info: unknown }>((resolve, reject) => {
      store.verify(req, state, about, (error, ok, info) => (error ? reject(error) : resolve({ ok, info })));
    });
    this.take(req);
    return result;
  }
}

afterEach(() => void vi.useRealTimers());

describe('CookieStateStore', () => {
  it('hands back the verifier and the data of the app, once', async () => {
    const store = new CookieStateStore({ secret });
    const browser = new Browser();
    const state = await browser.store(store, { returnTo: '/week' }, 'verifier');
    expect(await browser.verify(store, state)).toEqual({ ok: 'verifier', info: { returnTo: '/week' } });
    expect(browser.cookies.size).toBe(0);
    expect(await browser.verify(store, state)).toMatchObject({ ok: false, info: { code: 'state_missing' } });
  });

  it('answers true without a verifier', async () => {
    const store = new CookieStateStore({ secret });
    const browser = new Browser();
    const state = await browser.store(store);
    expect(await browser.verify(store, state)).toEqual({ ok: true, info: undefined });
  });

  it('sets a short-lived cookie that scripts, other sites and other hosts have no part in', async () => {
    const browser = new Browser();
    const state = await browser.store(new CookieStateStore({ secret }), { returnTo: '/' }, 'the-verifier');
    expect(browser.setCookies).toHaveLength(1);
    expect(browser.setCookies[0]).toMatch(
      /^__Host-oauth2-login\.[\da-z]+\.[\w-]{12}=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(browser.setCookies[0]).not.toContain(state);
    expect(browser.setCookies[0]).not.toContain('the-verifier');
  });

  it('takes another name and life, and leaves Secure out when told so', async () => {
    const browser = new Browser();
    await browser.store(new CookieStateStore({ secret, secure: false, maxAge: 60, name: 'login' }));
    expect(browser.setCookies[0]).toMatch(
      /^login\.[\da-z]+\.[\w-]{12}=[\w.-]+; Max-Age=60; Path=\/; HttpOnly; SameSite=Lax$/,
    );
  });

  it('lets ten tabs sign in, in any order, and forgets the oldest login at the eleventh', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const store = new CookieStateStore({ secret });
    const browser = new Browser();
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

  it('refuses a copy of a used cookie', async () => {
    const store = new CookieStateStore({ secret });
    const browser = new Browser();
    const thief = new Browser();
    const state = await browser.store(store, undefined, 'verifier');
    for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
    expect(await browser.verify(store, state)).toMatchObject({ ok: 'verifier' });
    expect(await thief.verify(store, state)).toMatchObject({ ok: false, info: { code: 'state_mismatch' } });
  });

  it('refuses a login that took too long, also where the browser kept the cookie', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const store = new CookieStateStore({ secret });
    const browser = new Browser();
    const state = await browser.store(store);
    vi.advanceTimersByTime(600_000);
    expect(await browser.verify(store, state)).toMatchObject({ ok: false, info: { code: 'state_expired' } });
  });

  it('forgets used states when they have expired', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const store = new CookieStateStore({ secret, maxAge: 60 });
    const browser = new Browser();
    const thief = new Browser();
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
  ])('refuses a cookie that was %s, and clears it', async (_how, tamper) => {
    const store = new CookieStateStore({ secret });
    const browser = new Browser();
    const state = await browser.store(store, undefined, 'verifier');
    for (const [name, value] of browser.cookies) browser.cookies.set(name, tamper(value));
    expect(await browser.verify(store, state)).toMatchObject({ ok: false, info: { code: 'state_mismatch' } });
    expect(browser.cookies.size).toBe(0);
  });

  it('refuses a cookie under the name of another login', async () => {
    const store = new CookieStateStore({ secret });
    const browser = new Browser();
    const first = await browser.store(store);
    const second = await browser.store(store);
    const [[nameOfFirst = '', valueOfFirst = ''] = [], [nameOfSecond = ''] = []] = [...browser.cookies];
    browser.cookies.set(nameOfSecond, valueOfFirst);
    browser.cookies.delete(nameOfFirst);
    expect(await browser.verify(store, second)).toMatchObject({
      ok: false,
      info: { code: 'state_mismatch' },
    });
    expect(await browser.verify(store, first)).toMatchObject({ ok: false, info: { code: 'state_missing' } });
  });

  it('refuses a state that is missing, shorter or not its own', async () => {
    const store = new CookieStateStore({ secret });
    const browser = new Browser();
    const state = await browser.store(store);
    for (const wrong of [undefined, state.slice(0, 12), `${state.slice(0, -1)}!`]) {
      const fresh = new Browser();
      for (const [name, value] of browser.cookies) fresh.cookies.set(name, value);
      expect(await fresh.verify(store, wrong)).toMatchObject({ ok: false, info: { code: 'state_mismatch' } });
    }
  });

  it('refuses a cookie that was made for another provider or client with the same secret', async () => {
    const store = new CookieStateStore({ secret });
    for (const other of [
      { ...meta, clientID: 'other' },
      { ...meta, authorizationURL: 'https://other.example/authorize' },
    ]) {
      const browser = new Browser();
      const state = await browser.store(store);
      expect(await browser.verify(store, state, other)).toMatchObject({
        ok: false,
        info: { code: 'state_mismatch' },
      });
    }
  });

  it('opens cookies of an older secret, and none of a secret that was dropped', async () => {
    const old = 'an old secret of at least thirty-two characters';
    const browser = new Browser();
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
    const browser = new Browser();
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
    const browser = new Browser();
    await expect(
      browser.store(new CookieStateStore({ secret }), { text: 'x'.repeat(4000) }),
    ).rejects.toMatchObject({
      name: 'OAuthError',
      code: 'state_too_large',
    });
    expect(browser.cookies.size).toBe(0);
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
      message: expect.stringContaining('req.res = res'),
    });
    const bare = new Browser();
    const state = await bare.store(store);
    const copy = bare.request();
    Reflect.deleteProperty(copy, 'res');
    const second = new Promise((resolve) => store.verify(copy, state, meta, resolve));
    expect(await second).toMatchObject({ code: 'no_response' });
  });

  it.each([
    [undefined, /"secret" must be a secret of at least 32 characters/],
    [{}, /"secret"/],
    [{ secret: 'short' }, /"secret"/],
    [{ secret: [] }, /"secret"/],
    [{ secret: [secret, 'short'] }, /"secret"/],
    [{ secret, secure: 'yes' }, /"secure" must be true or false/],
    [{ secret, maxAge: 0 }, /"maxAge" must be a number of seconds/],
    [{ secret, maxAge: Number.NaN }, /"maxAge"/],
    [{ secret, maxAge: 86_401 }, /"maxAge"/],
    [{ secret, name: 'a b' }, /"name"/],
    [{ secret, name: '' }, /"name"/],
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
