import { defineConfig } from 'tsdown';

const shared = {
  target: 'node20.19',
  platform: 'node',
  sourcemap: true,
  fixedExtension: true,
  tsconfig: '../tsconfig.json',
} as const;

export default defineConfig([
  { ...shared, entry: { index: 'lib/index.ts' }, format: ['esm', 'cjs'], dts: true },
  { ...shared, entry: { cli: 'lib/cli.ts' }, format: ['esm'], clean: false },
]);
