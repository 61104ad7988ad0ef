import { type Request, Router } from 'express';
import passport from 'passport';
import { type Failure, FitbitStrategy, type Login } from 'passport-fitbit-strategy';
import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import type { Account, Accounts, AnyProfile } from './accounts.ts';
import type { Config } from './config.ts';
import { noticeFor } from './problems.ts';
import { findProvider, type Provider } from './providers.ts';
import type { SessionCookie } from './session-cookie.ts';

declare module 'express-session' {
  interface SessionData {
    /** The provider's page on which a user can set up the account that was refused. */
    setUpURL?: string;
  }
}

/** Passport's part of the app: the strategies, the session, and two routes for each provider. */
export function auth(
  config: Config,
  providers: readonly Provider[],
  accounts: Accounts,
  cookie: SessionCookie,
): Router {
  const { baseURL, fitbit, googleHealth } = config;
  // `passport` itself would also work; with a separate authenticator, two apps can run in one test.
  const authenticator = new passport.Passport();

  const signIn = async ({ tokens, profile }: Login<AnyProfile>) => {
    const account = accounts.signIn(profile);
    // Store the tokens before the user is signed in: losing a refresh token costs a new consent.
    await findProvider(providers, profile.provider).tokens.save(account.id, tokens);
    return account;
  };

  authenticator.use(
    new GoogleHealthStrategy({
      ...googleHealth,
      // Exactly as registered with the provider, including any trailing slash.
      callbackURL: `${baseURL}/auth/google-health/callback`,
      // `openid profile` give name and picture; the others give access to Health data.
      scope: [
        'openid',
        'profile',
        'profile.readonly',
        'activity_and_fitness.readonly',
        'health_metrics_and_measurements.readonly',
        'sleep.readonly',
      ],
      verify: signIn,
    }),
  );

  authenticator.use(
    new FitbitStrategy({
      ...fitbit,
      callbackURL: `${baseURL}/auth/fitbit/callback`,
      scope: ['profile', 'activity', 'heartrate', 'sleep'],
      verify: signIn,
    }),
  );

  // The session has only the account's id: tokens stay on the server.
  authenticator.serializeUser<string>((user, done) => done(null, (user as Account).id));
  authenticator.deserializeUser<string>((id, done) => done(null, accounts.get(id) ?? false));

  const router = Router();
  router.use(authenticator.session());

  for (const { name, label, shutdown } of providers) {
    // Sends the browser to the provider, with a new state and PKCE challenge.
    router.get(`/auth/${name}`, (req, res, next) => {
      if (shutdown.isOver) return res.redirect(`/?problem=gone&at=${name}`);
      authenticator.authenticate(name)(req, res, next);
    });

    // The callback. With a function, Passport leaves every outcome to the app.
    router.get(`/auth/${name}/callback`, (req, res, next) => {
      const finish = (error: unknown, user?: Express.User | false, failure?: Failure): void => {
        if (error) return next(error); // see the error handler in app.ts
        if (user) return req.logIn(user, (failed) => (failed ? next(failed) : res.redirect('/dashboard')));
        const code = problemOf(req, failure);
        if (req.user) {
          // A sign-in in another tab has ended this login. The user only has to know about other failures.
          if (!code.startsWith('state_')) {
            const { title, text } = noticeFor(code, label);
            req.session.result = { ok: false, title, text };
          }
          return res.redirect('/dashboard');
        }
        if (failure?.link !== undefined) req.session.setUpURL = failure.link;
        res.redirect(`/?problem=${code}&at=${name}`);
      };
      authenticator.authenticate(name, finish)(req, res, next);
    });
  }
  return router;

  /** The code of a failure, for the app's pages. */
  function problemOf(req: Request, failure: Failure | undefined): string {
    // A browser that sent its cookie repeated the callback, for example with "Back": cookies work.
    if (failure?.code === 'state_missing' && cookie.isIn(req)) return 'state_mismatch';
    return failure?.code ?? 'user_refused';
  }
}

/** Who is signed in. Passport's types don't know what a user is: `deserializeUser` above decides it. */
export function accountOf(req: Request): Account | undefined {
  return req.user as Account | undefined;
}
