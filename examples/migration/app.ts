import { fileURLToPath } from 'node:url';
import { csrfSync } from 'csrf-sync';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import session from 'express-session';
import type { Simulator } from 'fitbit-simulator';
import { OAuthError } from 'passport-fitbit-strategy';
import type { Accounts } from './accounts.ts';
import { accountOf, createAuthenticator, signIn } from './auth.ts';
import { connect } from './connect.ts';
import { pages } from './pages.ts';
import { problemFor } from './problems.ts';

/** The settings of the app. */
export interface Config {
  /** The app's URL in browsers, without a trailing slash. */
  baseURL: string;
  sessionSecret: string;
  simulator: Simulator;
  accounts: Accounts;
  /** Receives log lines, which contain no secrets. */
  log: (line: string) => void;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Creates the app; start.ts makes it listen. */
export function createApp(config: Config): Express {
  const { simulator, sessionSecret, log } = config;
  const { csrfSynchronisedProtection, generateToken } = csrfSync({
    getTokenFromRequest: (req) => req.body?._csrf,
  });

  const authenticator = createAuthenticator(config);
  const connecting = connect(config, authenticator);

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
      // `lax`, not `strict`: the callback comes from another site and needs the cookie.
      cookie: { httpOnly: true, sameSite: 'lax' },
    }),
  );
  app.use(express.urlencoded({ extended: false, limit: '10kb' }));
  app.use(csrfSynchronisedProtection); // every POST; callbacks are protected by their state
  app.use(authenticator.session());
  app.use((req, res, next) => {
    res.locals.csrfToken = () => generateToken(req);
    res.locals.account = accountOf(req);
    res.locals.problem = problemFor(req.query.problem);
    next();
  });
  app.use(signIn(authenticator));
  app.use(connecting.router);
  app.use(pages(config, connecting.start));
  app.use((_req, res) => {
    res.status(404).render('error', { title: 'Page not found' });
  });
  app.use(errorHandler(log));
  return app;
}

function securityHeaders(simulatorURL: string): RequestHandler {
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    // Browsers also apply this to redirects after a form is sent: here to Google.
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
      // A request to the provider failed. Nothing was changed.
      log(`${req.path}: ${error.message}`);
      return res.redirect(`${req.user ? '/home' : '/'}?problem=${error.code}`);
    }
    if (error?.status === 403) return res.status(403).render('error', { title: 'This page is out of date' });
    log(`${req.method} ${req.path}: ${error instanceof Error ? error.stack : 'not an Error'}`);
    res.status(500).render('error', { title: 'Something went wrong here' });
  };
}
