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
    // Failures and the summary. `--reporter=verbose` prints each test, each row of the fault table as well.
    reporters: ['dot'],
    coverage: {
      include: ['{lib,simulator/lib}/**'],
      reporter: ['text-summary', 'html'],
      thresholds: { lines: 95, branches: 95 },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          maxWorkers: '100%', // otherwise one processor is left idle
          include: ['{test,simulator/test}/**/*.test.ts'],
          exclude: ['test/{browser,services,clients,compat}/**', '**/node_modules/**'],
        },
      },
      {
        // Needs a Chromium: `apt-get install chromium`, or CHROMIUM=/path/to/it.
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false, // each browser is several processes by itself
        },
      },
      {
        // What it needs is installed in test/clients, so that the package itself stays light.
        extends: true,
        test: {
          name: 'clients',
          include: ['test/clients/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        // Needs PostgreSQL, PgBouncer, Redis and MariaDB: `apt-get install postgresql pgbouncer redis-server mariadb-server`.
        extends: true,
        test: {
          name: 'services',
          include: ['test/services/**/*.spec.ts'],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          fileParallelism: false, // each file starts processes enough of its own
        },
      },
    ],
  },
});
