// Packs the package, twice to the same bytes, installs the tarball in an empty folder, loads every entry, from ESM
// and CommonJS, and follows the source maps.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'packed-'));
const run = (command, args, cwd = folder) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

try {
  const pack = () => JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], root))[0];
  const packed = pack();
  run('npm', ['run', 'build'], root);
  assert.equal(pack().integrity, packed.integrity, 'another build makes another tarball');

  const unexpected = packed.files
    .map(({ path }) => path)
    .filter(
      (path) => !/^(dist|lib)\/|^(README|CHANGELOG|SECURITY)\.md$|^LICENSE$|^package\.json$/.test(path),
    );
  assert.deepEqual(unexpected, []);

  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  run('npm', ['install', '--no-audit', '--no-fund', join(folder, packed.filename)]);
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entries = Object.keys(exports)
    .filter((key) => key !== './package.json')
    .map((key) => key.replace('.', name));

  writeFileSync(
    join(folder, 'esm.mjs'),
    `
    for (const entry of ${JSON.stringify(entries)}) console.log(entry, Object.keys(await import(entry)).sort().join(' '));
    const { FitbitStrategy } = await import('${name}');
    const { default: OAuth2Strategy } = await import('passport-oauth2');
    if (!(new FitbitStrategy({ clientID: 'a', clientSecret: 'b' }, async () => ({})) instanceof OAuth2Strategy)) throw new Error('not an OAuth2Strategy');
  `,
  );
  writeFileSync(
    join(folder, 'cjs.cjs'),
    `
    for (const entry of ${JSON.stringify(entries)}) console.log(entry, Object.keys(require(entry)).sort().join(' '));
    const { FitbitStrategy } = require('${name}');
    const OAuth2Strategy = require('passport-oauth2');
    if (!(new FitbitStrategy({ clientID: 'a', clientSecret: 'b' }, async () => ({})) instanceof OAuth2Strategy)) throw new Error('not an OAuth2Strategy');
  `,
  );
  const esm = run(process.execPath, ['esm.mjs']);
  const cjs = run(process.execPath, ['cjs.cjs']);
  assert.equal(esm, cjs);
  for (const line of esm.trim().split('\n')) assert.match(line, / \w/, `${line}: exports nothing`);
  process.stdout.write(esm);

  const installed = join(folder, 'node_modules', name);
  const scripts = packed.files
    .map(({ path }) => path)
    .filter((path) => /\.[cm]js$/.test(path) && !path.includes('rolldown-runtime')); // the bundler's own helpers
  for (const script of scripts) {
    const [, url] =
      /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(readFileSync(join(installed, script), 'utf8')) ?? [];
    assert(url, `${script}: no source map`);
    const map = resolve(installed, dirname(script), url);
    for (const source of JSON.parse(readFileSync(map, 'utf8')).sources) {
      if (source.includes('/lib/')) readFileSync(resolve(dirname(map), source)); // throws if it is not there
    }
  }
  const stack = run(process.execPath, [
    '--enable-source-maps',
    '-e',
    `try { new (require('${name}').FitbitStrategy)({}, () => {}) } catch ({ stack }) { console.log(stack) }`,
  ]);
  const [, file, line] = /\(?(\S+\.ts):(\d+):\d+/.exec(stack) ?? [];
  assert(file?.startsWith(join(installed, 'lib')), `the stack does not lead to lib/: ${stack}`);
  assert.match(readFileSync(file, 'utf8').split('\n')[line - 1], /throw new TypeError/);
  console.log(
    `${packed.filename}: ${packed.files.length} files, ${packed.size} bytes; ${entries.length} entries load from ESM and CommonJS; ${scripts.length} source maps`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
