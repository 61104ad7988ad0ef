import { type Request, Router } from 'express';
import passport from 'passport';
import { type Failure, FitbitStrategy, OAuthError, revoke } from 'passport-fitbit-strategy';
import {
  findOrLinkAccount,
  GoogleHealthStrategy,
  toGoogleHealthScopes,
} from 'passport-fitbit-strategy/google-health';
import type { Account } from './accounts.ts';
import type { Config } from './app.ts';

// What the app has always asked for, and the same of Google. The OpenID scopes bring the name and the picture.
const FITBIT_SCOPES = ['profile', 'activity', 'sleep'];
const { scopes } = toGoogleHealthScopes(FITBIT_SCOPES, { access: 'read' });
const GOOGLE_SCOPES = ['openid', 'profile', ...scopes];

/** Both logins, side by side for as long as there are two. */
export function auth({ baseURL, simulator, accounts, log }: Config): Router {
  const authenticator = new passport.Passport();

  authenticator.use(
    new FitbitStrategy({
      ...simulator.fitbit,
      callbackURL: `${baseURL}/auth/fitbit/callback`,
      scope: FITBIT_SCOPES,
      verify: ({ tokens, profile }) => accounts.signInWithFitbit(profile, tokens),
    }),
  );

  authenticator.use(
    new GoogleHealthStrategy({
      ...simulator.googleHealth,
      callbackURL: `${baseURL}/auth/google-health/callback`,
      scope: GOOGLE_SCOPES,
      verify: async ({ tokens, profile }) => {
        const account = await findOrLinkAccount(profile, accounts.linkable(tokens));
        accounts.saveGoogleTokens(account.id, tokens);
        // Not a moment earlier: until here the old tokens were the only ones.
        if (account.oauthType === 'fitbit') revokeInBackground(account.refreshToken ?? account.accessToken);
        return account;
      },
    }),
  );

  /** Withdraws the consent at Fitbit. It is not awaited, and after Fitbit's shutdown it has no object left. */
  function revokeInBackground(token: string): void {
    revoke(simulator.fitbit, token).then(
      () => log('The consent at Fitbit was withdrawn'),
      (error: unknown) => {
        const code = error instanceof OAuthError ? error.code : 'unknown';
        log(`The consent at Fitbit could not be withdrawn: ${code}`);
      },
    );
  }

  // The session holds the id of the account and nothing else.
  authenticator.serializeUser<number>((user, done) => done(null, (user as Account).id));
  authenticator.deserializeUser<number>((id, done) => done(null, accounts.get(id) ?? false));

  const router = Router();
  router.use(authenticator.session());

  // After the shutdown, Fitbit's page would be the end of the way. Old links and bookmarks lead on.
  router.get('/auth/fitbit', (req, res, next) =>
    req.app.locals.fitbitIsOver ? res.redirect('/auth/google-health') : next(),
  );

  for (const name of ['google-health', 'fitbit']) {
    router.get(`/auth/${name}`, authenticator.authenticate(name));

    router.get(`/auth/${name}/callback`, (req, res, next) => {
      const finish = (error: unknown, user?: Express.User | false, failure?: Failure): void => {
        // Fitbit's own login is over: there is another one.
        if (error instanceof OAuthError && error.code === 'gone') return res.redirect('/auth/google-health');
        if (error) return next(error);
        if (user) return req.logIn(user, (failed) => (failed ? next(failed) : res.redirect('/home')));
        // Who was signed in still is, with the old session and the old tokens.
        res.redirect(`${req.user ? '/home' : '/'}?problem=${failure?.code}`);
      };
      authenticator.authenticate(name, finish)(req, res, next);
    });
  }
  return router;
}

/** Who is signed in. */
export function accountOf(req: Request): Account | undefined {
  return req.user as Account | undefined;
}
