import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { World } from '../children/world.ts';
import type { Build } from '../contenders/index.ts';
import type { Section } from '../report.ts';
import type { Child } from '../rpc.ts';
import { callbackTable, measureCallbacks } from './callback.ts';

/** Makes a certificate for localhost that is nowhere else trusted. */
function makeCertificate(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'bench-tls-'));
  const key = join(folder, 'key.pem');
  const cert = join(folder, 'cert.pem');
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const files = ['-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', '-nodes', '-days', '2', ...curve, ...name, ...files], {
    stdio: 'ignore',
  });
  return { key, cert };
}

/** Callbacks over HTTPS: with the connections that there are, and with a new one for each request. */
export async function tlsSection(
  world: Child<World>,
  builds: readonly Build[],
  quick: boolean,
): Promise<Section> {
  const tls = makeCertificate();
  const base = await world.call('listen', tls);
  const env = { NODE_EXTRA_CA_CERTS: tls.cert };
  const rounds = quick ? 3 : 9;
  const reused = await measureCallbacks(
    { base },
    builds,
    { warmUp: 3000, processes: 1, rounds: 2 * rounds, count: 100 },
    [16],
    env,
  );
  const fresh = await measureCallbacks(
    { base: `${base}/close` },
    builds,
    { warmUp: 160, processes: 1, rounds, count: 40 },
    [16],
    env,
  );
  return {
    tables: [
      callbackTable(
        'Callback over TLS, connections reused',
        '16 at a time; each contender with its own default agent.',
        reused.get(16) ?? [],
      ),
      callbackTable(
        'Callback over TLS, a connection for each request',
        '16 at a time; the provider closes the connection after each answer. TLS sessions are resumed where the contender does that.',
        fresh.get(16) ?? [],
      ),
    ],
    goals: [],
  };
}
