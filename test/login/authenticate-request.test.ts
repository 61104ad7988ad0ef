import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSimulator } from 'fitbit-simulator';
import {
  authenticateRequest,
  CookieStateStore,
  FitbitStrategy,
  type Login,
  type StateStore,
} from 'passport-fitbit-strategy';
import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import { afterAll, afterEach, describe, expect, it } from 'vitest';

const simulator = await startSimulator();
afterAll(() => simulator.close());
afterEach(() => simulator.clearFaults());

const origin = 'http://localhost:3000';
const store = new CookieStateStore({ secret: 'a secret of at least thirty-two characters', secure: false });
const logins: Login[] = [];

function makeGoogle(options: object = {}): GoogleHealthStrategy {
  return new GoogleHealthStrategy({
    ...simulator.googleHealth,
    store,
    callbackURL: `${origin}/callback`,
    verify: (login) => {
      logins.push(login);
      return { id: login.profile.id };
    },
    ...options,
  });
}
const google = makeGoogle();

/** A browser: it keeps the cookies of the responses that it gets. */
class Browser {
  readonly cookies = new Map<string, string>();

  request(url: string): Request {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return new Request(url, { headers: { cookie } });
  }

  keep(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0\b/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }

  async go(url: string, strategy: FitbitStrategy | GoogleHealthStrategy = google, options: object = {}) {
    const result = await authenticateRequest(strategy, this.request(url), options);
    this.keep(result.headers);
    return result;
  }

  /** Begins a login and consents; the URL of the callback. */
  async consent(strategy: FitbitStrategy | GoogleHealthStrategy = google, options: object = {}) {
    const { redirect } = await this.go(`${origin}/login`, strategy, options);
    const { redirectTo } = await simulator.consent({ url: String(redirect), person: 'zoe' });
    return redirectTo;
  }
}

const ZOE = '8677373576871223311';

