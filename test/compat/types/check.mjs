// Type-checks an app of the package's: node types/check.mjs <typescript package> <resolution> <format>
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [compiler, resolution, format] = process.argv.slice(2);
const sources = {
  esm: ['consumer.ts', resolution === 'bundler' ? 'app.ts' : 'app.mts'],
  // Under "bundler" a CommonJS import is written with `require`.
  commonjs: resolution === 'bundler' ? ['require.txt', 'app.cts'] : ['consumer.ts', 'app.cts'],
  nest: ['nest.txt', 'app.ts'],
};
const [source, target] = sources[format];
const folder = resolve('types', `${compiler}-${resolution}-${format}`);
mkdirSync(folder, { recursive: true });
copyFileSync(join(import.meta.dirname, source), join(folder, target));
const compilerOptions = {
  target: 'es2022',
  lib: ['es2023'],
  module: resolution === 'bundler' ? 'preserve' : resolution,
  moduleResolution: resolution,
  types: ['node'],
  strict: true,
  skipLibCheck: false,
  noEmit: true,
  esModuleInterop: true,
  experimentalDecorators: format === 'nest',
};
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: [target] }));

const root = resolve('node_modules', compiler);
const { version, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { status } = spawnSync(process.execPath, [join(root, bin.tsc), '-p', folder], { stdio: 'inherit' });
if (status !== 0) process.exit(1);
console.log(`1 checks with ${version}`);
