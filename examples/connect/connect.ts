import { type Request, type RequestHandler, Router } from 'express';
import type passport from 'passport';
import { CookieStateStore, FitbitStrategy, type TokenSet } from 'passport-fitbit-strategy';
import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import type { Config } from './app.ts';
import { type Connection, type ProviderName, tokenKey } from './connections.ts';
import { revoke } from './providers.ts';
import type { User } from './users.ts';

/** The account that a user has consented to share, as `verify` returns it. */
interface ConnectedAccount {
  profile: { id: string; displayName: string };
  tokens: TokenSet;
  /** The user who started. */
  userID: unknown;
}

declare global {
  namespace Express {
    interface Request {
      /** Set by `passport.authorize`; `req.user` stays as it is. */
      account?: ConnectedAccount;
    }
  }
}

/** The routes that connect and disconnect a provider's account. Mount them behind a CSRF check of each POST. */
export function connect(config: Config, authenticator: passport.Authenticator): Router {
  const { baseURL, clients, connections, tokens, secret } = config;
  const store = new CookieStateStore({ secret, secure: baseURL.startsWith('https:') });
  const callbackURL = (provider: ProviderName) => `${baseURL}/connect/${provider}/callback`;

  // It looks up no user, because one is already signed in.
  const verify = ({ profile, tokens, state }: Omit<ConnectedAccount, 'userID'> & { state: unknown }) => ({
    profile,
    tokens,
    userID: (state as { userID?: unknown } | undefined)?.userID,
  });
  authenticator.use(
    new FitbitStrategy({ ...clients.fitbit, store, callbackURL: callbackURL('fitbit'), verify }),
  );
  authenticator.use(
    new GoogleHealthStrategy({
      ...clients.googleHealth,
      store,
      callbackURL: callbackURL('google-health'),
      scope: ['openid', 'profile', 'profile.readonly'],
      prompt: 'consent select_account',
      verify,
    }),
  );

  const router = Router();
  const signedIn: RequestHandler = (req, res, next) => (userOf(req) ? next() : res.redirect(303, '/'));

  // Without a code or an error, `authorize` would begin a login, which any site could cause.
  const isCallback: RequestHandler = (req, res, next) =>
    req.query.code || req.query.error ? next() : res.redirect('/');
  // The user may have signed out during the code exchange.
  const stillSignedIn: RequestHandler = (req, res, next) =>
    req.session.reload((ended: unknown) => (ended ? res.redirect('/') : next()));

  for (const provider of ['fitbit', 'google-health'] as const) {
    // POST, so that no link on another site can start it. The state has the user who did.
    router.post(`/connect/${provider}`, signedIn, (req, res, next) => {
      authenticator.authorize(provider, { state: { userID: userOf(req)?.id } })(req, res, next);
    });

    router.get(
      `/connect/${provider}/callback`,
      signedIn,
      isCallback,
      authenticator.authorize(provider, { failureRedirect: '/?result=failed', failureMessage: true }),
      stillSignedIn,
      async (req, res) => {
        const { account } = req;
        const user = userOf(req);
        // The cookie of a pending login outlives a sign-out, so another user may have signed in.
        if (account === undefined || user === undefined || account.userID !== user.id) {
          return res.redirect('/?result=another-user');
        }
        const { profile, tokens: granted } = account;
        const connection = { provider, accountID: profile.id, userID: user.id, name: profile.displayName };
        const result = connections.add(connection);
        // Tokens of a refused connection are not stored, and not revoked either: at both providers, that would
        // end the consent that another user's connection needs.
        if (result === 'connected') await tokens.save(tokenKey(connection), granted, { provider });
        res.redirect(`/?result=${result}`);
      },
    );

    router.post(`/disconnect/${provider}`, signedIn, async (req, res) => {
      const connection = connections.of(userOf(req)?.id ?? '').find((each) => each.provider === provider);
      if (connection !== undefined) await disconnect(connection);
      res.redirect(303, '/?result=disconnected');
    });
  }

  async function disconnect(connection: Connection): Promise<void> {
    await tokens.remove(tokenKey(connection), { revoke: (token) => revoke(clients, connection, token) });
    connections.remove(connection);
  }

  return router;
}

/** The user who is signed in. */
export function userOf(req: Request): User | undefined {
  return req.user as User | undefined;
}
