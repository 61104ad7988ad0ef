import cookie from '@fastify/cookie';
import { Authenticator } from '@fastify/passport';
import session from '@fastify/session';
import { startFastify } from './fastify-app.mjs';

export const start = (simulator) =>
  startFastify(simulator, new Authenticator(), async (app) => {
    await app.register(cookie);
    await app.register(session, {
      secret: 'a secret of the test, at least 32 characters',
      cookie: { secure: false },
      saveUninitialized: false,
    });
  });
