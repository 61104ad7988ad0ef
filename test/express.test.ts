import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { FitbitStrategy, OAuthError, ResponseError } from 'passport-fitbit-strategy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A minimal provider: it issues codes for a user and checks code verifiers. */
class FakeProvider {
  readonly logins = new Map<string, { user: string; challenge: string; redirectURI: string }>();
  /** The codes of all code exchanges. */
  readonly exchanges: string[] = [];
  readonly server = http.createServer((req, res) => this.#answer(req, res));
  base = '';

  async listen(): Promise<void> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    this.base = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What the provider's consent page does when the user presses Allow: the URL of the callback. */
  allow(authorizationURL: string, user: string): string {
    const { searchParams } = new URL(authorizationURL);
    const redirectURI = searchParams.get('redirect_uri') ?? '';
    const code = randomBytes(20).toString('hex');
    this.logins.set(code, { user, challenge: searchParams.get('code_challenge') ?? '', redirectURI });
    return `${redirectURI}?code=${code}&state=${searchParams.get('state')}#_=_`;
  }

  /** What it does when the user presses Deny. */
  deny(authorizationURL: string): string {
    const { searchParams } = new URL(authorizationURL);
    const description = 'The+user+denied+the+request.';
    return `${searchParams.get('redirect_uri')}?error_description=${description}&error=access_denied&state=${searchParams.get('state')}#_=_`;
  }

  async #answer(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const send = (status: number, body: object) => res.writeHead(status).end(JSON.stringify(body));
    if (req.url === '/profile') {
      const user = req.headers.authorization?.replace('Bearer access-', '') ?? '';
      send(200, { user: { encodedId: user, displayName: user.toUpperCase() } });
      return;
    }
    const code = form.get('code') ?? '';
    this.exchanges.push(code);
    const login = this.logins.get(code);
    this.logins.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (login?.challenge !== challenge || login.redirectURI !== form.get('redirect_uri')) {
      send(400, { errors: [{ errorType: 'invalid_grant', message: `Authorization code invalid: ${code}` }] });
      return;
    }
    send(200, {
      access_token: `access-${login.user}`,
      refresh_token: `refresh-${login.user}`,
      scope: 'profile',
      token_type: 'Bearer',
      user_id: login.user,
      expires_in: 28800,
    });
  }
}

/** A browser that keeps one cookie and follows no redirect. */
class Browser {
  cookie = '';

  async visit(url: string) {
    const response = await fetch(url.replace(/#.*/, ''), {
      headers: { cookie: this.cookie },
      redirect: 'manual',
    });
    this.cookie = response.headers.get('set-cookie')?.split(';')[0] ?? this.cookie;
    return {
      status: response.status,
      location: response.headers.get('location') ?? '',
      body: await response.text(),
    };
  }
}

let provider: FakeProvider;
let server: http.Server;
let app: string;
let reported: unknown[];
/** What the route `/custom` does with an outcome. */
let custom: (error: unknown, user: unknown, info: unknown) => string;

beforeEach(async () => {
  provider = new FakeProvider();
  await provider.listen();
  reported = [];

  const authenticator = new passport.Passport();
  authenticator.serializeUser((user, done) => done(null, user));
  authenticator.deserializeUser((user: Express.User, done) => done(null, user));
  const site = express();
  site.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false }));
  site.use(authenticator.session());
  site.get('/auth/fitbit', (req, res, next) =>
    authenticator.authenticate('fitbit', { state: { returnTo: req.query.from ?? '/' } })(req, res, next),
  );
  site.get(
    '/auth/fitbit/callback',
    authenticator.authenticate('fitbit', { failureRedirect: '/login', failureMessage: true }),
    (req, res) => {
      const { state } = (req.authInfo ?? {}) as { state?: { returnTo: string } };
      res.redirect(state?.returnTo ?? '/');
    },
  );
  site.get('/custom', (req, res, next) => {
    authenticator.authenticate('fitbit', (error: unknown, user: unknown, info: unknown) => {
      if (error) return next(error);
      res.send(custom(error, user, info));
    })(req, res, next);
  });
  site.get('/login', (req, res) => {
    const { messages } = req.session as { messages?: string[] };
    res.send(messages?.join());
  });
  site.get('/me', (req, res) => res.json(req.user ?? null));
  site.use(((error, _req, res, _next) => {
    reported.push(error);
    res.status(500).send('Sorry.');
  }) as express.ErrorRequestHandler);

  server = site.listen(0, '127.0.0.1');
  await once(server, 'listening');
  app = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  authenticator.use(
    new FitbitStrategy({
      clientID: 'CID',
      clientSecret: 's3cret',
      callbackURL: '/auth/fitbit/callback',
      authorizationURL: `${provider.base}/authorize`,
      tokenURL: `${provider.base}/token`,
      userProfileURL: `${provider.base}/profile`,
      verify: async ({ tokens, profile }) => ({
        id: profile.id,
        name: profile.displayName,
        token: tokens.accessToken,
      }),
    }),
  );
});

afterEach(() => {
  for (const each of [server, provider.server]) {
    each.closeAllConnections();
    each.close();
  }
});

