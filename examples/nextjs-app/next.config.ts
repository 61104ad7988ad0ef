import type { NextConfig } from 'next';

const config: NextConfig = {
  // Not bundled: they are loaded from node_modules.
  serverExternalPackages: ['passport-fitbit-strategy', 'fitbit-simulator'],
};

export default config;
