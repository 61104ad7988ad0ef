import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

// `npm run test:mutation`: what runs for each mutant. Left out is what is slow, what runs in a process of its own,
// and what runs several tests at once, where Stryker can't tell which test came by a mutant.
export default mergeConfig(
  { resolve: base.resolve ?? {} },
  defineConfig({
    test: {
      include: ['test/{oauth2,fitbit}/**/*.test.ts'],
      exclude: [
        'test/oauth2/{faults,faults-process,interleaved,secrets,fuzz-parsers,fuzz-response,fuzz-callback}.test.ts',
      ],
    },
  }),
);
