import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

interface Sample {
  body: string;
  header: string;
}

/** Bodies with signatures, checked with three implementations; `keyset33` and `keyset32` hold the public test key. */
export const VECTORS: {
  keyId: number;
  keyset33: { key: object[] };
  keyset32: { key: object[] };
  A: Sample;
  B: Sample;
  C: Sample;
  neg: Record<string, Sample>;
  risc: { token: string; prefix: string; hash: string; hashUrl: string };
} = JSON.parse(
  readFileSync(new URL('../../fixtures/google-health/webhooks/vectors.json', import.meta.url), 'utf8'),
);

export const SECRET = 'Bearer of-the-test-0123456789';
export const USER = '8677373576871223311';

/** A signing key as Google has them. */
export interface SigningKey {
  keyId: number;
  privateKey: KeyObject;
  /** The entry of the key set. */
  entry: Record<string, unknown> & { keyData: Record<string, unknown> };
  /** The signature header for a body. */
  sign(body: string | Buffer): string;
}

/** Makes a signing key; `curve` and `message` make a broken one. */
export function makeKey(keyId: number, { curve = 'P-256', message = encodeKey } = {}): SigningKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
  const { x = '', y = '' } = createPublicKey(privateKey.export({ format: 'pem', type: 'pkcs8' })).export({
    format: 'jwk',
  });
  return {
    keyId,
    privateKey,
    entry: {
      keyData: {
        typeUrl: 'type.googleapis.com/google.crypto.tink.EcdsaPublicKey',
        value: message(Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')).toString('base64'),
        keyMaterialType: 'ASYMMETRIC_PUBLIC',
      },
      status: 'ENABLED',
      keyId,
      outputPrefixType: 'TINK',
    },
    sign: (body) => header(keyId, sign('sha256', Buffer.from(body), { key: privateKey, dsaEncoding: 'der' })),
  };
}

/** A signature header. */
export function header(keyId: number, signature: Buffer, version = 1): string {
  const prefix = Buffer.alloc(5);
  prefix[0] = version;
  prefix.writeUInt32BE(keyId, 1);
  return Buffer.concat([prefix, signature]).toString('base64');
}

/** A field of a protobuf message. */
export function field(number: number, value: number | Buffer): Buffer {
  return typeof value === 'number'
    ? Buffer.from([number * 8, value])
    : Buffer.concat([Buffer.from([number * 8 + 2, value.length]), value]);
}

/** Tink's EcdsaPublicKey, with coordinates of 33 bytes as Google has them. */
export function encodeKey(x: Buffer, y: Buffer, params: readonly number[] = [3, 2, 2]): Buffer {
  const settings = Buffer.concat(params.map((value, index) => field(index + 1, value)));
  const signed = (coordinate: Buffer) => Buffer.concat([Buffer.from([0]), coordinate]);
  return Buffer.concat([field(2, settings), field(3, signed(x)), field(4, signed(y))]);
}

/** Serves until the test has ended. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

/** A server with a key set, which a test can replace. */
export interface KeyServer {
  keysURL: string;
  /** How many requests came. */
  requests: number;
  keys: readonly SigningKey[];
  /** Answers with something else. */
  listener: RequestListener | undefined;
}

export async function serveKeys(...keys: SigningKey[]): Promise<KeyServer> {
  const self: KeyServer = { keysURL: '', requests: 0, keys, listener: undefined };
  self.keysURL = await serve((req, res) => {
    self.requests += 1;
    if (self.listener !== undefined) return self.listener(req, res);
    res.end(JSON.stringify({ primaryKeyId: self.keys[0]?.keyId, key: self.keys.map(({ entry }) => entry) }));
  });
  return self;
}

/** A notification's body. */
export function notificationBody(data: Record<string, unknown> = {}): string {
  const all = { version: '1', healthUserId: USER, operation: 'UPSERT', dataType: 'steps', ...data };
  return JSON.stringify([{ data: all }]);
}

/** The headers of a signed notification. */
export function signed(key: SigningKey, body: string | Buffer): Record<string, string> {
  return { Authorization: SECRET, 'GOOGLE-HEALTH-API-SIGNATURE': key.sign(body) };
}
