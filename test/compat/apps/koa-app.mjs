import { createServer } from 'node:http';
import Router from '@koa/router';
import Koa from 'koa';
import koaPassport from 'koa-passport';
import session from 'koa-session';
import { listen, makeStrategies, state } from './strategies.mjs';

/** A Koa app; `options` are the strategies'. */
export async function startKoa(simulator, options) {
  const app = new Koa();
  app.keys = ['test'];
  const auth = new koaPassport.KoaPassport();
  auth.serializeUser((user, done) => done(null, user));
  auth.deserializeUser((user, done) => done(null, user));
  app.use(session({ key: 'app' }, app));
  app.use(auth.initialize());
  app.use(auth.session());

  const router = new Router();
  for (const name of ['fitbit', 'google-health']) {
    router.get(`/auth/${name}`, auth.authenticate(name, { state }));
    router.get(`/auth/${name}/callback`, auth.authenticate(name, { failureRedirect: '/failed' }), (ctx) =>
      ctx.redirect(ctx.state.authInfo.state.returnTo),
    );
  }
  router.get('/me', (ctx) => {
    ctx.status = ctx.state.user ? 200 : 401;
    ctx.body = ctx.state.user ?? {};
  });
  router.get('/failed', (ctx) => {
    ctx.status = 401;
    ctx.body = 'failed';
  });
  app.use(router.routes());
  const { url, close } = await listen(createServer(app.callback()));
  for (const strategy of makeStrategies(simulator, url, options)) auth.use(strategy);
  return { url, close };
}
