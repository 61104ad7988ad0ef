import fc from 'fast-check';
import { FitbitStrategy, OAuthError } from 'passport-fitbit-strategy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answersJSON, type FaultyServer, startFaultyServer } from '../support/faulty-server.ts';
import { check, printCounts, timeout } from '../support/fuzz.ts';
import { beginLogin, fakeRequest, fakeSession, run } from '../support/strategy.ts';

printCounts();

let provider: FaultyServer;
beforeAll(async () => {
  provider = await startFaultyServer(
    answersJSON({ access_token: 'a-token', refresh_token: 'r', scope: 'sleep', user_id: 'A' }),
  );
});
afterAll(() => provider.close());

// Replaced by the state of a login that was begun in this browser.
const OURS = '<state>';

const value = fc.oneof(
  { weight: 3, arbitrary: fc.constant(OURS) },
  {
    weight: 3,
    arbitrary: fc.constantFrom('a-code', '', 'access_denied', 'server_error', '0', 'true', '__proto__'),
  },
  { weight: 2, arbitrary: fc.string() },
  fc.string({ unit: 'binary' }),
  fc.nat({ max: 6000 }).map((length) => 'a'.repeat(length)),
  fc.array(fc.string(), { maxLength: 3 }),
  fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
  fc.anything({ maxDepth: 2 }),
);

const params = fc.dictionary(
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('code', 'state', 'error', 'error_description', 'iss') },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'code[]',
        'state[]',
        'error[a]',
        'code[a][b]',
        'scope',
        'error_uri',
        'iss[]',
      ),
    },
    fc.string(),
  ),
  value,
  { maxKeys: 6 },
);

const insert = (given: Record<string, unknown>, state: string) =>
  Object.fromEntries(Object.entries(given).map(([key, each]) => [key, each === OURS ? state : each]));

describe('a callback with any query and body', { timeout }, () => {
  it.each<[how: string, options: { pkce?: boolean; state?: boolean }]>([
    ['with state and PKCE', {}],
    ['without PKCE', { pkce: false }],
    ['without state', { state: false }],
  ])('ends in exactly one outcome, %s', (name, options) => {
    const strategy = new FitbitStrategy({
      clientID: 'id',
      clientSecret: 'a-client-secret',
      callbackURL: 'https://app.example/callback',
      tokenURL: `${provider.url}/token`,
      timeout: 5000,
      ...options,
      verify: async ({ profile }) => ({ id: profile.id }),
    });
    const input = fc.record({
      query: fc.option(params, { nil: undefined, freq: 20 }),
      body: fc.option(fc.oneof(params, fc.anything()), { nil: undefined, freq: 2 }),
      begun: fc.boolean(),
      session: fc.boolean(),
    });
    return check(`callback, ${name}`, input, async ({ query, body, begun, session: hasSession }) => {
      const session = fakeSession();
      const { state } = begun ? await beginLogin(strategy, session) : { state: 'none' };
      const callback: { query: Record<string, unknown>; body: unknown } = {
        query: insert(query ?? {}, state),
        body:
          typeof body === 'object' && body !== null && !Array.isArray(body)
            ? insert({ ...body }, state)
            : body,
      };
      const before = provider.requests.length;
      const req = fakeRequest({ ...callback, ...(hasSession && { session }) });
      if (query === undefined) Reflect.deleteProperty(req, 'query');

      const { outcome, outcomes } = run(strategy, req);
      const first = await outcome;
      await new Promise(setImmediate);
      expect(outcomes).toHaveLength(1);

      const plain = (each: unknown) => typeof each === 'string' && each !== '' && each.length <= 4096;
      if (
        ['code', 'state', 'error', 'iss'].some((key) => key in callback.query && !plain(callback.query[key]))
      ) {
        expect(first).toMatchObject({ type: 'fail', status: 400, failure: { code: 'invalid_callback' } });
      }
      const sent = provider.requests.length - before;
      expect(sent).toBeLessThanOrEqual(1);
      if (first.type === 'success') expect(first.user).toEqual({ id: 'A' });
      if (first.type === 'success' || sent > 0) {
        const state = callback.query.state ?? (callback.body as { state?: unknown } | undefined)?.state;
        // Without a login that was begun in this session, nothing is ever sent.
        if (options.state !== false) expect(hasSession && begun && state !== undefined).toBe(true);
        // What was sent was used up before.
        expect(Object.keys(session)).toEqual([]);
      }
      if (first.type === 'fail') {
        expect(first.failure).toMatchObject({
          message: expect.any(String),
          code: expect.stringMatching(/^[a-z_]+$/),
        });
        expect([400, 403]).toContain(first.status);
      }
      if (first.type === 'error') {
        expect(first.error).toBeInstanceOf(OAuthError);
      }
      if (first.type === 'redirect') expect(new URL(first.url).origin).toBe('https://www.fitbit.com');
    });
  });
});
