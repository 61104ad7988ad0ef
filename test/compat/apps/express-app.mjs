import { createServer } from 'node:http';
import passport from 'passport';
import { listen, makeStrategies, state } from './strategies.mjs';

/** An Express app with the session middleware given, as the README shows it. */
export async function startExpress(express, session, simulator, strategies = makeStrategies) {
  const app = express();
  const { url, close } = await listen(createServer(app));
  const auth = new passport.Passport();
  auth.serializeUser((user, done) => done(null, user));
  auth.deserializeUser((user, done) => done(null, user));

  for (const middleware of [session].flat()) app.use(middleware);
  app.use(auth.initialize()); // Passport 0.4 and 0.5 need it
  app.use(auth.session());
  for (const strategy of strategies(simulator, url)) {
    auth.use(strategy);
    app.get(`/auth/${strategy.name}`, auth.authenticate(strategy.name, { state }));
    app.get(
      `/auth/${strategy.name}/callback`,
      auth.authenticate(strategy.name, { failureRedirect: '/failed' }),
      (req, res) => res.redirect(req.authInfo.state.returnTo),
    );
  }
  app.get('/me', (req, res) => res.status(req.user ? 200 : 401).json(req.user ?? null));
  app.get('/failed', (_req, res) => res.status(401).send('failed'));
  return { url, close };
}
