import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { ConsentOptions, Simulator } from 'fitbit-simulator';
import { afterEach } from 'vitest';
import { googleTokens, healthScope, type Tokens } from '../support.ts';

/** A request that the simulator sent. */
export interface Sent {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server that takes what the simulator sends. */
export interface Receiver {
  readonly url: string;
  readonly sent: Sent[];
  /** The status of the next responses. */
  status: number;
}

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Starts a server; it answers a handshake as a webhook has to that knows `secret`. */
export async function startReceiver(status: number, secret = ''): Promise<Receiver> {
  const receiver = { url: '', sent: [] as Sent[], status };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      receiver.sent.push({ headers: request.headers, body });
      const handshake = body === '{"type":"verification"}';
      const passed = request.headers.authorization === secret ? 201 : 401;
      response.writeHead(handshake ? passed : receiver.status).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver does not listen');
  receiver.url = `http://127.0.0.1:${address.port}/`;
  return receiver;
}

/** Signs Zoë in with scopes for steps, sleep and an OpenID scope. */
export function signIn(simulator: Simulator, over: Partial<ConsentOptions> = {}): Promise<Tokens> {
  const scope = ['openid', healthScope('activity_and_fitness.readonly'), healthScope('sleep.readonly')];
  return googleTokens(simulator, { scope, accessType: 'offline', ...over });
}
