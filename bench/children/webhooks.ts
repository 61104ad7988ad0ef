import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import type * as Webhooks from 'passport-fitbit-strategy/google-health/webhooks';
import { serve } from '../rpc.ts';

// Notifications without a web server around them: what their verification costs beside the signature's.

const SECRET = 'Bearer 6f1c2b7e9a4d4c0f8e3b5a7d9c1e2f40';
const KEY_ID = 0x5f3a9c21;

/** One notification, as Google sends it, with the headers of its request. */
function notification(privateKey: KeyObject) {
  const interval = { startTime: '2026-11-22T08:00:00Z', endTime: '2026-11-22T08:05:00Z' };
  const data = {
    version: '1',
    clientProvidedSubscriptionName: '0b0f6c5e-7a3e-4a0e-9b1c-2f6a7d1e8c10',
    healthUserId: '8677373576871223311',
    operation: 'UPSERT',
    dataType: 'steps',
    intervals: [{ physicalTimeInterval: interval }],
  };
  const body = Buffer.from(JSON.stringify([{ data }]));
  const signature = sign('sha256', body, { key: privateKey, dsaEncoding: 'der' });
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

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { body, headers, signature } = notification(privateKey);
const { verifyNotification }: typeof Webhooks = await import(
  new URL('google-health/webhooks.mjs', process.env.BENCH_PACKAGE).href
);
const keys = { find: async (id: number) => (id === KEY_ID ? publicKey : undefined) };

const WAYS = {
  bare: () => {
    if (!verify('sha256', body, { key: publicKey, dsaEncoding: 'der' }, signature)) throw new Error('wrong');
  },
  package: async () => {
    const result = await verifyNotification({ headers, body }, { secret: SECRET, keys });
    if (result.type !== 'notifications') throw new Error(result.type);
  },
};

/** µs of CPU for each verification. */
async function run(way: keyof typeof WAYS, count: number): Promise<number> {
  const act = WAYS[way];
  const before = process.cpuUsage();
  for (let index = 0; index < count; index += 1) await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

const handlers = { run };
export type WebhooksChild = typeof handlers;
serve(handlers);
