import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Simulator, startSimulator } from 'fitbit-simulator';
import { OAuthError } from 'passport-fitbit-strategy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../examples/login/app.ts';
import { noticeFor } from '../../examples/login/problems.ts';
import { createProviders } from '../../examples/login/providers.ts';
import { scopeName } from '../../examples/login/scope-names.ts';
import { Shutdown } from '../../examples/login/shutdown.ts';
import { type Demo, start } from '../../examples/login/start.ts';
import { DataError } from '../../examples/login/steps.ts';
import { type Page, WebClient } from './web-client.ts';

const PROVIDERS = [
  {
    name: 'google-health',
    label: 'Google Health',
    consentTitle: 'Daywalk wants access to your Google account',
    allow: { person: 'zoe', all: 'yes', decision: 'allow' },
    userID: '8677373576871223311',
    person: 'Zoë Krämer',
    scopes: ['Sign-in', 'Name and picture', 'Google Health profile', 'Activity and fitness', 'Sleep'],
    lifetime: 3_600_000,
    refreshToken: 'the same as before',
  },
  {
    name: 'fitbit',
    label: 'Fitbit',
    consentTitle: 'Daywalk would like to use your Fitbit data',
    allow: { person: 'zoe', decision: 'allow' },
    userID: '2E4RVC',
    person: 'Zoë K.',
    scopes: ['Activity and exercise', 'Heart rate', 'Fitbit profile', 'Sleep'],
    lifetime: 8 * 3_600_000,
    refreshToken: 'replaced',
  },
] as const;

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

  describe.each(PROVIDERS)('with $label', (provider) => {
    const { name, label, allow } = provider;
    const ask = (client = browser) => client.get(`${demo.url}/auth/${name}`);
    const enter = async (client = browser) => client.submit(await ask(client), '/consent', allow);

    it('signs in from the start page over the consent page to the dashboard', async () => {
      const startPage = await browser.get(demo.url);
      expect(startPage.html).toContain(`href="/auth/${name}"`);
      expect(startPage.text).toMatch(/Continue with Google Health Continue with Fitbit/);

      const consent = await ask();
      expect(consent.url.origin).toBe(simulator.url);
      expect(consent.text).toContain(provider.consentTitle);

      const dashboard = await browser.submit(consent, '/consent', allow);
      expect(dashboard.url.href).toBe(`${demo.url}/dashboard`);
      expect(dashboard.status).toBe(200);
      expect(dashboard.text).toContain(`Hello, ${provider.person}`);
      expect(dashboard.text).toContain(`Signed in with ${label}`);
      expect(dashboard.text).toContain(`User ID ${provider.userID}`);
      for (const scope of provider.scopes) expect(dashboard.html).toContain(`<li>${scope}</li>`);
      expect(dashboard.html).toContain(`src="${simulator.url}/avatars/zoe/`);
      const left = expiresIn(dashboard);
      expect(left).toBeGreaterThan(provider.lifetime - 10_000);
      expect(left).toBeLessThanOrEqual(provider.lifetime);
    });

    it('refreshes: the new tokens are kept and used', async () => {
      const first = await browser.submit(await enter(), '/tokens/refresh');
      expect(first.url.pathname).toBe('/dashboard');
      expect(first.text).toMatch(
        new RegExp(`Refreshed .*Access token ends in ….{4} Refresh token ${provider.refreshToken} Scopes`),
      );
      const active = await browser.submit(first, '/tokens/introspect');
      expect(active.text).toContain('accepts this access token');

      const second = await browser.submit(active, '/tokens/refresh');
      expect(second.text).toContain('Refreshed');
      const sent = tokenRequests().map(({ body }) => body.refresh_token);
      expect(sent).toHaveLength(3); // the code exchange and two refreshes
      expect(sent[1] === sent[2]).toBe(provider.refreshToken === 'the same as before');

      const reloaded = await browser.get(`${demo.url}/dashboard`);
      expect(reloaded.text).not.toContain('Refreshed'); // said once
    });

    it('introspects', async () => {
      const page = await browser.submit(await enter(), '/tokens/introspect');
      expect(page.text).toContain(`Active ${label} accepts this access token. User`);
      expect(page.text).toContain('Client');
      expect(page.text).toContain(provider.scopes.at(-1));
    });

    it('refreshes automatically when the access token has expired', async () => {
      const later = await browser.submit(await enter(), '/simulator/advance');
      expect(later.text).toContain('Eight hours have passed');
      expect(later.text).toMatch(/Valid Access token valid until .* Refreshed automatically at/);
      expect(expiresIn(later)).toBeGreaterThan(provider.lifetime - 10_000);
      expect(tokenRequests()).toHaveLength(2);
      expect(tokenRequests()[1]?.body.grant_type).toBe('refresh_token');
      expect((await browser.submit(later, '/tokens/introspect')).text).toContain('accepts this access token');
      await browser.get(`${demo.url}/dashboard`);
      expect(tokenRequests()).toHaveLength(2);
    });

    it('says so when a token is no longer active', async () => {
      const dashboard = await enter();
      const other = new WebClient();
      await other.submit(await enter(other), '/tokens/revoke');
      // The account has gone with it, and with the account whoever was signed in to it.
      const page = await browser.post(`${demo.url}/tokens/introspect`, csrf(dashboard));
      expect(page.text).toContain('Please sign in You are not signed in on this browser');
    });

    it('revokes the consent and signs out', async () => {
      const dashboard = await enter();
      expect(simulator.grants).toHaveLength(1);
      const bye = await browser.submit(dashboard, '/tokens/revoke');
      expect(bye.url.pathname).toBe('/');
      expect(bye.text).toContain(`no longer has access to your ${label} data`);
      expect(simulator.grants).toHaveLength(0);
      expect((await browser.get(`${demo.url}/dashboard`)).text).toContain('Please sign in');
    });

    it('takes Deny for an answer', async () => {
      const page = await browser.submit(await ask(), '/consent', { decision: 'deny' });
      expect(page.url.pathname).toBe('/');
      expect(page.status).toBe(200);
      expect(page.text).toContain('Nothing was shared with Daywalk');
      expect(page.text).toContain(`Continue with ${label}`);
      expect(tokenRequests()).toHaveLength(0);
    });

    it('asks to sign in again when the refresh token is dead', async () => {
      const dashboard = await enter();
      simulator.fail({ endpoint: 'token', with: { status: 400, body: { error: 'invalid_grant' } } });
      const page = await browser.submit(dashboard, '/tokens/refresh');
      expect(page.url.pathname).toBe('/');
      expect(page.text).toContain(`Your connection to ${label} has ended`);
      expect((await browser.get(`${demo.url}/dashboard`)).url.pathname).toBe('/');
      expect((await enter()).text).toContain('Hello, Zoë');
    });

    it('asks to sign in again when an automatic refresh finds the consent gone', async () => {
      const dashboard = await enter();
      simulator.fail({ endpoint: 'token', with: { status: 400, body: { error: 'invalid_grant' } } });
      const page = await browser.submit(dashboard, '/simulator/advance');
      expect(page.url.pathname).toBe('/');
      expect(page.text).toContain(`Your connection to ${label} has ended`);
    });

    it('shows the dashboard also while the provider is away and the access token has expired', async () => {
      const dashboard = await enter();
      simulator.fail({ endpoint: 'token', with: 'html', times: 3 });
      const page = await browser.submit(dashboard, '/simulator/advance');
      expect(page.url.pathname).toBe('/dashboard');
      expect(page.text).toContain(`${label} has a problem right now`);
      expect(page.text).toContain('There is no valid access token right now');
      expect((await browser.get(`${demo.url}/dashboard`)).text).toContain('Refreshed automatically');
    });
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

  it('sets the cookie on the start page, where there is none', async () => {
    const cookies = async (cookie: string) =>
      (await fetch(demo.url, { headers: { cookie } })).headers.getSetCookie().length;
    expect(await cookies('')).toBe(1);
    expect(await cookies('another=app')).toBe(1);
    expect(await cookies('daywalk=s%3Aold.session')).toBe(0);
  });

  it('makes a new session when somebody signs in', async () => {
    await consentPage();
    const sessions = () =>
      browser.pages.flatMap(({ headers }) => headers.getSetCookie().map((line) => line.split(';')[0]));
    await signIn();
    expect(new Set(sessions().filter((line) => line?.startsWith('daywalk='))).size).toBe(2);
  });

  it('signs out and keeps the consent', async () => {
    const bye = await browser.submit(await signIn(), '/sign-out');
    expect(bye.text).toContain('You are signed out');
    expect(simulator.grants).toHaveLength(1);
    expect((await browser.get(`${demo.url}/dashboard`)).url.pathname).toBe('/');
  });

  it.each([
    ['noor', { all: 'yes' }, 'This Google account has no Google Health profile'],
    ['victor', { all: 'yes' }, 'Your Fitbit account is not on Google yet'],
    ['zoe', { scope: [] }, 'select at least your Google Health profile'],
  ])('tells %s what to do when Google Health does not say who it is, %j', async (person, ticked, text) => {
    const consent = await browser.get(`${demo.url}/auth/google-health`);
    const page = await browser.submit(consent, '/consent', { person, decision: 'allow', ...ticked });
    expect(page.url.pathname).toBe('/');
    expect(page.text).toContain(text);
  });

  it('shows the Fitbit ID that a user had before Google Health', async () => {
    const consent = await browser.get(`${demo.url}/auth/google-health`);
    const page = await browser.submit(consent, '/consent', { person: 'zoe', all: 'yes', decision: 'allow' });
    expect(page.text).toContain('Previous Fitbit ID 2E4RVC');
    const other = new WebClient();
    const neverFitbit = { person: 'aiko', all: 'yes', decision: 'allow' };
    const second = await other.submit(
      await other.get(`${demo.url}/auth/google-health`),
      '/consent',
      neverFitbit,
    );
    expect(second.text).toContain('Hello, Aiko Tanaka');
    expect(second.text).not.toContain('Previous Fitbit ID');
  });

  it('signs in without the profile scope, by the id of the token response', async () => {
    const page = await browser.submit(await consentPage(), '/consent', {
      person: 'maya',
      decision: 'allow',
      scope: ['activity'],
    });
    expect(page.text).toContain('Hello, Member 26FWFL');
    expect(page.html).toContain('<li>Activity and exercise</li>');
    expect(page.html).not.toContain('<li>Fitbit profile</li>');
  });

  it('does nothing for a form without the CSRF token', async () => {
    await signIn();
    const forms = ['/tokens/refresh', '/tokens/introspect', '/tokens/revoke', '/sign-out'];
    for (const path of [
      ...forms,
      ...['advance', 'shut-down-fitbit', 'reopen-fitbit'].map((name) => `/simulator/${name}`),
    ]) {
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
    const page = await browser.post(`${demo.url}/sign-out`, csrf(foreign));
    expect(page.status).toBe(403);
  });

  it('asks to sign in when the session has gone in the meantime', async () => {
    const dashboard = await signIn();
    await demo.close();
    demo = await start({ PORT: '0' }, (line) => log.push(line));
    const page = await browser.post(`${demo.url}/tokens/refresh`, csrf(dashboard));
    expect([page.status, page.url.pathname]).toEqual([200, '/']);
    expect(page.text).toContain('Please sign in');
  });

  it.each([
    ['/tokens/refresh', 'Please sign in'],
    ['/tokens/introspect', 'Please sign in'],
    ['/tokens/revoke', 'Please sign in'],
    ['/simulator/advance', 'Please sign in'],
    ['/sign-out', 'You are signed out'],
  ])('after signing out in another tab, %s leads to: %s', async (path, text) => {
    const dashboard = await signIn();
    await browser.submit(dashboard, '/sign-out');
    const page = await browser.post(`${demo.url}${path}`, csrf(dashboard));
    expect([page.status, page.url.pathname]).toEqual([200, '/']);
    expect(page.text).toContain(text);
    expect(tokenRequests()).toHaveLength(1);
    expect(simulator.grants).toHaveLength(1);
  });

  it('changes nothing for a page from before another sign-in, and says so', async () => {
    const before = await signIn();
    await browser.submit(before, '/sign-out');
    await signIn('maya');
    const page = await browser.post(`${demo.url}/tokens/revoke`, csrf(before));
    expect(page.status).toBe(403);
    expect(page.text).toContain('This page was out of date, and nothing was changed.');
    expect(simulator.grants).toHaveLength(2);
  });

  it('says that a sign-in was finished when the user denies, goes back and allows', async () => {
    const consent = await consentPage();
    await browser.submit(consent, '/consent', { decision: 'deny' });
    const again = await browser.get(consent.url); // the consent page is not cached
    const page = await browser.submit(again, '/consent', { person: 'zoe', decision: 'allow' });
    expect(page.url.pathname).toBe('/');
    expect(page.text).toContain('That sign-in was already finished Please start a new one here.');
    expect(page.text).not.toContain('cookies');
    expect(tokenRequests()).toHaveLength(0);
  });

  it.each([
    [undefined, 'There is no refresh token, so a refresh can’t help. Please sign in again.'],
    ['a-refresh-token', 'Refresh brings a new one, unless you have withdrawn your consent'],
  ])('says of a token that is not active, with the refresh token %s: %s', async (refresh_token, text) => {
    const body = {
      access_token: 'an-access-token',
      refresh_token,
      expires_in: 28800,
      scope: 'profile sleep',
      user_id: '2E4RVC',
      token_type: 'Bearer',
    };
    simulator.fail({ endpoint: 'token', with: { status: 200, body } });
    simulator.fail({ endpoint: 'profile', with: { status: 200, body: { user: { encodedId: '2E4RVC' } } } });
    simulator.fail({ endpoint: 'data', with: 'html', times: 5 });
    simulator.fail({ endpoint: 'introspect', with: { status: 200, body: { active: false } } });
    const dashboard = await signIn();
    expect(dashboard.text.includes('There is no refresh token.')).toBe(refresh_token === undefined);
    const page = await browser.submit(dashboard, '/tokens/introspect');
    expect(page.text).toContain(`Not active Fitbit no longer accepts this access token. ${text}`);
  });

  it('forgets an automatic refresh as soon as there are other tokens', async () => {
    const refreshed = await browser.submit(await signIn(), '/simulator/advance');
    expect(refreshed.text).toContain('Refreshed automatically at');
    await browser.submit(refreshed, '/sign-out');
    const next = await signIn();
    expect(next.text).not.toContain('Refreshed automatically');

    const again = await browser.submit(next, '/simulator/advance');
    expect(again.text).toContain('Refreshed automatically at');
    const manual = await browser.submit(again, '/tokens/refresh');
    expect(manual.text).not.toContain('Refreshed automatically');
  });

  it.each([
    ['token', 'close', 'Fitbit can’t be reached'],
    ['token', 'truncate', 'Fitbit can’t be reached'],
    ['token', 'html', 'Fitbit has a problem right now'],
    ['token', { status: 429, headers: { 'retry-after': '60' } }, 'Fitbit is very busy'],
    ['token', { status: 400, body: { errors: [{ errorType: 'invalid_grant' }] } }, 'no longer valid'],
    ['token', { status: 401, body: { errors: [{ errorType: 'invalid_client' }] } }, 'not set up correctly'],
    ['token', { status: 200, body: 'null' }, 'Fitbit sent a response that we don’t understand'],
    ['profile', 'close', 'Fitbit can’t be reached'],
    ['profile', 'html', 'Fitbit has a problem right now'],
    ['profile', { status: 200, body: '[]' }, 'Fitbit sent a response that we don’t understand'],
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

  it('leads back to the start page when the provider never responds', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const baseURL = `http://localhost:${(server.address() as AddressInfo).port}`;
    const hanging = await startSimulator();
    const config = {
      baseURL,
      secret: 'a secret of at least 32 characters',
      fitbit: { ...hanging.fitbit, timeout: 200 },
      googleHealth: hanging.googleHealth,
      simulator: hanging,
      log: () => {},
    };
    server.on('request', createApp(config, createProviders(config)));
    try {
      hanging.fail({ endpoint: 'token', with: 'hang' });
      const consent = await browser.get(`${baseURL}/auth/fitbit`);
      const page = await browser.submit(consent, '/consent', { decision: 'allow' });
      expect(page.text).toContain('Fitbit did not respond in time');
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
    expect((await browser.submit(failed, '/tokens/introspect')).text).toContain('accepts this access token');
  });

  describe('after the shutdown of Fitbit', () => {
    it('offers Google Health alone, and says why', async () => {
      expect((await browser.get(demo.url)).text).toContain('Continue with Fitbit');
      simulator.shutDownFitbit();
      const page = await browser.get(demo.url);
      expect(page.html).not.toContain('/auth/fitbit');
      expect(page.text).toContain('Continue with Google Health');
      expect(page.text).toContain('Fitbit’s own sign-in has ended.');
      simulator.reopenFitbit();
      expect((await browser.get(demo.url)).text).toContain('Continue with Fitbit');
    });

    it('explains it to those who still have the link, and sends them to no 410', async () => {
      simulator.shutDownFitbit();
      const page = await browser.get(`${demo.url}/auth/fitbit`);
      expect([page.status, page.url.origin, page.url.pathname]).toEqual([200, demo.url, '/']);
      expect(page.text).toContain(
        'Fitbit’s own sign-in has been shut down Please continue with Google Health',
      );
      expect(simulator.requests).toEqual([]);
    });

    it('explains it to those who were signing in at that moment', async () => {
      const consent = await consentPage();
      const [, request = ''] = /name="request" value="([^"]+)"/.exec(consent.html) ?? [];
      const form = new URLSearchParams({ request, person: 'zoe', scope: 'profile', decision: 'allow' });
      const { headers } = await browser.request(new URL('/consent', consent.url), form);
      simulator.shutDownFitbit();
      const page = await browser.get(headers.get('location') ?? '');
      expect(page.url.pathname).toBe('/');
      expect(page.text).toContain('Fitbit’s own sign-in has been shut down');
    });

    it('points a user who is signed in with Fitbit to Google Health, and can be undone', async () => {
      const still = await browser.submit(await signIn(), '/simulator/shut-down-fitbit');
      expect(still.url.pathname).toBe('/dashboard');
      expect(still.text).toContain('Fitbit has been shut down Your Fitbit account');
      expect(still.text).toContain('Your steps are on Google Health now.');
      expect(still.html).toContain('href="/auth/google-health"');
      const open = await browser.submit(still, '/simulator/reopen-fitbit');
      expect(open.text).toContain('Fitbit is open again');
      expect(open.html).not.toContain('href="/auth/google-health"');
    });

    it('leads to the start page when a token would be needed', async () => {
      const still = await browser.submit(await signIn(), '/simulator/shut-down-fitbit');
      const page = await browser.submit(still, '/tokens/refresh');
      expect(page.url.pathname).toBe('/');
      expect(page.text).toContain('Fitbit’s own sign-in has been shut down');
    });
  });

  describe('a failure at Google', () => {
    const enter = async (answer: Record<string, string | string[]>, client = browser) =>
      client.submit(await client.get(`${demo.url}/auth/google-health`), '/consent', {
        all: 'yes',
        decision: 'allow',
        ...answer,
      });

    it('links to the page on which a Google Health profile can be set up', async () => {
      const page = await enter({ person: 'noor' });
      expect(page.html).toContain('<a href="https://fitbit.google.com/auth/signup">Set up Google Health</a>');
      const other = await browser.get(`${demo.url}/?problem=timeout&at=google-health`);
      expect(other.html).not.toContain('auth/signup');
      const stranger = await new WebClient().get(page.url);
      expect(stranger.text).toContain('This Google account has no Google Health profile');
      expect(stranger.html).not.toContain('auth/signup');
    });

    it.each([
      [{ unfinished: true }, 'Google Health is not set up yet'],
      [{ forbidden: true }, 'Your administrator does not allow this'],
      [{ unmigrated: true }, 'Your Fitbit account is not on Google yet'],
    ])('is explained to a user whose account is %j', async (google, title) => {
      const { id } = simulator.people.add({ displayName: 'Ada Byron', google });
      const page = await enter({ person: id });
      expect([page.status, page.url.pathname]).toEqual([200, '/']);
      expect(page.text).toContain(title);
    });

    it.each([
      ['interaction_required', 'Google Health has a question first'],
      ['login_required', 'Google Health has a question first'],
      ['consent_required', 'Google Health has a question first'],
      ['immediate_failed', 'Google Health has a question first'],
      ['admin_policy_enforced', 'Your administrator does not allow this'],
      ['org_internal', 'Only members of one organization can sign in here'],
    ])('that the callback reports as %s says: %s', async (error, title) => {
      const consent = await browser.get(`${demo.url}/auth/google-health`);
      const query = new URLSearchParams({ error, state: consent.url.searchParams.get('state') ?? '' });
      const page = await browser.get(`${demo.url}/auth/google-health/callback?${query}`);
      expect(page.url.pathname).toBe('/');
      expect(page.text).toContain(title);
    });

    it('is shown on the dashboard to a user who is signed in', async () => {
      await signIn();
      const page = await enter({ person: 'noor' });
      expect(page.url.pathname).toBe('/dashboard');
      expect(page.text).toContain('This Google account has no Google Health profile');
      expect(page.text).toContain('Hello, Zoë K.');
    });
  });

  it('has words of its own for every failure that the package documents', async () => {
    const page = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');
    const [, table = ''] = /^## Failures$([\s\S]*?)^## /m.exec(page) ?? [];
    const codes = table.split('\n').flatMap((row) => {
      const [, first = ''] = row.split('|');
      return [...first.matchAll(/`(\w+)`/g)].map(([, code = '']) => code);
    });
    expect(codes).toContain('org_internal');
    const other = noticeFor('nobody_knows', 'Google Health').title;
    for (const code of codes.filter((name) => name !== 'code')) {
      expect([code, noticeFor(code, 'Google Health').title]).not.toEqual([code, other]);
    }
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

  it('signs in with the login that finishes first; the other tabs of the browser then show its dashboard', async () => {
    await browser.get(demo.url);
    const tabs = await Promise.all(Array.from({ length: 3 }, () => consentPage()));
    for (const [index, person] of ['tomas', 'maya', 'zoe'].entries()) {
      const page = await browser.submit(tabs[index] as Page, '/consent', { person, decision: 'allow' });
      expect(page.url.pathname).toBe('/dashboard');
      expect(page.text).toContain('Hello, Tomás O.');
    }
    expect(tokenRequests()).toHaveLength(1);
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

  it('responds with a page and no stack trace where there is nothing to serve', async () => {
    const missing = await browser.get(`${demo.url}/nothing`);
    expect(missing.status).toBe(404);
    expect(missing.text).toContain('Page not found');
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
    simulator.fail({ endpoint: 'data', with: error(500, 'system') });
    let page = await signIn();
    expect(page.text).toContain('Member PLANT');
    expect(page.text).toContain('Your steps can’t be read right now');
    for (const [button, endpoint, fault] of [
      ['refresh', 'token', error(500, 'system')],
      ['introspect', 'introspect', error(403, 'insufficient_scope')],
      ['revoke', 'revoke', error(400, 'invalid_request')],
    ] as const) {
      simulator.fail({ endpoint, with: fault, times: 3 });
      simulator.fail({ endpoint: 'data', with: error(500, 'system') });
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

function csrf(page: Page): URLSearchParams {
  const [, token] = /name="_csrf" value="([^"]+)"/.exec(page.html) ?? [];
  if (token === undefined) throw new Error('The page has no CSRF token');
  return new URLSearchParams({ _csrf: token });
}

/** How long the access token is still good for, ms, as the dashboard says it. */
function expiresIn(page: Page): number {
  const at = (name: string) => Date.parse(new RegExp(`data-${name}="([^"]+)"`).exec(page.html)?.[1] ?? '');
  return at('expires') - at('now');
}

describe('The start of the demo', () => {
  const env = {
    PORT: '0',
    FITBIT_CLIENT_ID: '22ABCD',
    FITBIT_CLIENT_SECRET: 'shhh-fitbit',
    BASE_URL: 'https://app.example',
  };
  const google = { GOOGLE_CLIENT_ID: 'g.example', GOOGLE_CLIENT_SECRET: 'shhh-google' };

  it('takes the real providers when their credentials are set', async () => {
    const log: string[] = [];
    const demo = await start({ ...env, ...google }, (line) => log.push(line));
    try {
      expect(demo.simulator).toBeUndefined();
      expect(log).toEqual(['Daywalk is on https://app.example']);
    } finally {
      await demo.close();
    }
  });

  it('simulates the provider whose credentials are not set, only', async () => {
    const { BASE_URL: _, ...rest } = env;
    const demo = await start(rest, () => {});
    try {
      const real = await new WebClient().request(new URL(`${demo.url}/auth/fitbit`));
      expect(real.headers.get('location')).toMatch(
        /^https:\/\/www\.fitbit\.com\/oauth2\/authorize\?.*client_id=22ABCD/,
      );
      const simulated = await new WebClient().request(new URL(`${demo.url}/auth/google-health`));
      expect(simulated.headers.get('location')).toContain(`${demo.simulator?.url}/google/`);
    } finally {
      await demo.close();
    }
  });

  it('keeps everybody signed in and connected over a restart, and their tokens sealed', async () => {
    const dataFolder = await mkdtemp(join(tmpdir(), 'login-'));
    const simulator = await startSimulator();
    const { fitbit, googleHealth } = simulator;
    const browser = new WebClient();
    const run = async <T>(visit: (baseURL: string) => Promise<T>): Promise<T> => {
      const server = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const baseURL = `http://localhost:${(server.address() as AddressInfo).port}`;
      const secret = 'a secret of at least 32 characters';
      const config = { baseURL, secret, fitbit, googleHealth, simulator, dataFolder, log: () => {} };
      server.on('request', createApp(config, createProviders(config)));
      try {
        return await visit(baseURL);
      } finally {
        server.close();
        server.closeAllConnections();
      }
    };
    try {
      for (const { name, allow } of PROVIDERS) {
        const signedIn = await run(async (url) =>
          browser.submit(await browser.get(`${url}/auth/${name}`), '/consent', allow),
        );
        expect(signedIn.text).toContain('Hello, Zoë');
        simulator.advance({ hours: 8 });
        await run(async (url) => {
          const page = await browser.get(`${url}/dashboard`);
          expect(page.text).toContain('Hello, Zoë');
          expect(page.text).toContain('Refreshed automatically');
          expect((await browser.submit(page, '/tokens/introspect')).text).toContain(
            'accepts this access token',
          );
        });
        const stored = await readFile(join(dataFolder, `${name}.json`), 'utf8');
        expect(stored).not.toMatch(/accessToken|eyJhbGciOiJIUzI1NiJ9|ya29/);
      }
    } finally {
      await simulator.close();
      await rm(dataFolder, { recursive: true });
    }
  });

  it('makes a secret and keeps it with the data', async () => {
    const DATA_FOLDER = await mkdtemp(join(tmpdir(), 'login-'));
    const secrets: string[] = [];
    try {
      for (let times = 0; times < 2; times += 1) {
        const demo = await start({ PORT: '0', DATA_FOLDER }, () => {});
        await demo.close();
        secrets.push(await readFile(join(DATA_FOLDER, 'secret'), 'utf8'));
      }
      expect(secrets[0]).toMatch(/^[\w-]{43}$/);
      expect(secrets[1]).toBe(secrets[0]);
    } finally {
      await rm(DATA_FOLDER, { recursive: true });
    }
  });

  it.each(['login', 'stateless'])('says in a sentence that the port of %s is taken', async (example) => {
    const { start: run } = await import(`../../examples/${example}/start.ts`);
    const demo = await start({ PORT: '0' }, () => {});
    try {
      const again = run({ PORT: new URL(demo.url).port }, () => {});
      await expect(again).rejects.toThrow('The port is in use: set PORT to another one.');
    } finally {
      await demo.close();
    }
  });

  it.each([
    [{ PORT: 'abc' }, 'PORT is "abc", which is not a port: set it to a number'],
    [{ PORT: '70000' }, 'PORT is "70000", which is not a port: set it to a number'],
    [{ PORT: '0', HOST: '192.0.2.1' }, 'HOST is not an address of this computer'],
    [{ PORT: '0', SECRET: 'short' }, 'SECRET is too short: set it to at least 32 random characters'],
    [{ PORT: '0', BASE_URL: 'app.example' }, 'BASE_URL is "app.example": set it to what browsers open'],
    [{ PORT: '0', BASE_URL: 'https://app.example/' }, 'without a path or a slash at the end'],
  ])('says what is wrong with %j', async (settings, sentence) => {
    await expect(start(settings, () => {})).rejects.toThrow(sentence);
  });

  it.each(['login', 'stateless'])(
    'of %s prints a sentence and no stack',
    { timeout: 60_000 },
    async (example) => {
      const { status, stderr, stdout } = await runServer(example, { PORT: '' });
      expect(stderr).toBe('PORT is empty: set it to a number from 0 to 65535, or leave it out for 3000.\n');
      expect([status, stdout]).toEqual([1, '']);
    },
  );
});

/** Runs an example in a process of its own, until it ends. */
async function runServer(example: string, settings: Record<string, string>) {
  const file = fileURLToPath(new URL(`../../examples/${example}/server.ts`, import.meta.url));
  const env = { PATH: process.env.PATH, ...settings };
  const child = spawn(process.execPath, ['--import', 'tsx', file], { env });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const [status] = await once(child, 'close');
  return { status, ...output };
}

describe('the names of scopes', () => {
  it.each([
    ['heartrate', 'Heart rate'],
    ['oxygen_saturation', 'Oxygen saturation'],
    ['irregular_rhythm_notifications', 'Irregular rhythm notifications'],
    ['https://www.googleapis.com/auth/googlehealth.irn.readonly', 'Irregular rhythm notifications'],
    ['https://www.googleapis.com/auth/googlehealth.logged_symptoms.readonly', 'Logged symptoms'],
    ['openid', 'Sign-in'],
  ])('%s is %s', (scope, name) => {
    expect(scopeName(scope)).toBe(name);
  });
});

describe('the shutdown of a real provider', () => {
  it('is known from the first 410 of any call on', async () => {
    const errors = [
      new OAuthError('The endpoint is gone', { code: 'gone', operation: 'refresh' }),
      new DataError('The steps could not be read: status 410', 410),
    ];
    for (const error of errors) {
      const shutdown = new Shutdown();
      await expect(shutdown.watch(Promise.reject(new DataError('status 500', 500)))).rejects.toThrow();
      expect(await shutdown.watch(Promise.resolve('steps'))).toBe('steps');
      expect(shutdown.isOver).toBe(false);
      await expect(shutdown.watch(Promise.reject(error))).rejects.toBe(error);
      expect(shutdown.isOver).toBe(true);
    }
  });
});
