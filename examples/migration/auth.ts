import { type Request, type RequestHandler, Router } from 'express';
import passport from 'passport';
import { type Failure, FitbitStrategy, OAuthError } from 'passport-fitbit-strategy';
import {
  findOrLinkAccount,
  GoogleHealthStrategy,
  toGoogleHealthScopes,
} from 'passport-fitbit-strategy/google-health';
import type { Account } from './accounts.ts';
import type { Config } from './app.ts';
import { Revocation } from './revocation.ts';

// The scopes that the app has always requested, and Google's equivalents. The OpenID scopes add name and picture.
const FITBIT_SCOPES = ['profile', 'activity', 'sleep'];
const { scopes } = toGoogleHealthScopes(FITBIT_SCOPES, { access: 'read' });

/** The scopes to request from Google. */
export const GOOGLE_SCOPES = ['openid', 'profile', ...scopes];

/** Creates Passport with both sign-ins. */
export function createAuthenticator(config: Config): passport.Authenticator {
  const { baseURL, simulator, accounts } = config;
  const revocation = new Revocation(config);
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
        // Only now: until Google's tokens were saved, Fitbit's were the only access to the data.
        if (account.oauthType === 'fitbit') {
          revocation.inBackground('fitbit', account.refreshToken ?? account.accessToken);
        }
        return account;
      },
    }),
  );

  // The session holds the id of the account.
  authenticator.serializeUser<number>((user, done) => done(null, (user as Account).id));
  authenticator.deserializeUser<number>((id, done) => done(null, accounts.get(id) ?? false));
  return authenticator;
}

/** The routes that sign in. A user who is signed in connects a Google account instead: see connect.ts. */
export function signIn(authenticator: passport.Authenticator): Router {
  const router = Router();

  // A sign-in may find or create another account, so users who are signed in don't get here.
  const signedOut: RequestHandler = (req, res, next) => (accountOf(req) ? res.redirect('/home') : next());

  // After the shutdown, users would not come back from Fitbit's page. Old links and bookmarks go to Google.
  router.get('/auth/fitbit', (req, res, next) =>
    req.app.locals.fitbitIsOver ? res.redirect('/auth/google-health') : next(),
  );

  for (const name of ['google-health', 'fitbit']) {
    router.get(`/auth/${name}`, signedOut, authenticator.authenticate(name));

    router.get(`/auth/${name}/callback`, signedOut, (req, res, next) => {
      const finish = (error: unknown, user?: Express.User | false, failure?: Failure): void => {
        // Fitbit's endpoints have been shut down: sign in with Google instead.
        if (error instanceof OAuthError && error.code === 'gone') return res.redirect('/auth/google-health');
        if (error) return next(error);
        if (user) return req.logIn(user, (failed) => (failed ? next(failed) : res.redirect('/home')));
        res.redirect(`/?problem=${failure?.code}`);
      };
      authenticator.authenticate(name, finish)(req, res, next);
    });
  }
  return router;
}

/** The user who is signed in. */
export function accountOf(req: Request): Account | undefined {
  return req.user as Account | undefined;
}
