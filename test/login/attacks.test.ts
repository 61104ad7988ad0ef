// Attacks on a login, in a whole app: with both stores of pending logins, and providers that check codes and verifiers.
import { type Simulator, startSimulator } from 'fitbit-simulator';
import { CookieStateStore, FitbitStrategy, type Login, type StateStore } from 'passport-fitbit-strategy';
import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type SessionApp, startSessionApp } from '../support/session-app.ts';

/** A browser that keeps its cookies and follows no redirect. */
class Browser {
  readonly cookies = new Map<string, string>();

  async visit(url: string) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { headers: { cookie }, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/; Max-Age=0\b/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return {
      status: response.status,
      body: await response.text(),
      location: response.headers.get('location') ?? '',
    };
  }
}

const cookieStore = () =>
  new CookieStateStore({ secret: 'a secret of at least thirty-two characters', secure: false });

describe.each<[where: string, makeStore: () => StateStore | undefined]>([
  ['the session', () => undefined],
  ['cookies', cookieStore],
])('an attack on a login that is pending in %s', (_where, makeStore) => {
  let simulator: Simulator;
  let app: SessionApp;
  let victim: Browser;
  let attacker: Browser;

  beforeEach(async () => {
    simulator = await startSimulator();
    const shared = {
      store: makeStore(),
      verify: async ({ profile }: Login) => ({ id: profile.displayName }),
    };
    app = await startSessionApp([
      new FitbitStrategy({ ...simulator.fitbit, callbackURL: '/callback/fitbit', ...shared }),
      new GoogleHealthStrategy({
        ...simulator.googleHealth,
        callbackURL: '/callback/google-health',
        ...shared,
      }),
    ]);
    victim = new Browser();
    attacker = new Browser();
  });
  afterEach(() => simulator.close());

  /** Begins a login; resolves with the URL of the provider's consent page. */
  async function begin(browser: Browser, provider = 'fitbit'): Promise<string> {
    const { status, location } = await browser.visit(`${app.origin}/login/${provider}`);
    expect(status).toBe(302);
    return location;
  }

  /** Begins a login and consents; resolves with the URL of the callback, which nobody has visited yet. */
  async function consent(browser: Browser, person: string, provider = 'fitbit'): Promise<URL> {
    const { redirectTo } = await simulator.consent({ url: await begin(browser, provider), person });
    return new URL(redirectTo);
  }

  /** The same callback with other parameters; `undefined` removes one. */
  function withParams(url: URL, params: Record<string, string | undefined>): string {
    const changed = new URL(url);
    for (const [name, value] of Object.entries(params)) {
      if (value === undefined) changed.searchParams.delete(name);
      else changed.searchParams.set(name, value);
    }
    return changed.href;
  }

  const codeExchanges = () => simulator.requests.filter(({ path }) => path.endsWith('/token')).length;
  const userOf = async (browser: Browser) => JSON.parse((await browser.visit(`${app.origin}/me`)).body);
  const param = (url: URL, name: string) => url.searchParams.get(name) ?? '';

  /** Expects a refusal before anything was sent, and that the browser is signed in as it was before. */
  async function expectRefused(browser: Browser, url: string | URL, code: string) {
    const before = [codeExchanges(), await userOf(browser)];
    expect(await browser.visit(String(url))).toMatchObject({ status: 403, body: code });
    expect([codeExchanges(), await userOf(browser)]).toEqual(before);
  }

  it('begins with a login that works: the user is signed in', async () => {
    const { status } = await victim.visit((await consent(victim, 'zoe')).href);
    expect(status).toBe(200);
    expect(await userOf(victim)).toEqual({ id: expect.stringMatching(/^Zo/) });
    expect(codeExchanges()).toBe(1);
  });

  describe('with a value missing', () => {
    it('fails without the state, and the user can still complete the login', async () => {
      const callback = await consent(victim, 'zoe');
      await expectRefused(victim, withParams(callback, { state: undefined }), 'state_mismatch');
      expect((await victim.visit(callback.href)).status).toBe(200);
    });

    it('sends no code if there is none: another login begins', async () => {
      const callback = await consent(victim, 'zoe');
      const { status } = await victim.visit(withParams(callback, { code: undefined }));
      expect(status).toBe(302);
      expect(codeExchanges()).toBe(0);
    });

    it('fails without the cookies of the browser that began it', async () => {
      const callback = await consent(victim, 'zoe');
      await expectRefused(new Browser(), callback, 'state_missing');
    });
  });

  describe('with a value given more than once', () => {
    it.each(['code', 'state', 'iss'])(
      'fails with three of %s, and the user can still complete it',
      async (name) => {
        const callback = await consent(victim, 'zoe');
        const several = new URL(callback);
        several.searchParams.append(name, 'other');
        several.searchParams.append(name, 'more');
        await expectRefused(victim, several, 'invalid_callback');
        expect((await victim.visit(callback.href)).status).toBe(200);
      },
    );
  });

  describe("with another user's login", () => {
    it("fails with the attacker's whole callback, so the victim is not signed in as the attacker", async () => {
      const planted = await consent(attacker, 'tomas');
      await expectRefused(victim, planted, 'state_missing');
      const own = await consent(victim, 'zoe');
      await expectRefused(victim, planted, 'state_mismatch');
      expect((await victim.visit(own.href)).status).toBe(200);
      await expectRefused(victim, planted, 'state_missing');
    });

    it("fails with the attacker's code in the victim's callback: the provider refuses the verifier", async () => {
      const [planted, own] = [await consent(attacker, 'tomas'), await consent(victim, 'zoe')];
      const mixed = withParams(own, { code: param(planted, 'code') });
      expect(await victim.visit(mixed)).toMatchObject({ status: 500, body: 'invalid_grant' });
      expect(await userOf(victim)).toBeNull();
    });

    it("fails with the victim's code in the attacker's callback: a stolen code does not help", async () => {
      const [stolen, own] = [await consent(victim, 'zoe'), await consent(attacker, 'tomas')];
      const mixed = withParams(own, { code: param(stolen, 'code') });
      expect(await attacker.visit(mixed)).toMatchObject({ status: 500, body: 'invalid_grant' });
      expect(await userOf(attacker)).toBeNull();
    });
  });

  describe('with another provider', () => {
    it.each([
      ['google-health', 'fitbit'],
      ['fitbit', 'google-health'],
    ])('fails if the callback of %s goes to that of %s, so no code reaches it', async (from, to) => {
      await begin(victim, to);
      const callback = await consent(victim, 'zoe', from);
      const moved = callback.href.replace(`/callback/${from}`, `/callback/${to}`);
      await expectRefused(victim, withParams(new URL(moved), { iss: undefined }), 'state_mismatch');
      expect((await victim.visit(callback.href)).status).toBe(200);
    });

    it('fails if `iss` names another one, and the user can still complete it', async () => {
      const callback = await consent(victim, 'zoe');
      const iss = simulator.googleHealth.authorizationURL;
      await expectRefused(victim, withParams(callback, { iss }), 'invalid_callback');
      expect((await victim.visit(callback.href)).status).toBe(200);
    });
  });

  describe('with another tab', () => {
    it('fails with the code of one and the state of the other', async () => {
      const [first, second] = [await consent(victim, 'zoe'), await consent(victim, 'tomas')];
      const mixed = withParams(first, { code: param(second, 'code') });
      expect(await victim.visit(mixed)).toMatchObject({ status: 500, body: 'invalid_grant' });
      expect(await userOf(victim)).toBeNull();
    });

    it("fails with the state of a login that was begun under another name of the app's host", async () => {
      const elsewhere = new URL('/login/fitbit', app.origin);
      elsewhere.hostname = 'localhost';
      const { location } = await victim.visit(elsewhere.href);
      const { redirectTo } = await simulator.consent({ url: location, person: 'zoe' });
      expect(redirectTo).toContain('//localhost:');
      const moved = redirectTo.replace('//localhost:', '//127.0.0.1:');
      await expectRefused(victim, moved, 'state_mismatch');
      expect((await victim.visit(redirectTo)).status).toBe(200);
    });
  });

  describe('with something planted before the sign-in', () => {
    it('fails with an error that somebody made up: the pending login is left alone', async () => {
      const callback = await consent(victim, 'zoe');
      const other = param(await consent(attacker, 'tomas'), 'state');
      for (const state of [undefined, 'made-up', other]) {
        const made = withParams(callback, { code: undefined, error: 'access_denied', state });
        await expectRefused(victim, made, 'state_mismatch');
      }
      expect((await victim.visit(callback.href)).status).toBe(200);
    });

    it("fails with a session that the attacker knows: it is not the victim's after the sign-in", async () => {
      await begin(attacker);
      for (const [name, value] of attacker.cookies) victim.cookies.set(name, value);
      expect((await victim.visit((await consent(victim, 'zoe')).href)).status).toBe(200);
      expect(await userOf(attacker)).toBeNull();
      expect(await userOf(victim)).not.toBeNull();
    });
  });

  describe('with a callback that was used', () => {
    it('fails after a success, and the user stays signed in', async () => {
      const callback = await consent(victim, 'zoe');
      expect((await victim.visit(callback.href)).status).toBe(200);
      await expectRefused(victim, callback, 'state_missing');
    });

    it('fails after a refusal of the provider, also with another code', async () => {
      const callback = await consent(victim, 'zoe');
      expect((await victim.visit(withParams(callback, { code: 'made-up' }))).body).toBe('invalid_grant');
      await expectRefused(victim, callback, 'state_missing');
    });

    it('fails after the user denied', async () => {
      const url = await begin(victim);
      const { redirectTo } = await simulator.deny({ url });
      const denied = new URL(redirectTo);
      expect((await victim.visit(denied.href)).body).toBe('access_denied');
      const late = withParams(denied, { error: undefined, error_description: undefined, code: 'a-code' });
      await expectRefused(victim, late, 'state_missing');
    });

    it('fails in a copy of the browser', async () => {
      const callback = await consent(victim, 'zoe');
      for (const [name, value] of victim.cookies) attacker.cookies.set(name, value);
      expect((await victim.visit(callback.href)).status).toBe(200);
      const { status } = await attacker.visit(callback.href);
      expect(status).toBe(403);
      expect(codeExchanges()).toBe(1);
      expect(await userOf(attacker)).toBeNull();
    });

    it('sends one code if it comes five times at the same moment', async () => {
      const callback = await consent(victim, 'zoe');
      const visits = await Promise.all(Array.from({ length: 5 }, () => victim.visit(callback.href)));
      expect(visits.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403, 403]);
      expect(codeExchanges()).toBe(1);
    });
  });

  it('fails with a callback that comes later than ten minutes, without sending its code', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const callback = await consent(victim, 'zoe');
    vi.setSystemTime(Date.now() + 10 * 60 * 1000);
    await expectRefused(victim, callback, 'state_expired');
    await expectRefused(victim, callback, 'state_missing');
  });
});
