import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HttpRequest, MAX_BODY, request } from '../../lib/client/http.ts';

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
  return request({ method: 'GET', operation: 'profile', ...init });
}

describe('a request', () => {
  it('resolves with the status, headers and body of the response', async () => {
    respond = (res) => res.writeHead(201, { 'X-Some': 'thing' }).end('Zoë');
    expect(await send()).toEqual({
      status: 201,
      headers: expect.objectContaining({ 'x-some': 'thing' }),
      body: 'Zoë',
    });
  });

  it('sends the query of its URL but leaves it out of its errors', async () => {
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

  it('goes through node:https to an https URL, with the default port', async () => {
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
        },
      ],
    ]);
  });

  it('connects to an IPv6 address without its brackets', async () => {
    const spy = vi.spyOn(http, 'request').mockImplementation(() => {
      throw new Error('stopped here');
    });
    await expect(send({ url: 'http://[::1]:8080/' })).rejects.toThrow('The request could not be sent');
    expect(spy.mock.calls[0]?.[0]).toMatchObject({ host: '::1', port: '8080', path: '/' });
  });

  it('fails with a connection error if the agent is for the other scheme', async () => {
    const agent = new https.Agent();
    await expect(send({ agent })).rejects.toMatchObject({
      code: 'connection',
      cause: { code: 'ERR_INVALID_PROTOCOL' },
    });
  });

  it.each(['/me', 'ftp://files.example/', 'http://user:pw@127.0.0.1/'])(
    'is refused for a wrong URL, each time: %s',
    async (url) => {
      await expect(send({ url })).rejects.toThrow(/^"url" must/);
      await expect(send({ url })).rejects.toBeInstanceOf(TypeError);
    },
  );

  it('fails with a connection error for an invalid header, without showing its value', async () => {
    const requests = vi.spyOn(http, 'request');
    const error = await send({ headers: { Authorization: 'Bearer s3cret\r\nX: y' } }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'connection', cause: { code: 'ERR_INVALID_CHAR' } });
    expect(String((error as Error).cause)).not.toContain('s3cret');
    expect(urls).toEqual([]);
    // Left open, it would end the process with an error when the server closes the connection.
    expect(requests.mock.results).toMatchObject([{ value: { destroyed: true } }]);
  });

  it("removes what the parser read from an error of another realm, such as Jest's or node:vm's", async () => {
    const foreign = runInNewContext(
      `Object.assign(new Error('Parse Error'), { code: 'HPE_INVALID_CONSTANT', rawPacket: 'a-token' })`,
    );
    expect(foreign).not.toBeInstanceOf(Error);
    const agent = new http.Agent();
    agent.createConnection = (options) => {
      const socket = connect(options as TcpNetConnectOpts);
      return socket.once('connect', () => socket.destroy(foreign));
    };
    const error: unknown = await send({ agent }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'connection', cause: { code: 'HPE_INVALID_CONSTANT' } });
    expect((error as Error).cause).toBe(foreign);
    expect(foreign).not.toHaveProperty('rawPacket');
  });

  it.each<[what: string, respond: typeof respond, signal?: () => AbortSignal]>([
    ['without a response', () => {}],
    ['with half a response', (res) => res.writeHead(200, { 'Content-Length': '9' }).write('{')],
    ['with a redirect', (res) => res.writeHead(302, { Location: '/' }).end()],
    ['with a response that is too long', (res) => res.end('a'.repeat(2 * MAX_BODY))],
    ['with an error that is too long', (res) => res.writeHead(500).end('a'.repeat(2 * MAX_BODY))],
    ['whose connection is closed', (res) => res.destroy()],
    ['that is aborted', () => {}, () => AbortSignal.timeout(20)],
  ])('%s closes its connection once it has settled', async (_what, answer, signal) => {
    respond = answer;
    const closed = once(server, 'connection').then(
      ([socket]: Socket[]) => new Promise((resolve) => socket?.once('close', resolve)),
    );
    const agent = new http.Agent({ keepAlive: true });
    await send({ timeout: 100, signal: signal?.(), agent }).catch(() => {});
    await closed;
    expect(agent.freeSockets).toEqual({});
  });

  it('accepts a response of exactly 1 MiB and no longer one', async () => {
    respond = (res) => res.end('a'.repeat(MAX_BODY));
    expect((await send()).body).toHaveLength(MAX_BODY);
    respond = (res) => res.end('a'.repeat(MAX_BODY + 1));
    await expect(send()).rejects.toMatchObject({
      code: 'too_large',
      message: `The response is larger than 1048576 bytes: GET ${base}/me`,
    });
  });

  it('decodes the next body after one that was not UTF-8', async () => {
    respond = (res) => res.end(Buffer.from([0x61, 0xe2, 0x82]));
    await expect(send()).rejects.toMatchObject({
      code: 'malformed',
      message: `The response is not UTF-8: GET ${base}/me`,
    });
    respond = (res) => res.end('Zoë');
    expect((await send()).body).toBe('Zoë');
  });

  it.each([
    [200, 'rejects'],
    [400, 'resolves'],
  ])('with status %i and bytes that are not UTF-8 %s', async (status, outcome) => {
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

  it('keeps the process alive until its deadline if the agent finds no connection', async () => {
    const agent = Object.assign(new http.Agent(), { addRequest: () => {} });
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const sent = send({ agent, timeout: 50 }).catch((error: unknown) => error);
    expect(timers()).toBe(before + 1);
    expect(await sent).toMatchObject({ code: 'timeout' });
  });

  it('works with timers that are numbers, as in jsdom', async () => {
    vi.spyOn(globalThis, 'setTimeout').mockReturnValueOnce(5 as never);
    expect(await send()).toMatchObject({ status: 200, body: '{}' });
  });

  it('can be aborted while the body arrives, even if the status is an error', async () => {
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

  it('resolves at the deadline with what has arrived of an error response', async () => {
    respond = (res) => res.writeHead(503, { 'Retry-After': '3' }).write('half');
    expect(await send({ timeout: 50 })).toMatchObject({
      status: 503,
      body: 'half',
      headers: { 'retry-after': '3' },
    });
  });
});
