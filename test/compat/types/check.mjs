// Type-checks apps of the package's: node types/check.mjs <typescript package> <resolution> <format>
// Each of them with and without `skipLibCheck`, and with and without `esModuleInterop`.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [compiler, resolution, format] = process.argv.slice(2);
const root = resolve('node_modules', compiler);
const { version, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = resolve('types', `${compiler}-${resolution}-${format}`);
const isNode = resolution.startsWith('node') && resolution !== 'node10';

mkdirSync(folder, { recursive: true });
writeFiles();
const counts = { checks: 0, failed: 0 };
const removed = new Set();
const foreign = new Set();
for (const skipLibCheck of [false, true]) {
  for (const esModuleInterop of [true, false]) check({ skipLibCheck, esModuleInterop });
}
const remarks = [
  ...[...removed].map((option) => `it has no ${option}`),
  ...[...foreign].map((name) => `errors in ${name}`),
];
console.log(`${counts.checks} checks with ${version}${remarks.length > 0 ? ` (${remarks.join(', ')})` : ''}`);
if (counts.failed > 0) process.exit(1);

function check(options) {
  const tsconfig = join(folder, `tsconfig-${Object.values(options).join('-')}.json`);
  writeFileSync(tsconfig, JSON.stringify({ compilerOptions: compilerOptions(options), include: ['./*'] }));
  const { status, stdout } = spawnSync(process.execPath, [join(root, bin.tsc), '-p', tsconfig], {
    encoding: 'utf8',
  });
  const [, option] = /error TS5108: Option '(\S+)' has been removed/.exec(stdout) ?? [];
  if (option !== undefined) {
    removed.add(option);
    return;
  }
  counts.checks += 1;
  const errors = stdout.split('\n').filter((line) => line.includes('error TS'));
  const others = errors.map((line) => /^(?:\.\.\/)*node_modules\/(@[^/]+\/[^/]+|[^/]+)\//.exec(line)?.[1]);
  // Errors in the declarations of others are not this package's: @redis/client needs esModuleInterop in 5.9.
  const areOthers = others.every((name) => name !== undefined && name !== 'passport-fitbit-strategy');
  if (areOthers) for (const name of others) foreign.add(name);
  if (status === 0 || (errors.length > 0 && areOthers)) return;
  counts.failed += 1;
  console.log(`--- ${JSON.stringify(options)}\n${stdout}`);
}

function compilerOptions(options) {
  return {
    target: 'es2022',
    lib: ['es2023'],
    module: moduleKind(),
    moduleResolution: resolution,
    types: ['node'],
    strict: true,
    noEmit: true,
    experimentalDecorators: true, // as NestJS's own projects have it
    ...(version.startsWith('6.') && { ignoreDeprecations: '6.0' }), // node10, esModuleInterop false
    ...options,
  };
}

function moduleKind() {
  if (isNode) return resolution;
  if (resolution === 'bundler') return 'preserve';
  return format === 'commonjs' ? 'commonjs' : 'esnext';
}

function writeFiles() {
  const type = format === 'commonjs' ? 'commonjs' : 'module';
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type }));
  const from = (name) => join(import.meta.dirname, name);
  if (format === 'nest') return cpSync(from('nest.txt'), join(folder, 'app.ts'));
  // Under "bundler" a CommonJS import is written with `require`.
  if (resolution === 'bundler' && format === 'commonjs') {
    return cpSync(from('require.txt'), join(folder, 'app.cts'));
  }
  const usages = readFileSync(from('consumers/google-oauth20-usages.ts'), 'utf8');
  // In the same program, too: what the package adds to passport's types has to leave those of others alone.
  writeFileSync(
    join(folder, 'google.ts'),
    usages.replaceAll('passport-fitbit-strategy', 'passport-google-oauth20'),
  );

  if (format === 'google') return; // alone: the usages do not need this package
  cpSync(from('consumers'), folder, { recursive: true });
  cpSync(from('nest.txt'), join(folder, 'nest.ts'));
}
