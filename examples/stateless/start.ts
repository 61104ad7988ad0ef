import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { type Simulator, startSimulator } from 'fitbit-simulator';
import { listen } from '../listen.ts';
import { createApp } from './app.ts';

/** The running example. */
export interface Example {
  url: string;
  /** The simulator, if Google is simulated. */
  simulator: Simulator | undefined;
  close(): Promise<void>;
}

/**
 * Starts the app, and the simulator unless `GOOGLE_CLIENT_ID` and `GOOGLE_CLIENT_SECRET` are set. `PORT` is 3000 by
 * default, and `BASE_URL` `http://localhost:<port>`; `COOKIE_SECRET` and `TOKEN_SECRET` are made at each start.
 */
export async function start(env: NodeJS.ProcessEnv, log: (line: string) => void): Promise<Example> {
  const server = createServer();
  const port = await listen(server, env);
  const url = env.BASE_URL ?? `http://localhost:${port}`;

  const { GOOGLE_CLIENT_ID: clientID, GOOGLE_CLIENT_SECRET: clientSecret } = env;
  const real = clientID && clientSecret ? { clientID, clientSecret } : undefined;
  const simulator = real ? undefined : await startSimulator({ googleHealth: { name: 'Stateless example' } });
  const googleHealth = real ?? simulator?.googleHealth;
  if (googleHealth === undefined) throw new Error('There is neither a client nor a simulator');

  const { COOKIE_SECRET = newSecret(), TOKEN_SECRET = newSecret() } = env;
  const secrets = { cookieSecret: COOKIE_SECRET, tokenSecret: TOKEN_SECRET };
  server.on('request', createApp({ baseURL: url, ...secrets, googleHealth }));
  log(`Sign in at ${url}/auth`);

  return {
    url,
    simulator,
    async close() {
      server.close();
      server.closeAllConnections();
      await simulator?.close();
    },
  };
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}
