import Router from '@koa/router';
import Koa from 'koa';
import passport from 'koa-passport';
import session from 'koa-session';
import { GoogleHealthStrategy, OAuthError } from 'passport-fitbit-strategy/google-health';
import { baseURL, client, port, secure, sessionSecret } from './config.ts';

declare global {
  namespace Express {
    interface User {
      id: string;
      name: string;
    }
  }
}

passport.use(
  new GoogleHealthStrategy({
    ...client,
    callbackURL: `${baseURL}/auth/google-health/callback`,
    scope: ['openid', 'profile', 'profile.readonly'],
    // Find or create your user here.
    verify: async ({ profile }) => ({ id: profile.id, name: profile.displayName }),
  }),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user: Express.User, done) => done(null, user));

const app = new Koa();
app.keys = [sessionSecret];
app.proxy = secure; // the proxy that terminates TLS
app.use(async (ctx, next) => {
  try {
    await next();
  } catch (error) {
    // An error that the user can't resolve, such as a provider that does not respond.
    console.error(error);
    const retryable = error instanceof OAuthError && error.retryable;
    ctx.status = retryable ? 503 : 500;
    ctx.body = `Signing in failed. ${retryable ? 'Please try again in a minute.' : ''}`;
  }
});
app.use(session({ sameSite: 'lax', secure }, app));
app.use(passport.initialize());
app.use(passport.session());

const router = new Router();
router.get('/auth/google-health', passport.authenticate('google-health'));
router.get(
  '/auth/google-health/callback',
  passport.authenticate('google-health', {
    successRedirect: '/',
    failureRedirect: '/',
    failureMessage: true, // adds the message to ctx.session.messages
  }),
);

router.get('/', (ctx) => {
  const message = ctx.session?.messages?.at(-1) ?? '';
  if (ctx.session) delete ctx.session.messages;
  ctx.body = ctx.state.user
    ? '<p>You are signed in.</p> <form method="post" action="/logout"><button>Sign out</button></form>'
    : `<p>${message}</p> <a href="/auth/google-health">Continue with Google Health</a>`;
});

router.get('/me', (ctx) => {
  ctx.body = ctx.state.user ?? {};
  ctx.status = ctx.state.user ? 200 : 401;
});

router.post('/logout', async (ctx) => {
  await ctx.logout();
  ctx.redirect('/');
});

app.use(router.routes());
app.listen(port, () => console.log(`Open ${baseURL}`));
