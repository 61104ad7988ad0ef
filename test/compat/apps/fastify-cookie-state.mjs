import cookie from '@fastify/cookie';
import { Authenticator } from '@fastify/passport';
import session from '@fastify/session';
import { CookieStateStore } from 'passport-fitbit-strategy';
import { startFastify } from './fastify-app.mjs';

const store = new CookieStateStore({ secret: 'a secret of the test, long enough to seal', secure: false });

export const start = (simulator) =>
  startFastify(
    simulator,
    new Authenticator(),
    async (app) => {
      await app.register(cookie);
      await app.register(session, {
        secret: 'a secret of the test, at least 32 characters',
        cookie: { secure: false },
        saveUninitialized: false,
      });
      // The store looks for the response at `req.res`, where Express has it.
      app.addHook('onRequest', async (request, reply) => {
        request.res = { appendHeader: (name, value) => reply.header(name, value) };
      });
    },
    { store },
  );
