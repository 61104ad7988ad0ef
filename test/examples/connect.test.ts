import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tokenKey } from '../../examples/connect/connections.ts';
import { type Example, start } from '../../examples/connect/start.ts';
import { type Page, WebClient } from './web-client.ts';

const PROVIDERS = ['fitbit', 'google-health'] as const;
type Provider = (typeof PROVIDERS)[number];
const SCOPE = 'https://www.googleapis.com/auth/googlehealth.profile.readonly';

describe('An app whose users connect Fitbit and Google Health', () => {
  let example: Example;
  let log: string[];
  let browser: WebClient;

  beforeEach(async () => {
    log = [];
    example = await start({ PORT: '0' }, (line) => log.push(line));
    browser = new WebClient();
  });
  afterEach(() => example.close());

  const home = (client = browser) => client.get(example.url);
  const signIn = async (name: string, client = browser) =>
    client.submit(await home(client), '/sign-in', { name, password: example.password });
  const signOut = async () => browser.submit(await home(), '/sign-out');
  const startConnecting = async (provider: Provider, client = browser) =>
    client.submit(await home(client), `/connect/${provider}`);
  const allow = (consent: Page, person = 'zoe', client = browser) => {
    const choice = consent.url.pathname.startsWith('/google') ? { scope: SCOPE } : {};
    return client.submit(consent, '/consent', { person, decision: 'allow', ...choice });
  };
  const connect = async (provider: Provider, person = 'zoe', client = browser) =>
    allow(await startConnecting(provider, client), person, client);
  const owners = () =>
    ['ann', 'bob'].flatMap((user) =>
      example.connections.of(user).map(({ provider, userID, name }) => `${userID}: ${provider} ${name}`),
    );
  const requests = (endpoint: string) =>
    example.simulator.requests.filter((request) => request.endpoint === endpoint);

  it('keeps the tokens of both providers in one TokenManager, and refreshes each at its provider', async () => {
    await signIn('ann');
    for (const provider of PROVIDERS) {
      const page = await connect(provider);
      expect(page.url.href).toBe(`${example.url}/?result=connected`);
      expect(page.text).toContain('You are signed in as ann');
    }
    expect((await home()).text).toMatch(
      /Google Health Connected: Zoë Krämer Disconnect .* Fitbit Connected: Zoë K\./,
    );

    for (const connection of example.connections.of('ann'))
      await example.tokens.refresh(tokenKey(connection));
    const refreshed = requests('token').filter(({ body }) => body.grant_type === 'refresh_token');
    expect(refreshed.map(({ provider, status }) => `${provider} ${status}`).sort()).toEqual([
      'fitbit 200',
      'google-health 200',
    ]);
  });

  it.each(PROVIDERS)(
    '%s: disconnecting revokes the consent, and the account is free again',
    async (provider) => {
      await signIn('ann');
      await connect(provider);
      const page = await browser.submit(await home(), `/disconnect/${provider}`);
      expect(page.text).toContain('Disconnected.');
      expect(example.simulator.grants).toEqual([]);
      expect(owners()).toEqual([]);
      await signOut();
      await signIn('bob');
      expect((await connect(provider)).url.search).toBe('?result=connected');
    },
  );

  it.each(PROVIDERS)(
    '%s: an account that belongs to another user is refused, and stays usable',
    async (provider) => {
      await signIn('ann');
      await connect(provider);
      const before = owners();
      const [connection] = example.connections.of('ann');
      if (connection === undefined) throw new Error('No connection');
      const accessToken = await example.tokens.accessToken(tokenKey(connection));
      const bob = new WebClient();
      await signIn('bob', bob);
      const page = await connect(provider, 'zoe', bob);
      expect(page.url.search).toBe('?result=taken');
      expect(page.text).toContain('This account belongs to another user here');
      expect(owners()).toEqual(before);
      expect(requests('revoke')).toEqual([]);
      expect(await example.tokens.accessToken(tokenKey(connection))).toBe(accessToken);
      await example.tokens.refresh(tokenKey(connection));
    },
  );

  it.each(PROVIDERS)('%s: the same account again gets new tokens', async (provider) => {
    await signIn('ann');
    await connect(provider);
    const before = owners();
    const [connection] = example.connections.of('ann');
    if (connection === undefined) throw new Error('No connection');
    const old = await example.tokens.accessToken(tokenKey(connection));
    // The page has no button for it any more, but another tab may have.
    const [, csrf = ''] = /name="_csrf" value="([^"]+)"/.exec((await home()).html) ?? [];
    const form = new URLSearchParams({ _csrf: csrf });
    const page = await allow(await browser.post(`${example.url}/connect/${provider}`, form));
    expect(page.url.search).toBe('?result=connected');
    expect(owners()).toEqual(before);
    expect(await example.tokens.accessToken(tokenKey(connection))).not.toBe(old);
  });

  it('refuses a second account of the same provider', async () => {
    await signIn('ann');
    const consent = await startConnecting('fitbit');
    await connect('fitbit', 'zoe');
    const page = await allow(consent, 'maya');
    expect(page.url.search).toBe('?result=another');
    expect(owners()).toEqual(['ann: fitbit Zoë K.']);
    await expect(example.tokens.accessToken('fitbit:26FWFL')).rejects.toMatchObject({ code: 'no_tokens' });
  });

  it.each(PROVIDERS)('%s: two users at the same time: one gets the account', async (provider) => {
    const bob = new WebClient();
    await signIn('ann');
    await signIn('bob', bob);
    const [first, second] = [await startConnecting(provider), await startConnecting(provider, bob)];
    const pages = await Promise.all([allow(first), allow(second, 'zoe', bob)]);
    expect(pages.map(({ url }) => url.search).sort()).toEqual(['?result=connected', '?result=taken']);
    expect(owners()).toHaveLength(1);
  });

  it.each(PROVIDERS)('%s: the user denies access, and stays signed in', async (provider) => {
    await signIn('ann');
    const consent = await startConnecting(provider);
    const page = await browser.submit(consent, '/consent', { person: 'zoe', decision: 'deny' });
    expect(page.text).toContain('You did not allow access to your');
    expect(page.text).toContain('You are signed in as ann');
    expect(owners()).toEqual([]);
  });

  it('does not start by a link, or by a form without a CSRF token', async () => {
    await signIn('ann');
    for (const provider of PROVIDERS) {
      const url = `${example.url}/connect/${provider}`;
      expect((await browser.get(url)).status).toBe(404);
      expect((await browser.get(`${url}/callback`)).url.href).toBe(`${example.url}/`);
      expect((await browser.get(`${url}/callback?state=x`)).url.href).toBe(`${example.url}/`);
      expect((await browser.post(url, new URLSearchParams())).status).toBe(403);
    }
    expect(requests('authorize')).toEqual([]);
  });

  it('does not start for a user who is signed out', async () => {
    await signIn('ann');
    const page = await home();
    await signOut();
    await signIn('bob');
    await signOut();
    expect((await browser.submit(page, '/connect/fitbit')).status).toBe(403); // the token was ann's
    expect(requests('authorize')).toEqual([]);
  });

  it.each(PROVIDERS)('%s: refuses a replayed callback', async (provider) => {
    await signIn('ann');
    await connect(provider);
    const callback = browser.pages.findLast(({ url }) => url.pathname.endsWith('/callback'))?.url;
    if (callback === undefined) throw new Error('No callback');
    await browser.submit(await home(), `/disconnect/${provider}`);
    const page = await browser.get(callback);
    expect(page.text).toContain('This sign-in was already finished or has expired');
    expect(owners()).toEqual([]);
  });

  it.each(PROVIDERS)("%s: refuses a callback in another user's browser", async (provider) => {
    await signIn('ann');
    await connect(provider);
    const callback = browser.pages.findLast(({ url }) => url.pathname.endsWith('/callback'))?.url;
    await browser.submit(await home(), `/disconnect/${provider}`);
    const bob = new WebClient();
    await signIn('bob', bob);
    const page = await bob.get(callback ?? '');
    expect(page.url.search).toBe('?result=failed');
    expect(owners()).toEqual([]);
  });

  it.each(PROVIDERS)('%s: connects nothing after a sign-out in another tab', async (provider) => {
    await signIn('ann');
    const consent = await startConnecting(provider);
    await signOut();
    const page = await allow(consent);
    expect(page.text).toContain('Password');
    expect(owners()).toEqual([]);
  });

  it.each(PROVIDERS)('%s: connects nothing to another user who signed in meanwhile', async (provider) => {
    await signIn('ann');
    const consent = await startConnecting(provider);
    await signOut();
    await signIn('bob');
    const page = await allow(consent);
    expect(page.url.search).toBe('?result=another-user');
    expect(page.text).toContain('You are signed in as bob');
    expect(owners()).toEqual([]);
  });

  it.each(['zoe', 'noor'])(
    'stays signed out if the user signs out during the code exchange: %s',
    async (person) => {
      await signIn('ann');
      const consent = await startConnecting('google-health');
      example.simulator.fail({ endpoint: 'identity', delay: 1000, times: 1 });
      const page = allow(consent, person);
      await expect.poll(() => requests('identity').length, { timeout: 5000 }).toBe(1);
      await signOut();
      expect((await page).text).toContain('Password');
      expect((await home()).text).toContain('Password');
      expect(owners()).toEqual([]);
    },
  );

  it('shows a page of its own when the provider fails', async () => {
    await signIn('ann');
    const consent = await startConnecting('google-health');
    example.simulator.fail({ endpoint: 'token', with: 'html' });
    const page = await allow(consent);
    expect(page.status).toBe(502);
    expect(page.text).toContain('That did not work. Please try again.');
    expect((await home()).text).toContain('You are signed in as ann');
  });

  it('signs nobody in with a wrong password', async () => {
    for (const name of ['ann', 'nobody']) {
      const page = await browser.submit(await home(), '/sign-in', { name, password: 'guess' });
      expect(page.text).toContain('Name or password is wrong');
    }
  });

  it('writes no token into its log or its pages', async () => {
    await signIn('ann');
    const secrets: string[] = [];
    for (const provider of PROVIDERS) await connect(provider);
    for (const connection of example.connections.of('ann')) {
      secrets.push(await example.tokens.accessToken(tokenKey(connection)));
    }
    const text = log.join() + browser.pages.map(({ html }) => html).join();
    for (const secret of secrets) expect(text).not.toContain(secret);
    expect(secrets).toHaveLength(2);
  });

  it('starts with one command', { timeout: 60_000 }, async () => {
    const root = join(import.meta.dirname, '../..');
    const server = spawn(process.execPath, ['--import', 'tsx', 'examples/connect/server.ts'], {
      cwd: root,
      env: { ...process.env, PORT: '0' },
    });
    const ended = once(server, 'exit');
    try {
      const [output] = await once(server.stdout, 'data');
      const [, url = '', password = ''] =
        /on (\S+)\. Sign in as ann or bob with the password (\S+)/.exec(output) ?? [];
      const page = await browser.submit(await browser.get(url), '/sign-in', { name: 'bob', password });
      expect(page.text).toContain('You are signed in as bob');
    } finally {
      server.kill();
      await ended;
    }
  });
});
