import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Simulator } from 'fitbit-simulator';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../examples/stateless/app.ts';
import { type Example, start } from '../../examples/stateless/start.ts';
import { AppTokens } from '../../examples/stateless/tokens.ts';
import { type Page, WebClient } from './web-client.ts';

const TOKEN_SECRET = 'a secret of the app that signs its tokens';

describe('The stateless example', () => {
  let example: Example;
  let simulator: Simulator;
  let browser: WebClient;

  beforeEach(async () => {
    example = await start({ PORT: '0', TOKEN_SECRET }, () => {});
    if (example.simulator === undefined) throw new Error('no simulator');
    simulator = example.simulator;
    browser = new WebClient();
  });
  afterEach(() => example.close());

  const ask = (client = browser) => client.get(`${example.url}/auth`);
  const signIn = async (person = 'zoe', client = browser) =>
    client.submit(await ask(client), '/consent', { person, all: 'yes', decision: 'allow' });
  const me = (token: string) => fetch(`${example.url}/me`, { headers: { authorization: `Bearer ${token}` } });
  const callbacks = () => browser.pages.filter(({ url }) => url.pathname === '/auth/callback');

  it('responds to a login with a token, and knows the user by it', async () => {
    const page = await signIn();
    expect(page.url.pathname).toBe('/auth/callback');
    expect(page.status).toBe(200);
    expect(page.headers.get('cache-control')).toBe('no-store');
    const { token, expiresIn } = JSON.parse(page.html);
    expect(expiresIn).toBe(3600);
    const answer = await me(token);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ id: '8677373576871223311', name: 'Zoë Krämer' });
  });

  it('leaves nothing in the browser: the cookie of the login is deleted by its callback', async () => {
    await ask();
    const [name] = browser.cookieNames('localhost');
    const set = browser.pages[0]?.headers.getSetCookie() ?? [];
    expect(set).toHaveLength(1);
    expect(set[0]).toMatch(/; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(name).toMatch(/^oauth2-login\./);

    browser = new WebClient();
    await signIn();
    expect(browser.cookieNames('localhost')).toEqual([]);
  });

  it('lets the callback end up on another machine', async () => {
    const twin = async (googleHealth: Simulator['googleHealth']) => {
      const server = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const config = {
        baseURL: 'http://localhost',
        cookieSecret: TOKEN_SECRET.repeat(2),
        tokenSecret: TOKEN_SECRET,
      };
      server.on('request', createApp({ ...config, googleHealth }));
      const at = (path: string) =>
        new URL(`http://localhost:${(server.address() as AddressInfo).port}${path}`);
      return { server, at };
    };
    const first = await twin(simulator.googleHealth);
    const second = await twin(simulator.googleHealth);
    try {
      const { headers } = await browser.request(first.at('/auth'));
      const consent = await browser.get(headers.get('location') ?? '');
      const [, request = ''] = /name="request" value="([^"]+)"/.exec(consent.html) ?? [];
      const form = new URLSearchParams({ request, person: 'aiko', all: 'yes', decision: 'allow' });
      const back = await browser.request(new URL('/consent', consent.url), form);
      const { pathname, search } = new URL(back.headers.get('location') ?? '');
      const page = await browser.request(second.at(pathname + search));
      const { token } = JSON.parse(page.html);
      const answer = await fetch(first.at('/me'), { headers: { authorization: `Bearer ${token}` } });
      expect(await answer.json()).toEqual({ id: '3304918275566102947', name: 'Aiko Tanaka' });
    } finally {
      first.server.close();
      second.server.close();
    }
  });

  it('finishes five logins of one browser that start at the same moment', async () => {
    const tabs = await Promise.all(Array.from({ length: 5 }, () => ask()));
    for (const tab of tabs.reverse()) {
      const page = await browser.submit(tab, '/consent', { person: 'zoe', all: 'yes', decision: 'allow' });
      expect(JSON.parse(page.html).token).toMatch(/^eyJ/);
    }
  });

  it('responds to a denial with its code', async () => {
    const page = await browser.submit(await ask(), '/consent', { decision: 'deny' });
    expect(page.status).toBe(403);
    expect(JSON.parse(page.html)).toMatchObject({ error: 'access_denied' });
  });

  it.each([
    ['noor', 403, 'account_not_linked'],
    ['victor', 403, 'account_not_migrated'],
  ])('answers the login of %s with %i %s', async (person, status, error) => {
    const page = await signIn(person);
    expect(page.status).toBe(status);
    expect(JSON.parse(page.html)).toMatchObject({ error });
  });

  it('responds 503 while Google is away', async () => {
    simulator.fail({ endpoint: 'token', with: 'html' });
    const page = await signIn();
    expect(page.status).toBe(503);
    expect(JSON.parse(page.html).error).toBe('server_error');
  });

  it('accepts neither a callback without its cookie nor one that comes again', async () => {
    const consent = await ask();
    browser.forgetCookies();
    const lost = await browser.submit(consent, '/consent', { person: 'zoe', all: 'yes', decision: 'allow' });
    expect(lost.status).toBe(403);
    expect(JSON.parse(lost.html).error).toBe('state_missing');

    await signIn();
    const again = await browser.get((callbacks().at(-1) as Page).url);
    expect(JSON.parse(again.html).error).toBe('state_missing');
    expect(simulator.requests.filter(({ endpoint }) => endpoint === 'token')).toHaveLength(1);
  });

  it('keeps code, verifier and tokens of Google out of every response', async () => {
    const accessToken = 'planted-access-token-000000000000000000';
    simulator.fail({
      endpoint: 'token',
      with: { status: 400, body: { error: 'invalid_grant', error_description: `Bad ${accessToken}` } },
    });
    await signIn();
    await signIn();
    const secrets = [accessToken, 'ya29', '1//', simulator.googleHealth.clientSecret];
    const answers = callbacks().map(({ html, headers }) => `${html}${headers.getSetCookie()}`);
    expect(answers).toHaveLength(2);
    for (const secret of secrets) for (const answer of answers) expect(answer).not.toContain(secret);
    for (const { url, html } of callbacks()) expect(html).not.toContain(url.searchParams.get('code'));
  });

  it.each<[string, (issuer: string) => string | Promise<string>]>([
    ['nothing', () => ''],
    ['no token', () => 'abc'],
    [
      'one of another secret',
      (url) => new AppTokens(url, 'another secret of 32 characters.').sign({ id: 'x' }),
    ],
    ['one of another app', () => new AppTokens('https://other.example', TOKEN_SECRET).sign({ id: 'x' })],
    ['one without a signature', (url) => unsigned({ sub: 'x', iss: url, aud: url, exp: 4e9 })],
    ['one that somebody else has issued', (url) => signed('https://other.example', '1 hour', url)],
    ['one that has expired', (url) => signed(url, '1 second ago')],
    ['one that never expires', (url) => signed(url)],
  ])('refuses a token that is %s', async (_name, make) => {
    const answer = await me(await make(example.url));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(await answer.json()).toEqual({ error: 'invalid_token' });
  });

  it('takes the real Google when its client is set', async () => {
    const env = {
      PORT: '0',
      GOOGLE_CLIENT_ID: 'an.id',
      GOOGLE_CLIENT_SECRET: 'shhh',
      BASE_URL: 'https://app.example',
    };
    const real = await start(env, () => {});
    await real.close();
    expect(real.simulator).toBeUndefined();
  });
});

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function unsigned(claims: object): string {
  return `${encode({ alg: 'none' })}.${encode(claims)}.`;
}

function signed(issuer: string, expires?: string, audience = issuer): Promise<string> {
  const token = new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('x')
    .setIssuer(issuer)
    .setAudience(audience);
  if (expires !== undefined) token.setExpirationTime(expires);
  return token.sign(new TextEncoder().encode(TOKEN_SECRET));
}
