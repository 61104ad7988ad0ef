// Packs both packages, twice to the same bytes, installs them in an empty folder, loads every entry, from ESM and
// CommonJS, and follows the source maps.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'packed-'));
const run = (command, args, cwd = folder) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const pack = () =>
  JSON.parse(
    run(
      'npm',
      ['pack', '.', './simulator', '--json', '--ignore-scripts', '--pack-destination', folder],
      root,
    ),
  );

// A class of each package is made, and throws what its source has on that line.
const USES = {
  'passport-fitbit-strategy': {
    esm: `const { FitbitStrategy } = await import('passport-fitbit-strategy');
      const { default: OAuth2Strategy } = await import('passport-oauth2');`,
    cjs: `const { FitbitStrategy } = require('passport-fitbit-strategy');
      const OAuth2Strategy = require('passport-oauth2');`,
    use: `if (!(new FitbitStrategy({ clientID: 'a', clientSecret: 'b' }, async () => ({})) instanceof OAuth2Strategy)) throw new Error('not an OAuth2Strategy');`,
    fail: `new (require('passport-fitbit-strategy').FitbitStrategy)({}, () => {})`,
  },
  'fitbit-simulator': {
    esm: `const { startSimulator } = await import('fitbit-simulator');`,
    cjs: `const { startSimulator } = require('fitbit-simulator');`,
    use: `startSimulator().then(async (simulator) => {
      for (const path of ['/', '/assets/simulator.css']) {
        const { status } = await fetch(simulator.url + path);
        if (status !== 200) throw new Error(path + ': ' + status);
      }
      await simulator.close();
    });`,
    fail: `await require('fitbit-simulator').startSimulator({ port: -1 })`,
  },
};

try {
  const packed = pack();
  run('npm', ['run', 'build'], root);
  assert.deepEqual(
    pack().map(({ integrity }) => integrity),
    packed.map(({ integrity }) => integrity),
    'another build makes other tarballs',
  );
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const tarballs = packed.map(({ filename }) => join(folder, filename));
  run('npm', ['install', '--no-audit', '--no-fund', ...tarballs]);
  for (const one of packed) check(one);
  assert.match(run('npx', ['fitbit-simulator', '--help']), /^Usage: fitbit-simulator/);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function check({ name, filename, size, files }) {
  const paths = files.map(({ path }) => path);
  const expected = /^(dist|lib)\/|^(README|CHANGELOG|SECURITY)\.md$|^LICENSE$|^package\.json$/;
  assert.deepEqual(
    paths.filter((path) => !expected.test(path)),
    [],
  );

  const installed = join(folder, 'node_modules', name);
  const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const entries = Object.keys(exports)
    .filter((key) => key !== './package.json')
    .map((key) => key.replace('.', name));
  const { esm, cjs, use, fail } = USES[name];
  const list = JSON.stringify(entries);
  writeFileSync(
    join(folder, 'esm.mjs'),
    `for (const entry of ${list}) console.log(entry, Object.keys(await import(entry)).sort().join(' '));
    ${esm} ${use}`,
  );
  writeFileSync(
    join(folder, 'cjs.cjs'),
    `for (const entry of ${list}) console.log(entry, Object.keys(require(entry)).sort().join(' '));
    ${cjs} ${use}`,
  );
  const loaded = run(process.execPath, ['esm.mjs']);
  assert.equal(loaded, run(process.execPath, ['cjs.cjs']));
  for (const line of loaded.trim().split('\n')) assert.match(line, / \w/, `${line}: exports nothing`);
  process.stdout.write(loaded);

  const scripts = paths.filter((path) => /\.[cm]js$/.test(path) && !path.includes('rolldown-runtime')); // the bundler's own helpers
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
    `(async () => { ${fail} })().catch(({ stack }) => console.log(stack))`,
  ]);
  const [, file, line] = /\(?(\S+\.ts):(\d+):\d+/.exec(stack) ?? [];
  assert(file?.startsWith(join(installed, 'lib')), `the stack does not lead to lib/: ${stack}`);
  assert.match(readFileSync(file, 'utf8').split('\n')[line - 1], /throw new TypeError/);
  console.log(
    `${filename}: ${files.length} files, ${size} bytes; ${entries.length} entries load from ESM and CommonJS; ${scripts.length} source maps`,
  );
}
