import { type Request, Router } from 'express';
import passport from 'passport';
import { type Failure, FitbitStrategy } from 'passport-fitbit-strategy';
import type { Account, Accounts } from './accounts.ts';
import type { Config } from './config.ts';

/** Everything that has to do with Passport: the strategies, the session, and two routes for each provider. */
export function auth({ baseURL, fitbit }: Config, accounts: Accounts): Router {
  // `passport` itself would do as well; an authenticator of its own lets two apps run side by side in a test.
  const authenticator = new passport.Passport();

  authenticator.use(
    new FitbitStrategy(
      {
        ...fitbit,
        // Exactly as it is registered with Fitbit, to the last slash.
        callbackURL: `${baseURL}/auth/fitbit/callback`,
        scope: ['profile', 'activity', 'heartrate', 'sleep'],
      },
      async ({ tokens, profile }) => accounts.signIn(tokens, profile),
    ),
  );

  // The session holds the id of the account and nothing else.
  authenticator.serializeUser<string>((user, done) => done(null, (user as Account).id));
  authenticator.deserializeUser<string>((id, done) => done(null, accounts.get(id) ?? false));

  const router = Router();
  router.use(authenticator.session());

  for (const name of ['fitbit']) {
    // Sends the browser to the provider, with a state and a PKCE challenge made for this one login.
    router.get(`/auth/${name}`, authenticator.authenticate(name));

    // The way back. With a callback, Passport leaves it to the app what to do with each outcome.
    router.get(`/auth/${name}/callback`, (req, res, next) => {
      const finish = (error: unknown, user?: Express.User | false, failure?: Failure): void => {
        if (error) return next(error); // the provider's fault, or the app's: see problems.ts
        if (user) return req.logIn(user, (failed) => (failed ? next(failed) : res.redirect('/dashboard')));
        // The person denied, took too long, or came back twice. Who is signed in already has lost nothing.
        res.redirect(req.user ? '/dashboard' : `/?problem=${failure?.code}&at=${name}`);
      };
      authenticator.authenticate(name, finish)(req, res, next);
    });
  }
  return router;
}

/** Who is signed in. The types of Passport leave open what a user is: `deserializeUser` above says it. */
export function accountOf(req: Request): Account | undefined {
  return req.user as Account | undefined;
}
