// Without @fastify/passport: authenticateRequest and CookieStateStore; the session keeps who is signed in.
import cookie from '@fastify/cookie';
import session from '@fastify/session';
import fastify from 'fastify';
import { authenticateRequest, CookieStateStore } from 'passport-fitbit-strategy';
import { makeStrategies, state } from './strategies.mjs';

const store = new CookieStateStore({ secret: 'a secret of the test, long enough to seal', secure: false });

export async function start(simulator) {
  const app = fastify({ forceCloseConnections: true });
  await app.register(cookie);
  await app.register(session, {
    secret: 'a secret of the test, at least 32 characters',
    cookie: { secure: false },
    saveUninitialized: false,
  });

  // The routes come before the address is known: they look the strategies up when they are called.
  const strategies = {};
  for (const name of ['fitbit', 'google-health']) {
    const signIn = async (request, reply) => {
      const login = await authenticateRequest(strategies[name], request.raw, { state });
      reply.header('Set-Cookie', login.headers.getSetCookie());
      if (login.redirect) return reply.redirect(login.redirect.href);
      if (login.failure) return reply.code(401).send(login.failure.message);
      await request.session.regenerate();
      request.session.user = login.user;
      return reply.redirect(login.info.state.returnTo);
    };
    app.get(`/auth/${name}`, signIn);
    app.get(`/auth/${name}/callback`, signIn);
  }
  app.get('/me', (request, reply) => {
    reply.code(request.session.user ? 200 : 401).send(request.session.user ?? {});
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  for (const strategy of makeStrategies(simulator, url, { store })) strategies[strategy.name] = strategy;
  return { url, close: () => app.close() };
}
