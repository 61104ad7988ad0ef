import { fileURLToPath } from 'node:url';
import { csrfSync } from 'csrf-sync';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import session from 'express-session';
import { OAuthError } from 'passport-fitbit-strategy';
import { Accounts } from './accounts.ts';
import { accountOf, auth } from './auth.ts';
import type { Config } from './config.ts';
import { dashboard } from './dashboard.ts';
import { openDatabase } from './database.ts';
import { LivePages } from './live.ts';
import { noticeFor } from './problems.ts';
import type { Provider } from './providers.ts';
import { SessionCookie } from './session-cookie.ts';
import { DatabaseSessions } from './sessions.ts';
import { simulatorBox } from './simulator-box.ts';
import { WEBHOOK_PATH, webhook } from './webhook.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Creates the app; start.ts makes it listen. */
export function createApp(config: Config, providers: readonly Provider[]): Express {
  const { baseURL, simulator } = config;
  const database = openDatabase(config.dataFolder);
  const accounts = new Accounts(database);
  const cookie = new SessionCookie(baseURL);
  const { csrfSynchronisedProtection, generateToken } = csrfSync({
    getTokenFromRequest: (req) => req.body?._csrf,
  });

  const app = express();
  app.disable('x-powered-by');
  app.set('views', here('views'));
  app.set('view engine', 'ejs'); // escapes what <%= … %> prints
  app.locals.simulator = simulator;
  if (cookie.secure) app.set('trust proxy', 1); // behind a proxy that terminates TLS; without it, no secure cookie is set

  app.use(securityHeaders(simulator?.url));
  const pages = new LivePages();
  // Before the sessions: Google's requests have a secret and a signature instead of a cookie and a CSRF token.
  if (config.webhook) app.post(WEBHOOK_PATH, webhook(config.webhook, providers, pages));
  app.use(express.static(here('public'), { index: false }));
  app.use(
    session({
      name: cookie.name,
      secret: config.secret,
      store: new DatabaseSessions(database),
      resave: false,
      saveUninitialized: false, // no cookie for visitors who only see the start page
      // `lax`, not `strict`: the callback comes from another site and needs the cookie.
      cookie: { httpOnly: true, sameSite: 'lax', secure: cookie.secure, maxAge: 7 * 24 * 3_600_000 },
    }),
  );
  app.use(express.urlencoded({ extended: false, limit: '10kb' }));
  app.use(auth(config, providers, accounts, cookie)); // a login is protected by its state
  app.use(csrfSynchronisedProtection); // every POST

  app.get('/', (req, res) => {
    if (accountOf(req) !== undefined) return res.redirect('/dashboard');
    // Sets the cookie early, so that tabs opened at the same time share one session. An existing cookie is kept: a
    // login in another tab may be replacing it right now.
    if (!cookie.isIn(req)) generateToken(req);
    const { problem, at } = req.query;
    const label = providers.find(({ name }) => name === at)?.label ?? 'The provider';
    // Shows only the app's own texts, never a text from a link.
    const notice = typeof problem === 'string' ? noticeFor(problem, label) : undefined;
    const setUpURL = problem === 'account_not_linked' ? req.session.setUpURL : undefined;
    const [over, open] = [true, false].map((isOver) =>
      providers.filter(({ shutdown }) => shutdown.isOver === isOver),
    );
    const ended = problem === 'gone' ? [] : over; // the notice says it
    res.render('start', { title: 'Sign in', open, ended, notice, setUpURL });
  });

  app.use((req, res, next) => {
    res.locals.csrfToken = () => generateToken(req);
    next();
  });
  app.use(dashboard(providers, accounts, config.webhook && pages));
  if (simulator !== undefined) app.use(simulatorBox(simulator));

  app.use((_req, res) => {
    res.status(404).render('error', {
      title: 'Page not found',
      text: 'The address may be incomplete or out of date.',
    });
  });
  app.use(errorHandler(config.log, providers));
  return app;
}

/** Allows only the app's own files, and the providers' pictures. */
function securityHeaders(simulatorURL: string | undefined): RequestHandler {
  const pictures = ['https://static0.fitbit.com', 'https://*.googleusercontent.com', simulatorURL ?? ''];
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    `img-src 'self' ${pictures.join(' ')}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return (_req, res, next) => {
    res.set({
      'Content-Security-Policy': policy,
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store', // the back button must not show a dashboard after signing out
    });
    next();
  };
}

function errorHandler(log: (line: string) => void, providers: readonly Provider[]): ErrorRequestHandler {
  return (error, req, res, next) => {
    if (res.headersSent) return next(error);
    // The provider or the network failed during a login: back to the start page, with what to do.
    if (error instanceof OAuthError) {
      log(`${req.path}: ${error.operation} failed with ${error.code}`);
      const [, at] = /^\/auth\/([a-z-]+)/.exec(req.path) ?? [];
      providers.find(({ name }) => name === at)?.shutdown.see(error);
      return res.redirect(`/?problem=${error.code}&at=${at ?? ''}`);
    }
    if (error?.code === 'EBADCSRFTOKEN' && accountOf(req) === undefined) {
      // Signed out in another tab, or the session has ended. Nothing was done.
      const problem = req.path === '/sign-out' ? 'signed_out' : 'sign_in';
      return res.redirect(303, `/?problem=${problem}`);
    }
    const status: unknown = error?.status;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      const [title, text] =
        status === 403
          ? ['Please try that again', 'This page was out of date, and nothing was changed.']
          : ['That did not work', 'Daywalk could not read what your browser sent.'];
      return res.status(status).render('error', { title, text });
    }
    log(`${req.method} ${req.path}: ${error instanceof Error ? error.stack : 'not an Error'}`);
    res.status(500).render('error', {
      title: 'Something went wrong',
      text: 'That is our mistake, not yours. Please try again in a moment.',
    });
  };
}
