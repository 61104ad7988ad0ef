import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import {
  createFetchWebhookHandler,
  createKeySet,
  createWebhookHandler,
  type WebhookNotification,
  type WebhookOptions,
} from 'passport-fitbit-strategy/google-health/webhooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeFaults } from '../../support/fault-table.ts';
import { type Fault, start } from '../../support/faulty-server.ts';
import { header, makeKey, notificationBody, SECRET, serveKeys, USER } from './google.ts';

const KEY = makeKey(1);
const BODY = notificationBody();
const HANDSHAKE = '{"type":"verification"}';

/** A webhook on a socket. */
async function startWebhook(options: Partial<WebhookOptions> = {}) {
  const { keysURL } = await serveKeys(KEY);
  const received: WebhookNotification[] = [];
  const codes: string[] = [];
  const handler = createWebhookHandler({
    secret: SECRET,
    keysURL,
    onNotification: (notification) => void received.push(notification),
    onError: (error) => void codes.push(String(Reflect.get(Object(error), 'code'))),
    ...options,
  });
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { port: (server.address() as AddressInfo).port, received, codes, handler };
}

/** Writes bytes to a webhook and resolves with the status that comes, or `closed`. */
async function sendBytes(port: number, ...parts: (string | Buffer)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}); // the webhook may hang up while a large body is being sent
  for (const part of parts) socket.write(part);
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    if (text.includes('\r\n\r\n')) break;
  }
  socket.destroy();
  return /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 'closed';
}

function head(lines: readonly string[], body: string | Buffer): string {
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return `${['POST / HTTP/1.1', 'Host: app.example', length, ...lines].join('\r\n')}\r\n\r\n`;
}

const authorization = `Authorization: ${SECRET}`;
const signature = (body: string | Buffer = BODY, key = KEY, name = 'GOOGLE-HEALTH-API-SIGNATURE') =>
  `${name}: ${key.sign(body)}`;
const derOf = (body: string) => Buffer.from(KEY.sign(body), 'base64').subarray(5);

interface Row {
  name: string;
  lines: readonly string[];
  body?: string;
  options?: Partial<WebhookOptions>;
  status: number;
  /** The code that `onError` gets. */
  code?: string;
  /** How many notifications the app gets. */
  count?: number;
}

const single = JSON.stringify({ data: { healthUserId: USER, operation: 'UPSERT' } });
const later = makeKey(2);

const ROWS: Row[] = [
  { name: 'as it should be', lines: [authorization, signature()], status: 204, count: 1 },
  {
    name: 'replayed: it was signed for another app, with that app’s secret',
    lines: ['Authorization: Bearer of-another-app', signature()],
    status: 401,
    code: 'secret',
  },
  { name: 'without a secret', lines: [signature()], status: 401, code: 'secret' },
  {
    name: 'without a secret, which the app allows',
    lines: [signature()],
    options: { allowMissingAuthorization: true },
    status: 204,
    count: 1,
  },
  {
    name: 'with a body changed by one byte',
    lines: [authorization, signature()],
    body: BODY.replace('steps', 'stepz'),
    status: 401,
    code: 'signature',
  },
  {
    name: 'with a signature for another body',
    lines: [authorization, signature(single)],
    status: 401,
    code: 'signature',
  },
  {
    name: 'with a signature on another curve',
    lines: [authorization, signature(BODY, makeKey(1, { curve: 'P-384' }))],
    status: 401,
    code: 'signature',
  },
  {
    name: 'with a signature that is not DER',
    lines: [authorization, `GOOGLE-HEALTH-API-SIGNATURE: ${header(1, Buffer.alloc(64, 7))}`],
    status: 401,
    code: 'signature',
  },
  {
    name: 'with a signature without Tink’s prefix',
    lines: [authorization, `GOOGLE-HEALTH-API-SIGNATURE: ${derOf(BODY).toString('base64')}`],
    status: 401,
    code: 'signature',
  },
  {
    name: 'with a signature of an unknown key',
    lines: [authorization, signature(BODY, later)],
    status: 401,
    code: 'unknown_key',
  },
  {
    name: 'when the keys are away',
    lines: [authorization, signature()],
    options: { keysURL: 'http://127.0.0.1:9/' },
    status: 503,
    code: 'keys',
  },
  { name: 'not signed', lines: [authorization], status: 401, code: 'signature' },
  {
    name: 'with the old name of the signature header',
    lines: [authorization, signature(BODY, KEY, 'X-HEALTHAPI-SIGNATURE')],
    status: 204,
    count: 1,
  },
  {
    name: 'with both names and one signature',
    lines: (() => {
      const line = signature();
      return [authorization, line, line.replace('GOOGLE-HEALTH-API-', 'X-HEALTHAPI-')];
    })(),
    status: 204,
    count: 1,
  },
  {
    name: 'with both names and two signatures',
    lines: [authorization, signature(), signature(BODY, KEY, 'X-HEALTHAPI-SIGNATURE')],
    status: 401,
    code: 'signature',
  },
  {
    name: 'with the signature header twice',
    lines: [authorization, signature(), signature()],
    status: 401,
    code: 'signature',
  },
  {
    name: 'with the Authorization header twice, of which Node drops one',
    lines: [authorization, 'Authorization: Bearer another', signature()],
    status: 401,
    code: 'secret',
  },
  {
    name: 'a single notification',
    lines: [authorization, signature(single)],
    body: single,
    status: 204,
    count: 1,
  },
  {
    name: 'a list of 99',
    ...(() => {
      const body = JSON.stringify(Array.from({ length: 99 }, () => JSON.parse(single)));
      return { lines: [authorization, signature(body)], body };
    })(),
    status: 204,
    count: 99,
  },
  ...['not JSON', '', '{"data":{}}', '[[]]', '\ufeff\ufeff{}'].map(
    (body): Row => ({
      name: `signed, but unusable: ${JSON.stringify(body)}`,
      lines: [authorization, signature(body)],
      body,
      status: 400,
      code: 'malformed',
    }),
  ),
  { name: 'a handshake', lines: [authorization], body: HANDSHAKE, status: 201 },
  { name: 'a handshake without a secret', lines: [], body: HANDSHAKE, status: 401, code: 'secret' },
  {
    name: 'a handshake with a wrong secret',
    lines: ['Authorization: Bearer wrong'],
    body: HANDSHAKE,
    status: 401,
    code: 'secret',
  },
  {
    name: 'a handshake without a secret, where notifications may lack it',
    lines: [],
    body: HANDSHAKE,
    options: { allowMissingAuthorization: true },
    status: 401,
    code: 'secret',
  },
];

