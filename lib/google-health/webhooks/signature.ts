import { type KeyObject, verify } from 'node:crypto';

const VERSION = 1; // of Tink's prefix
const PREFIX = 5; // bytes: the version and the key id
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** A parsed signature header. */
export interface Signature {
  keyID: number;
  /** ECDSA in DER. */
  bytes: Buffer;
}

/**
 * Reads a signature header: base64 of a version byte, the key id (4 bytes, big-endian) and the signature.
 *
 * @returns `undefined` if it has another form
 * @see https://developers.google.com/tink/wire-format#tink
 */
export function parseSignature(header: string): Signature | undefined {
  if (!BASE64.test(header)) return undefined;
  const bytes = Buffer.from(header, 'base64');
  if (bytes.length <= PREFIX || bytes[0] !== VERSION) return undefined;
  return { keyID: bytes.readUInt32BE(1), bytes: bytes.subarray(PREFIX) };
}

/** Verifies the signature of the body, in the exact bytes that were sent. */
export function isSignatureOf(body: Uint8Array, { bytes }: Signature, key: KeyObject): boolean {
  return verify('sha256', body, { key, dsaEncoding: 'der' }, bytes);
}