describe('an Express app', () => {
  it('signs a user in and sends them back to where they came from', async () => {
    const browser = new Browser();
    const start = await browser.visit(`${app}/auth/fitbit?from=/week`);
    expect(start.status).toBe(302);
    expect(start.location).toMatch(`${provider.base}/authorize?response_type=code`);
    const back = await browser.visit(provider.allow(start.location, 'zoe'));
    expect(back).toMatchObject({ status: 302, location: '/week' });
    expect(JSON.parse((await browser.visit(`${app}/me`)).body)).toEqual({
      id: 'zoe',
      name: 'ZOE',
      token: 'access-zoe',
    });
    expect(reported).toEqual([]);
  });

  it('shows why nobody was signed in if the user denied', async () => {
    const browser = new Browser();
    const start = await browser.visit(`${app}/auth/fitbit`);
    const back = await browser.visit(provider.deny(start.location));
    expect(back).toMatchObject({ status: 302, location: '/login' });
    expect((await browser.visit(`${app}/login`)).body).toBe(
      'You did not allow access to your Fitbit account. To continue, please start again and allow it.',
    );
    expect((await browser.visit(`${app}/me`)).body).toBe('null');
  });

  it('gets a ResponseError in its error handler if the code is refused', async () => {
    const browser = new Browser();
    const start = await browser.visit(`${app}/auth/fitbit`);
    const back = provider.allow(start.location, 'zoe').replace(/code=\w+/, 'code=0123456789abcdef0123456789');
    expect(await browser.visit(back)).toMatchObject({ status: 500, body: 'Sorry.' });
    expect(reported).toHaveLength(1);
    expect(reported[0]).toBeInstanceOf(OAuthError);
    expect(reported[0]).toBeInstanceOf(ResponseError);
    expect(reported[0]).toMatchObject({
      code: 'invalid_grant',
      operation: 'code_exchange',
      httpStatus: 400,
      reauthorize: true,
      description: 'Authorization code invalid: [redacted]',
    });
  });

  it('gets a TransportError in its error handler if the provider cannot be reached', async () => {
    const browser = new Browser();
    const start = await browser.visit(`${app}/auth/fitbit`);
    const back = provider.allow(start.location, 'zoe');
    provider.server.close();
    provider.server.closeAllConnections();
    expect((await browser.visit(back)).status).toBe(500);
    expect(reported).toMatchObject([{ name: 'TransportError', code: 'connection', retryable: true }]);
  });

  it('signs in the first of several tabs; the others are told to start again', async () => {
    const browser = new Browser();
    const callbacks: string[] = [];
    for (const tab of [0, 1, 2]) {
      const { location } = await browser.visit(`${app}/auth/fitbit?from=/tab${tab}`);
      callbacks.push(provider.allow(location, `user${tab}`));
    }
    const [other = '', first = '', another = ''] = callbacks;
    expect(await browser.visit(first)).toMatchObject({ status: 302, location: '/tab1' });
    for (const each of [other, another]) expect((await browser.visit(each)).location).toBe('/login');
    expect((await browser.visit(`${app}/login`)).body).toContain('This sign-in was already finished');
    expect(JSON.parse((await browser.visit(`${app}/me`)).body)).toMatchObject({ id: 'user1' });
    expect(reported).toEqual([]);
  });

  it('lets five tabs begin at the same moment, each with its own state', async () => {
    const browser = new Browser();
    await browser.visit(`${app}/auth/fitbit`);
    const { cookie } = browser;
    const starts = await Promise.all(
      [0, 1, 2, 3, 4].map((tab) => {
        const tabOf = Object.assign(new Browser(), { cookie });
        return tabOf.visit(`${app}/auth/fitbit?from=/tab${tab}`);
      }),
    );
    custom = (_error, user, info) => JSON.stringify([user, info]);
    for (const [tab, start] of starts.entries()) {
      // Completed without a new session, so that the others stay pending.
      const { search } = new URL(provider.allow(start.location, `user${tab}`));
      const [user, info] = JSON.parse((await browser.visit(`${app}/custom${search}`)).body);
      expect(user).toMatchObject({ id: `user${tab}` });
      expect(info).toEqual({ state: { returnTo: `/tab${tab}` } });
    }
  });

  it("refuses a callback of another browser's login", async () => {
    const start = await new Browser().visit(`${app}/auth/fitbit`);
    const victim = new Browser();
    const back = await victim.visit(provider.allow(start.location, 'mallory'));
    expect(back).toMatchObject({ status: 302, location: '/login' });
    expect((await victim.visit(`${app}/me`)).body).toBe('null');
    expect(provider.exchanges).toEqual([]);
  });

  it('refuses a callback that was used before', async () => {
    const browser = new Browser();
    const start = await browser.visit(`${app}/auth/fitbit`);
    const back = provider.allow(start.location, 'zoe');
    expect((await browser.visit(back)).location).toBe('/');
    expect((await browser.visit(back)).location).toBe('/login');
    expect(provider.exchanges).toHaveLength(1);
  });
});

describe("a custom callback of the app's", () => {
  async function visitCustom() {
    const browser = new Browser();
    const start = await browser.visit(`${app}/custom`);
    const { search } = new URL(provider.allow(start.location, 'zoe'));
    return browser.visit(`${app}/custom${search}`);
  }

  it('gets the user and the info', async () => {
    custom = (error, user, info) => JSON.stringify([error, user, info]);
    expect(JSON.parse((await visitCustom()).body)).toEqual([
      null,
      { id: 'zoe', name: 'ZOE', token: 'access-zoe' },
      {},
    ]);
  });

  it('that throws for a user ends in the error handler, once, with what it threw', async () => {
    const bug = new Error('the view is broken');
    custom = () => {
      throw bug;
    };
    expect(await visitCustom()).toMatchObject({ status: 500, body: 'Sorry.' });
    expect(reported).toEqual([bug]);
    expect(reported[0]).toBe(bug);
  });

  it('that throws for a failure ends there, too', async () => {
    const bug = new Error('the view is broken');
    custom = () => {
      throw bug;
    };
    const response = await new Browser().visit(`${app}/custom?error=access_denied`);
    expect(response).toMatchObject({ status: 500, body: 'Sorry.' });
    expect(reported).toEqual([bug]);
  });
});
