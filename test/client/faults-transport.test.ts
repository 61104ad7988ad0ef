import { TransportError } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { request } from '../../lib/client/http.ts';
import { faultTable } from '../support/fault-table.ts';
import { answers, CHUNKED, chunk, response, sends, start } from '../support/faulty-server.ts';

const get = (url: string, more: object = {}) =>
  request({ method: 'GET', url, headers: {}, operation: 'profile', timeout: 5000, ...more });
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it succeeded'),
    (error: unknown) => error as TransportError & { cause?: Error & { rawPacket?: unknown } },
  );

describe('one request', () => {
  // The messages; the whole table runs for each operation.
  it.each([
    ['has the status 000', 'malformed', 'Invalid HTTP status (0)'],
    ['switches protocols (101)', 'connection', 'The connection was closed before a response arrived'],
    [
      'closes in mid-body (content-length)',
      'connection',
      'The connection was closed in the middle of the response',
    ],
    ['closes after the request', 'connection', 'The connection failed'],
    ['sends garbage as the size of a chunk', 'connection', 'The connection failed'],
    ['redirects (302)', 'redirect', 'Unexpected redirect (302)'],
    ['sends bytes that are not UTF-8', 'malformed', 'The response is not UTF-8'],
    ['sends chunks without end', 'too_large', 'The response is larger than 1048576 bytes'],
  ])('to a server that %s fails with %s: %s', async (name, code, message) => {
    const rows = faultTable({ name: '', operation: 'profile', run: async () => {}, good: {} });
    const row = rows.find((each) => each.name === name);
    if (row === undefined) throw new Error(`The table has no fault with the name "${name}"`);
    const server = await start(row.fault);
    const error = await failure(get(`${server.url}/x?token=1`));
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code, operation: 'profile' });
    expect(error.message).toBe(`${message}: GET ${server.url}/x`);
  });

  it("keeps no copy of the response on the parser's error", async () => {
    const server = await start(sends(`${CHUNKED}${chunk('a-token')}ZZ\r\n`));
    const { cause } = await failure(get(server.url));
    expect(cause).toMatchObject({ code: 'HPE_INVALID_CHUNK_SIZE' });
    expect(cause).not.toHaveProperty('rawPacket');
  });

  it("passes the reason of the caller's signal on unchanged", async () => {
    const server = await start({});
    const reason = Object.assign(new Error('mine'), { rawPacket: 'mine, too' });
    const controller = new AbortController();
    const outcome = failure(get(server.url, { signal: controller.signal }));
    controller.abort(reason);
    expect((await outcome).cause).toBe(reason);
    expect(reason.rawPacket).toBe('mine, too');
  });

  it('is not sent again after garbage on a connection that was used before', async () => {
    const server = await start({
      answer(socket) {
        socket.write(server.requests.length === 1 ? response(200, 'ok') : 'garbage\r\n\r\n');
      },
    });
    await get(server.url);
    expect(await failure(get(server.url))).toMatchObject({ code: 'connection' });
    expect(server.requests).toHaveLength(2);
  });

  it.each([399, 400, 401])(
    'with status %i and half a body succeeds only for an error status',
    async (status) => {
      const server = await start({
        answer: (socket) => void socket.end(response(status, 'half', { 'Content-Length': '9' })),
      });
      const outcome = await get(server.url).catch((error: TransportError) => error.code);
      expect(outcome).toEqual(status < 400 ? 'redirect' : expect.objectContaining({ status, body: 'half' }));
    },
  );

  it('works with an IPv6 host and with any number of URLs', async () => {
    const error = await failure(get('http://[::1]:1/x'));
    expect(error.cause).toMatchObject({
      code: expect.stringMatching(/ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH/),
    });
    const server = await start(answers(200, 'ok'));
    for (let i = 0; i < 250; i += 1) {
      expect((await get(`${server.url}/${i % 120}`)).body).toBe('ok');
      expect(server.requests.at(-1)?.path).toBe(`/${i % 120}`);
    }
  });

  it.each([[[3, 5, 2]], [[1, 1, 1, 1, 1, 1, 1]], [[10, 1]], [[1, 10, 30, 1]]])(
    'joins a body that arrives in pieces of %j bytes',
    async (sizes) => {
      const letters = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ';
      let at = 0;
      const pieces = sizes.map((size) => {
        at += size;
        return letters.slice(at - size, at);
      });
      const server = await start(sends(CHUNKED + pieces.map(chunk).join('') + chunk('')));
      expect((await get(server.url)).body).toBe(letters.slice(0, at));
    },
  );
});
