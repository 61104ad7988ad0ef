import {
  createFetchWebhookHandler,
  type WebhookNotification,
} from 'passport-fitbit-strategy/google-health/webhooks';
import type * as Tink from 'tink-crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  field,
  makeKey,
  notificationBody,
  SECRET,
  serve,
  USER,
  VECTORS,
} from '../google-health/webhooks/google.ts';

// Google's own library, which knows nothing of this package's reading of the wire format.
let tink: typeof Tink;

beforeAll(async () => {
  // It was made for browsers.
  Object.assign(globalThis, { self: globalThis, window: globalThis });
  tink = await import('tink-crypto');
  tink.signature.register();
});

interface TinkKey {
  keyId: number;
  keyData: { typeUrl: string; value: string };
}

/** A key pair of Tink's: its public key set in JSON, as Google publishes it, and what signs. */
async function tinkSigner(template = tink.signature.ecdsaP256KeyTemplate()) {
  const handle = await tink.generateNewKeysetHandle(template);
  const keys: TinkKey[] = handle.getPublicKeysetHandle().getKeyset().toObject().keyList;
  const json = {
    key: keys.map(({ keyId, keyData: { typeUrl, value } }) => ({
      keyData: { typeUrl, value, keyMaterialType: 'ASYMMETRIC_PUBLIC' },
      status: 'ENABLED',
      keyId,
      outputPrefixType: 'TINK',
    })),
  };
  const signer = await handle.getPrimitive(tink.signature.PublicKeySign);
  const sign = async (body: string) => Buffer.from(await signer.sign(Buffer.from(body))).toString('base64');
  return { json, sign };
}

/** What Tink says of a signature header under one public key. */
async function tinkVerifies(key: { keyId: number; value: string }, body: string, header: string) {
  const data = Buffer.concat([
    field(1, Buffer.from('type.googleapis.com/google.crypto.tink.EcdsaPublicKey')),
    field(2, Buffer.from(key.value, 'base64')),
    field(3, 3), // ASYMMETRIC_PUBLIC
  ]);
  const id = [];
  for (let rest = key.keyId; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      id.push(rest);
      break;
    }
    id.push((rest % 128) + 128);
  }
  const entry = Buffer.concat([long(1, data), field(2, 1), Buffer.from([3 * 8, ...id]), field(4, 1)]);
  const keySet = Buffer.concat([Buffer.from([8, ...id]), long(2, entry)]);
  const handle = tink.binary.deserializeNoSecretKeyset(keySet);
  const verifier = await handle.getPrimitive(tink.signature.PublicKeyVerify);
  return verifier.verify(Buffer.from(header, 'base64'), Buffer.from(body));
}

/** A field of bytes whose length takes two bytes. */
function long(number: number, bytes: Buffer): Buffer {
  const { length } = bytes;
  return Buffer.concat([
    Buffer.from([number * 8 + 2, (length % 128) + 128, Math.floor(length / 128)]),
    bytes,
  ]);
}

/** A webhook with these keys. */
async function webhook(keySet: object) {
  const keysURL = await serve((_req, res) => res.end(JSON.stringify(keySet)));
  const received: WebhookNotification[] = [];
  const handler = createFetchWebhookHandler({
    secret: SECRET,
    keysURL,
    onNotification: (notification) => void received.push(notification),
    onError: () => {},
  });
  const send = async (body: string, signature: string) => {
    const headers = { Authorization: SECRET, 'GOOGLE-HEALTH-API-SIGNATURE': signature };
    const { status } = await handler(new Request('https://app.example/', { method: 'POST', body, headers }));
    await handler.idle();
    return status;
  };
  return { send, received };
}

describe('Tink as the signer', () => {
  it('is believed, with any of several keys', async () => {
    const signers = await Promise.all([tinkSigner(), tinkSigner(), tinkSigner()]);
    const { send, received } = await webhook({ key: signers.flatMap(({ json }) => json.key) });
    for (const { sign } of signers) {
      for (const operation of ['UPSERT', 'DELETE']) {
        const body = notificationBody({ operation });
        expect(await send(body, await sign(body))).toBe(204);
      }
    }
    expect(received.map(({ healthUserId }) => healthUserId)).toEqual(Array.from({ length: 6 }, () => USER));
  });

  it('is not believed about another body, nor with a key or a curve that is not published', async () => {
    const { json, sign } = await tinkSigner();
    const stranger = await tinkSigner();
    const other = await tinkSigner(tink.signature.ecdsaP384KeyTemplate());
    const { send } = await webhook({ key: [...json.key, ...other.json.key] });
    const body = notificationBody();
    expect(await send(body, await sign(`${body} `))).toBe(401);
    expect(await send(body, await stranger.sign(body))).toBe(401);
    expect(await send(body, await other.sign(body))).toBe(401);
    expect(await send(body, await sign(body))).toBe(204);
  });
});

describe('Tink as the verifier', () => {
  it('agrees about the vectors', async () => {
    const [entry] = VECTORS.keyset32.key as TinkKey[];
    const key = { keyId: VECTORS.keyId, value: entry?.keyData.value ?? '' };
    for (const { body, header } of [VECTORS.A, VECTORS.B, VECTORS.C]) {
      expect(await tinkVerifies(key, body, header)).toBe(true);
    }
    for (const { body, header } of Object.values(VECTORS.neg)) {
      expect(await tinkVerifies(key, body, header)).toBe(false);
    }
  });

  it('accepts what the tests of this package sign', async () => {
    const message = (x: Buffer, y: Buffer) => {
      const settings = Buffer.concat([field(1, 3), field(2, 2), field(3, 2)]);
      return Buffer.concat([field(2, settings), field(3, x), field(4, y)]);
    };
    const key = makeKey(0xfedcba98, { message });
    const value = String(key.entry.keyData.value);
    const body = notificationBody();
    expect(await tinkVerifies({ keyId: key.keyId, value }, body, key.sign(body))).toBe(true);
    expect(await tinkVerifies({ keyId: key.keyId, value }, body, makeKey(key.keyId).sign(body))).toBe(false);
  });
});