describe('a webhook, when a request comes', () => {
  it.each(ROWS)('$name → $status', async ({ lines, body = BODY, options, status, code, count = 0 }) => {
    const { port, received, codes, handler } = await startWebhook(options);
    expect(await sendBytes(port, head(lines, body), body)).toBe(String(status));
    await handler.idle();
    expect({ codes, count: received.length }).toEqual({ codes: code === undefined ? [] : [code], count });
  });

  it('that is huge → 413, and the connection ends', async () => {
    const { port, received, codes } = await startWebhook();
    const body = Buffer.alloc(64 * 1024 * 1024, ' ');
    expect(await sendBytes(port, head([authorization, signature(body)], body), body)).toBe('413');
    expect({ received, codes }).toEqual({ received: [], codes: ['body'] });
  });

  // A million chunks take seconds on a busy machine.
  it('that is huge and chunked, byte by byte → 413', { timeout: 60_000 }, async () => {
    const { port, codes } = await startWebhook({ bodyTimeout: 60_000 });
    const chunks = Buffer.from('1\r\na\r\n'.repeat(1024 * 1024 + 1));
    const start = 'POST / HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(await sendBytes(port, start, chunks)).toBe('413');
    expect(codes).toEqual(['body']);
  });

  it('that never ends → 408, and the connection ends', async () => {
    const { port, received, codes } = await startWebhook({ bodyTimeout: 50 });
    expect(await sendBytes(port, head([authorization, signature()], BODY), BODY.slice(0, -1))).toBe('408');
    expect({ received, codes }).toEqual({ received: [], codes: ['body'] });
  });

  it('that is cut off → nothing but a note to the app', async () => {
    const { port, received, codes } = await startWebhook();
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.end(head([authorization, signature()], BODY) + BODY.slice(0, -1));
    socket.resume();
    await once(socket, 'close');
    await expect.poll(() => codes).toEqual(['body']);
    expect(received).toEqual([]);
  });

  it('with a key that was published a minute ago → 204', async () => {
    const clock = { time: Date.now() };
    const server = await serveKeys(KEY);
    const { port, received, handler } = await startWebhook({
      keysURL: server.keysURL,
      now: () => clock.time,
    });
    const send = (key: typeof KEY) =>
      sendBytes(port, head([authorization, signature(BODY, key)], BODY), BODY);
    expect(await send(KEY)).toBe('204');
    server.keys = [KEY, later];
    expect(await send(later)).toBe('401');
    clock.time += 60_000;
    expect(await send(later)).toBe('204');
    await handler.idle();
    expect(received).toHaveLength(2);
    expect(server.requests).toBe(2);
  });

  it('while Google does not respond for the keys → 503, after the timeout', async () => {
    const silent: Fault = {};
    const { url } = await start(silent);
    const { port, codes } = await startWebhook({ keysURL: url, timeout: 50 });
    expect(await sendBytes(port, head([authorization, signature()], BODY), BODY)).toBe('503');
    expect(codes).toEqual(['keys']);
  });
});

