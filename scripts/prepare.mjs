// Builds the package for an install from a git URL, which has no dist/. Does nothing when there is a build, and when
// the tools for it are not installed (`npm ci --omit=dev`).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const tsdown = join(root, 'node_modules/tsdown/dist/run.mjs');
if (!existsSync(join(root, 'dist')) && existsSync(tsdown)) {
  const { status } = spawnSync(process.execPath, [tsdown], { cwd: root, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
