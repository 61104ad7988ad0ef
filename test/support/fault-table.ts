import type { Agent } from 'node:http';
import { OAuthError, type Operation, ResponseError, TransportError } from 'passport-fitbit-strategy';
import { describe, it, vi } from 'vitest';
import {
  answers,
  answersJSON,
  CHUNKED,
  chunk,
  drips,
  type Fault,
  floods,
  response,
  sends,
  sendsAndCloses,
  startFaultyServer,
} from './faulty-server.ts';

/** What a fault leads to: an error's class and code, or success where the fault does not matter. */
export type Expected = `${'TransportError' | 'ResponseError'} ${string}` | 'success';

/** One row of the table. */
export interface Row {
  name: string;
  fault: Fault;
  expected: Expected;
}

/** How an operation is called in one row. */
export interface FaultCall {
  /** The origin of the faulty server: the endpoint of the operation is there, at any path. */
  url: string;
  timeout: number;
  signal?: AbortSignal;
  agent?: Agent;
}

/** An operation that the table is run for. */
export interface FaultyOperation {
  /** For the names of the tests. */
  name: string;
  /** As the errors name it. */
  operation: Operation;
  /** Calls it; rejects with the error that the app gets. Other endpoints that it needs must work. */
  run(call: FaultCall): Promise<unknown>;
  /** A good answer. */
  good: object;
  /** Other answers that are understood, by name. */
  tolerated?: Record<string, unknown>;
  /** Success answers of wrong types, by name. */
  wrong?: Record<string, unknown>;
  /** Whether the body of a success answer does not matter. */
  ignoresBody?: boolean;
  /** Where this operation has another outcome than the table says. */
  exceptions?: Record<string, Expected>;
}

const HTML = '<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>';
const MEBIBYTE = 1024 * 1024;
const LETTERS = Buffer.alloc(64 * 1024, 'a');
// No answer that is expected to come needs this long; only a broken deadline does.
const LONG = 20_000;
const SHORT = 400;