/** Counts the turns of the event loop. */
function countTurns() {
  let turns = 0;
  const count = () => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  return {
    restart: () => {
      turns = 0;
    },
    stop: () => {
      clearImmediate(next);
      return turns;
    },
  };
}

describe('a burst of 10 000 notifications', () => {
  it('is taken up to the limit; the rest is left for Google to send again', async () => {
    let running = 0;
    let most = 0;
    let done = 0;
    const { port, codes, handler } = await startWebhook({
      maxPending: 1000,
      onNotification: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        done += 1;
      },
    });
    const body = JSON.stringify(Array.from({ length: 50 }, () => JSON.parse(single)));
    const request = head([authorization, signature(body)], body) + body;
    const statuses = await Promise.all(Array.from({ length: 200 }, () => sendBytes(port, request)));
    await handler.idle();
    const accepted = statuses.filter((status) => status === '204').length;
    expect(statuses.every((status) => status === '204' || status === '503')).toBe(true);
    expect(accepted).toBeGreaterThanOrEqual(20);
    expect(done).toBe(accepted * 50);
    expect(codes).toEqual(Array.from({ length: 200 - accepted }, () => 'busy'));
    expect(most).toBeLessThanOrEqual(8);
  });

  // A millisecond for each, so that the whole burst would be a second without a pause.
  const work = () => {
    const end = performance.now() + 1;
    while (performance.now() < end);
  };

  it.each<[string, Partial<WebhookOptions>]>([
    ['of the app', { onNotification: work }],
    [
      'on repetitions, which the app does not get',
      {
        seen: {
          add() {
            work();
            return false;
          },
        },
      },
    ],
  ])('lets the event loop turn between pieces of work %s', async (_name, options) => {
    const { port, handler } = await startWebhook({ concurrency: 10_000, ...options });
    const turns = countTurns();
    const body = JSON.stringify(Array.from({ length: 1000 }, () => JSON.parse(single)));
    expect(await sendBytes(port, head([authorization, signature(body)], body), body)).toBe('204');
    turns.restart();
    await handler.idle();
    // Five milliseconds in each turn are two hundred turns.
    expect(turns.stop()).toBeGreaterThan(50);
  });

  it('lets the event loop turn while requests are verified that came in one turn', async () => {
    const { keysURL } = await serveKeys(KEY);
    const options = { secret: SECRET, keysURL, onNotification: () => {}, onError: () => {} };
    const handler = createFetchWebhookHandler(options);
    const body = JSON.stringify(Array.from({ length: 1000 }, () => JSON.parse(single)));
    const headers = { Authorization: SECRET, 'GOOGLE-HEALTH-API-SIGNATURE': KEY.sign(body) };
    const send = () => handler(new Request('https://app.example/', { method: 'POST', body, headers }));
    expect((await send()).status).toBe(204); // the keys are there from now on
    await handler.idle();
    const begun = performance.now();
    const pending = Array.from({ length: 200 }, send);
    const turns = countTurns();
    await Promise.all(pending);
    expect(turns.stop()).toBeGreaterThan((performance.now() - begun) / 50);
    await handler.idle();
  });
});

describeFaults({
  name: 'the request for the keys',
  operation: 'keys',
  run: async ({ url, timeout }) => {
    const key = await createKeySet({ keysURL: url, timeout }).find(1);
    if (key === undefined) throw new Error('no key');
  },
  good: { primaryKeyId: 1, key: [KEY.entry] },
  tolerated: { 'a key that is unknown beside it': { key: [{ keyId: 5 }, KEY.entry] } },
  wrong: {
    'a list of no keys': { key: [] },
    'a key that is disabled': { key: [{ ...KEY.entry, status: 'DISABLED' }] },
    'an object for its keys': { key: { 1: KEY.entry } },
  },
  exceptions: {
    // Fitbit's envelope is none of Google's shapes.
    "400 with Fitbit's error envelope": 'ResponseError unexpected_status',
  },
});
