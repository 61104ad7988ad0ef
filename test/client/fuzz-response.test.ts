import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import {
  FitbitStrategy,
  introspect,
  OAuthError,
  ResponseError,
  refresh,
  revoke,
} from 'passport-fitbit-strategy';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { answersJSON, type FaultyServer, startFaultyServer } from '../support/faulty-server.ts';
import { check, printCounts, timeout } from '../support/fuzz.ts';
import { beginLogin, callbackRequest, run } from '../support/strategy.ts';

// A refresh pauses between its tries; nothing else in the package waits by this.
vi.mock('node:timers/promises', async (original) => ({
  ...(await original<typeof import('node:timers/promises')>()),
  setTimeout: () => Promise.resolve(),
}));

printCounts();

const DEADLINE = 25; // ms
const tokens = {
  access_token: 'a-token',
  refresh_token: 'r',
  expires_in: 28_800,
  scope: 'profile',
  user_id: 'A',
};

/** What the server does with one request. */
interface Plan {
  segments: Buffer[];
  /** Between the segments, ms. */
  pause: number;
  ending: 'close' | 'reset' | 'stay';
}

let plan: Plan;
let server: FaultyServer;
let good: FaultyServer;

async function answer(socket: Socket) {
  const { segments, pause, ending } = plan;
  for (const segment of segments) {
    socket.write(segment);
    // Apart from the first, so that each becomes a read of its own.
    await new Promise((resolve) => (pause > 0 ? setTimeout(resolve, pause) : setImmediate(resolve)));
    if (socket.destroyed) return;
  }
  if (ending === 'close') socket.end();
  if (ending === 'reset') socket.resetAndDestroy();
}

beforeAll(async () => {
  server = await startFaultyServer({ answer: (socket) => void answer(socket) });
  good = await startFaultyServer(answersJSON(tokens));
});
afterAll(async () => {
  await server.close();
  await good.close();
});

const field = fc.oneof(
  fc.constantFrom<unknown>('', null, 5, -1, [], {}, 'a b', true, '\u0000', 'Zoë'),
  fc.jsonValue({ maxDepth: 2 }),
);
const json = fc
  .tuple(
    fc.constantFrom<object>(
      tokens,
      { active: true, scope: '{SLEEP=READ}', client_id: 'id', exp: 1_565_861_634_000 },
      { active: false },
      { user: { encodedId: 'A', displayName: 'Zoë' } },
      { errors: [{ errorType: 'invalid_grant', message: 'No.' }], success: false },
      { error: 'invalid_client', error_description: 'No.' },
      { error: { code: 403, status: 'PERMISSION_DENIED', message: 'No.', details: [] } },
    ),
    fc.dictionary(
      fc.constantFrom(
        'access_token',
        'refresh_token',
        'expires_in',
        'scope',
        'user_id',
        'active',
        'user',
        'error',
        'errors',
        '__proto__',
      ),
      field,
      { maxKeys: 2 },
    ),
  )
  .map(([object, changes]) => JSON.stringify({ ...object, ...changes }));

const body = fc.oneof(
  { weight: 5, arbitrary: json.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array().map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.constant(Buffer.alloc(0)) },
);

const status = fc.oneof(
  { weight: 5, arbitrary: fc.constant('200') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '201',
      '204',
      '301',
      '302',
      '304',
      '400',
      '401',
      '403',
      '409',
      '410',
      '429',
      '500',
      '503',
    ),
  },
  fc.integer({ min: 0, max: 1200 }).map(String),
  fc.string({ maxLength: 5 }),
);

const line = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'Content-Type: application/json',
      'Connection: close',
      'Connection: keep-alive',
      'Connection: upgrade',
      'Upgrade: h2c',
      'Location: http://127.0.0.1:9/',
      'Retry-After: 1',
      'Retry-After: 99999',
      'Fitbit-Rate-Limit-Limit: 150',
      'Fitbit-Rate-Limit-Remaining: -5',
      'Content-Encoding: gzip',
      'Content-Length: 3',
      'Content-Length: -1',
      'Content-Length: 99999999999999999999',
      'Transfer-Encoding: gzip, chunked',
      'Transfer-Encoding: identity',
      'Trailer: X-After',
      '__proto__: 1',
      'Set-Cookie: a=b',
    ),
  },
  fc
    .tuple(fc.string({ maxLength: 10 }), fc.string({ maxLength: 20 }))
    .map(([name, each]) => `${name}: ${each}`),
  fc.string({ maxLength: 30 }),
);

