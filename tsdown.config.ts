import { readFileSync } from 'node:fs';
import { defineConfig } from 'tsdown';
import { compactSourceMaps } from './scripts/compact-source-maps.ts';
import { moduleWrappers } from './scripts/module-wrappers.ts';

// The build contains what it uses of these, with their licenses. jose is an ES module, which Jest can't load before
// Node 24.9, and half a megabyte that only apps with security events need; of cookie, it is two functions.
const BUNDLED = { jose: 'LICENSE.md', cookie: 'LICENSE' };

export default defineConfig({
  entry: {
    index: 'lib/index.ts',
    'google-health': 'lib/google-health.ts',
    'google-health/webhooks': 'lib/google-health/webhooks.ts',
    'google-health/security-events': 'lib/google-health/security-events.ts',
    'token-manager': 'lib/token-manager.ts',
    'token-manager/postgres': 'lib/token-manager/postgres.ts',
    'token-manager/redis': 'lib/token-manager/redis.ts',
    'token-manager/sqlite': 'lib/token-manager/sqlite.ts',
    'token-manager/conformance': 'lib/token-manager/conformance.ts',
  },
  format: 'cjs',
  target: 'node20.19',
  platform: 'node',
  fixedExtension: true,
  dts: true,
  sourcemap: true,
  deps: { alwaysBundle: Object.keys(BUNDLED), onlyBundle: Object.keys(BUNDLED) },
  checks: { legacyCjs: false },
  logLevel: 'warn',
  outputOptions: {
    comments: { legal: true, annotation: true, jsdoc: false }, // the declarations have the doc comments
    // The bundler's helpers get a file of their own. Otherwise every entry would load passport-oauth2 with them.
    codeSplitting: { groups: [{ name: 'runtime', test: /^\0rolldown\/runtime/ }] },
    banner: ({ moduleIds }) => licenses(moduleIds),
  },
  plugins: [moduleWrappers(), compactSourceMaps()],
});

/** The licenses of the bundled packages that a chunk has modules of. */
function licenses(moduleIds: readonly string[]): string {
  return Object.entries(BUNDLED)
    .filter(([name]) => moduleIds.some((id) => id.includes(`node_modules/${name}/`)))
    .map(([name, file]) => `/*!\n${name}\n\n${readFileSync(`node_modules/${name}/${file}`, 'utf8')}*/`)
    .join('\n');
}
