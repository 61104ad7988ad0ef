import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request as it came over the socket. */
export interface ReceivedRequest {
  method: string;
  path: string;
  /** The names in lower case. */
  headers: Record<string, string>;
  body: string;
  /** Which connection brought it, from 1. */
  connection: number;
}

/** What a server does to its clients. */
export interface Fault {
  /** As soon as a client is connected. */
  connect?(socket: Socket): void;
  /** When a whole request has come; without it the client waits for ever. */
  answer?(socket: Socket, request: ReceivedRequest): void;
  /** Nobody listens at all. */
  refused?: true;
  /** The answer has an end, so that the connection can be used again. */
  complete?: true;
}

/** A server on 127.0.0.1 that was started. */
export interface FaultyServer {
  url: string;
  requests: ReceivedRequest[];
  /** The connections that are open. */
  sockets: Set<Socket>;
  /** How many connections were made. */
  connections: number;
  /** Resolves when no connection is open. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a faulty server that is closed when the test has ended. */
export async function start(fault: Fault): Promise<FaultyServer> {
  const server = await startFaultyServer(fault);
  onTestFinished(() => server.close());
  return server;
}

/** Starts a server on bare sockets: everything that it sends, it sends byte for byte. */
export async function startFaultyServer(fault: Fault): Promise<FaultyServer> {
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    self.connections += 1;
    const connection = self.connections;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // the client may hang up at any time
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      received += text;
      for (let next = takeRequest(received); next !== undefined; next = takeRequest(received)) {
        received = next.rest;
        const request = { ...next.request, connection };
        requests.push(request);
        fault.answer?.(socket, request);
      }
    });
    fault.connect?.(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const self: FaultyServer = {
    url: `http://127.0.0.1:${port}`,
    requests,
    sockets,
    connections: 0,
    async idle() {
      // Not `once`, which rejects when the client hangs up with a reset.
      const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));
      while (sockets.size > 0) await Promise.all([...sockets].map(closed));
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
  if (fault.refused) await self.close();
  return self;
}

function takeRequest(text: string) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const [method = '', path = ''] = first.split(' ');
  const length = Number(headers['content-length'] ?? 0);
  const body = text.slice(end + 4, end + 4 + length);
  if (body.length < length) return undefined;
  return { request: { method, path, headers, body }, rest: text.slice(end + 4 + length) };
}

/** An answer as bytes. A `Content-Length` is added if the headers have neither that nor `Transfer-Encoding`. */
export function response(
  status: number,
  body: string | Uint8Array = '',
  headers: Record<string, string> = {},
): Buffer {
  const bytes = Buffer.from(body);
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const bare = names.includes('content-length') || names.includes('transfer-encoding');
  const lines = Object.entries({ ...headers, ...(!bare && { 'Content-Length': String(bytes.length) }) });
  const head = [`HTTP/1.1 ${status} Status`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

/** The head of an answer whose body has no length that is known beforehand. */
export const CHUNKED =
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';

/** One chunk of such a body. */
export function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** Sends a whole answer. */
export function answers(...args: Parameters<typeof response>): Fault {
  const bytes = response(...args);
  return { answer: (socket) => void socket.write(bytes), complete: true };
}

/** Sends a JSON value. */
export function answersJSON(value: unknown, status = 200): Fault {
  return answers(status, JSON.stringify(value), { 'Content-Type': 'application/json' });
}

/** Sends bytes and leaves the connection open. */
export function sends(bytes: string | Uint8Array): Fault {
  return { answer: (socket) => void socket.write(bytes) };
}

/** Sends bytes and closes the connection. */
export function sendsAndCloses(bytes: string | Uint8Array): Fault {
  return { answer: (socket) => void socket.end(bytes) };
}

/** Sends `head`, then `part` again and again, for as long as the client listens. */
export function drips(head: string, part: string, pause = 2): Fault {
  return {
    answer(socket) {
      socket.write(head);
      const timer = setInterval(() => socket.write(part), pause);
      socket.on('close', () => clearInterval(timer));
    },
  };
}

/** Sends `head`, then `size` bytes of `part` as fast as the client takes them. */
export function floods(head: string, part: Buffer, size = Number.POSITIVE_INFINITY): Fault {
  return {
    answer(socket) {
      let sent = 0;
      const send = () => {
        while (sent < size && !socket.destroyed) {
          sent += part.length;
          if (!socket.write(part)) {
            socket.once('drain', send);
            return;
          }
        }
      };
      socket.write(head);
      send();
    },
  };
}
