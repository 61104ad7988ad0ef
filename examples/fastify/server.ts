import cookie from '@fastify/cookie';
import { Authenticator } from '@fastify/passport';
import session from '@fastify/session';
import fastify from 'fastify';
import { GoogleHealthStrategy, OAuthError } from 'passport-fitbit-strategy/google-health';
import { baseURL, client, port, secure, sessionSecret } from './config.ts';

interface User {
  id: string;
  name: string;
}
declare module 'fastify' {
  interface PassportUser extends User {}
  interface Session {
    messages?: string[]; // @fastify/passport's failureMessage
  }
}

const passport = new Authenticator();
passport.use(
  new GoogleHealthStrategy({
    ...client,
    callbackURL: `${baseURL}/auth/google-health/callback`,
    scope: ['openid', 'profile', 'profile.readonly'],
    // Find or create your user here.
    verify: async ({ profile }): Promise<User> => ({ id: profile.id, name: profile.displayName }),
  }),
);
passport.registerUserSerializer(async (user: User) => user);
passport.registerUserDeserializer(async (user: User) => user);

const app = fastify({ trustProxy: secure }); // the proxy that terminates TLS
await app.register(cookie);
await app.register(session, {
  secret: sessionSecret,
  saveUninitialized: false,
  cookie: { httpOnly: true, sameSite: 'lax', secure },
});
await app.register(passport.initialize());
await app.register(passport.secureSession());

app.get('/auth/google-health', { preValidation: passport.authenticate('google-health') }, () => {});
app.get(
  '/auth/google-health/callback',
  {
    preValidation: passport.authenticate('google-health', {
      successRedirect: '/',
      failureRedirect: '/',
      failureMessage: true, // adds the message to request.session.messages
    }),
  },
  () => {},
);

app.get('/', (request, reply) => {
  const message = request.session.messages?.at(-1) ?? '';
  if (message) request.session.messages = [];
  reply
    .type('text/html')
    .send(
      request.user
        ? '<p>You are signed in.</p> <form method="post" action="/logout"><button>Sign out</button></form>'
        : `<p>${message}</p> <a href="/auth/google-health">Continue with Google Health</a>`,
    );
});

app.get('/me', (request, reply) => {
  reply.code(request.user ? 200 : 401).send(request.user ?? {});
});

// A form without fields has an empty body.
app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, async () => ({}));
app.post('/logout', async (request, reply) => {
  await request.logOut();
  return reply.redirect('/');
});

// An error that the user can't resolve, such as a provider that does not respond.
app.setErrorHandler((error, _request, reply) => {
  console.error(error);
  const retryable = error instanceof OAuthError && error.retryable;
  reply
    .code(retryable ? 503 : 500)
    .send(`Signing in failed. ${retryable ? 'Please try again in a minute.' : ''}`);
});

await app.listen({ port });
console.log(`Open ${baseURL}`);
