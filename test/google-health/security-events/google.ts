import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { serve } from '../webhooks/google.ts';

export const CLIENT_ID = '1234-abc.apps.googleusercontent.com';
export const SUB = '108204268033311374519';
export const OAUTH = 'https://schemas.openid.net/secevent/oauth/event-type/';
export const RISC = 'https://schemas.openid.net/secevent/risc/event-type/';

/** Google's key pair in these tests: making one takes a while. */
export const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Signs claims as they are, by hand: no library takes part that the package uses. */
export function signClaims(
  claims: unknown,
  {
    header = {},
    key = privateKey,
    hash = 'sha256',
  }: { header?: object; key?: KeyObject; hash?: string } = {},
): string {
  const input = `${encode({ alg: 'RS256', kid: 'key-1', typ: 'secevent+jwt', ...header })}.${encode(claims)}`;
  return `${input}.${sign(hash, Buffer.from(input), key).toString('base64url')}`;
}

/** Claims as Google sends them when a user removes the app's access. */
export function claims(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    iss: 'https://accounts.google.com/',
    aud: CLIENT_ID,
    iat: 1_795_420_800,
    jti: 'event-1',
    events: { [`${OAUTH}tokens-revoked`]: { subject: { subject_type: 'iss-sub', iss: 'x', sub: SUB } } },
    ...change,
  };
}

/** A server with the configuration and the keys, both of which a test can change. */
export interface RiscServer {
  configurationURL: string;
  configuration: Record<string, unknown>;
  jwks: { keys: unknown[] };
  /** The headers of the response with the keys. */
  headers: Record<string, string>;
  /** The paths that were asked for. */
  requests: string[];
  /** Answers with something else. */
  listener: RequestListener | undefined;
}

export async function serveRisc(): Promise<RiscServer> {
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'key-1', use: 'sig', alg: 'RS256' };
  const self: RiscServer = {
    configurationURL: '',
    configuration: {},
    jwks: { keys: [jwk] },
    headers: {},
    requests: [],
    listener: undefined,
  };
  const base = await serve((req, res) => {
    self.requests.push(String(req.url));
    if (self.listener !== undefined) return self.listener(req, res);
    if (req.url === '/keys') res.writeHead(200, self.headers).end(JSON.stringify(self.jwks));
    else res.end(JSON.stringify(self.configuration));
  });
  self.configurationURL = `${base}/configuration`;
  self.configuration = { issuer: 'https://accounts.google.com/', jwks_uri: `${base}/keys` };
  return self;
}
