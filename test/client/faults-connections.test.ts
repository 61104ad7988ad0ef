import { spawn } from 'node:child_process';
import { EventEmitter, getEventListeners, once } from 'node:events';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import {
  FitbitStrategy,
  type FitbitTokenInfo,
  introspect,
  refresh,
  revoke,
  TransportError,
} from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { answersJSON, CHUNKED, type Fault, response, sends, start } from '../support/faulty-server.ts';
import { login } from '../support/strategy.ts';

const info = { active: true, scope: '{SLEEP=READ}', client_id: 'id', user_id: 'A', exp: 1_565_861_634_000 };
const tokens = { access_token: 'an-access-token', refresh_token: 'new', expires_in: 28_800, user_id: 'A' };

/** A client of a server, with connections of its own. */
function clientOf({ url }: { url: string }, agent = new Agent({ keepAlive: true })) {
  return {
    clientID: 'id',
    introspectionURL: `${url}/introspect`,
    tokenURL: `${url}/token`,
    revocationURL: `${url}/revoke`,
    userProfileURL: `${url}/profile`,
    timeout: 5000,
    agent,
  };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it succeeded'),
    (error: unknown) => error as TransportError,
  );

describe('connections', () => {
  it('are reused', async () => {
    const server = await start(answersJSON(info));
    const client = clientOf(server);
    for (let i = 0; i < 5; i += 1) await introspect(client, 'a-token');
    expect(server.requests).toHaveLength(5);
    expect(server.connections).toBe(1);
  });

  it("are reused by Node's own agent", async () => {
    const server = await start(answersJSON(info));
    const { agent, ...client } = clientOf(server);
    for (let i = 0; i < 5; i += 1) await introspect(client, 'a-token');
    expect(server.connections).toBe(1);
  });

  it('are reused after an error response', async () => {
    const server = await start(answersJSON({ error: 'invalid_request' }, 400));
    const client = clientOf(server);
    for (let i = 0; i < 3; i += 1) await failure(introspect(client, 'a-token'));
    expect(server.connections).toBe(1);
  });

  it.each(['closed', 'reset'])(
    'that the server has %s while they were idle are replaced at once',
    async (how) => {
      const server = await start({
        answer(socket, { connection }) {
          const mine = server.requests.filter((request) => request.connection === connection);
          if (mine.length === 1) socket.write(response(200, JSON.stringify(info)));
          else if (how === 'reset') socket.resetAndDestroy();
          else socket.destroy();
        },
      });
      const client = clientOf(server);
      for (let i = 0; i < 3; i += 1)
        expect(await introspect(client, 'a-token')).toMatchObject({ active: true });
      expect(server.connections).toBe(3);
      expect(new Set(server.requests.map(({ body }) => body))).toEqual(new Set(['token=a-token']));
    },
  );

  it.each([
    ['closed', (socket: Socket) => socket.destroy()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
    ['closed and then reset', (socket: Socket) => socket.end(() => socket.resetAndDestroy())],
  ])('that were %s just before the request are replaced at once', async (_, close) => {
    const server = await start(answersJSON(info));
    const client = clientOf(server);
    for (let i = 0; i < 5; i += 1) {
      await introspect(client, 'a-token');
      for (const socket of server.sockets) close(socket);
      // The client's side learns of it when the request is under way, or a little before.
      for (let turns = 0; turns < i; turns += 1) await nextTurn();
      expect(await introspect(client, 'a-token')).toMatchObject({ active: true });
    }
  });

  it('are not retried if they are new and get closed', async () => {
    const server = await start({ answer: (socket) => void socket.destroy() });
    expect(await failure(introspect(clientOf(server), 'a-token'))).toMatchObject({ code: 'connection' });
    expect(server.connections).toBe(1);
    expect(server.requests).toHaveLength(1);
  });

  it('are not retried after half a response', async () => {
    const server = await start({
      answer(socket) {
        if (server.requests.length === 1) socket.write(response(200, JSON.stringify(info)));
        else socket.end(response(200, '{"act', { 'Content-Length': '100' }));
      },
    });
    const client = clientOf(server);
    await introspect(client, 'a-token');
    expect(await failure(introspect(client, 'a-token'))).toMatchObject({ code: 'connection' });
    expect(server.requests).toHaveLength(2);
  });

  it('do not deliver a response that was sent too early to the next request', async () => {
    const planted = response(200, JSON.stringify({ ...info, user_id: 'EVIL' }));
    const server = await start({
      answer(socket) {
        socket.write(Buffer.concat([response(200, JSON.stringify(info)), planted]));
      },
    });
    const client = clientOf(server);
    for (let i = 0; i < 5; i += 1) {
      const found = (await introspect(client, 'a-token')) as FitbitTokenInfo & { userID?: string };
      expect(found.userID).toBe('A');
    }
  });
});

describe('a response', () => {
  const zoe = Buffer.from(JSON.stringify({ user: { encodedId: 'A', displayName: 'Zoë' } }));
  const split = zoe.indexOf('ë') + 1;
  const [first, second] = [zoe.subarray(0, split), zoe.subarray(split)];

  /** Signs in with a profile that comes in the given segments. */
  async function displayName(...segments: (string | Buffer)[]) {
    const server = await start({
      async answer(socket, { path }) {
        socket.setNoDelay(true);
        if (path === '/token') {
          socket.write(response(200, JSON.stringify({ ...tokens, scope: 'profile' })));
          return;
        }
        for (const segment of segments) {
          socket.write(segment);
          await pause(15);
        }
      },
    });
    const { agent, ...client } = clientOf(server);
    const strategy = new FitbitStrategy({ ...client, verify: async ({ profile }) => profile });
    const outcome = await login(strategy);
    return outcome.type === 'success' ? outcome.user : outcome;
  }

  it('is complete when a letter is split between two segments', async () => {
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${zoe.length}\r\n\r\n`;
    expect(await displayName(head, first, second)).toMatchObject({ displayName: 'Zoë' });
  });

  it('is complete when a letter is split between two chunks', async () => {
    const part = (bytes: Buffer) =>
      Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
    expect(await displayName(CHUNKED, part(first), part(second), '0\r\n\r\n')).toMatchObject({
      displayName: 'Zoë',
    });
  });

  it('is complete when it arrives byte by byte', async () => {
    const bytes = response(200, JSON.stringify(info));
    const server = await start({
      async answer(socket) {
        for (const byte of bytes) {
          socket.write(Buffer.of(byte));
          await nextTurn();
        }
      },
    });
    expect(await introspect(clientOf(server), 'a-token')).toMatchObject({ userID: 'A' });
  });

  it('may begin with a byte order mark', async () => {
    const server = await start({
      answer: (socket) => void socket.write(response(200, `\uFEFF${JSON.stringify(info)}`)),
    });
    expect(await introspect(clientOf(server), 'a-token')).toMatchObject({ userID: 'A' });
  });

  it.each([
    [1024 * 1024, 'success'],
    [1024 * 1024 + 1, 'too_large'],
  ])('of %i bytes is a %s', async (size, expected) => {
    const body = JSON.stringify(info).padEnd(size);
    const server = await start({ answer: (socket) => void socket.write(response(200, body)) });
    const outcome = await introspect(clientOf(server), 'a-token').then(
      () => 'success',
      (error: TransportError) => error.code,
    );
    expect(outcome).toBe(expected);
  });
});

describe('the deadline', () => {
  it('covers the time that an agent takes to find a connection', async () => {
    class BlackHole extends Agent {
      // Neither a socket nor an error ever comes, as from a proxy that does not answer.
      override createConnection = () => undefined;
    }
    const agent = new BlackHole();
    const client = { ...clientOf({ url: 'http://127.0.0.1:9' }, agent), timeout: 60 };
    for (const call of [introspect, refresh, revoke]) {
      expect(await failure(call(client, 'a-token'))).toMatchObject({ code: 'timeout', retryable: true });
    }
    expect(Object.values(agent.sockets).flat()).toEqual([]);
  });

  it('covers the wait for a free connection of an agent', async () => {
    const server = await start({});
    const agent = new Agent({ maxSockets: 1 });
    const [patient, hasty] = [{ ...clientOf(server, agent), timeout: 200 }, clientOf(server, agent)];
    const first = failure(introspect(patient, 'a-token'));
    expect(await failure(introspect({ ...hasty, timeout: 50 }, 'a-token'))).toMatchObject({
      code: 'timeout',
    });
    expect(await first).toMatchObject({ code: 'timeout' });
    expect(server.requests).toHaveLength(1);
  });

  it('covers the connect to a server that accepts no connection', async () => {
    // It listens, and then its only thread sleeps; the few that fit into its queue fill it.
    const code = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, String(server.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    const fillers = Array.from({ length: 4 }, () => connect(Number(port), '127.0.0.1').on('error', () => {}));
    await pause(50);
    const client = { ...clientOf({ url: `http://127.0.0.1:${port}` }), timeout: 60 };
    expect(await failure(introspect(client, 'a-token'))).toMatchObject({ code: 'timeout' });
    for (const socket of fillers) socket.destroy();
    child.kill('SIGKILL');
  });

  it('is shared by connect, headers and body', async () => {
    // Each step comes well within the limit, the sum does not.
    const steps = ['HTTP/1.1 200 OK\r\n', 'Content-Length: 200\r\n\r\n', '{"active"', ':', 'true', ','];
    const server = await start({
      async answer(socket) {
        for (const step of steps) {
          await pause(50);
          socket.write(step);
        }
      },
    });
    const error = await failure(introspect({ ...clientOf(server), timeout: 150 }, 'a-token'));
    expect(error).toMatchObject({ code: 'timeout' });
    expect(error.message).toContain('150 ms');
    await server.idle();
  });

  it('of a call overrides that of the client', async () => {
    const server = await start({});
    const error = await failure(introspect(clientOf(server), 'a-token', { timeout: 40 }));
    expect(error.message).toContain('40 ms');
  });
});

describe('a signal', () => {
  const calls = {
    introspect: (client: ReturnType<typeof clientOf>, signal: AbortSignal) =>
      introspect(client, 'a-token', { signal }),
    refresh: (client: ReturnType<typeof clientOf>, signal: AbortSignal) =>
      refresh(client, 'a-refresh-token', { signal }),
    revoke: (client: ReturnType<typeof clientOf>, signal: AbortSignal) =>
      revoke(client, 'a-token', { signal }),
  };
  const reason = new Error('The user went away');

  describe.each(Object.entries(calls))('given to %s', (_name, call) => {
    it('that is already aborted sends nothing', async () => {
      const server = await start(answersJSON(tokens));
      const error = await failure(call(clientOf(server), AbortSignal.abort(reason)));
      expect(error).toBeInstanceOf(TransportError);
      expect(error).toMatchObject({ code: 'aborted', retryable: false });
      await nextTurn();
      expect(server.connections).toBe(0);
    });

    it.each<[when: string, Fault]>([
      ['before the headers', {}],
      ['in mid-headers', sends('HTTP/1.1 200 OK\r\nX-')],
      ['in mid-body', sends(response(200, '{', { 'Content-Length': '9' }))],
      ['in the body of an error response', sends(response(400, '{', { 'Content-Length': '9' }))],
    ])('that is aborted %s closes the connection at once', async (_when, fault) => {
      const arrived = new EventEmitter();
      const server = await start({
        answer(socket, request) {
          fault.answer?.(socket, request);
          arrived.emit('request');
        },
      });
      const controller = new AbortController();
      const request = once(arrived, 'request');
      const outcome = failure(call(clientOf(server), controller.signal));
      await request;
      await pause(20);
      controller.abort(reason);
      expect(await outcome).toMatchObject({ code: 'aborted' });
      await server.idle();
      expect(server.requests).toHaveLength(1);
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    });

    it('that is never aborted has no listener left', async () => {
      const server = await start(answersJSON({ ...tokens, ...info }));
      const { signal } = new AbortController();
      await call(clientOf(server), signal);
      await server.close();
      await failure(call({ ...clientOf(server), timeout: 50 }, signal));
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });
  });

  it('ends the pause before a refresh is retried', async () => {
    const server = await start({
      answer: (socket) => void socket.write(response(503, '', { 'Retry-After': '5' })),
    });
    const controller = new AbortController();
    const outcome = failure(refresh(clientOf(server), 'a-refresh-token', { signal: controller.signal }));
    await pause(60);
    controller.abort(reason);
    expect(await outcome).toMatchObject({ code: 'aborted', operation: 'refresh' });
    expect(server.requests).toHaveLength(1);
  });
});
