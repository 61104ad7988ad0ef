// The session in a cookie, without regenerate(): @fastify/passport empties it at a login.
import { Authenticator } from '@fastify/passport';
import secureSession from '@fastify/secure-session';
import { startFastify } from './fastify-app.mjs';

export const start = (simulator) =>
  startFastify(simulator, new Authenticator(), (app) =>
    app.register(secureSession, {
      key: Buffer.alloc(32, 'a key of the test'),
      cookie: { path: '/', secure: false },
    }),
  );
