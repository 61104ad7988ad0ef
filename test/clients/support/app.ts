import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import session from 'express-session';
import passport, { type Strategy } from 'passport';

/** An app with a login, as Passport's users write it. */
export interface App {
  readonly loginURL: string;
  readonly callbackURL: string;
  /** Answers with the user as JSON, or 401. */
  readonly userURL: string;
  close(): Promise<void>;
}

/** Starts an Express app on loopback. The strategy is made when the callback address is known. */
export async function startApp(
  makeStrategy: (callbackURL: string) => Strategy | Promise<Strategy>,
  options: passport.AuthenticateOptions & Record<string, unknown> = {},
): Promise<App> {
  const app = express();
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const callbackURL = `${url}/auth/callback`;

  const auth = new passport.Passport();
  auth.use('provider', await makeStrategy(callbackURL));
  auth.serializeUser((user, done) => done(null, user));
  auth.deserializeUser((user: Express.User, done) => done(null, user));

  app.use(session({ secret: 'test', resave: false, saveUninitialized: false }));
  app.use(auth.session());
  app.get('/auth', auth.authenticate('provider', options));
  app.get(
    '/auth/callback',
    auth.authenticate('provider', { ...options, successRedirect: '/me', failWithError: true }),
  );
  app.get('/me', (req, res) => {
    res.status(req.user === undefined ? 401 : 200).json(req.user ?? null);
  });
  app.use(((error: Error, req, res, _next) => {
    const { name, message, code } = error as Error & { code?: unknown };
    res.status(500).json({ name, message, code, info: req.session && Reflect.get(req, 'authInfo') });
  }) satisfies ErrorRequestHandler);

  return {
    loginURL: `${url}/auth`,
    callbackURL,
    userURL: `${url}/me`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
