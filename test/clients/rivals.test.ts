import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session from 'express-session';
import { type Simulator, startSimulator } from 'fitbit-simulator';
import passport, { type Profile } from 'passport';
import { FitbitOAuth2Strategy } from 'passport-fitbit-oauth2';
import { FitbitStrategy } from 'passport-fitbit-strategy';
import { Strategy as GoogleStrategy } from 'passport-google-oauth20';
import type { VerifyCallback } from 'passport-oauth2';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type App, startApp } from './support/app.ts';
import { Browser } from './support/browser.ts';
import { consent } from './support/consent.ts';

let simulator: Simulator;
let app: App | undefined;

beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  await simulator.close();
});

/** As in its README; the profile's address can't be set, so that it is turned to the simulator at the last moment. */
function fitbitStrategy(callbackURL: string, options: object = {}) {
  const { clientID, clientSecret = '', authorizationURL, tokenURL, userProfileURL } = simulator.fitbit;
  const strategy = new FitbitOAuth2Strategy(
    { clientID, clientSecret, callbackURL, authorizationURL, tokenURL, ...options },
    (accessToken, refreshToken, profile, done) => {
      done(null, { id: profile.id, name: profile.displayName, accessToken, refreshToken });
    },
  );
  const oauth2: { get: (url: string, token: string, callback: () => void) => void } = Reflect.get(
    strategy,
    '_oauth2',
  );
  const get = oauth2.get.bind(oauth2);
  oauth2.get = (url, token, callback) => {
    expect(url).toBe('https://api.fitbit.com/1/user/-/profile.json');
    get(userProfileURL, token, callback);
  };
  return strategy;
}

describe('passport-fitbit-oauth2 with the simulated Fitbit', () => {
  it('signs in', async () => {
    app = await startApp(fitbitStrategy, { scope: ['activity', 'profile'] });
    const page = await consent(new Browser(), app.loginURL, 'maya');
    expect(page).toMatchObject({ url: app.userURL, status: 200 });
    expect(JSON.parse(page.body)).toMatchObject({ id: '26FWFL', name: 'Maya L.' });
    expect(JSON.parse(page.body).refreshToken).toMatch(/^[\da-f]{64}$/);
  });

  it('gets 403 for the profile where that scope was not asked for', async () => {
    app = await startApp(fitbitStrategy, { scope: ['activity'] });
    const page = await consent(new Browser(), app.loginURL, 'maya');
    expect(page.status).toBe(500);
    expect(page.body).toContain('failed to fetch user profile');
    expect(simulator.requests.at(-1)).toMatchObject({ endpoint: 'profile', status: 403 });
  });

  it('is refused with a wrong secret', async () => {
    app = await startApp((callbackURL) => fitbitStrategy(callbackURL, { clientSecret: 'wrong' }), {
      scope: ['profile'],
    });
    const page = await consent(new Browser(), app.loginURL, 'maya');
    expect(page.status).toBe(500);
    expect(page.body).toContain('Failed to obtain access token');
    expect(simulator.requests.at(-1)).toMatchObject({ endpoint: 'token', status: 401 });
  });

  it('meets 410 after the shutdown', async () => {
    app = await startApp(fitbitStrategy, { scope: ['profile'] });
    simulator.shutDownFitbit();
    expect(await new Browser().open(app.loginURL)).toMatchObject({ status: 410 });
  });
});

