import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HttpRequest, type HttpResponse, MAX_BODY, request } from '../../lib/oauth2/http.ts';
import { toPromise } from '../../lib/oauth2/promise.ts';

const urls: (string | undefined)[] = [];
let respond: (res: http.ServerResponse) => void;
const server = http.createServer((req, res) => {
  urls.push(req.url);
  req.resume();
  respond(res);
});
let base: string;

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  urls.length = 0;
  respond = (res) => res.end('{}');
});
afterEach(() => {
  vi.restoreAllMocks();
});

function send(change: Partial<HttpRequest> = {}) {
  const init = { url: `${base}/me`, headers: {}, timeout: 2000, ...change };
  return toPromise<HttpResponse>((callback) =>
    request({ method: 'GET', operation: 'profile', ...init }, callback),
  );
}

describe('a request', () => {
  it('resolves with status, headers and body of the answer', async () => {
    respond = (res) => res.writeHead(201, { 'X-Some': 'thing' }).end('Zoë');
    expect(await send()).toEqual({
      status: 201,
      headers: expect.objectContaining({ 'x-some': 'thing' }),
      body: 'Zoë',
    });
  });

  it('keeps the query of its URL, and out of its errors', async () => {
    respond = (res) => res.socket?.destroy();
    const url = `${base}/me?secret=s3cret`;
    await expect(send({ url })).rejects.toMatchObject({
      code: 'connection',
      operation: 'profile',
      message: `The connection failed: GET ${base}/me`,
    });
    expect(new Set(urls)).toEqual(new Set(['/me?secret=s3cret']));
  });

  it('goes to the right host after requests to many others', async () => {
    for (let path = 0; path < 250; path += 1) {
      const url = `${base}/${path}`;
      await send({ url });
      expect(urls.at(-1)).toBe(`/${path}`);
    }
    await send({ url: `${base}/0` });
    expect(urls.at(-1)).toBe('/0');
  });

  it('goes by node:https to an https URL, to its default port', async () => {
    const stopped = new Error('stopped here');
    const spy = vi.spyOn(https, 'request').mockImplementation(() => {
      throw stopped;
    });
    await expect(send({ url: 'https://api.fitbit.com/a/b?c' })).rejects.toMatchObject({
      code: 'connection',
      cause: stopped,
      message: 'The request could not be sent: GET https://api.fitbit.com/a/b',
    });
    expect(spy.mock.calls).toEqual([
      [
        {
          method: 'GET',
          host: 'api.fitbit.com',
          port: undefined,
          path: '/a/b?c',
          headers: {},
        },
      ],
    ]);
  });

  it('takes the brackets off an IPv6 address', async () => {
    const spy = vi.spyOn(http, 'request').mockImplementation(() => {
      throw new Error('stopped here');
    });
    await expect(send({ url: 'http://[::1]:8080/' })).rejects.toThrow('The request could not be sent');
    expect(spy.mock.calls[0]?.[0]).toMatchObject({ host: '::1', port: '8080', path: '/' });
  });

  it('is a connection error where an agent is of the other scheme', async () => {
    const agent = new https.Agent();
    await expect(send({ agent })).rejects.toMatchObject({
      code: 'connection',
      cause: { code: 'ERR_INVALID_PROTOCOL' },
    });
  });

  it('is a connection error where a header is none, and its value stays secret', async () => {
    const error = await send({ headers: { Authorization: 'Bearer s3cret\r\nX: y' } }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'connection', cause: { code: 'ERR_INVALID_CHAR' } });
    expect(String((error as Error).cause)).not.toContain('s3cret');
    expect(urls).toEqual([]);
  });

  it.each<[what: string, respond: typeof respond, signal?: AbortSignal]>([
    ['without an answer', () => {}],
    ['with half an answer', (res) => res.writeHead(200, { 'Content-Length': '9' }).write('{')],
    ['with a redirect', (res) => res.writeHead(302, { Location: '/' }).end()],
    ['with too long an answer', (res) => res.end('a'.repeat(2 * MAX_BODY))],
    ['with an error that is too long', (res) => res.writeHead(500).end('a'.repeat(2 * MAX_BODY))],
    ['whose connection is closed', (res) => res.destroy()],
    ['that is given up', () => {}, AbortSignal.timeout(20)],
  ])('%s calls back once', async (_what, answer, signal) => {
    respond = answer;
    const callback = vi.fn();
    const init = { url: `${base}/me`, headers: {}, timeout: 100, signal };
    request({ method: 'GET', operation: 'profile', ...init }, callback);
    await vi.waitFor(() => expect(callback).toHaveBeenCalled());
    await pause(150); // what follows: events of the connection, the deadline
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it('may have a body of just 1 MiB, and none that is longer', async () => {
    respond = (res) => res.end('a'.repeat(MAX_BODY));
    expect((await send()).body).toHaveLength(MAX_BODY);
    respond = (res) => res.end('a'.repeat(MAX_BODY + 1));
    await expect(send()).rejects.toMatchObject({
      code: 'too_large',
      message: `The answer is larger than 1048576 bytes: GET ${base}/me`,
    });
  });

  it('is read as usual after one whose bytes were not UTF-8', async () => {
    respond = (res) => res.end(Buffer.from([0x61, 0xe2, 0x82]));
    await expect(send()).rejects.toMatchObject({
      code: 'malformed',
      message: `The answer is not UTF-8: GET ${base}/me`,
    });
    respond = (res) => res.end('Zoë');
    expect((await send()).body).toBe('Zoë');
  });

  it.each([
    [200, 'rejects'],
    [400, 'resolves'],
  ])('with the status %i and bytes that are not UTF-8 %s', async (status, outcome) => {
    respond = (res) => res.writeHead(status).end(Buffer.from([0x61, 0xff]));
    const settled = await send().then(
      ({ body }) => `resolves ${body}`,
      () => 'rejects',
    );
    expect(settled).toBe(outcome === 'rejects' ? 'rejects' : 'resolves a\ufffd');
  });

  it.each([300, 301, 302, 303, 307, 308, 399])('never follows a redirect: %i', async (status) => {
    respond = (res) => res.writeHead(status, { Location: `${base}/elsewhere` }).end('{}');
    await expect(send()).rejects.toMatchObject({
      code: 'redirect',
      retryable: false,
      message: `Unexpected redirect (${status}): GET ${base}/me`,
    });
    expect(urls).toEqual(['/me']);
  });

  it('leaves neither a timer nor a listener behind', async () => {
    const clear = vi.spyOn(globalThis, 'clearTimeout');
    const set = vi.spyOn(globalThis, 'setTimeout');
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, 'removeEventListener');
    await send({ timeout: 54_321, signal });
    const timer = set.mock.results[set.mock.calls.findIndex(([, ms]) => ms === 54_321)]?.value;
    expect(clear.mock.calls).toContainEqual([timer]);
    expect(remove).toHaveBeenCalledWith('abort', expect.any(Function));
  });

  it('keeps the process alive until its deadline where an agent finds no connection', async () => {
    const agent = Object.assign(new http.Agent(), { addRequest: () => {} });
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const sent = send({ agent, timeout: 50 }).catch((error: unknown) => error);
    expect(timers()).toBe(before + 1);
    expect(await sent).toMatchObject({ code: 'timeout' });
  });

  it('works with timers that are numbers, as those of jsdom', async () => {
    vi.spyOn(globalThis, 'setTimeout').mockReturnValueOnce(5 as never);
    expect(await send()).toMatchObject({ status: 200, body: '{}' });
  });

  it('is aborted while the body comes, even where the status is an error', async () => {
    const controller = new AbortController();
    respond = (res) => {
      res.writeHead(500).write('{"errors":');
      setTimeout(() => controller.abort('enough'), 10);
    };
    await expect(send({ signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
      retryable: false,
      cause: 'enough',
      message: `The request was aborted: GET ${base}/me`,
    });
  });

  it('resolves with what there is of an error answer at the deadline', async () => {
    respond = (res) => res.writeHead(503, { 'Retry-After': '3' }).write('half');
    expect(await send({ timeout: 50 })).toMatchObject({
      status: 503,
      body: 'half',
      headers: { 'retry-after': '3' },
    });
  });
});
