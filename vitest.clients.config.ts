import base from './vitest.config.ts';

// `npm run test:clients`: what it needs is installed in test/clients, so that the package itself stays light.
export default {
  ...base,
  test: {
    include: ['test/clients/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    silent: 'passed-only' as const, // oidc-provider warns of what is meant for tests only
  },
};
