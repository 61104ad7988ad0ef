// A CommonJS app, Passport's callback form of `verify`.
const { createServer } = require('node:http');
const express = require('express');
const session = require('express-session');
const passport = require('passport');
const { FitbitStrategy, Strategy, CookieStateStore } = require('passport-fitbit-strategy');
const { GoogleHealthStrategy } = require('passport-fitbit-strategy/google-health');

if (Strategy !== FitbitStrategy) throw new Error('"Strategy" is another class');

exports.start = async (simulator) => {
  const app = express();
  const server = createServer(app);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const store = new CookieStateStore({ secret: 'a secret of the test, long enough to seal', secure: false });
  const verify = (_accessToken, refreshToken, profile, done) => done(null, { id: profile.id, refreshToken });

  passport.use(
    new FitbitStrategy(
      { ...simulator.fitbit, callbackURL: `${url}/auth/fitbit/callback`, scope: 'activity profile' },
      verify,
    ),
  );
  passport.use(
    new GoogleHealthStrategy(
      { ...simulator.googleHealth, callbackURL: `${url}/auth/google-health/callback`, store },
      verify,
    ),
  );
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user, done) => done(null, user));

  app.use(session({ secret: 'test', resave: false, saveUninitialized: false }));
  app.use(passport.session());
  for (const name of ['fitbit', 'google-health']) {
    app.get(`/auth/${name}`, passport.authenticate(name, { state: { returnTo: '/me?back' } }));
    app.get(
      `/auth/${name}/callback`,
      passport.authenticate(name, { failureRedirect: '/failed' }),
      (req, res) => res.redirect(req.authInfo.state.returnTo),
    );
  }
  app.get('/me', (req, res) => res.status(req.user ? 200 : 401).json(req.user ?? null));
  app.get('/failed', (_req, res) => res.status(401).send('failed'));

  const close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url, close };
};
