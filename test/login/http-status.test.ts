import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import passport from 'passport';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fakeSession } from '../support/strategy.ts';
import { oauth2Of, stubbedStrategy } from '../support/stub.ts';

/** Completes a login whose code exchange fails with this status, in an app with Express's own error handler. */
async function statusOfApp(statusCode: number): Promise<number> {
  const { strategy } = stubbedStrategy();
  const data = '{"errors":[{"errorType":"invalid_client","message":"wrong secret"}]}';
  oauth2Of(strategy).getOAuthAccessToken = (_code, _params, done) => done({ statusCode, data });
  const authenticator = new passport.Passport();
  authenticator.use(strategy);
  const session = fakeSession();
  const app = express();
  app.use((req, _res, next) => {
    Reflect.set(req, 'session', session);
    next();
  });
  app.get('/callback', authenticator.authenticate('fitbit', { session: false }));
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  const begun = await fetch(url, { redirect: 'manual' });
  const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state');
  const response = await fetch(`${url}?code=abc&state=${state}`);
  expect(await response.text()).toContain('ResponseError: Fitbit refused the code exchange');
  return response.status;
}

describe("a provider's HTTP status", () => {
  it.each([400, 401, 403, 429, 503])(
    "does not become that of the app, through Express's default error handler: %i",
    async (status) => {
      expect(await statusOfApp(status)).toBe(500);
    },
  );
});
