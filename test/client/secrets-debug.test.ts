import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Input } from './debug-child.ts';

const child = fileURLToPath(new URL('./debug-child.ts', import.meta.url));
const pem = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
const ca = pem('cert');

const SECRETS = {
  'client secret': 'planted-client-secret-0123456789abcdef',
  code: 'planted-code-0123456789abcdef0123456789',
  'access token': 'planted-access-token-0123456789abcdef01',
  'refresh token': 'planted-refresh-token-0123456789abcdef0',
};

const BODIES: Record<string, object> = {
  '/token': {
    user_id: '26FWFL',
    access_token: SECRETS['access token'],
    refresh_token: SECRETS['refresh token'],
    scope: 'profile',
  },
  '/profile': { user: { encodedId: '26FWFL' } },
  '/introspect': { active: true, client_id: 'client-id', exp: 1_900_000_000_000 },
  '/revoke': {},
};

/** Starts a provider; resolves with its origin. */
async function startProvider(protocol: 'http' | 'https'): Promise<string> {
  const handle: http.RequestListener = (req, res) => {
    req.resume();
    res.end(JSON.stringify(BODIES[req.url ?? '']));
  };
  const server =
    protocol === 'https'
      ? https.createServer({ key: pem('key'), cert: ca }, handle)
      : http.createServer(handle);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Signs in in a process of its own; resolves with what Node printed there and with the secrets. */
async function debugOutput(modules: string, protocol: 'http' | 'https', keepAlive: boolean) {
  const { 'client secret': clientSecret, code } = SECRETS;
  const input: Input = { origin: await startProvider(protocol), ca, clientSecret, code, keepAlive };
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', child, JSON.stringify(input)],
    { env: { ...process.env, NODE_DEBUG: modules }, maxBuffer: 100_000_000, timeout: 30_000 },
  );
  const { verifier, active } = JSON.parse(stdout) as { verifier: string; active: boolean };
  expect(active).toBe(true);
  return { output: stderr, secrets: { ...SECRETS, verifier } };
}

/** Which secrets a text contains, at least their first 16 characters, and in which encoding. */
function found(output: string, secrets: Record<string, string>, encodings: readonly Encoding[]): string[] {
  const text = output.toLowerCase();
  return Object.entries(secrets).flatMap(([name, secret]) =>
    encodings
      .filter((encoding) => spellings(secret, encoding).some((each) => text.includes(each.toLowerCase())))
      .map((encoding) => `${name} (${encoding})`),
  );
}

type Encoding = 'text' | 'Base64' | 'hexadecimal';

function spellings(secret: string, encoding: Encoding): string[] {
  const start = secret.slice(0, 16);
  if (encoding === 'text') return [start];
  if (encoding === 'hexadecimal') return [Buffer.from(start).toString('hex').match(/../g)?.join(' ') ?? ''];
  // At each offset within a longer text, such as Basic credentials.
  return [0, 1, 2].map((before) =>
    Buffer.from('.'.repeat(before) + start)
      .toString('base64')
      .slice(before === 0 ? 0 : 4, -4),
  );
}

describe.each(['http', 'https'] as const)("Node's debug output of logins over %s", (protocol) => {
  it.each([true, false])(
    'shows no secret with NODE_DEBUG=http,net,tls,https (keepAlive: %s)',
    { timeout: 30_000 },
    async (keepAlive) => {
      const { output, secrets } = await debugOutput('http,net,tls,https', protocol, keepAlive);
      expect(output).toMatch(/^NET \d+: createConnection \[/m);
      expect(found(output, secrets, ['text', 'Base64', 'hexadecimal'])).toEqual([]);
    },
  );

  // Node prints the first 50 bytes of each chunk that it reads, in hexadecimal; SECURITY.md says so.
  it('shows no more than the start of responses with NODE_DEBUG=stream', { timeout: 30_000 }, async () => {
    const { output, secrets } = await debugOutput('http,net,tls,https,stream', protocol, true);
    const { 'access token': accessToken, ...others } = secrets;
    expect(found(output, { accessToken, ...others }, ['text', 'Base64'])).toEqual([]);
    expect(found(output, others, ['hexadecimal'])).toEqual([]);
  });
});
