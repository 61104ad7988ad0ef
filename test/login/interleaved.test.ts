import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import express from 'express';
import passport from 'passport';
import { FitbitStrategy, type Login } from 'passport-fitbit-strategy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  authenticate,
  beginLogin,
  callbackRequest,
  type FakeSession,
  fakeSession,
} from '../support/strategy.ts';

const USERS = 1000;
const CLOSED = 17; // every 17th user is refused, so that failures mix with successes

let origin: string;
let close: () => Promise<unknown>;
const exchanges = new Map<string, Record<string, string>>();

// A provider that takes a random time for each response.
beforeAll(async () => {
  const server = createServer(async (req: IncomingMessage, res: ServerResponse) => {
    let text = '';
    for await (const part of req) text += part;
    await pause(Math.random() * 40);
    res.setHeader('Content-Type', 'application/json');
    if (req.url === '/token') {
      const form = Object.fromEntries(new URLSearchParams(text));
      const user = String(form.code).replace('code-of-', '');
      exchanges.set(user, form);
      if (Number(user) % CLOSED === 0) {
        res.statusCode = 400;
        res.end(JSON.stringify({ errors: [{ errorType: 'invalid_grant', message: 'No.' }] }));
        return;
      }
      res.end(
        JSON.stringify({
          access_token: `access-of-${user}`,
          refresh_token: `refresh-of-${user}`,
          expires_in: 28_800,
          scope: 'profile',
          user_id: user,
        }),
      );
      return;
    }
    const user = req.headers.authorization?.replace('Bearer access-of-', '') ?? '';
    res.end(JSON.stringify({ user: { encodedId: user, displayName: `Name of ${user}` } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () => {
    server.closeAllConnections();
    server.close();
    return once(server, 'close');
  };
});
afterAll(() => close());

/** What the app keeps of a login, for comparison. */
async function verify({ tokens, profile, req }: Login) {
  await pause(Math.random() * 10);
  return {
    id: profile.id,
    displayName: profile.displayName,
    accessToken: tokens.accessToken,
    refreshToken: tokens.refreshToken,
    userID: tokens.userID,
    browser: (req.session as unknown as FakeSession).browser,
  };
}

function strategy(verified: (login: Login) => unknown = () => {}, agent?: Agent) {
  return new FitbitStrategy({
    clientID: 'id',
    clientSecret: 'secret',
    callbackURL: 'https://app.example/auth/fitbit/callback',
    authorizationURL: `${origin}/authorize`,
    tokenURL: `${origin}/token`,
    userProfileURL: `${origin}/profile`,
    agent,
    verify: (given) => {
      verified(given);
      return verify(given);
    },
  });
}

const expectedUser = (user: string) => ({
  id: user,
  displayName: `Name of ${user}`,
  accessToken: `access-of-${user}`,
  refreshToken: `refresh-of-${user}`,
  userID: user,
  browser: user,
});

const refused = (user: string) => Number(user) % CLOSED === 0;
const users = Array.from({ length: USERS }, (_, index) => String(index + 1));

describe('a thousand logins through one strategy at the same time', () => {
  it('each end with their own user, tokens, profile, state and verifier', { timeout: 60_000 }, async () => {
    const shared = strategy();
    const own = Object.getOwnPropertyNames(shared).sort();
    const states = new Map<string, string>();
    exchanges.clear();

    await Promise.all(
      users.map(async (user) => {
        const session: FakeSession = fakeSession({ browser: user });
        await pause(Math.random() * 100);
        const { url, state } = await beginLogin(shared, session, { state: { user } });
        states.set(user, state);
        const challenge = url.searchParams.get('code_challenge');
        await pause(Math.random() * 100);
        const code = `code-of-${user}`;
        const outcome = await authenticate(shared, callbackRequest(session, { code, state }));

        const verifier = exchanges.get(user)?.code_verifier ?? '';
        expect(createHash('sha256').update(verifier).digest('base64url')).toBe(challenge);
        if (refused(user)) {
          expect(outcome).toMatchObject({ type: 'error', error: { code: 'invalid_grant' } });
        } else {
          expect(outcome).toEqual({
            type: 'success',
            user: expectedUser(user),
            info: { state: { user } },
          });
        }
        // Nothing of the login is left in its session.
        expect(Object.keys(session)).toEqual(['browser']);
      }),
    );

    expect(new Set(states.values()).size).toBe(USERS);
    expect(exchanges.size).toBe(USERS);
    expect(Object.getOwnPropertyNames(shared).sort()).toEqual(own);
  });

  it('each stay in the async context of their request, on shared connections too', async () => {
    const context = new AsyncLocalStorage<string>();
    const agent = new Agent({ keepAlive: true, maxSockets: 3 });
    const verifiedIn = new Map<string, string | undefined>();
    const shared = strategy(({ profile }) => verifiedIn.set(profile.id, context.getStore()), agent);
    const some = users.slice(0, 100);
    const endedIn = await Promise.all(
      some.map(async (user) => {
        const { session, state } = await beginLogin(shared);
        const req = callbackRequest(session, { code: `code-of-${user}`, state });
        return new Promise((resolve) => {
          const end = () => resolve(context.getStore());
          const attempt = Object.assign(Object.create(shared), { success: end, error: end, fail: end });
          context.run(user, () => attempt.authenticate(req, {}));
        });
      }),
    );
    agent.destroy();
    expect(endedIn).toEqual(some);
    const signedIn = some.filter((user) => !refused(user));
    expect([...verifiedIn].sort()).toEqual(signedIn.map((user) => [user, user]).sort());
  });

  it.each(['by name', 'as the instance itself'])(
    'reach the right browser when Passport is given the strategy %s',
    {
      timeout: 60_000,
    },
    async (how) => {
      const authenticator = new passport.Passport();
      const shared = strategy();
      authenticator.use(shared);
      const middleware = (state?: object) =>
        authenticator.authenticate(how === 'by name' ? 'fitbit' : shared, {
          session: false,
          ...(state && { state }),
        });

      const sessions = new Map<string, FakeSession>();
      const app = express();
      app.use((req, _res, next) => {
        const browser = String(req.headers['x-browser']);
        if (!sessions.has(browser)) sessions.set(browser, fakeSession({ browser }));
        Reflect.set(req, 'session', sessions.get(browser));
        next();
      });
      app.get('/login', (req, res, next) => middleware({ user: req.headers['x-browser'] })(req, res, next));
      app.get('/callback', middleware(), (req, res) => {
        res.json({ user: req.user, info: req.authInfo });
      });
      app.use(((error, req, res, _next) => {
        res.status(500).json({ code: error.code, browser: req.headers['x-browser'] });
      }) satisfies express.ErrorRequestHandler);
      const server = app.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

      await Promise.all(
        users.slice(0, 300).map(async (user) => {
          const headers = { 'x-browser': user };
          await pause(Math.random() * 200);
          const begun = await fetch(`${base}/login`, { headers, redirect: 'manual' });
          const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state');
          await pause(Math.random() * 200);
          const done = await fetch(`${base}/callback?code=code-of-${user}&state=${state}`, { headers });
          const answer: unknown = await done.json();
          if (refused(user)) expect(answer).toEqual({ code: 'invalid_grant', browser: user });
          else expect(answer).toEqual({ user: expectedUser(user), info: { state: { user } } });
        }),
      );
      server.closeAllConnections();
      server.close();
    },
  );
});
