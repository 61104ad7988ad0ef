import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Build, RIVAL_PACKAGES } from '../contenders/index.ts';
import type { Section } from '../report.ts';

/** What `npm install` of the packed package brings, and of each rival. */
export function installSection(root: string, builds: readonly Build[]): Section {
  const folder = mkdtempSync(join(tmpdir(), 'bench-install-'));
  try {
    const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
      readFileSync(join(root, 'bench/package.json'), 'utf8'),
    );
    const specs = [
      ...builds.map((build) => ({ name: build.name, spec: pack(build, folder) })),
      ...RIVAL_PACKAGES.map((name) => ({ name, spec: `${name}@${dependencies[name]}` })),
    ];
    const rows = specs.map(({ name, spec }) => [name, ...install(spec)]);
    return {
      tables: [
        {
          title: 'Installed packages',
          note: 'What `npm install` brings, without Passport and Express. Packages of types are for the compiler: nothing loads them.',
          head: ['', 'packages', 'kB', 'of types', 'kB of types'],
          rows,
        },
      ],
      goals: [],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Packs what is built into a folder of its own, as builds of one version have one file name. */
function pack(build: Build, folder: string): string {
  const destination = mkdtempSync(join(folder, 'pack-'));
  const options = ['--json', '--ignore-scripts', '--pack-destination', destination];
  const [tarball]: { filename: string }[] = JSON.parse(npm(build.folder, ['pack', ...options]));
  return join(destination, tarball?.filename ?? '');
}

function install(spec: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'bench-install-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    npm(folder, ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', spec]);
    const { packages }: { packages: Record<string, unknown> } = JSON.parse(
      readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'),
    );
    const [code, types] = [false, true].map((areTypes) => {
      const paths = Object.keys(packages).filter((path) => isTypes(path) === areTypes);
      return { count: paths.length, bytes: paths.reduce((sum, path) => sum + sizeOf(join(folder, path)), 0) };
    });
    const kilobytes = (bytes = 0) => (bytes / 1024).toFixed(0);
    return [String(code?.count), kilobytes(code?.bytes), String(types?.count), kilobytes(types?.bytes)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isTypes(path: string): boolean {
  return /node_modules\/(@types\/[^/]+|undici-types)$/.test(path);
}

/** The size of a package's files without the packages inside of it, which are counted by themselves. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .reduce((sum, entry) => {
      const path = join(folder, entry.name);
      return sum + (entry.isDirectory() ? sizeOf(path) : statSync(path).size);
    }, 0);
}

function npm(cwd: string, args: string[]): string {
  return execFileSync('npm', [...args, '--loglevel=error'], { cwd, encoding: 'utf8' });
}
