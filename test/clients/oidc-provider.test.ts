import { FitbitStrategy, type FitbitStrategyOptions, refresh, revoke } from 'passport-fitbit-strategy';
import { afterEach, describe, expect, it } from 'vitest';
import { type App, startApp } from './support/app.ts';
import { type AuthorizationServer, startAuthorizationServer } from './support/authorization-server.ts';
import { Browser, type Page } from './support/browser.ts';

let app: App;
let server: AuthorizationServer;

afterEach(async () => {
  await app.close();
  await server.close();
});

/** Starts an app with FitbitStrategy, whose Fitbit is oidc-provider. */
async function start(options: Partial<FitbitStrategyOptions> = {}): Promise<void> {
  app = await startApp(async (callbackURL) => {
    server = await startAuthorizationServer(callbackURL);
    return new FitbitStrategy({
      ...server.client,
      callbackURL,
      scope: ['activity', 'profile'],
      ...options,
      verify: async ({ tokens, profile }) => ({
        id: profile.id,
        name: profile.displayName,
        scope: tokens.scope,
        refreshToken: tokens.refreshToken,
      }),
    });
  });
}

/** Signs in on the server's own pages: user name and password, then consent. */
async function signIn(browser: Browser, login: string): Promise<Page> {
  const loginPage = await browser.open(app.loginURL);
  expect(loginPage.body).toContain('Sign-in');
  const consentPage = await browser.submit(loginPage, { login, password: 'any' });
  expect(consentPage.body).toContain('Continue');
  return browser.submit(consentPage);
}

/** Signs in and gives the refresh token. */
async function refreshTokenOf(login: string): Promise<string> {
  const page = await signIn(new Browser(), login);
  expect(page).toMatchObject({ url: app.userURL, status: 200 });
  return JSON.parse(page.body).refreshToken;
}

describe('FitbitStrategy with oidc-provider', () => {
  it('signs in with the profile', async () => {
    await start();
    const page = await signIn(new Browser(), 'maya');
    expect(page).toMatchObject({ url: app.userURL, status: 200 });
    expect(JSON.parse(page.body)).toMatchObject({
      id: 'maya',
      name: 'maya by profile',
      scope: ['activity', 'profile'],
    });
    expect(server.events).toEqual(['authorization.success', 'grant.success']);
  });

  it('signs in without the profile scope, the id from the token response', async () => {
    await start({ scope: ['activity'] });
    const { id, name, scope } = JSON.parse((await signIn(new Browser(), 'maya')).body);
    expect({ id, name, scope }).toEqual({ id: 'maya', name: '', scope: ['activity'] });
  });

  it('signs in with the tab that finishes first; the other one has to start again', async () => {
    await start();
    const browser = new Browser();
    const [first, second] = [await browser.open(app.loginURL), await browser.open(app.loginURL)];
    const finish = async (tab: Page) => {
      const page = await browser.submit(tab, { login: 'maya', password: 'any' });
      return page.url.startsWith(app.callbackURL) || page.url === app.userURL ? page : browser.submit(page);
    };
    expect(await finish(second)).toMatchObject({ url: app.userURL, status: 200 });
    expect(await finish(first)).toMatchObject({
      status: 500,
      body: expect.stringContaining('AuthenticationError'),
    });
    expect(server.events.filter((event) => event === 'grant.success')).toHaveLength(1);
  });

  it('is refused without PKCE, which this server insists on', async () => {
    await start({ pkce: false });
    const page = await new Browser().open(app.loginURL);
    expect(page.status).toBe(500);
    expect(JSON.parse(page.body)).toMatchObject({ name: 'OAuthError', code: 'invalid_request' });
  });

  it('reports a user who gives up on the login page as a denial', async () => {
    await start();
    const browser = new Browser();
    const { url } = await browser.open(app.loginURL);
    const page = await browser.open(`${url}/abort`);
    expect(page.url).toContain('error=access_denied');
    expect(page.status).toBe(500); // failWithError
    expect(server.events).not.toContain('grant.success');
  });

  it('cannot use a callback twice', async () => {
    await start();
    const browser = new Browser();
    const loginPage = await browser.open(app.loginURL);
    const consentPage = await browser.submit(loginPage, { login: 'maya', password: 'any' });
    const callback = await browser.submit(consentPage, {}, app.callbackURL);
    expect(await browser.open(callback.url)).toMatchObject({ status: 200 });
    expect(await browser.open(callback.url)).toMatchObject({ status: 500 });
    expect(server.events.filter((event) => event === 'grant.success')).toHaveLength(1);
  });

  it('is refused with a wrong secret, by the error of RFC 6749', async () => {
    await start({ clientSecret: 'wrong' });
    const page = await signIn(new Browser(), 'maya');
    expect(page.status).toBe(500);
    expect(JSON.parse(page.body)).toMatchObject({ name: 'ResponseError', code: 'invalid_client' });
  });
});

describe('refresh with oidc-provider', () => {
  it('gets a new refresh token each time', async () => {
    await start();
    const first = await refreshTokenOf('maya');
    const second = await refresh(server.client, first);
    expect(second.refreshToken).not.toBe(first);
    const third = await refresh(server.client, second.refreshToken ?? '');
    expect(third.refreshToken).not.toBe(second.refreshToken);
    expect(third.scope).toEqual(['activity', 'profile']);
  });

  it('sends one request for callers at the same time, so that none of them looks like a thief', async () => {
    await start();
    const token = await refreshTokenOf('maya');
    const fresh = await Promise.all(Array.from({ length: 20 }, () => refresh(server.client, token)));
    expect(new Set(fresh.map(({ refreshToken }) => refreshToken)).size).toBe(1);
    expect(server.events).not.toContain('grant.revoked');
  });

  it('asks for a new consent when a refresh token was used twice, which ends the whole grant', async () => {
    await start();
    const first = await refreshTokenOf('maya');
    const second = await refresh(server.client, first);
    await expect(refresh(server.client, first)).rejects.toMatchObject({
      code: 'invalid_grant',
      reauthorize: true,
    });
    expect(server.events).toContain('grant.revoked');
    await expect(refresh(server.client, second.refreshToken ?? '')).rejects.toMatchObject({
      code: 'invalid_grant',
      reauthorize: true,
    });
  });
});

describe('revoke with oidc-provider', () => {
  it('ends the grant, and counts an invalid token as revoked', async () => {
    await start();
    const token = await refreshTokenOf('maya');
    await revoke(server.client, token);
    await expect(refresh(server.client, token)).rejects.toMatchObject({ code: 'invalid_grant' });
    await expect(revoke(server.client, token)).resolves.toBeUndefined();
  });
});
