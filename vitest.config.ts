import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const lib = fileURLToPath(new URL('./lib/', import.meta.url));
const simulator = fileURLToPath(new URL('./simulator/lib/', import.meta.url));

export default defineConfig({
  resolve: {
    // Tests and examples import the packages by their public names, as its users do.
    alias: [
      { find: /^passport-fitbit-strategy$/, replacement: `${lib}index.ts` },
      { find: /^passport-fitbit-strategy\/(.+)$/, replacement: `${lib}$1.ts` },
      { find: /^fitbit-simulator$/, replacement: `${simulator}index.ts` },
    ],
  },
  test: {
    include: ['{test,simulator/test}/**/*.test.ts'],
    // By name, each row of the fault table as well.
    reporters: ['verbose'],
    // Suites of their own: they need a browser, databases, other clients, or the packed tarball.
    exclude: ['test/{browser,services,clients,compat}/**', '**/node_modules/**'],
    coverage: {
      include: ['{lib,simulator/lib}/**'],
      reporter: ['text', 'html'],
      thresholds: { lines: 95, branches: 95 },
    },
  },
});
