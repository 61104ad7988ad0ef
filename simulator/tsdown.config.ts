import { defineConfig } from 'tsdown';
import { compactSourceMaps } from '../scripts/compact-source-maps.ts';
import { moduleWrappers } from '../scripts/module-wrappers.ts';

export default defineConfig({
  entry: { index: 'lib/index.ts', cli: 'lib/cli.ts' },
  format: 'cjs',
  target: 'node20.19',
  platform: 'node',
  fixedExtension: true,
  tsconfig: '../tsconfig.json',
  shims: true, // import.meta.url in CommonJS
  dts: { entry: 'lib/index.ts' },
  sourcemap: true,
  copy: ['lib/pages/style.css', 'lib/pages/consent.js'],
  outputOptions: {
    comments: { legal: true, annotation: true, jsdoc: false }, // the declarations have the doc comments
    codeSplitting: { groups: [{ name: 'runtime', test: /^\0rolldown\/runtime/ }] }, // else the command exports it
  },
  plugins: [moduleWrappers(), compactSourceMaps()],
  checks: { legacyCjs: false },
  logLevel: 'warn',
});
