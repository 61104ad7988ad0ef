import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type * as Webhooks from 'passport-fitbit-strategy/google-health/webhooks';
import { serve } from '../rpc.ts';

// A webhook: what the verification of a notification costs beside that of the signature alone, and how long a burst of
// notifications keeps the process from anything else.

const SECRET = 'Bearer 6f1c2b7e9a4d4c0f8e3b5a7d9c1e2f40';
const KEY_ID = 0x5f3a9c21;

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const one = notifications(1, privateKey);
const keys = { find: async (id: number) => (id === KEY_ID ? publicKey : undefined) };
let webhooks: typeof Webhooks;

/** A list of notifications, as Google sends it, with the headers of its request. */
function notifications(count: number, key: KeyObject) {
  const interval = { startTime: '2026-11-22T08:00:00Z', endTime: '2026-11-22T08:05:00Z' };
  const data = {
    version: '1',
    clientProvidedSubscriptionName: '0b0f6c5e-7a3e-4a0e-9b1c-2f6a7d1e8c10',
    healthUserId: '8677373576871223311',
    operation: 'UPSERT',
    dataType: 'steps',
    intervals: [{ physicalTimeInterval: interval }],
  };
  const body = Buffer.from(JSON.stringify(Array.from({ length: count }, () => ({ data }))));
  const signature = sign('sha256', body, { key, dsaEncoding: 'der' });
  const prefix = Buffer.alloc(5, 1);
  prefix.writeUInt32BE(KEY_ID, 1);
  const headers = {
    host: 'app.example',
    authorization: SECRET,
    'content-type': 'application/json',
    'content-length': String(body.length),
    'user-agent': 'Google-Health-API-Webhooks',
    'google-health-api-signature': Buffer.concat([prefix, signature]).toString('base64'),
  };
  return { body, headers, signature };
}

const WAYS = {
  bare: () => {
    const { body, signature } = one;
    if (!verify('sha256', body, { key: publicKey, dsaEncoding: 'der' }, signature)) throw new Error('wrong');
  },
  package: async () => {
    const result = await webhooks.verifyNotification(one, { secret: SECRET, keys });
    if (result.type !== 'notifications') throw new Error(result.type);
  },
};

let server: Server;
let received = 0;

/** The public key as Google publishes it: a Tink key set. */
function keySet(): string {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const coordinate = (tag: number, value: string) =>
    Buffer.concat([Buffer.from([tag, 32]), Buffer.from(value, 'base64url')]);
  const params = Buffer.from([0x12, 6, 0x08, 3, 0x10, 2, 0x18, 2]);
  const value = Buffer.concat([params, coordinate(0x1a, x), coordinate(0x22, y)]).toString('base64');
  const typeUrl = 'type.googleapis.com/google.crypto.tink.EcdsaPublicKey';
  const entry = { keyData: { typeUrl, value }, status: 'ENABLED', keyId: KEY_ID, outputPrefixType: 'TINK' };
  return JSON.stringify({ key: [entry] });
}

/** What is seen of the process during a burst. */
interface Watch {
  /** The CPU time of the longest turn of the event loop, ms. Other processes don't disturb it. */
  turn: number;
  /** The longest delay of a timer, ms. */
  delay: number;
  /** The largest heap above that before, bytes. */
  heap: number;
}

/** Watches the event loop and the heap until `stop` is called. */
function watch(): { stop(): Watch } {
  global.gc?.();
  const before = process.memoryUsage().heapUsed;
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  let [turn, heap] = [0, 0];
  let cpu = process.cpuUsage();
  const look = () => {
    const { user, system } = process.cpuUsage(cpu);
    turn = Math.max(turn, (user + system) / 1000);
    cpu = process.cpuUsage();
    next = setImmediate(look);
  };
  let next = setImmediate(look);
  const heapTimer = setInterval(() => {
    heap = Math.max(heap, process.memoryUsage().heapUsed - before);
  }, 10);
  return {
    stop() {
      clearImmediate(next);
      clearInterval(heapTimer);
      delays.disable();
      return { turn, delay: delays.max / 1e6, heap };
    },
  };
}

let watching: ReturnType<typeof watch>;
let idle = async () => {};

const handlers = {
  async load(folder: string): Promise<void> {
    webhooks = await import(pathToFileURL(`${folder}/dist/google-health/webhooks.mjs`).href);
  },
  /** µs of CPU for each verification. */
  async run(way: keyof typeof WAYS, count: number): Promise<number> {
    const act = WAYS[way];
    const before = process.cpuUsage();
    for (let index = 0; index < count; index += 1) await act();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / count;
  },
  /** A request with so many notifications. */
  request(count: number): { headers: Record<string, string>; body: string } {
    const { headers, body } = notifications(count, privateKey);
    return { headers, body: body.toString() };
  },
  /** Starts a server: with the webhook, whose app takes 1 ms for a notification, or one that only answers. */
  async listen(way: keyof typeof WAYS): Promise<string> {
    server?.close();
    let respond: RequestListener = (req, res) => void req.resume().on('end', () => res.writeHead(204).end());
    server = createServer((req, res) => {
      if (req.url === '/keys') res.end(keySet());
      else respond(req, res);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    if (way === 'package') {
      const webhook = webhooks.createWebhookHandler({
        secret: SECRET,
        keysURL: `${url}/keys`,
        onNotification: async () => {
          received += 1;
          await sleep(1);
        },
        onError: () => {},
      });
      respond = webhook;
      idle = () => webhook.idle();
    }
    return url;
  },
  /** Begins to watch, once all work is done. */
  async watch(): Promise<void> {
    await idle();
    received = 0;
    watching = watch();
  },
  /** What was seen since `watch`, once all work is done. */
  async seen(): Promise<Watch & { received: number }> {
    await idle();
    return { ...watching.stop(), received };
  },
};

export type WebhooksChild = typeof handlers;
serve(handlers);
