// Packs both packages from nothing, twice to the same bytes, lints the tarballs, installs them in an empty folder,
// measures that, loads every entry, from ESM and CommonJS, and follows the source maps.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const DIRECTORIES = { 'passport-fitbit-strategy': '.', 'fitbit-simulator': 'simulator' };
const MAX_PACKAGES = 9;
const MAX_BYTES = 1.2e6;

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'packed-'));
const run = (command, args, cwd = folder) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

/** Packs both packages as `npm publish` does: `prepack` builds them. */
function pack(directory) {
  for (const dist of ['dist', 'simulator/dist']) rmSync(join(root, dist), { recursive: true, force: true });
  const names = ['.', './simulator'];
  run('npm', ['pack', ...names, '--loglevel=error', '--pack-destination', directory], root);
  return readdirSync(directory).filter((file) => file.endsWith('.tgz'));
}

// A class of each package is created, and throws what its source has on that line.
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
  const again = mkdtempSync(join(folder, 'again-'));
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const tarballs = pack(folder);
  assert.equal(tarballs.length, 2);
  assert.equal(readFileSync(join(root, 'README.md'), 'utf8'), readme, 'packing has changed README.md');
  pack(again);
  for (const tarball of tarballs) {
    const bytes = readFileSync(join(folder, tarball));
    assert(bytes.equals(readFileSync(join(again, tarball))), `another build makes another ${tarball}`);
    console.log(run('npx', ['publint', 'run', join(folder, tarball), '--strict'], root));
    console.log(run('npx', ['attw', join(folder, tarball), '--format', 'ascii'], root));
  }

  const strategy = tarballs.find((tarball) => tarball.startsWith('passport-'));
  const simulator = tarballs.find((tarball) => tarball !== strategy);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  run('npm', ['install', '--no-audit', '--no-fund', strategy]);
  measure();
  check('passport-fitbit-strategy', strategy);
  checkWhatIsLoaded();
  run('npm', ['install', '--no-audit', '--no-fund', simulator]);
  check('fitbit-simulator', simulator);
  assert.match(run('npx', ['fitbit-simulator', '--help']), /^Usage: fitbit-simulator/);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** What a production install has on disk, besides types. */
function measure() {
  const modules = join(folder, 'node_modules');
  const names = readdirSync(modules).filter((name) => !/^\.|^@types$|^undici-types$/.test(name));
  const sizes = names.map((name) => {
    const kibibytes = Number.parseInt(
      run('du', ['-sk', '--exclude=*.d.?ts', '--exclude=*.d.ts', join(modules, name)]),
      10,
    );
    return [name, kibibytes * 1024];
  });
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  for (const [name, bytes] of sizes) console.log(`${name}: ${bytes} bytes`);
  console.log(`${names.length} packages, ${total} bytes besides types`);
  assert(names.length <= MAX_PACKAGES, `${names.length} packages: ${names.join(', ')}`);
  assert(total <= MAX_BYTES, `${total} bytes are installed`);
}

/** Neither the simulator nor the conformance suite is loaded by another entry. */
function checkWhatIsLoaded() {
  const { exports } = readJSON('node_modules/passport-fitbit-strategy/package.json');
  for (const [key, { require: target }] of Object.entries(exports)) {
    if (target === undefined || key.endsWith('/conformance')) continue;
    const name = key.replace('.', 'passport-fitbit-strategy');
    const script = `require('${name}'); console.log(Object.keys(require.cache).join('\\n'))`;
    const loaded = run(process.execPath, ['-e', script]).trim().split('\n');
    assert(loaded.length > 0);
    assert.deepEqual(
      loaded.filter((file) => /conformance|simulator/.test(file)),
      [],
      `${name} loads more than it needs`,
    );
  }
}

function check(name, tarball) {
  const installed = own(name);
  const paths = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  const expected = /^(dist|docs)\/|^(README|CHANGELOG|SECURITY)\.md$|^LICENSE$|^package\.json$/;
  assert.deepEqual(
    paths.filter((path) => !expected.test(path)),
    [],
  );
  const relative = /\]\((?!https?:|#|mailto:)[^)]+\)|\b(?:src|srcset)="(?!https?:)[^"]*"/g;
  assert.deepEqual(readFileSync(join(installed, 'README.md'), 'utf8').match(relative) ?? [], []);

  const { exports } = readJSON(join(installed, 'package.json'));
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
  for (const line of loaded.trim().split('\n')) {
    assert.match(line, / \w/, `${line}: exports nothing`);
    assert.doesNotMatch(line, / __/, `${line}: exports the bundler's helpers`);
  }
  process.stdout.write(loaded);

  const maps = paths.filter((path) => path.endsWith('.cjs')).flatMap((path) => checkMap(name, path));
  const stack = run(process.execPath, [
    '--enable-source-maps',
    '-e',
    `(async () => { ${fail} })().catch(({ stack }) => console.log(stack))`,
  ]);
  const [, file, line] = /\(?(\S+\.ts):(\d+):\d+/.exec(stack) ?? [];
  const source = maps.find(([path]) => path === file)?.[1];
  assert(source !== undefined, `the stack does not lead to a source: ${stack}`);
  assert.match(source.split('\n')[line - 1], /throw new TypeError/);
  console.log(`${tarball}: ${paths.length} files, ${entries.length} entries load from ESM and CommonJS`);
}

/** The sources that a script's source map has in it: each is the file of the repository. */
function checkMap(name, script) {
  const installed = own(name);
  const code = readFileSync(join(installed, script), 'utf8');
  const [, url] = /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(code) ?? [];
  if (url === undefined) {
    // The bundler's helpers, and entries that only export what another file has.
    const isHelper = script.includes('rolldown-runtime');
    assert(isHelper || !/\bfunction\b|\bclass\b/.test(code), `${script}: no source map`);
    return [];
  }
  const file = resolve(installed, dirname(script), url);
  const { sources, sourcesContent } = readJSON(file);
  return sources.flatMap((source, index) => {
    const content = sourcesContent[index];
    if (content === null) {
      assert.match(source, /node_modules\/(jose|cookie)\//);
      return [];
    }
    const path = resolve(dirname(file), source);
    const original = join(root, DIRECTORIES[name], path.slice(own(name).length));
    const lines = content.split('\n');
    const originals = readFileSync(original, 'utf8').split('\n');
    assert.equal(lines.length, originals.length, `${script}: ${source}`);
    // Doc comments are left out: their lines are empty.
    const changed = originals.filter((line, number) => lines[number] !== line);
    assert.deepEqual(
      changed.filter((line) => !/^ *(\/\*\*|\*)/.test(line)),
      [],
      `${script}: ${source}`,
    );
    return [[path, content]];
  });
}

function own(name) {
  return join(folder, 'node_modules', name);
}

function readJSON(path) {
  return JSON.parse(readFileSync(resolve(folder, path), 'utf8'));
}
