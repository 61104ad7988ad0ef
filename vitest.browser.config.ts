import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

// `npm run test:browser`: needs a Chromium (`apt-get install chromium`, or CHROMIUM=/path/to/it) and fails without.
export default mergeConfig(
  { resolve: base.resolve ?? {} },
  defineConfig({
    test: {
      include: ['test/browser/**/*.test.ts'],
      testTimeout: 60_000,
      hookTimeout: 60_000,
      // One browser at a time: each is several processes by itself.
      fileParallelism: false,
    },
  }),
);