describe('passport-fitbit-oauth2 and this package in one app', () => {
  /** Starts an app with both; resolves with its address. */
  async function startBoth(signsIn: boolean): Promise<string> {
    const site = express();
    const server = site.listen(0, '127.0.0.1');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

    const auth = new passport.Passport();
    auth.use('theirs', fitbitStrategy(`${url}/theirs/callback`, { state: true }));
    const verify = async ({ profile }: { profile: Profile }) => ({
      id: profile.id,
      name: profile.displayName,
    });
    auth.use(
      'ours',
      new FitbitStrategy({ ...simulator.fitbit, callbackURL: `${url}/ours/callback`, verify }),
    );
    auth.serializeUser((user, done) => done(null, user));
    auth.deserializeUser((user: Express.User, done) => done(null, user));

    site.use(session({ secret: 'test', resave: false, saveUninitialized: false }));
    site.use(auth.session());
    for (const name of ['theirs', 'ours']) {
      const middleware = auth.authenticate(name, { scope: ['profile'], session: signsIn });
      site.get([`/${name}`, `/${name}/callback`], middleware, (req, res) => void res.json(req.user));
    }
    return url;
  }

  const ORDERS = [
    ['theirs', 'ours'],
    ['ours', 'theirs'],
  ] as const;

  it.each(ORDERS)('sign in one after the other in one browser: first %s, then %s', async (...order) => {
    const url = await startBoth(true);
    const browser = new Browser();
    for (const name of order) {
      const page = await consent(browser, `${url}/${name}`, 'maya');
      expect(page).toMatchObject({ status: 200, url: expect.stringContaining(`${url}/${name}/callback?`) });
      expect(JSON.parse(page.body)).toMatchObject({ id: '26FWFL', name: 'Maya L.' });
    }
  });

  it.each(ORDERS)('complete logins that wait in two tabs: first %s, then %s', async (...order) => {
    const url = await startBoth(false);
    const browser = new Browser();
    const tabs = { theirs: await browser.open(`${url}/theirs`), ours: await browser.open(`${url}/ours`) };
    for (const name of order) {
      const page = await browser.submit(tabs[name], { person: 'maya', scope: 'profile', decision: 'allow' });
      expect(page).toMatchObject({ status: 200, url: expect.stringContaining(`${url}/${name}/callback?`) });
      expect(JSON.parse(page.body)).toMatchObject({ id: '26FWFL', name: 'Maya L.' });
    }
  });
});

function googleStrategy(callbackURL: string) {
  const { clientID, clientSecret, authorizationURL, tokenURL, userinfoURL } = simulator.googleHealth;
  const endpoints = { authorizationURL, tokenURL, userProfileURL: userinfoURL };
  const options = { clientID, clientSecret, callbackURL, ...endpoints, state: true, pkce: true };
  const verify = (accessToken: string, refreshToken: string, profile: Profile, done: VerifyCallback) => {
    const user = { id: profile.id, name: profile.displayName, email: profile.emails?.[0]?.value };
    done(null, { ...user, accessToken, refreshToken });
  };
  return new GoogleStrategy(options, verify);
}

describe('passport-google-oauth20 with the simulated Google', () => {
  const offline = { accessType: 'offline', prompt: 'consent' };

  it('signs in with state and PKCE, and gets a refresh token', async () => {
    const scope = [
      'openid',
      'profile',
      'email',
      'https://www.googleapis.com/auth/googlehealth.sleep.readonly',
    ];
    app = await startApp(googleStrategy, { scope, ...offline });
    const page = await consent(new Browser(), app.loginURL, 'zoe');
    expect(page).toMatchObject({ url: app.userURL, status: 200 });
    expect(JSON.parse(page.body)).toMatchObject({
      id: '108204268033311374519',
      name: 'Zoë Krämer',
      email: 'zoe.kraemer@example.com',
      refreshToken: expect.stringMatching(/^1\/\//),
    });
  });

  it('gets no second refresh token without prompt=consent', async () => {
    app = await startApp(googleStrategy, { scope: ['openid', 'profile'], accessType: 'offline' });
    const browser = new Browser();
    const first = await consent(browser, app.loginURL, 'zoe');
    expect(JSON.parse(first.body)).toHaveProperty('refreshToken');
    const second = await consent(browser, app.loginURL, 'zoe');
    expect(JSON.parse(second.body)).not.toHaveProperty('refreshToken');
  });

  it('learns of a denial', async () => {
    app = await startApp(googleStrategy, { scope: ['openid', 'profile'] });
    const browser = new Browser();
    const page = await browser.submit(await browser.open(app.loginURL), { decision: 'deny' });
    expect(page.url).toContain('error=access_denied');
    expect(page.status).toBe(500);
  });
});
