import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import session, { MemoryStore } from 'express-session';
import passport, { type AuthenticateCallback, type Strategy } from 'passport';
import { onTestFinished } from 'vitest';

/** What an app of {@link startSessionApp} does. */
export interface SessionAppOptions {
  /** @default a new MemoryStore */
  store?: session.Store;
  /** Makes session ids. @default express-session's own */
  genid?: (() => string) | undefined;
  /** Whether a login signs the user in, which makes a new session. @default true */
  signsIn?: boolean;
  /** Passport's option: whether the new session gets the old one's data. @default false */
  keepSessionInfo?: boolean;
}

/** An app with express-session, and one browser. */
export interface SessionApp {
  origin: string;
  /** The browser's cookie. */
  cookie: string;
  /** Sends the browser to a path; it keeps the cookie and follows no redirect. */
  visit(path: string): Promise<Visit>;
}

/** The app's response. */
export interface Visit {
  status: number;
  body: string;
  /** The `state` in the URL that the browser is redirected to. */
  state: string;
}

/**
 * Starts an app with the routes `/login/:strategy` and `/callback/:strategy` (which show the user's id, or the code of
 * the failure or error), `/me`, `/sign-out` (Passport's) and `/destroy` (express-session's). It ends with the test.
 */
export async function startSessionApp(
  strategies: Strategy[],
  { store = new MemoryStore(), genid, signsIn = true, keepSessionInfo = false }: SessionAppOptions = {},
): Promise<SessionApp> {
  const authenticator = new passport.Passport();
  for (const strategy of strategies) authenticator.use(strategy);
  authenticator.serializeUser((user, done) => done(null, user));
  authenticator.deserializeUser((user: Express.User, done) => done(null, user));

  const site = express();
  site.use(
    session({
      secret: 'keyboard cat',
      resave: false,
      saveUninitialized: false,
      store,
      ...(genid && { genid }),
    }),
  );
  site.use(authenticator.session());
  site.get(['/login/:strategy', '/callback/:strategy'], (req, res, next) => {
    const done: AuthenticateCallback = (error, user, info) => {
      if (error) return next(error);
      if (!user) return res.status(403).send(Reflect.get(Object(info), 'code') ?? 'refused');
      if (!signsIn) return res.json(user);
      const options = { session: true, keepSessionInfo };
      req.logIn(user, options, (failed: unknown) => (failed ? next(failed) : res.json(user)));
    };
    authenticator.authenticate(String(req.params.strategy), done)(req, res, next);
  });
  site.get('/me', (req, res) => void res.json(req.user ?? null));
  site.get('/sign-out', (req, res, next) =>
    req.logOut((error) => (error ? next(error) : res.send('signed out'))),
  );
  site.get('/destroy', (req, res, next) =>
    req.session.destroy((error: unknown) => (error ? next(error) : res.send('signed out'))),
  );
  const showCode: ErrorRequestHandler = (error, _req, res, _next) => {
    res.status(500).send(error.code ?? String(error));
  };
  site.use(showCode);

  const server = site.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });

  const app: SessionApp = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cookie: '',
    async visit(path) {
      const response = await fetch(app.origin + path, {
        headers: { cookie: app.cookie },
        redirect: 'manual',
      });
      app.cookie = response.headers.get('set-cookie')?.split(';')[0] ?? app.cookie;
      const location = response.headers.get('location');
      const state = location === null ? null : new URL(location).searchParams.get('state');
      return { status: response.status, body: await response.text(), state: state ?? '' };
    },
  };
  return app;
}
