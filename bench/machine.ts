import { readFileSync } from 'node:fs';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';

/** What the figures were measured on and with, for the top of the results. */
export function describeRun(root: string, seconds: number): string {
  const versionAt = (folder: string, name: string): string =>
    JSON.parse(readFileSync(join(root, folder, 'node_modules', name, 'package.json'), 'utf8')).version;
  const own: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(root, 'bench/package.json'), 'utf8'),
  );
  const versions = [
    `passport-fitbit-strategy ${own.version} (on passport-oauth2 ${versionAt('', 'passport-oauth2')})`,
    ...Object.keys(dependencies).map((name) => `${name} ${versionAt('bench', name)}`),
    ...['passport', 'express', 'express-session'].map((name) => `${name} ${versionAt('', name)}`),
  ];
  const [cpu] = cpus();
  return [
    `- Node.js ${process.version}, ${platform()} ${release()}`,
    `- ${cpus().length} × ${cpu?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GB; load at the end ${loadavg()[0]?.toFixed(1)}`,
    `- ${new Date().toISOString().slice(0, 10)}, ${seconds.toFixed(0)} s`,
    ...versions.map((version) => `- ${version}`),
  ].join('\n');
}
