import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import session, { MemoryStore } from 'express-session';
import passport from 'passport';
import { type Provider, app as registered, type User } from '../contenders/contender.ts';
import { floor } from '../contenders/floor.ts';
import { type Build, loadContender, type Rival, type Runner } from '../contenders/index.ts';
import { serve } from '../rpc.ts';

// A web app with a login: Express, express-session and Passport; the floor does without Passport.

declare module 'express-session' {
  interface SessionData {
    state: string;
    user: User;
  }
}

const store = new MemoryStore();

function newApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(session({ secret: 'bench', resave: false, saveUninitialized: false, store }));
  return app;
}

async function withPassport(runner: Build | Rival, provider: Provider): Promise<Express> {
  const app = newApp();
  const contender = await loadContender(runner);
  passport.use('login', contender.strategy(provider) as passport.Strategy);
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user: User, done) => done(null, user));
  app.use(passport.session());
  app.get('/login', passport.authenticate('login'));
  const redirects = { successRedirect: '/in', failureRedirect: '/failed' };
  app.get('/auth/callback', passport.authenticate('login', redirects));
  return app;
}

/** The same by hand: a state in the session, a new session at the login, the user in it. */
function withoutPassport(provider: Provider): Express {
  const app = newApp();
  const complete = floor(provider);
  app.get('/login', (req, res) => {
    const state = randomBytes(18).toString('base64url');
    req.session.state = state;
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: registered.clientID,
      redirect_uri: registered.callbackURL,
      scope: registered.scope.join(' '),
      state,
    });
    res.redirect(`${provider.base}/authorize?${query}`);
  });
  app.get('/auth/callback', async (req, res, next) => {
    if (req.query.state !== req.session.state) return res.redirect('/failed');
    const user = await complete(String(req.query.code));
    req.session.regenerate((error) => {
      if (error) return next(error);
      req.session.user = user;
      res.redirect('/in');
    });
  });
  return app;
}

const handlers = {
  async listen(runner: Runner, provider: Provider): Promise<string> {
    const app = runner.role === 'floor' ? withoutPassport(provider) : await withPassport(runner, provider);
    const server = app.listen(0, '127.0.0.1');
    server.keepAliveTimeout = 600_000;
    await new Promise((resolve) => server.once('listening', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
  /** Makes a round begin as the one before. */
  clear(): Promise<void> {
    return new Promise((resolve) => store.clear(() => resolve()));
  },
  /** CPU used so far, µs. */
  cpu(): number {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

export type AppChild = typeof handlers;
serve(handlers);
