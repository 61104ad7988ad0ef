// Prints the SBOM of a packed package as CycloneDX: what an install brings, and the packages whose code the build
// contains: node scripts/sbom.mjs <tarball>
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const BUNDLED = { 'passport-fitbit-strategy': ['jose', 'cookie'], 'fitbit-simulator': [] };

const tarball = resolve(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'sbom-'));
const unpacked = join(folder, 'package');
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
let sbom;
let name;
try {
  run('tar', ['-xzf', tarball], folder);
  // Without the development dependencies, which npm would look up although they are omitted.
  const {
    devDependencies: _,
    workspaces: __,
    ...manifest
  } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'));
  writeFileSync(join(unpacked, 'package.json'), JSON.stringify(manifest));
  name = manifest.name;
  run('npm', ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], unpacked);
  sbom = JSON.parse(run('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'], unpacked));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const bundled of BUNDLED[name]) {
  const { version, license } = JSON.parse(
    readFileSync(join(root, 'node_modules', bundled, 'package.json'), 'utf8'),
  );
  const reference = `${bundled}@${version}`;
  if (sbom.components.some((component) => component['bom-ref'] === reference)) continue;
  sbom.components.push({
    'bom-ref': reference,
    type: 'library',
    name: bundled,
    version,
    scope: 'required',
    purl: `pkg:npm/${bundled}@${version}`,
    licenses: [{ license: { id: license } }],
  });
}
console.log(JSON.stringify(sbom, null, 2));
