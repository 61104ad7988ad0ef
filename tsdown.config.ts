import { defineConfig } from 'tsdown';

const shared = { target: 'node20.19', platform: 'node', sourcemap: true, fixedExtension: true } as const;

export default defineConfig([
  {
    ...shared,
    entry: {
      index: 'lib/index.ts',
      'google-health': 'lib/google-health.ts',
      'token-manager': 'lib/token-manager.ts',
      'token-manager/postgres': 'lib/token-manager/postgres.ts',
      'token-manager/redis': 'lib/token-manager/redis.ts',
      'token-manager/conformance': 'lib/token-manager/conformance.ts',
    },
    format: ['esm', 'cjs'],
    dts: true,
    // rolldown's helpers in a file of their own: every CommonJS entry would load the one that has them, passport-oauth2 and all.
    outputOptions: { codeSplitting: { groups: [{ name: 'runtime', test: /^\0rolldown\/runtime/ }] } },
  },
]);
