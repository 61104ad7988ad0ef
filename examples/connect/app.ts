import { fileURLToPath } from 'node:url';
import { csrfSync } from 'csrf-sync';
import express, { type ErrorRequestHandler, type Express, type Response } from 'express';
import session from 'express-session';
import passport from 'passport';
import { OAuthError } from 'passport-fitbit-strategy';
import type { TokenManager } from 'passport-fitbit-strategy/token-manager';
import { connect, userOf } from './connect.ts';
import type { Connections } from './connections.ts';
import type { Clients } from './providers.ts';
import type { User, Users } from './users.ts';

declare module 'express-session' {
  interface SessionData {
    /** Where Passport's `failureMessage` puts the messages of failures. */
    messages: string[];
  }
}

/** The settings of the app. */
export interface Config {
  /** The app's URL in browsers, without a trailing slash. */
  baseURL: string;
  /** Signs session cookies and encrypts pending logins: at least 32 characters. */
  secret: string;
  clients: Clients;
  users: Users;
  connections: Connections;
  tokens: TokenManager;
  log: (line: string) => void;
}

const RESULTS: Record<string, string> = {
  connected: 'Connected.',
  disconnected: 'Disconnected.',
  taken: 'This account belongs to another user here. Sign in as that user, or choose another account.',
  another: 'You have connected another account of this provider. Disconnect it first.',
  'another-user': 'Another user has signed in meanwhile. Nothing was connected; please start again.',
  'wrong-password': 'Name or password is wrong.',
};

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Creates an app with its own users, who can connect Fitbit and Google Health. */
export function createApp(config: Config): Express {
  const { baseURL, secret, users, connections, log } = config;
  const { csrfSynchronisedProtection, generateToken } = csrfSync({
    getTokenFromRequest: (req) => req.body?._csrf,
  });
  const authenticator = new passport.Passport();
  authenticator.serializeUser<string>((user, done) => done(null, (user as User).id));
  authenticator.deserializeUser<string>((id, done) => done(null, users.get(id) ?? false));

  const app = express();
  app.disable('x-powered-by');
  app.set('views', here('views'));
  app.set('view engine', 'ejs');
  app.use((_req, res, next) => {
    const policy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";
    res.set({
      'Content-Security-Policy': policy,
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    });
    next();
  });
  app.use(express.static(here('public'), { index: false }));
  const secure = baseURL.startsWith('https:');
  const cookie = { httpOnly: true, sameSite: 'lax' as const, secure };
  app.use(session({ name: 'pace', secret, resave: false, saveUninitialized: false, cookie }));
  app.use(express.urlencoded({ extended: false, limit: '10kb' }));
  app.use(csrfSynchronisedProtection); // every POST
  app.use(authenticator.session());
  app.use(connect(config, authenticator));

  app.get('/', (req, res) => {
    const user = userOf(req);
    const { result } = req.query;
    const known = typeof result === 'string' && Object.hasOwn(RESULTS, result) ? RESULTS[result] : undefined;
    const [message] = req.session.messages?.splice(0) ?? [];
    res.render('page', {
      user,
      message: message ?? known,
      connections: user ? connections.of(user.id) : [],
      csrfToken: generateToken(req),
    });
  });

  app.post('/sign-in', (req, res, next) => {
    const { name, password } = req.body;
    const user = users.signIn(String(name), String(password));
    if (user === undefined) return res.redirect(303, '/?result=wrong-password');
    req.logIn(user, (error) => (error ? next(error) : res.redirect(303, '/')));
  });

  app.post('/sign-out', (req, res, next) => {
    req.logOut((error) => (error ? next(error) : res.redirect(303, '/')));
  });

  app.use((_req, res) => {
    res.status(404);
    showProblem(res, 'There is no page at this address.');
  });
  app.use(answerError(log));
  return app;
}

function answerError(log: Config['log']): ErrorRequestHandler {
  return (error, req, res, next) => {
    if (res.headersSent) return next(error);
    const isCSRF = error?.status === 403;
    if (!isCSRF) log(`${req.method} ${req.path}: ${error instanceof Error ? error.message : 'not an Error'}`);
    const status = isCSRF ? 403 : error instanceof OAuthError ? 502 : 500;
    res.status(status);
    showProblem(
      res,
      isCSRF
        ? 'This page is out of date. Please go back and reload it.'
        : 'That did not work. Please try again.',
    );
  };
}

function showProblem(res: Response, message: string): void {
  res.render('page', { user: undefined, message, connections: [], csrfToken: undefined });
}
