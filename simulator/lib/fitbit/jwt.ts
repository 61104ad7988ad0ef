import { createHmac } from 'node:crypto';

/** Signs claims as a JSON Web Token with HS256 (RFC 7519, RFC 7518 section 3.2). */
export function signJWT(key: Buffer, claims: Readonly<Record<string, unknown>>): string {
  const content = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
  return `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
