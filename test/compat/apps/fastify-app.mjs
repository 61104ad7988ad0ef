import fastify from 'fastify';
import { makeStrategies, state } from './strategies.mjs';

/** A Fastify app with the session that `addSession` registers. */
export async function startFastify(simulator, auth, addSession, options) {
  const app = fastify({ forceCloseConnections: true });
  auth.registerUserSerializer(async (user) => user);
  auth.registerUserDeserializer(async (user) => user);
  await addSession(app);
  await app.register(auth.initialize());
  await app.register(auth.secureSession());

  // The routes come before the address is known: they look the strategies up when they are called.
  for (const name of ['fitbit', 'google-health']) {
    app.get(`/auth/${name}`, { preValidation: auth.authenticate(name, { state }) }, () => {});
    app.get(
      `/auth/${name}/callback`,
      { preValidation: auth.authenticate(name, { failureRedirect: '/failed', authInfo: true }) },
      (request, reply) => reply.redirect(request.authInfo.state.returnTo),
    );
  }
  app.get('/me', (request, reply) => reply.code(request.user ? 200 : 401).send(request.user ?? {}));
  app.get('/failed', (_request, reply) => reply.code(401).send('failed'));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  for (const strategy of makeStrategies(simulator, url, options)) auth.use(strategy);
  return { url, close: () => app.close() };
}
