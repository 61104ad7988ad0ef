import { readFileSync } from 'node:fs';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Build } from './contenders/index.ts';

/** What the figures were measured on and with, for the top of the results. */
export function describeRun(root: string, builds: readonly Build[], seconds: number): string {
  const versionIn = (folder: string): string =>
    JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  const versionAt = (folder: string, name: string): string => versionIn(join(folder, 'node_modules', name));
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(root, 'bench/package.json'), 'utf8'),
  );
  const versions = [
    ...builds.map(
      ({ name, folder }) =>
        `${name} ${versionIn(folder)} (on passport-oauth2 ${versionAt(folder, 'passport-oauth2')})`,
    ),
    ...Object.keys(dependencies).map((name) => `${name} ${versionAt(join(root, 'bench'), name)}`),
    ...['passport', 'express', 'express-session'].map((name) => `${name} ${versionAt(root, name)}`),
  ];
  const [cpu] = cpus();
  return [
    `- Node.js ${process.version}, ${platform()} ${release()}`,
    `- ${cpus().length} × ${cpu?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GB; load at the end ${loadavg()[0]?.toFixed(1)}`,
    `- ${new Date().toISOString().slice(0, 10)}, ${seconds.toFixed(0)} s`,
    ...versions.map((version) => `- ${version}`),
  ].join('\n');
}
