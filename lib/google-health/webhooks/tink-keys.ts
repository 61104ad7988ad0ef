import { createPublicKey, type KeyObject } from 'node:crypto';
import { isObject } from '../../util/arguments.ts';

const ECDSA_PUBLIC_KEY = 'type.googleapis.com/google.crypto.tink.EcdsaPublicKey';
const COORDINATE = 32; // bytes, on P-256

/**
 * Reads the public keys of a Tink key set in JSON: those that are enabled, have the prefix `TINK`, and are ECDSA keys
 * on P-256 with SHA-256 and signatures in DER. Others are left out.
 *
 * @see https://developers.google.com/tink/wire-format
 */
export function parseTinkKeys(keySet: unknown): Map<number, KeyObject> {
  const keys = new Map<number, KeyObject>();
  const entries: unknown[] = isObject(keySet) && Array.isArray(keySet.key) ? keySet.key : [];
  for (const entry of entries) {
    if (!isObject(entry) || !isObject(entry.keyData)) continue;
    const { status, outputPrefixType, keyId, keyData } = entry;
    if (status !== 'ENABLED' || outputPrefixType !== 'TINK' || typeof keyId !== 'number') continue;
    if (keyData.typeUrl !== ECDSA_PUBLIC_KEY || typeof keyData.value !== 'string') continue;
    const key = decodeKey(Buffer.from(keyData.value, 'base64'));
    if (key !== undefined) keys.set(keyId, key);
  }
  return keys;
}

/** Decodes the protobuf message `EcdsaPublicKey`. */
function decodeKey(message: Buffer): KeyObject | undefined {
  const fields = decodeFields(message);
  const version = fields?.get(1) ?? 0;
  const params = fields?.get(2);
  const x = coordinate(fields?.get(3));
  const y = coordinate(fields?.get(4));
  if (version !== 0 || !(params instanceof Buffer) || x === undefined || y === undefined) return undefined;
  const settings = decodeFields(params);
  const isKnown = settings?.get(1) === SHA256 && settings.get(2) === NIST_P256 && settings.get(3) === DER;
  if (!isKnown) return undefined;
  try {
    return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y } });
  } catch {
    return undefined; // not a point on the curve
  }
}

const SHA256 = 3;
const NIST_P256 = 2;
const DER = 2;

/** A big-endian integer as base64url of 32 bytes. Google's have a leading zero byte. */
function coordinate(value: number | Buffer | undefined): string | undefined {
  if (!(value instanceof Buffer)) return undefined;
  let start = 0;
  while (value[start] === 0) start += 1;
  const digits = value.subarray(start);
  if (digits.length > COORDINATE) return undefined;
  return Buffer.concat([Buffer.alloc(COORDINATE - digits.length), digits]).toString('base64url');
}

/** The fields of a protobuf message, which are integers and bytes. */
function decodeFields(message: Buffer): Map<number, number | Buffer> | undefined {
  const fields = new Map<number, number | Buffer>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at];
      if (byte === undefined || scale > 2 ** 28) return Number.NaN;
      at += 1;
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag % 8;
    const value = varint();
    if (wireType === 0 && !Number.isNaN(value)) fields.set(Math.floor(tag / 8), value);
    else if (wireType === 2 && at + value <= message.length) {
      fields.set(Math.floor(tag / 8), message.subarray(at, at + value));
      at += value;
    } else return undefined;
  }
  return fields;
}