/** A row whose answer is complete or never will be: the transport's part. */
const TRANSPORT: Row[] = [
  { name: 'never responds', fault: {}, expected: 'TransportError timeout' },
  { name: 'refuses the connection', fault: { refused: true }, expected: 'TransportError connection' },
  {
    name: 'accepts and closes',
    fault: { connect: (socket) => void socket.end() },
    expected: 'TransportError connection',
  },
  {
    name: 'accepts and resets',
    fault: { connect: (socket) => void socket.resetAndDestroy() },
    expected: 'TransportError connection',
  },
  {
    name: 'closes after the request',
    fault: { answer: (socket) => void socket.end() },
    expected: 'TransportError connection',
  },
  {
    name: 'resets after the request',
    fault: { answer: (socket) => void socket.resetAndDestroy() },
    expected: 'TransportError connection',
  },
  {
    name: 'closes in mid-headers',
    fault: sendsAndCloses('HTTP/1.1 200 OK\r\nContent-Ty'),
    expected: 'TransportError connection',
  },
  {
    name: 'closes in mid-body (content-length)',
    fault: sendsAndCloses(response(200, '{"access_token":"eyJ', { 'Content-Length': '500' })),
    expected: 'TransportError connection',
  },
  {
    name: 'closes in mid-body (chunked)',
    fault: sendsAndCloses(CHUNKED + chunk('{"access_token":"eyJ')),
    expected: 'TransportError connection',
  },
  {
    name: 'closes in mid-chunk',
    fault: sendsAndCloses(`${CHUNKED}ff\r\n{"access_token":"eyJ`),
    expected: 'TransportError connection',
  },
  {
    name: 'resets in mid-body',
    fault: {
      answer: (socket) =>
        void socket.write(response(200, '{"access', { 'Content-Length': '500' }), () =>
          setTimeout(() => socket.resetAndDestroy(), 20),
        ),
    },
    expected: 'TransportError connection',
  },
  {
    name: 'stops in mid-headers',
    fault: sends('HTTP/1.1 200 OK\r\nContent-Ty'),
    expected: 'TransportError timeout',
  },
  {
    name: 'stops in mid-body',
    fault: sends(response(200, '{"access_token":"eyJ', { 'Content-Length': '500' })),
    expected: 'TransportError timeout',
  },
  {
    name: 'drips headers forever',
    fault: drips('HTTP/1.1 200 OK\r\n', 'X-More: 1\r\n'),
    expected: 'TransportError timeout',
  },
  { name: 'drips a body forever', fault: drips(CHUNKED, chunk(' ')), expected: 'TransportError timeout' },
  {
    name: 'says "100 Continue" forever',
    fault: drips('', 'HTTP/1.1 100 Continue\r\n\r\n'),
    expected: 'TransportError timeout',
  },
  {
    name: 'sends 400 MB (content-length)',
    fault: floods(`HTTP/1.1 200 OK\r\nContent-Length: ${400 * MEBIBYTE}\r\n\r\n`, LETTERS, 400 * MEBIBYTE),
    expected: 'TransportError too_large',
  },
  {
    name: 'sends chunks without end',
    fault: floods(CHUNKED, Buffer.from(chunk('a'.repeat(16_384)))),
    expected: 'TransportError too_large',
  },
  {
    name: 'sends a body without end or length',
    fault: floods('HTTP/1.1 200 OK\r\n\r\n', LETTERS),
    expected: 'TransportError too_large',
  },
  {
    name: 'sends headers without end',
    fault: floods('HTTP/1.1 200 OK\r\n', Buffer.from(`X-More: ${'a'.repeat(1000)}\r\n`)),
    expected: 'TransportError connection',
  },
  {
    name: 'sends garbage instead of HTTP',
    fault: sends(Buffer.from([0x16, 0x03, 0x01, 0x00, 0xff, 0xfe, 0x00, 0x80])),
    expected: 'TransportError connection',
  },
  {
    name: 'speaks SSH',
    fault: { connect: (socket) => void socket.write('SSH-2.0-OpenSSH_9.7\r\n') },
    expected: 'TransportError connection',
  },
  {
    name: 'sends garbage as the size of a chunk',
    fault: sends(`${CHUNKED}${chunk('{"access_token":"eyJ')}ZZ\r\n`),
    expected: 'TransportError connection',
  },
  {
    name: 'sends a header line without a colon',
    fault: sends('HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'),
    expected: 'TransportError connection',
  },
  {
    name: 'sends two lengths that differ',
    fault: sends('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'),
    expected: 'TransportError connection',
  },
  {
    name: 'sends a length and chunks',
    fault: sends('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
    expected: 'TransportError connection',
  },
  {
    name: 'switches protocols (101)',
    fault: sends('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'),
    expected: 'TransportError connection',
  },
  ...[301, 302, 303, 307, 308].map((status): Row => {
    const Location = 'http://127.0.0.1:9/elsewhere?access_token=planted';
    return {
      name: `redirects (${status})`,
      fault: answers(status, HTML, { Location }),
      expected: 'TransportError redirect',
    };
  }),
  { name: 'redirects to nowhere (300)', fault: answers(300), expected: 'TransportError redirect' },
  {
    name: 'says that nothing changed (304)',
    fault: sends('HTTP/1.1 304 Not Modified\r\n\r\n'),
    expected: 'TransportError redirect',
  },
  {
    name: 'redirects and then never ends',
    fault: sends('HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 10\r\n\r\n'),
    expected: 'TransportError redirect',
  },
  {
    name: 'has the status 000',
    fault: sends('HTTP/1.1 000 Nothing\r\nContent-Length: 2\r\n\r\n{}'),
    expected: 'TransportError malformed',
  },
  {
    name: 'sends bytes that are not UTF-8',
    fault: answers(200, Buffer.from([0x7b, 0x22, 0x61, 0xff, 0xc3, 0x28, 0x22, 0x7d])),
    expected: 'TransportError malformed',
  },
];

/** Success answers without the content that an operation needs. */
const BODIES: Row[] = Object.entries({
  null: 'null',
  '[]': '[]',
  '"x"': '"x"',
  '1': '1',
  true: 'true',
  '{}': '{}',
  'an empty body': '',
  'white space': ' \r\n\t',
  'HTML with status 200': HTML,
  'JSON that is cut': '{"access_token":"eyJ',
  'JSON in UTF-16': Buffer.from('{"access_token":"a"}', 'utf16le'),
  'a form instead of JSON': 'access_token=a&token_type=Bearer&expires_in=1',
  'an array of objects': '[{"access_token":"a"}]',
  'all its fields in __proto__':
    '{"__proto__":{"access_token":"a","active":true,"client_id":"c","exp":1,"user":{"encodedId":"A"},"sub":"1","healthUserId":"1"}}',
  'an error with status 200': '{"error":"invalid_grant","error_description":"no"}',
  '1 MB of brackets': '['.repeat(MEBIBYTE),
}).map(([name, body]) => ({
  name: `answers ${name}`,
  fault: answers(200, body, { 'Content-Type': 'application/json' }),
  expected: 'TransportError malformed',
}));

BODIES.push({
  name: 'answers nothing (204)',
  fault: { ...sends('HTTP/1.1 204 No Content\r\n\r\n'), complete: true },
  expected: 'TransportError malformed',
});

const ENVELOPE = {
  errors: [{ errorType: 'invalid_request', message: 'Missing parameters.' }],
  success: false,
};
const RFC6749 = { error: 'invalid_client', error_description: 'No such client.' };
const GOOGLE = { error: { code: 403, message: 'No.', status: 'PERMISSION_DENIED' } };

/** Error answers. */
const ERRORS: Row[] = [
  ...(
    [
      [410, 'gone'],
      [429, 'rate_limited'],
      [409, 'conflict'],
    ] as const
  ).flatMap(([status, code]): Row[] => [
    { name: `${status}, empty`, fault: answers(status), expected: `ResponseError ${code}` },
    { name: `${status} with HTML`, fault: answers(status, HTML), expected: `ResponseError ${code}` },
    {
      name: `${status} with an error in JSON`,
      fault: answersJSON(RFC6749, status),
      expected: `ResponseError ${code}`,
    },
  ]),
  ...[500, 502, 503].flatMap((status): Row[] => [
    { name: `${status}, empty`, fault: answers(status), expected: 'ResponseError server_error' },
    { name: `${status} with HTML`, fault: answers(status, HTML), expected: 'ResponseError server_error' },
    {
      name: `${status} with an error in JSON`,
      fault: answersJSON({ error: { code: status, message: 'Later.', status: 'UNAVAILABLE' } }, status),
      expected: 'ResponseError unavailable',
    },
  ]),
  {
    name: "400 with Fitbit's error envelope",
    fault: answersJSON(ENVELOPE, 400),
    expected: 'ResponseError invalid_request',
  },
  {
    name: "401 with RFC 6749's error",
    fault: answersJSON(RFC6749, 401),
    expected: 'ResponseError invalid_client',
  },
  {
    name: "403 with Google's error",
    fault: answersJSON(GOOGLE, 403),
    expected: 'ResponseError permission_denied',
  },
  ...Object.entries({
    'an empty body': '',
    HTML,
    null: 'null',
    '[]': '[]',
    '"x"': '"x"',
    'errors: null': '{"errors":null}',
    'errors: [null]': '{"errors":[null, 1, "x", [], {}]}',
    'error: 5': '{"error":5}',
    'error: []': '{"error":[]}',
    'a sentence as its code': '{"error":"Something went wrong 12345"}',
    __proto__: '{"__proto__":{"error":"invalid_grant"}}',
    'bytes that are not UTF-8': Buffer.from([0xff, 0xfe, 0x00, 0xc3]),
    '1 MB of letters': JSON.stringify({ message: 'a'.repeat(MEBIBYTE - 100) }),
  }).map(
    ([name, body]): Row => ({
      name: `400 with ${name}`,
      fault: answers(400, body),
      expected: 'ResponseError unexpected_status',
    }),
  ),
  {
    name: '400 with 1 MB of letters as its description',
    fault: answersJSON({ error: 'invalid_request', error_description: 'a'.repeat(MEBIBYTE - 100) }, 400),
    expected: 'ResponseError invalid_request',
  },
  {
    name: '400 with a body that is cut',
    fault: sendsAndCloses(response(400, '{"error":"inv', { 'Content-Length': '500' })),
    expected: 'ResponseError unexpected_status',
  },
  {
    name: '400 with a body that never ends',
    fault: sends(response(400, '{"error":"inv', { 'Content-Length': '500' })),
    expected: 'ResponseError unexpected_status',
  },
  {
    name: '500 with 400 MB',
    fault: floods(`HTTP/1.1 500 Error\r\nContent-Length: ${400 * MEBIBYTE}\r\n\r\n`, LETTERS, 400 * MEBIBYTE),
    expected: 'ResponseError server_error',
  },
  {
    name: 'a status that nobody has defined (999)',
    fault: answers(999),
    expected: 'ResponseError server_error',
  },
];

// Rows of another outcome that only the deadline ends.
const ENDLESS = new Set(['400 with a body that never ends']);

/** The time limit for a row, ms: short where nothing else ends it. */
export function deadlineOf({ name, expected }: Row): number {
  // Long enough for the headers to arrive on a busy machine, which is what these rows are about.
  if (ENDLESS.has(name)) return 3 * SHORT;
  return expected.endsWith(' timeout') ? SHORT : LONG;
}

/** The table for one operation. */
export function faultTable(operation: FaultyOperation): Row[] {
  const { good, tolerated = {}, wrong = {}, ignoresBody, exceptions = {} } = operation;
  const understood = Object.entries({ 'all that it should': good, ...tolerated }).map(
    ([name, value]): Row => ({ name: `answers ${name}`, fault: answersJSON(value), expected: 'success' }),
  );
  const types = Object.entries(wrong).map(
    ([name, value]): Row => ({
      name: `answers ${name}`,
      fault: answersJSON(value),
      expected: 'TransportError malformed',
    }),
  );
  const bodies = [...BODIES, ...types].map(
    (row): Row => (ignoresBody ? { ...row, expected: 'success' } : row),
  );
  const rows = [...understood, ...TRANSPORT, ...bodies, ...ERRORS].map(
    (row): Row => ({ ...row, expected: exceptions[row.name] ?? row.expected }),
  );
  for (const name of Object.keys(exceptions)) {
    if (!rows.some((row) => row.name === name)) throw new Error(`no row is called ${name}`);
  }
  return rows;
}

/**
 * Runs the whole table for an operation, one test for each row, each with a server of its own. An operation ends
 * as the table says, names itself in the error, and leaves no connection behind that can't be used again.
 */
export function describeFaults(operation: FaultyOperation): void {
  vi.setConfig({ maxConcurrency: 16, testTimeout: 30_000 });

  describe.concurrent(`${operation.name}, when the provider`, () => {
    it.for(faultTable(operation))('$name → $expected', async (row, { expect }) => {
      const { fault, expected } = row;
      const server = await startFaultyServer(fault);
      try {
        const outcome = await outcomeOf(operation.run({ url: server.url, timeout: deadlineOf(row) }));
        expect(describeOutcome(outcome)).toBe(expected);
        if (outcome instanceof OAuthError) {
          expect(outcome.operation).toBe(operation.operation);
          expect(outcome.message.length).toBeLessThan(1000);
        }
        if (!fault.complete) await server.idle();
      } finally {
        await server.close();
      }
    });
  });
}

/** An outcome in the words of the table. */
export function describeOutcome(outcome: unknown): string {
  if (outcome instanceof TransportError) return `TransportError ${outcome.code}`;
  if (outcome instanceof ResponseError) return `ResponseError ${outcome.code}`;
  return outcome === 'success' ? outcome : `not one of this package's errors: ${String(outcome)}`;
}

function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'success',
    (error: unknown) => error,
  );
}
