import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Simulator, startSimulator } from 'passport-fitbit-strategy/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../examples/login/app.ts';
import { type Demo, start } from '../../examples/login/start.ts';
import { type Page, WebClient } from './web-client.ts';

describe('The demo', () => {
  let demo: Demo;
  let simulator: Simulator;
  let log: string[];
  let browser: WebClient;

  beforeEach(async () => {
    log = [];
    demo = await start({ PORT: '0' }, (line) => log.push(line));
    if (demo.simulator === undefined) throw new Error('no simulator');
    simulator = demo.simulator;
    browser = new WebClient();
  });
  afterEach(() => demo.close());

  const consentPage = (client = browser) => client.get(`${demo.url}/auth/fitbit`);
  const signIn = async (person = 'zoe', client = browser) =>
    client.submit(await consentPage(client), '/consent', { person, decision: 'allow' });
  const tokenRequests = () => simulator.requests.filter(({ endpoint }) => endpoint === 'token');

  it('signs in from the start page over the consent page to the dashboard', async () => {
    const startPage = await browser.get(demo.url);
    expect(startPage.html).toContain('href="/auth/fitbit"');
    expect(startPage.text).toContain('Continue with Fitbit');

    const consent = await consentPage();
    expect(consent.url.origin).toBe(simulator.url);
    expect(consent.text).toContain('Daywalk would like to use your Fitbit data');

    const dashboard = await browser.submit(consent, '/consent', { person: 'zoe', decision: 'allow' });
    expect(dashboard.url.href).toBe(`${demo.url}/dashboard`);
    expect(dashboard.status).toBe(200);
    expect(dashboard.text).toContain('Hello, Zoë K.');
    expect(dashboard.text).toContain('Signed in with Fitbit');
    expect(dashboard.text).toContain('User id 2E4RVC');
    for (const scope of ['activity', 'heartrate', 'profile', 'sleep']) {
      expect(dashboard.html).toContain(`<li>${scope}</li>`);
    }
    expect(dashboard.html).toContain(`src="${simulator.url}/avatars/zoe/`);
    const expires = Date.parse(/data-expires="([^"]+)"/.exec(dashboard.html)?.[1] ?? '');
    expect(Math.abs(expires - Date.now() - 8 * 3_600_000)).toBeLessThan(10_000);
  });

  it('sends a hardened session cookie and a content security policy', async () => {
    await signIn();
    const withCookie = browser.pages.find(({ headers }) => headers.has('set-cookie'));
    expect(withCookie?.headers.get('set-cookie')).toMatch(/^daywalk=.*Path=\/;.*HttpOnly; SameSite=Lax$/);
    for (const page of browser.pages.filter(({ url }) => url.hostname === 'localhost')) {
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
      expect(page.headers.get('cache-control')).toBe('no-store');
      expect(page.html).not.toMatch(/ style=|<style|<script>|javascript:| on[a-z]+=/);
    }
  });

  it('makes a new session when somebody signs in', async () => {
    await consentPage();
    const sessions = () =>
      browser.pages.flatMap(({ headers }) => headers.getSetCookie().map((line) => line.split(';')[0]));
    await signIn();
    expect(new Set(sessions().filter((line) => line?.startsWith('daywalk='))).size).toBe(2);
  });

  it('refreshes: the new tokens are kept and used', async () => {
    const dashboard = await signIn();
    const first = await browser.submit(dashboard, '/tokens/refresh');
    expect(first.url.pathname).toBe('/dashboard');
    expect(first.text).toMatch(/Refreshed .*Access token ends in ….{4} Refresh token replaced/);

    const second = await browser.submit(first, '/tokens/refresh');
    expect(second.text).toContain('Refreshed');
    const sent = tokenRequests().map(({ body }) => body.refresh_token);
    expect(sent).toHaveLength(3); // the code exchange and two refreshes
    expect(sent[1]).not.toBe(sent[2]);

    const reloaded = await browser.get(`${demo.url}/dashboard`);
    expect(reloaded.text).not.toContain('Refreshed'); // said once
  });

  it('introspects, and sees that a token has expired when the clock is advanced', async () => {
    const active = await browser.submit(await signIn(), '/tokens/introspect');
    expect(active.text).toContain(
      `Active Fitbit says that this access token is good. User 2E4RVC Client 23SIM0`,
    );
    expect(active.text).toContain('activity (read)');

    const later = await browser.submit(active, '/simulator/advance');
    expect(later.text).toContain('Access token has expired');
    const inactive = await browser.submit(later, '/tokens/introspect');
    expect(inactive.text).toContain('Not active');

    const fresh = await browser.submit(inactive, '/tokens/refresh');
    expect(fresh.text).not.toContain('has expired');
    expect((await browser.submit(fresh, '/tokens/introspect')).text).toContain('this access token is good');
  });

  it('revokes the consent and signs out', async () => {
    const dashboard = await signIn();
    expect(simulator.grants).toHaveLength(1);
    const bye = await browser.submit(dashboard, '/tokens/revoke');
    expect(bye.url.pathname).toBe('/');
    expect(bye.text).toContain('no longer has access to your Fitbit data');
    expect(simulator.grants).toHaveLength(0);
    expect((await browser.get(`${demo.url}/dashboard`)).text).toContain('Please sign in');
  });

  it('signs out and keeps the consent', async () => {
    const bye = await browser.submit(await signIn(), '/sign-out');
    expect(bye.text).toContain('You are signed out');
    expect(simulator.grants).toHaveLength(1);
    expect((await browser.get(`${demo.url}/dashboard`)).url.pathname).toBe('/');
  });

  it('takes Deny for an answer', async () => {
    const page = await browser.submit(await consentPage(), '/consent', { decision: 'deny' });
    expect(page.url.pathname).toBe('/');
    expect(page.status).toBe(200);
    expect(page.text).toContain('Nothing was shared with Daywalk');
    expect(page.text).toContain('Continue with Fitbit');
    expect(tokenRequests()).toHaveLength(0);
  });

  it('signs in without the profile scope, by the id of the token response', async () => {
    const page = await browser.submit(await consentPage(), '/consent', {
      person: 'maya',
      decision: 'allow',
      scope: ['activity'],
    });
    expect(page.text).toContain('Hello, Member 26FWFL');
    expect(page.html).toContain('<li>activity</li>');
    expect(page.html).not.toContain('<li>profile</li>');
  });

  it('does nothing for a form without the CSRF token', async () => {
    await signIn();
    const forms = ['/tokens/refresh', '/tokens/introspect', '/tokens/revoke', '/sign-out'];
    for (const path of [...forms, '/simulator/advance', '/simulator/shut-down-fitbit']) {
      for (const body of ['', '_csrf=', '_csrf=wrong', '_csrf[]=a']) {
        const page = await browser.post(`${demo.url}${path}`, new URLSearchParams(body));
        expect([path, body, page.status]).toEqual([path, body, 403]);
      }
    }
    expect(tokenRequests()).toHaveLength(1);
    expect(simulator.grants).toHaveLength(1);
    expect(Math.abs(simulator.now().getTime() - Date.now())).toBeLessThan(5_000);
    expect((await browser.get(`${demo.url}/dashboard`)).status).toBe(200);
  });

  it('lets a CSRF token of another session do nothing', async () => {
    const other = new WebClient();
    const foreign = await signIn('maya', other);
    await signIn('zoe');
    const [, token = ''] = /name="_csrf" value="([^"]+)"/.exec(foreign.html) ?? [];
    expect(token).not.toBe('');
    const page = await browser.post(`${demo.url}/sign-out`, new URLSearchParams({ _csrf: token }));
    expect(page.status).toBe(403);
  });

  it('asks to sign in when the session has gone in the meantime', async () => {
    const dashboard = await signIn();
    const [, _csrf = ''] = /name="_csrf" value="([^"]+)"/.exec(dashboard.html) ?? [];
    await demo.close();
    demo = await start({ PORT: '0' }, (line) => log.push(line));
    const page = await browser.post(`${demo.url}/tokens/refresh`, new URLSearchParams({ _csrf }));
    expect(page.status).toBe(403);
    expect(page.text).toContain('Go back, reload it and try again');
    expect((await browser.get(`${demo.url}/dashboard`)).text).toContain('Please sign in');
  });

  it.each([
    ['token', 'close', 'Fitbit can’t be reached'],
    ['token', 'truncate', 'Fitbit can’t be reached'],
    ['token', 'html', 'Fitbit has a problem right now'],
    ['token', { status: 429, headers: { 'retry-after': '60' } }, 'Fitbit is very busy'],
    ['token', { status: 400, body: { errors: [{ errorType: 'invalid_grant' }] } }, 'no longer valid'],
    ['token', { status: 401, body: { errors: [{ errorType: 'invalid_client' }] } }, 'not set up correctly'],
    ['token', { status: 200, body: 'null' }, 'Signing in with Fitbit did not work'],
    ['profile', 'close', 'Fitbit can’t be reached'],
    ['profile', 'html', 'Fitbit has a problem right now'],
    ['profile', { status: 200, body: '[]' }, 'Signing in with Fitbit did not work'],
  ] as const)('leads back to the start page when %s goes wrong: %j', async (endpoint, fault, text) => {
    simulator.fail({ endpoint, with: fault, times: 5 });
    const page = await signIn();
    simulator.clearFaults();
    expect(page.url.pathname).toBe('/');
    expect(page.status).toBe(200);
    expect(page.text).toContain(text);
    expect(log.at(-1)).toMatch(/^\/auth\/fitbit\/callback: (code_exchange|profile) failed with \w+$/);
    expect((await signIn()).text).toContain('Hello, Zoë K.'); // the next one works
  });

  it('leads back to the start page when the provider never answers', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const baseURL = `http://localhost:${(server.address() as AddressInfo).port}`;
    const hanging = await startSimulator();
    const config = { baseURL, sessionSecret: 'a secret', log: () => {}, simulator: hanging };
    server.on('request', createApp({ ...config, fitbit: { ...hanging.fitbit, timeout: 200 } }));
    try {
      hanging.fail({ endpoint: 'token', with: 'hang' });
      const consent = await browser.get(`${baseURL}/auth/fitbit`);
      const page = await browser.submit(consent, '/consent', { decision: 'allow' });
      expect(page.text).toContain('Fitbit did not answer in time');
    } finally {
      server.close();
      await hanging.close();
    }
  });

  it('keeps who is signed in through a fault of the provider', async () => {
    const dashboard = await signIn();
    simulator.fail({ endpoint: 'introspect', with: 'html' });
    const failed = await browser.submit(dashboard, '/tokens/introspect');
    expect(failed.url.pathname).toBe('/dashboard');
    expect(failed.text).toContain('Fitbit has a problem right now');
    expect((await browser.submit(failed, '/tokens/introspect')).text).toContain('this access token is good');
  });

  it('asks to sign in again when the consent is gone', async () => {
    const dashboard = await signIn();
    const other = new WebClient();
    await other.submit(await signIn('zoe', other), '/tokens/revoke');
    const page = await browser.submit(dashboard, '/tokens/refresh');
    expect(page.url.pathname).toBe('/');
    expect(page.text).toMatch(/Your connection to Fitbit has ended|Please sign in/);
  });

  it('says so when the refresh token is dead', async () => {
    const dashboard = await signIn();
    simulator.fail({
      endpoint: 'token',
      with: { status: 400, body: { errors: [{ errorType: 'invalid_grant', message: 'x' }] } },
    });
    const page = await browser.submit(dashboard, '/tokens/refresh');
    expect(page.url.pathname).toBe('/');
    expect(page.text).toContain('Your connection to Fitbit has ended');
    expect((await browser.get(`${demo.url}/dashboard`)).url.pathname).toBe('/');
  });

  it('points to Google Health when Fitbit has been shut down', async () => {
    const dashboard = await signIn();
    const still = await browser.submit(dashboard, '/simulator/shut-down-fitbit');
    expect(still.url.pathname).toBe('/dashboard');
    const page = await browser.submit(still, '/tokens/refresh');
    expect(page.url.pathname).toBe('/');
    expect(page.text).toContain('Continue with Google Health');
  });

  it('signs five people in at the same time, each into their own account', async () => {
    const people = ['maya', 'zoe', 'tomas', 'victor', simulator.people.add({ displayName: 'Ada <b>' }).id];
    const pages = await Promise.all(people.map((person) => signIn(person, new WebClient())));
    expect(pages.map(({ html }) => /Hello, ([^<]+)/.exec(html)?.[1])).toEqual([
      'Maya L.',
      'Zoë K.',
      'Tomás O.',
      'Victor',
      'Ada &lt;b&gt;',
    ]);
  });

  it('finishes five logins of one browser, whichever comes back first', async () => {
    await browser.get(demo.url);
    const tabs = await Promise.all(Array.from({ length: 5 }, () => consentPage()));
    for (const [index, person] of ['tomas', 'maya', 'zoe', 'victor', 'maya'].entries()) {
      const tab = tabs.splice((index * 3) % tabs.length, 1)[0] as Page;
      const page = await browser.submit(tab, '/consent', { person, decision: 'allow' });
      expect(page.url.pathname).toBe('/dashboard');
      expect(page.text).toContain(`Hello, ${simulator.people.get(person)?.displayName}`);
    }
  });

  it('explains it when the cookie got lost', async () => {
    const consent = await consentPage();
    browser.forgetCookies();
    const page = await browser.submit(consent, '/consent', { decision: 'allow' });
    expect(page.url.pathname).toBe('/');
    expect(page.text).toContain('allow cookies');
    expect(tokenRequests()).toHaveLength(0);
  });

  it('shows the dashboard again when the callback is reloaded, and uses the code once', async () => {
    await signIn();
    const callback = browser.pages.find(({ url }) => url.pathname === '/auth/fitbit/callback') as Page;
    const again = await browser.get(callback.url);
    expect(again.url.pathname).toBe('/dashboard');
    expect(tokenRequests()).toHaveLength(1);

    const stranger = await new WebClient().get(callback.url);
    expect(stranger.url.pathname).toBe('/');
    expect(tokenRequests()).toHaveLength(1);
  });

  it('prints nothing that a link brings', async () => {
    for (const link of [
      '/?problem=<script>alert(1)</script>&at=<b>',
      '/?problem=__proto__',
      '/?problem=constructor&at=fitbit',
      '/?problem[]=denied',
      '/auth/fitbit/callback?error=access_denied&error_description=Call+0900+now',
      '/auth/fitbit/callback?code=x&state=y',
      '/auth/fitbit/callback?code[]=x&state=y',
    ]) {
      const page = await browser.get(`${demo.url}${link}`);
      expect(page.status).toBe(200);
      expect(page.html).not.toMatch(/alert\(1\)|0900|<b>|\[object|function/);
      expect(page.text).toContain('Continue with Fitbit');
    }
  });

  it('answers with a page and no stack trace where there is nothing to serve', async () => {
    const missing = await browser.get(`${demo.url}/nothing`);
    expect(missing.status).toBe(404);
    expect(missing.text).toContain('There is no such page');
    const broken = new URLSearchParams({ a: 'x'.repeat(20_000) });
    const tooLarge = await browser.post(`${demo.url}/sign-out`, broken);
    expect(tooLarge.status).toBe(413);
    expect(tooLarge.html).not.toMatch(/Error|node_modules/);
  });

  it('lets no secret into a page, a cookie or the log', async () => {
    const accessToken = 'planted-access-token-000000000000000000000000';
    const refreshToken = 'planted-refresh-token-00000000000000000000000';
    const code = 'planted-code-00000000000000000000000000000000';
    const echo = `${accessToken} ${refreshToken} ${code} ${simulator.fitbit.clientSecret}`;
    const answer = {
      access_token: accessToken,
      refresh_token: refreshToken,
      expires_in: 28800,
      scope: 'activity sleep',
      token_type: 'Bearer',
      user_id: 'PLANT',
    };
    const error = (status: number, errorType: string) => ({
      status,
      body: { errors: [{ errorType, message: echo }], success: false },
    });

    simulator.fail({ endpoint: 'token', with: { status: 200, body: answer } });
    let page = await signIn();
    expect(page.text).toContain('Member PLANT');
    for (const [button, endpoint, fault] of [
      ['refresh', 'token', error(500, 'system')],
      ['introspect', 'introspect', error(403, 'insufficient_scope')],
      ['revoke', 'revoke', error(400, 'invalid_request')],
    ] as const) {
      simulator.fail({ endpoint, with: fault, times: 3 });
      page = await browser.submit(page, `/tokens/${button}`);
      expect(page.url.pathname).toBe('/dashboard');
      simulator.clearFaults();
    }
    simulator.fail({ endpoint: 'token', with: error(400, 'invalid_grant') });
    await browser.submit(page, '/tokens/refresh');
    simulator.fail({ endpoint: 'token', with: error(400, 'invalid_grant') });
    await signIn();
    await browser.get(`${demo.url}/auth/fitbit/callback?code=${code}&state=x`);

    const verifiers = simulator.requests.filter(({ body }) => body.code_verifier !== undefined);
    expect(verifiers.length).toBeGreaterThan(1);
    const cookies = browser.pages.map(({ headers }) => headers.getSetCookie().join());
    const shown = [...browser.pages.map(({ html }) => html), ...cookies, ...log].join('\n');
    for (const secret of [accessToken, refreshToken, code, simulator.fitbit.clientSecret ?? '?']) {
      expect(shown.includes(secret.slice(0, 16))).toBe(false);
    }
    expect(log.length).toBeGreaterThan(2);
  });
});

describe('The start of the demo', () => {
  it('starts no simulator when the credentials of the provider are set', async () => {
    const env = {
      PORT: '0',
      FITBIT_CLIENT_ID: '22ABCD',
      FITBIT_CLIENT_SECRET: 'shhh-shhh-shhh',
      BASE_URL: 'https://app.example',
    };
    const log: string[] = [];
    const demo = await start(env, (line) => log.push(line));
    try {
      expect(demo.simulator).toBeUndefined();
      expect(log.join()).not.toContain('shhh');
    } finally {
      await demo.close();
    }
  });

  it('rejects when the port is taken', async () => {
    const demo = await start({ PORT: '0' }, () => {});
    try {
      await expect(start({ PORT: new URL(demo.url).port }, () => {})).rejects.toThrow('EADDRINUSE');
    } finally {
      await demo.close();
    }
  });
});