const message = fc
  .record({
    version: fc.oneof(
      { weight: 20, arbitrary: fc.constant('HTTP/1.1') },
      fc.constantFrom('HTTP/1.0', 'HTTP/2', 'ICY', ''),
    ),
    status,
    lines: fc.array(line, { maxLength: 3 }),
    framing: fc.constantFrom('length', 'length', 'length', 'chunked', 'none'),
    body,
    extra: fc.oneof(
      { weight: 10, arbitrary: fc.constant('') },
      fc.string(),
      fc.constant('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'),
    ),
  })
  .map(({ version, status: code, lines, framing, body: bytes, extra }) => {
    const head = [`${version} ${code} Status`, ...lines];
    if (framing === 'length') head.push(`Content-Length: ${bytes.length}`);
    if (framing === 'chunked') head.push('Transfer-Encoding: chunked');
    const half = Math.floor(bytes.length / 2);
    const chunks = [bytes.subarray(0, half), bytes.subarray(half)].filter((part) => part.length > 0);
    const content =
      framing === 'chunked'
        ? [
            ...chunks.flatMap((part) => [
              Buffer.from(`${part.length.toString(16)}\r\n`),
              part,
              Buffer.from('\r\n'),
            ]),
            Buffer.from('0\r\n\r\n'),
          ]
        : [bytes];
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), ...content, Buffer.from(extra)]);
  });

const plans = fc
  .record({
    bytes: fc.oneof(
      { weight: 12, arbitrary: message },
      fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each)),
    ),
    // In parts of the whole: where it is cut off, and where it is split into segments.
    cut: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.double({ min: 0, max: 1, noNaN: true })),
    splits: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
    pause: fc.constantFrom(0, 0, 0, 0, 1, 9),
    // A connection that stays open after half an answer costs the whole deadline.
    ending: fc.constantFrom<Plan['ending']>('close', 'close', 'reset', 'stay'),
  })
  .map(({ bytes, cut, splits, pause, ending }): Plan => {
    const whole = bytes.subarray(0, Math.round(cut * bytes.length));
    const at = splits.map((split) => Math.round(split * whole.length)).sort((a, b) => a - b);
    const segments = [0, ...at].map((from, index) => whole.subarray(from, at[index] ?? whole.length));
    return { segments, pause, ending };
  });

const settled = async (promise: Promise<unknown>) =>
  promise.then(
    () => 'success',
    (error: unknown) => error,
  );

async function signIn(tokenURL: string, userProfileURL: string, agent: Agent): Promise<unknown> {
  const strategy = new FitbitStrategy({
    clientID: 'id',
    clientSecret: 'a-secret',
    callbackURL: 'https://app.example/cb',
    tokenURL,
    userProfileURL,
    timeout: DEADLINE,
    agent,
    verify: async ({ profile }) => ({ id: profile.id }),
  });
  const { session, state } = await beginLogin(strategy);
  const { outcome, outcomes } = run(strategy, callbackRequest(session, { code: 'a-code', state }));
  const first = await outcome;
  await new Promise(setImmediate);
  expect(outcomes).toHaveLength(1);
  expect(['success', 'error']).toContain(first.type);
  if (first.type === 'success') expect(first.user).toEqual({ id: expect.any(String) });
  return first.type === 'error' ? first.error : 'success';
}

const client = (url: string, agent: Agent) => ({
  clientID: 'id',
  clientSecret: 'a-secret',
  tokenURL: url,
  introspectionURL: url,
  revocationURL: url,
  timeout: DEADLINE,
  agent,
});

const OPERATIONS: Record<string, (url: string, agent: Agent) => Promise<unknown>> = {
  'code exchange': (url, agent) => signIn(url, url, agent),
  profile: (url, agent) => signIn(good.url, url, agent),
  refresh: (url, agent) => settled(refresh(client(url, agent), 'r')),
  introspect: (url, agent) => settled(introspect(client(url, agent), 'a-token')),
  revoke: (url, agent) => settled(revoke(client(url, agent), 'a-token')),
};

describe('any bytes that a provider sends', { timeout: timeout * 2 }, () => {
  it.each(Object.entries(OPERATIONS))('end the %s with exactly one outcome', (name, operation) => {
    const agent = new Agent({ keepAlive: true });
    return check(`answer to ${name}`, plans, async (each) => {
      plan = each;
      // A broken deadline is a test that never ends: this says so earlier, whatever the machine's load.
      let watchdog: NodeJS.Timeout | undefined;
      const hung = new Promise((resolve) => {
        watchdog = setTimeout(resolve, 10_000, 'it hangs');
      });
      const outcome = await Promise.race([operation(server.url, agent), hung]);
      clearTimeout(watchdog);
      if (outcome === 'success') return;
      expect(outcome).toBeInstanceOf(OAuthError);
      const { code, message: text, retryable, reauthorize } = outcome as OAuthError;
      expect(code).toMatch(/^[a-z][a-z_.-]*$/);
      // Google's shape may leave its code out; nothing else is unknown.
      if (code === 'unknown') expect(outcome).toBeInstanceOf(ResponseError);
      expect(text.length).toBeLessThan(1000);
      expect([typeof retryable, typeof reauthorize]).toEqual(['boolean', 'boolean']);
      expect(() => JSON.stringify(outcome)).not.toThrow();
    }).finally(() => agent.destroy());
  });
});
