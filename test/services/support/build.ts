import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsdown';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A program in one file: it starts in a third of the time that its sources and packages would take to load. */
export interface Program {
  path: string;
  delete(): void;
}

/** Bundles the program of the test's processes. */
export async function buildWorker(): Promise<Program> {
  // Inside the project, where Node finds libsql.
  const folder = mkdtempSync(join(ROOT, 'node_modules/.token-stores-worker-'));
  await build({
    config: false,
    cwd: ROOT,
    entry: { worker: join(ROOT, 'test/services/support/worker.ts') },
    outDir: folder,
    format: 'esm',
    platform: 'node',
    dts: false,
    logLevel: 'silent',
    noExternal: [/./],
    // Optional parts of pg and redis, which are not installed; and libsql, which loads a native module.
    external: ['pg-native', '@opentelemetry/api', '@node-rs/xxhash', 'libsql'],
  });
  return {
    path: join(folder, 'worker.mjs'),
    delete: () => rmSync(folder, { recursive: true, force: true }),
  };
}