describe('authenticateRequest', () => {
  it('redirects to the provider with a cookie, and signs the user in at the callback', async () => {
    const browser = new Browser();
    const begun = await browser.go(`${origin}/login`, google, { state: { returnTo: '/week' } });
    expect(begun.redirect?.href).toContain(simulator.googleHealth.authorizationURL);
    expect(begun.headers.get('Location')).toBe(begun.redirect?.href);
    expect(begun.headers.getSetCookie()).toEqual([expect.stringMatching(/^oauth2-login\..*HttpOnly/)]);

    const { redirectTo } = await simulator.consent({ url: String(begun.redirect), person: 'zoe' });
    const done = await browser.go(redirectTo);
    expect(done).toMatchObject({ user: { id: ZOE }, info: { state: { returnTo: '/week' } } });
    expect(done.headers.getSetCookie()).toEqual([expect.stringContaining('Max-Age=0')]);
    expect(browser.cookies.size).toBe(0);
    expect(logins.at(-1)?.req).toMatchObject({
      method: 'GET',
      url: redirectTo,
      query: { code: expect.any(String) },
    });
  });

  it('completes a callback URL that is a path by the request, with or without a Host header', async () => {
    const strategy = makeGoogle({ callbackURL: '/callback' });
    const request = new Request('https://app.example/login');
    const { redirect } = await authenticateRequest(strategy, request, { loginHint: 'zoe@example.com' });
    expect(redirect?.searchParams.get('redirect_uri')).toBe('https://app.example/callback');
    expect(redirect?.searchParams.get('login_hint')).toBe('zoe@example.com');
  });

  it('takes the options of one request, a strategy’s own included', async () => {
    const { redirect } = await new Browser().go(`${origin}/login`, google, {
      scope: ['sleep.readonly'],
      loginHint: 'zoe@example.com',
    });
    const { searchParams } = new URL(String(redirect));
    expect(searchParams.get('scope')).toContain('sleep.readonly');
    expect(searchParams.get('login_hint')).toBe('zoe@example.com');
  });

  it.each([
    ['http://localhost:3000', 'http://localhost:3000/callback'],
    ['https://app.example', 'https://app.example/callback'],
  ])('completes a callbackURL that is a path: at %s, it is %s', async (base, expected) => {
    const request = new Request(`${base}/login`, { headers: { host: new URL(base).host } });
    const { redirect } = await authenticateRequest(makeGoogle({ callbackURL: '/callback' }), request);
    expect(new URL(String(redirect)).searchParams.get('redirect_uri')).toBe(expected);
  });

  it('keeps concurrent requests apart', async () => {
    const browsers = [new Browser(), new Browser(), new Browser()];
    const callbacks = await Promise.all(browsers.map((browser) => browser.consent()));
    const results = await Promise.all([
      browsers[0]?.go(callbacks[0] ?? ''),
      browsers[1]?.go(callbacks[0] ?? ''),
      browsers[2]?.go(`${origin}/login`),
    ]);
    expect(results).toMatchObject([
      { user: { id: ZOE } },
      { failure: { code: 'state_mismatch' } },
      { redirect: expect.any(URL) },
    ]);
    expect(Object.keys(google)).not.toContain('success');
  });

  it('lets two tabs of a browser sign in, in any order', async () => {
    const browser = new Browser();
    const first = await browser.consent(google, { state: { tab: 1 } });
    const second = await browser.consent(google, { state: { tab: 2 } });
    expect(await browser.go(second)).toMatchObject({ user: { id: ZOE }, info: { state: { tab: 2 } } });
    expect(await browser.go(first)).toMatchObject({ user: { id: ZOE }, info: { state: { tab: 1 } } });
  });

  it('signs a user in from Node’s own request', async () => {
    const server: Server = createServer(async (req, res) => {
      const { redirect, user, failure, headers } = await authenticateRequest(
        makeGoogle({ callbackURL: '/callback' }),
        req,
      );
      for (const cookie of headers.getSetCookie()) res.appendHeader('Set-Cookie', cookie);
      if (redirect) res.setHeader('Location', redirect.href);
      res.writeHead(redirect ? 302 : 200).end(JSON.stringify(user ?? failure ?? null));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const browser = new Browser();
    const begun = await fetch(`${base}/login`, { redirect: 'manual' });
    browser.keep(begun.headers);
    const { redirectTo } = await simulator.consent({
      url: begun.headers.get('location') ?? '',
      person: 'zoe',
    });
    expect(redirectTo).toContain(`${base}/callback?`);
    const done = await fetch(browser.request(redirectTo));
    expect(await done.json()).toEqual({ id: ZOE });
    server.close();
    server.closeAllConnections();
  });
});

describe('authenticateRequest refuses', () => {
  it('a denial, with a message for the user', async () => {
    const browser = new Browser();
    const { redirect } = await browser.go(`${origin}/login`);
    const { redirectTo } = await simulator.deny({ url: String(redirect) });
    expect(await browser.go(redirectTo)).toMatchObject({
      status: 403,
      failure: { code: 'access_denied', message: expect.stringContaining('did not allow') },
    });
  });

  it('a callback without a state', async () => {
    const browser = new Browser();
    const url = new URL(await browser.consent());
    url.searchParams.delete('state');
    expect(await browser.go(url.href)).toMatchObject({ status: 403, failure: { code: 'state_mismatch' } });
  });

  it.each(['state', 'code'])('a callback with two values of "%s"', async (name) => {
    const browser = new Browser();
    const callback = await browser.consent();
    const refused = await browser.go(`${callback}&${name}=other`);
    expect(refused).toMatchObject({ status: 400, failure: { code: 'invalid_callback' } });
    expect(await browser.go(callback)).toMatchObject({ user: { id: ZOE } });
  });

  it('the callback of a login that another browser began', async () => {
    const attacker = new Browser();
    const callback = await attacker.consent();
    const requests = simulator.requests.length;
    const victim = new Browser();
    expect(await victim.go(callback)).toMatchObject({ status: 403, failure: { code: 'state_missing' } });
    await victim.consent();
    expect(await victim.go(callback)).toMatchObject({ status: 403, failure: { code: 'state_mismatch' } });
    const exchanges = simulator.requests.slice(requests).filter(({ endpoint }) => endpoint === 'token');
    expect(exchanges).toEqual([]); // the attacker's code was not sent
  });

  it('a replayed callback, and one with a copy of the used cookie', async () => {
    const browser = new Browser();
    const callback = await browser.consent();
    const thief = new Browser();
    for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
    expect(await browser.go(callback)).toMatchObject({ user: { id: ZOE } });
    expect(await browser.go(callback)).toMatchObject({ failure: { code: 'state_missing' } });
    expect(await thief.go(callback)).toMatchObject({ failure: { code: 'state_mismatch' } });
  });

  it('the callback of one provider at the other’s route', async () => {
    const fitbit = new FitbitStrategy({
      ...simulator.fitbit,
      store,
      callbackURL: `${origin}/callback`,
      verify: ({ profile }) => profile,
    });
    const browser = new Browser();
    const callback = await browser.consent(google);
    expect(await browser.go(callback, fitbit)).toMatchObject({ failure: { code: 'invalid_callback' } });
    const withoutIssuer = new URL(callback);
    withoutIssuer.searchParams.delete('iss');
    expect(await browser.go(withoutIssuer.href, fitbit)).toMatchObject({
      failure: { code: 'state_mismatch' },
    });
  });

  it('a callback that another state store refuses without a reason', async () => {
    const refusing: StateStore = {
      store: (_req, _verifier, _state, _meta, done) => done(null, 'S'),
      verify: (_req, _state, _meta, done) => done(null, false),
    };
    const strategy = makeGoogle({ store: refusing });
    expect(await new Browser().go(`${origin}/callback?code=abc&state=S`, strategy)).toMatchObject({
      status: 403,
      failure: { code: 'state_mismatch', message: expect.stringContaining('start again') },
    });
  });

  it('a user whom verify does not accept', async () => {
    const strategy = makeGoogle({ verify: () => false });
    const browser = new Browser();
    expect(await browser.go(await browser.consent(strategy), strategy)).toMatchObject({
      status: 401,
      failure: { code: 'user_refused', message: 'This account is not allowed to sign in.' },
    });
  });

  it('a user whom Passport’s form of verify does not accept, with or without a message', async () => {
    const options = { ...simulator.googleHealth, store, callbackURL: `${origin}/callback` };
    for (const info of [undefined, { message: 'You are banned.', at: 5 }]) {
      const strategy = new GoogleHealthStrategy(options, (_access, _refresh, _profile, done) =>
        done(null, false, info),
      );
      const browser = new Browser();
      const { failure } = await browser.go(await browser.consent(strategy), strategy);
      expect(failure).toEqual({
        code: 'user_refused',
        message: info?.message ?? 'This account is not allowed to sign in.',
      });
    }
  });
});

describe('authenticateRequest rejects', () => {
  it('with an OAuthError if the provider refuses the code', async () => {
    const browser = new Browser();
    const url = new URL(await browser.consent());
    url.searchParams.set('code', 'made-up');
    await expect(browser.go(url.href)).rejects.toMatchObject({
      name: 'ResponseError',
      code: 'invalid_grant',
    });
  });

  it('with what verify throws', async () => {
    const boom = new Error('the database is down');
    const strategy = makeGoogle({ verify: () => Promise.reject(boom) });
    const browser = new Browser();
    await expect(browser.go(await browser.consent(strategy), strategy)).rejects.toBe(boom);
  });

  it('with the remedy if the strategy needs a session', async () => {
    const failed = authenticateRequest(makeGoogle({ store: undefined }), new Request(`${origin}/login`));
    await expect(failed).rejects.toMatchObject({
      code: 'no_session',
      message: expect.stringContaining('new CookieStateStore'),
    });
  });

  it('with the name of a wrong argument', async () => {
    const request = new Request(`${origin}/login`);
    const wrong = (...args: unknown[]) => Reflect.apply(authenticateRequest, undefined, args);
    await expect(wrong('google-health', request)).rejects.toThrow(/"strategy" must be the strategy itself/);
    await expect(wrong(undefined, request)).rejects.toThrow(/"strategy"/);
    for (const notOne of [undefined, {}, { url: '/', raw: request }, { headers: {} }]) {
      await expect(wrong(google, notOne)).rejects.toThrow(/"request" must be a Fetch API Request/);
    }
    await expect(wrong(google, request, { state: 'text' })).rejects.toThrow(/"state" must be an object/);
  });
});
