import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, LookupFunction, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import nock from 'nock';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type HttpRequest, request } from '../../lib/client/http.ts';

const pem = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
const ca = pem('cert');
const BODY = 'refresh_token=single-use';
// It replaces the sockets of all requests while it is active.
nock.restore();

const refused = new Error('Not any more');

type Protocol = 'http' | 'https';
type Lookup = Parameters<LookupFunction>[2];

/** A server that answers `{}`, and an agent whose connections take a while to set up. */
async function start(protocol: Protocol, answer = (res: http.ServerResponse) => void res.end('{}')) {
  const received: string[] = [];
  let connections = 0;
  const listener: http.RequestListener = async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    received.push(body);
    answer(res);
  };
  const server =
    protocol === 'https'
      ? https.createServer({ key: pem('key'), cert: ca }, listener)
      : http.createServer(listener);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    // What comes before the headers are complete counts, too.
    if (protocol === 'http') socket.once('data', (data: Buffer) => received.push(`${data.length} bytes`));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  // Node calls back with one address or with a list of them, as it is asked.
  const lookup = (_: string, { all }: { all?: boolean | undefined }, callback: Lookup) =>
    setTimeout(() => {
      if (all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(null, '127.0.0.1', 4);
    }, 50);
  const options = { keepAlive: true, lookup };
  const agent =
    protocol === 'https'
      ? new https.Agent({ ...options, ca, checkServerIdentity: () => undefined })
      : new http.Agent({ ...options });
  onTestFinished(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  const send = (change: Partial<HttpRequest>) =>
    request({
      method: 'POST',
      url: `${protocol}://localhost:${port}/token`,
      headers: {},
      body: BODY,
      operation: 'refresh',
      timeout: 2_000,
      agent,
      ...change,
    });
  const sockets = () => Object.values(agent.sockets).flatMap((each) => each ?? []);
  return { send, received, sockets, server, connections: () => connections };
}

describe.each<Protocol>(['http', 'https'])('beforeSend over %s', (protocol) => {
  it('is called when the connection is ready and nothing has been sent', async () => {
    const { send, received, sockets } = await start(protocol);
    const seen: unknown[] = [];
    const beforeSend = () => {
      const [socket] = sockets();
      const ready = protocol === 'https' ? (socket as TLSSocket).authorized : socket?.connecting === false;
      seen.push({ ready, bytes: protocol === 'https' ? 0 : socket?.bytesWritten, received: [...received] });
    };
    expect(await send({ beforeSend })).toMatchObject({ status: 200, body: '{}' });
    expect(seen).toEqual([{ ready: true, bytes: 0, received: [] }]);
    expect(received.at(-1)).toBe(BODY);
  });

  it('sends nothing if it throws, and the call rejects with what it throws', async () => {
    const { send, received, connections, server } = await start(protocol);
    const beforeSend = () => {
      throw refused;
    };
    await expect(send({ beforeSend })).rejects.toBe(refused);
    expect(connections()).toBe(1);
    // The server has read all that was sent when it sees the end of the connection.
    while ((await openConnections(server)) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(received).toEqual([]);
  });

  it('is called for each request on a reused connection', async () => {
    const { send, connections, received } = await start(protocol);
    let calls = 0;
    const beforeSend = () => {
      calls += 1;
      if (calls === 3) throw refused;
    };
    for (let i = 0; i < 2; i += 1) await send({ beforeSend });
    await expect(send({ beforeSend })).rejects.toBe(refused);
    expect(connections()).toBe(1);
    expect(received.filter((each) => each === BODY)).toHaveLength(2);
  });

  it('is called again when the request is sent again because the kept connection was closed', async () => {
    let answered = 0;
    const { send, connections } = await start(protocol, (res) => {
      answered += 1;
      if (answered === 2) res.socket?.destroy();
      else res.end('{}');
    });
    let calls = 0;
    const beforeSend = () => {
      calls += 1;
    };
    for (let i = 0; i < 2; i += 1) expect(await send({ beforeSend })).toMatchObject({ status: 200 });
    expect({ calls, connections: connections() }).toEqual({ calls: 3, connections: 2 });
  });

  it('is not called when the call ends before the connection is ready', async () => {
    const { send } = await start(protocol);
    let calls = 0;
    const beforeSend = () => {
      calls += 1;
    };
    await expect(send({ beforeSend, timeout: 20 })).rejects.toMatchObject({ code: 'timeout' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(calls).toBe(0);
  });

  it('works with a library that responds in place of the provider', async () => {
    nock.activate();
    onTestFinished(() => nock.restore());
    nock(`${protocol}://api.example`).post('/token', BODY).reply(200, {});
    let calls = 0;
    const beforeSend = () => {
      calls += 1;
    };
    const init = { method: 'POST', headers: {}, body: BODY, operation: 'refresh', timeout: 2_000 } as const;
    const response = await request({ ...init, url: `${protocol}://api.example/token`, beforeSend });
    expect(response).toMatchObject({ status: 200, body: '{}' });
    expect(calls).toBe(1);
  });
});

function openConnections(server: http.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}
