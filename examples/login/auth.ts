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

/** Everything that has to do with Passport: the strategies, the session, and two routes for each provider. */
export function auth(
  config: Config,
  providers: readonly Provider[],
  accounts: Accounts,
  cookie: SessionCookie,
): Router {
  const { baseURL, fitbit, googleHealth } = config;
  // `passport` itself would do as well; an authenticator of its own lets two apps run side by side in a test.
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
      // `openid profile` bring name and picture; the others are the Health data to read.
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

  // The session holds the id of the account and nothing else: tokens stay on the server.
  authenticator.serializeUser<string>((user, done) => done(null, (user as Account).id));
  authenticator.deserializeUser<string>((id, done) => done(null, accounts.get(id) ?? false));

  const router = Router();
  router.use(authenticator.session());

  for (const { name, label, shutdown } of providers) {
    // Sends the browser to the provider, with a state and a PKCE challenge made for this one login.
    router.get(`/auth/${name}`, (req, res, next) => {
      if (shutdown.isOver) return res.redirect(`/?problem=gone&at=${name}`);
      authenticator.authenticate(name)(req, res, next);
    });

    // The callback. Given a function, Passport leaves each outcome to the app.
    router.get(`/auth/${name}/callback`, (req, res, next) => {
      const finish = (error: unknown, user?: Express.User | false, failure?: Failure): void => {
        if (error) return next(error); // see the error handler in app.ts
        if (user) return req.logIn(user, (failed) => (failed ? next(failed) : res.redirect('/dashboard')));
        const code = problemOf(req, failure);
        if (req.user) {
          // A login left open in another tab ends with the sign-in in this one; anything else is news.
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

  /** The code of a failure, as the app's pages tell it. */
  function problemOf(req: Request, failure: Failure | undefined): string {
    // A browser that sent its cookie came back a second time, with "Back" for example: cookies are not the problem.
    if (failure?.code === 'state_missing' && cookie.isIn(req)) return 'state_mismatch';
    return failure?.code ?? 'user_refused';
  }
}

/** Who is signed in. The types of Passport leave open what a user is: `deserializeUser` above says it. */
export function accountOf(req: Request): Account | undefined {
  return req.user as Account | undefined;
}
