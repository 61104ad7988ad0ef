import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { serve } from '../rpc.ts';
import { INSUFFICIENT_SCOPE, PROFILE, TOKENS, TOKENS_WITHOUT_PROFILE } from './answers.ts';
import { logins } from './browser.ts';

// All that is outside of the app: the provider, and the people with their browsers.

const HUGE = 400 * 1024 * 1024; // bytes
const CHUNK = Buffer.alloc(64 * 1024, 'a');

let requests = 0;

function answer(req: IncomingMessage, res: ServerResponse): void {
  req.resume(); // the stand-in does not look at what it is asked
  requests += 1;
  const [, manner, endpoint] = /^(.*)(\/token|\/userinfo)(?:\?|$)/.exec(req.url ?? '') ?? [];
  const token = endpoint === '/token';
  switch (manner) {
    case '':
      return send(res, 200, token ? TOKENS : PROFILE);
    case '/close':
      res.shouldKeepAlive = false;
      return send(res, 200, token ? TOKENS : PROFILE);
    case '/without-profile':
      return token ? send(res, 200, TOKENS_WITHOUT_PROFILE) : send(res, 403, INSUFFICIENT_SCOPE);
    case '/silent':
      return;
    case '/huge':
      return pour(res);
    default:
      return send(res, 404, Buffer.from('{}'));
  }
}

function send(res: ServerResponse, status: number, body: Buffer): void {
  res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  res.end(body);
}

function pour(res: ServerResponse): void {
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': HUGE });
  let left = HUGE;
  const more = () => {
    while (left > 0 && !res.destroyed) {
      left -= CHUNK.length;
      if (!res.write(CHUNK)) {
        res.once('drain', more);
        return;
      }
    }
    res.end();
  };
  more();
}

async function listen(tls?: { key: string; cert: string }): Promise<string> {
  const server =
    tls === undefined
      ? createServer(answer)
      : createSecureServer({ key: readFileSync(tls.key), cert: readFileSync(tls.cert) }, answer);
  // Nobody's connection is closed in a pause: whose turn is next must not pay for it.
  server.keepAliveTimeout = 600_000;
  server.requestTimeout = 0;
  server.timeout = 0;
  const host = tls === undefined ? '127.0.0.1' : 'localhost';
  await new Promise<void>((resolve) => server.listen(0, host, 4096, resolve));
  return `${tls === undefined ? 'http' : 'https'}://${host}:${(server.address() as AddressInfo).port}`;
}

const handlers = {
  /** Starts a provider; resolves with its URL. */
  listen,
  /** How many requests have come since the last call. */
  requests(): number {
    const count = requests;
    requests = 0;
    return count;
  },
  logins,
};

export type World = typeof handlers;
serve(handlers);
