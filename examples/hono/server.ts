import { serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import {
  authenticateRequest,
  CookieStateStore,
  GoogleHealthStrategy,
  OAuthError,
} from 'passport-fitbit-strategy/google-health';
import { baseURL, client, cookieSecret, port, secure } from './config.ts';
import { createSession, endSession, readSession } from './session.ts';

declare global {
  namespace Express {
    interface User {
      id: string;
      name: string;
    }
  }
}

const strategy = new GoogleHealthStrategy({
  ...client,
  callbackURL: `${baseURL}/auth/google-health/callback`,
  scope: ['openid', 'profile', 'profile.readonly'],
  store: new CookieStateStore({ secret: cookieSecret, secure }),
  // Find or create your user here.
  verify: async ({ profile }) => ({ id: profile.id, name: profile.displayName }),
});

const app = new Hono();

// Begins a login, and completes it at the callback.
const signIn = async (c: Context) => {
  const { redirect, failure, user, headers } = await authenticateRequest(strategy, c.req.raw);
  if (redirect) return new Response(null, { status: 302, headers });
  for (const cookie of headers.getSetCookie()) c.header('Set-Cookie', cookie, { append: true });
  if (failure) return c.html(`<p>${failure.message}</p> <a href="/">Back</a>`, 403);
  await createSession(c, user);
  return c.redirect('/');
};
app.get('/auth/google-health', signIn);
app.get('/auth/google-health/callback', signIn);

app.get('/', async (c) =>
  c.html(
    (await readSession(c))
      ? '<p>You are signed in.</p> <form method="post" action="/logout"><button>Sign out</button></form>'
      : '<a href="/auth/google-health">Continue with Google Health</a>',
  ),
);

app.get('/me', async (c) => {
  const user = await readSession(c);
  return user ? c.json(user) : c.json(null, 401);
});

app.post('/logout', (c) => {
  endSession(c);
  return c.redirect('/');
});

// An error that the user can't resolve, such as a provider that does not respond.
app.onError((error, c) => {
  console.error(error);
  const retryable = error instanceof OAuthError && error.retryable;
  return c.text(
    `Signing in failed. ${retryable ? 'Please try again in a minute.' : ''}`,
    retryable ? 503 : 500,
  );
});

serve({ fetch: app.fetch, port }, () => console.log(`Open ${baseURL}`));
