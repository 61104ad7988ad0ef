import { fileURLToPath } from 'node:url';
import { csrfSync } from 'csrf-sync';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import session from 'express-session';
import type { Simulator } from 'fitbit-simulator';
import { OAuthError } from 'passport-fitbit-strategy';
import type { Accounts } from './accounts.ts';
import { accountOf, auth } from './auth.ts';
import { pages } from './pages.ts';
import { problemFor } from './problems.ts';

/** What the app is started with. */
export interface Config {
  /** Where the browser finds the app, without a slash at the end. */
  baseURL: string;
  sessionSecret: string;
  simulator: Simulator;
  accounts: Accounts;
  /** Where log lines go. No line holds a secret. */
  log: (line: string) => void;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Makes the app; start.ts lets it listen. */
export function createApp(config: Config): Express {
  const { simulator, sessionSecret, log } = config;
  const { csrfSynchronisedProtection, generateToken } = csrfSync({
    getTokenFromRequest: (req) => req.body?._csrf,
  });

  const app = express();
  app.disable('x-powered-by');
  app.set('views', here('views'));
  app.set('view engine', 'ejs'); // escapes what <%= … %> prints
  app.locals.simulator = simulator;
  app.locals.fitbitIsOver = false;

  app.use(securityHeaders(simulator.url));
  app.use(express.static(here('public'), { index: false }));
  app.use(
    session({
      name: 'tally',
      secret: sessionSecret,
      resave: false,
      saveUninitialized: false,
      // `lax`, not `strict`: the way back from the provider comes from another site and needs the cookie.
      cookie: { httpOnly: true, sameSite: 'lax' },
    }),
  );
  app.use(express.urlencoded({ extended: false, limit: '10kb' }));
  app.use(csrfSynchronisedProtection); // every POST; the login itself is protected by its state
  app.use(auth(config));
  app.use((req, res, next) => {
    res.locals.csrfToken = () => generateToken(req);
    res.locals.account = accountOf(req);
    res.locals.problem = problemFor(req.query.problem);
    next();
  });
  app.use(pages(config));
  app.use((_req, res) => {
    res.status(404).render('error', { title: 'There is no such page' });
  });
  app.use(errorHandler(log));
  return app;
}

function securityHeaders(simulatorURL: string): RequestHandler {
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    // Browsers apply this to where a form's answer redirects as well: here to the Google login.
    `form-action 'self' ${simulatorURL}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return (_req, res, next) => {
    res.set({
      'Content-Security-Policy': policy,
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    });
    next();
  };
}

function errorHandler(log: Config['log']): ErrorRequestHandler {
  return (error, req, res, next) => {
    if (res.headersSent) return next(error);
    if (error instanceof OAuthError) {
      // The provider, or the way to it, failed during a login. Nothing was lost.
      log(`${req.path}: ${error.message}`);
      return res.redirect(`${req.user ? '/home' : '/'}?problem=${error.code}`);
    }
    if (error?.status === 403) return res.status(403).render('error', { title: 'This page was out of date' });
    log(`${req.method} ${req.path}: ${error instanceof Error ? error.stack : 'not an Error'}`);
    res.status(500).render('error', { title: 'Something went wrong here' });
  };
}
