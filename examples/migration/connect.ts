import { type Request, type RequestHandler, Router } from 'express';
import type passport from 'passport';
import type { Failure } from 'passport-fitbit-strategy';
import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import { type Account, type GoogleAccount, toGoogleAccount } from './accounts.ts';
import type { Config } from './app.ts';
import { accountOf, GOOGLE_SCOPES } from './auth.ts';
import { questionFor } from './question.ts';
import { Revocation } from './revocation.ts';

declare module 'express-session' {
  interface SessionData {
    /** A Google account that the user is asked about. It holds tokens: the session must not be in a cookie. */
    asked: GoogleAccount;
  }
}

/** Connecting a Google account to the account that is signed in. */
export interface Connecting {
  /** Sends the user to Google. Only for POST requests with a CSRF token. */
  start: RequestHandler;
  router: Router;
}

/**
 * Creates the routes that connect a Google account. They never sign a user in: `passport.authorize` does not change
 * `req.user` or the session.
 */
export function connect(config: Config, authenticator: passport.Authenticator): Connecting {
  const { baseURL, simulator, accounts } = config;
  const revocation = new Revocation(config);

  // A separate strategy: its `verify` neither looks up nor creates an account, and the callback of a sign-in can't be
  // used here, because the callback URLs differ.
  authenticator.use(
    'connect-google-health',
    new GoogleHealthStrategy({
      ...simulator.googleHealth,
      callbackURL: `${baseURL}/connect/google-health/callback`,
      scope: GOOGLE_SCOPES,
      prompt: 'consent select_account',
      verify: ({ tokens, profile }) => toGoogleAccount(profile, tokens),
    }),
  );

  const start: RequestHandler = authenticator.authorize('connect-google-health');
  const router = Router();
  const signedIn: RequestHandler = (req, res, next) =>
    accountOf(req) ? next() : res.redirect(303, '/?problem=signed_out');

  // POST, so that no link on another site can start it.
  router.post('/connect/google-health', signedIn, start);

  // Without a code or an error, `authorize` would begin a login, which any site could cause.
  const isCallback: RequestHandler = (req, res, next) =>
    req.query.code || req.query.error ? next() : res.redirect('/home');

  // The pending login is in the session, which is replaced when a user signs in or out: the user who comes back is
  // the one who started.
  router.get('/connect/google-health/callback', signedIn, isCallback, (req, res, next) => {
    const finish = (
      error: unknown,
      account?: Express.User | false | null,
      failure?: Partial<Failure>,
    ): void => {
      if (error) return next(error);
      if (!account) return res.redirect(`/home?problem=${failure?.code}`);
      res.locals.google = account;
      next();
    };
    authenticator.authorize('connect-google-health', {}, finish)(req, res, next);
  });

  // The user may have signed out during the code exchange. Writing to the session would restore it.
  router.get('/connect/google-health/callback', (req, res, next) => {
    req.session.reload((ended: unknown) => (ended ? res.redirect('/?problem=signed_out') : next()));
  });

  router.get('/connect/google-health/callback', (req, res) => {
    res.redirect(received(req, res.locals.google));
  });

  /** Connects a Google account if the user has nothing to confirm; returns the next page. */
  function received(req: Request, google: GoogleAccount): string {
    const account = accountOf(req);
    if (account === undefined) return '/';
    if (questionFor(account, google, accounts) === undefined && save(account, google)) {
      delete req.session.asked;
      return '/home?saved=yes';
    }
    req.session.asked = google;
    return '/connect';
  }

  router.get('/connect', signedIn, (req, res) => {
    const account = accountOf(req);
    const google = req.session.asked;
    const question = account && google && questionFor(account, google, accounts);
    if (question === undefined) return res.redirect('/home');
    res.render('connect', { title: 'Check your Google account', google, question });
  });

  router.post('/connect', signedIn, (req, res, next) => {
    const account = accountOf(req);
    const google = req.session.asked;
    if (account === undefined || google === undefined) return res.redirect(303, '/home');
    const { decision, healthUserId } = req.body;
    // Another tab may have stored another Google account than the one that this page showed.
    if (healthUserId !== google.healthUserId) return res.redirect(303, '/connect');

    // Only the choices that the page would offer now are allowed.
    const question = questionFor(account, google, accounts);
    if (decision === 'use' && question?.kind === 'unfamiliar' && save(account, google)) {
      delete req.session.asked;
      return res.redirect(303, '/home?saved=yes');
    }
    if (decision === 'switch' && question?.kind === 'switch' && save(question.owner, google)) {
      // Passport creates a new session, without `asked`.
      return req.logIn(question.owner, (failed) => (failed ? next(failed) : res.redirect(303, '/home')));
    }
    if (decision === 'another') {
      delete req.session.asked;
      return start(req, res, next);
    }
    if (decision === 'keep') {
      delete req.session.asked;
      // The consent was given by mistake. It stays if an account uses this Google account: Google would withdraw both.
      if (accounts.ownerOf(google)?.healthUserId !== google.healthUserId) {
        revocation.inBackground('google', google.refreshToken ?? google.accessToken);
      }
      return res.redirect(303, '/home');
    }
    res.redirect(303, '/connect');
  });

  /** Connects the Google account and then withdraws the consent whose tokens were replaced. */
  function save(account: Account, google: GoogleAccount): boolean {
    if (!accounts.connect(account, google)) return false;
    const isSameConsent = account.oauthType === 'google' && account.healthUserId === google.healthUserId;
    if (!isSameConsent) {
      revocation.inBackground(account.oauthType, account.refreshToken ?? account.accessToken);
    }
    return true;
  }

  return { start, router };
}
