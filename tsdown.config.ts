import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: ['lib/index.ts', 'lib/simulator.ts'],
  format: ['esm', 'cjs'],
  target: 'node20.19',
  platform: 'node',
  dts: true,
  sourcemap: true,
  fixedExtension: true,
});
