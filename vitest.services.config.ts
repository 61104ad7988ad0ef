import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

// What needs PostgreSQL and Redis: `apt-get install postgresql redis-server`.
export default mergeConfig(
  { resolve: base.resolve ?? {} },
  defineConfig({
    test: {
      include: ['test/services/**/*.spec.ts'],
      testTimeout: 180_000,
      hookTimeout: 60_000,
      // Each file has processes enough of its own.
      fileParallelism: false,
    },
  }),
);
