import express, { type ErrorRequestHandler, type Express } from 'express';
import passport from 'passport';
import { CookieStateStore, type Failure, OAuthError } from 'passport-fitbit-strategy';
import { type GoogleHealthClient, GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import { AppTokens, LIFETIME, type Me } from './tokens.ts';

/** What the app is made with. Machines that share the work are given the same. */
export interface Config {
  /** Where clients find the app, without a slash at the end. */
  baseURL: string;
  /** Seals the cookies of pending logins: at least 32 characters. */
  cookieSecret: string;
  /** Signs the app's own tokens: at least 32 characters. */
  tokenSecret: string;
  googleHealth: GoogleHealthClient;
}

/**
 * An API without sessions: a login returns the app's own token, which the client sends with each
 * request. The server keeps nothing between two requests, so they may end up on different machines.
 */
export function createApp({ baseURL, cookieSecret, tokenSecret, googleHealth }: Config): Express {
  const appTokens = new AppTokens(baseURL, tokenSecret);
  const authenticator = new passport.Passport();
  authenticator.use(
    new GoogleHealthStrategy({
      ...googleHealth,
      callbackURL: `${baseURL}/auth/callback`,
      scope: ['openid', 'profile', 'profile.readonly'],
      store: new CookieStateStore({ secret: cookieSecret, secure: baseURL.startsWith('https:') }),
      verify: async ({ profile }): Promise<Me> => ({
        id: profile.id,
        ...(profile.displayName && { name: profile.displayName }),
      }),
    }),
  );

  const app = express();
  app.disable('x-powered-by');
  app.use((_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });

  app.get('/', (_req, res) => {
    res.json({ login: `${baseURL}/auth`, me: `${baseURL}/me, with "Authorization: Bearer <token>"` });
  });

  app.get('/auth', authenticator.authenticate('google-health', { session: false }));

  app.get('/auth/callback', (req, res, next) => {
    const finish = (error: unknown, me?: Me | false, failure?: Failure, status = 400): void => {
      if (error) return next(error);
      if (!me) {
        res.status(status).json({ error: failure?.code, message: failure?.message });
        return;
      }
      appTokens.sign(me).then((token) => res.json({ token, expiresIn: LIFETIME }), next);
    };
    authenticator.authenticate('google-health', { session: false }, finish)(req, res, next);
  });

  app.get('/me', async (req, res) => {
    const [, token = ''] = /^Bearer (\S+)$/.exec(req.get('authorization') ?? '') ?? [];
    const me = await appTokens.read(token);
    if (me !== undefined) res.json(me);
    else res.set('WWW-Authenticate', 'Bearer').status(401).json({ error: 'invalid_token' });
  });

  app.use(answerError);
  return app;
}

const answerError: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) return next(error);
  // The provider's fault, or the way's to it. The messages of the package hold no secret.
  if (error instanceof OAuthError) {
    return res.status(error.retryable ? 503 : 502).json({ error: error.code, message: error.message });
  }
  console.error(error);
  res.status(500).json({ error: 'server_error' });
};
