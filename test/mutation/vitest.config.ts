import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

// `npm run test:mutation`: what runs for each mutant. Left out is what is slow, what runs in a process of its own,
// and what runs several tests at once, where Stryker can't tell which test reached a mutant.
export default defineConfig({
  root: fileURLToPath(new URL('../../', import.meta.url)),
  resolve: base.resolve ?? {},
  test: {
    include: [
      'test/{login,state,client,fitbit,util,google-health/{incoming,webhooks,security-events}}/**/*.test.ts',
    ],
    exclude: [
      'test/login/{interleaved,fuzz-callback,attacks}.test.ts',
      'test/state/flood.test.ts',
      'test/client/{faults,faults-process,secrets,secrets-debug,redact-speed,fuzz-parsers,fuzz-response}.test.ts',
      'test/google-health/webhooks/{faults,subscribers}.test.ts',
    ],
  },
});
