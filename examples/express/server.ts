import express, { type ErrorRequestHandler } from 'express';
import session from 'express-session';
import passport from 'passport';
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
declare module 'express-session' {
  interface SessionData {
    messages: string[]; // Passport's failureMessage
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

const app = express();
if (secure) app.set('trust proxy', 1); // the proxy that terminates TLS
app.use(
  session({
    secret: sessionSecret,
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure },
  }),
);
app.use(passport.session());

app.get('/auth/google-health', passport.authenticate('google-health'));
app.get(
  '/auth/google-health/callback',
  passport.authenticate('google-health', {
    successRedirect: '/',
    failureRedirect: '/',
    failureMessage: true, // adds the message to req.session.messages
  }),
);

app.get('/', (req, res) => {
  const message = req.session.messages?.at(-1) ?? '';
  delete req.session.messages;
  res.send(
    req.user
      ? '<p>You are signed in.</p> <form method="post" action="/logout"><button>Sign out</button></form>'
      : `<p>${message}</p> <a href="/auth/google-health">Continue with Google Health</a>`,
  );
});

app.get('/me', (req, res) => {
  res.status(req.user ? 200 : 401).json(req.user ?? null);
});

app.post('/logout', (req, res, next) => {
  req.logout((error) => (error ? next(error) : res.redirect('/')));
});

// An error that the user can't resolve, such as a provider that does not respond.
const onError: ErrorRequestHandler = (error, _req, res, _next) => {
  console.error(error);
  const retryable = error instanceof OAuthError && error.retryable;
  res
    .status(retryable ? 503 : 500)
    .send(`Signing in failed. ${retryable ? 'Please try again in a minute.' : ''}`);
};
app.use(onError);

app.listen(port, () => console.log(`Open ${baseURL}`));
