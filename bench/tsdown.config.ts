import { defineConfig } from 'tsdown';

// What is measured runs as plain JavaScript: a loader's helpers in the way would count against the floor.
export default defineConfig({
  entry: ['run.ts', 'children/*.ts'],
  unbundle: true,
  outDir: 'dist',
  format: 'esm',
  target: 'node20.19',
  platform: 'node',
  fixedExtension: true,
  sourcemap: true,
  dts: false,
  deps: { skipNodeModulesBundle: true },
  logLevel: 'warn',
});
