import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Simulator, startSimulator } from 'passport-fitbit-strategy/simulator';
import { createApp } from './app.ts';

/** A running demo. */
export interface Demo {
  url: string;
  /** The simulator, if a provider is simulated. */
  simulator: Simulator | undefined;
  close(): Promise<void>;
}

/**
 * Starts the app, and the simulator for a provider whose client id and secret are not in the environment.
 *
 * | variable | meaning |
 * |---|---|
 * | `FITBIT_CLIENT_ID`, `FITBIT_CLIENT_SECRET` | an app registered with Fitbit |
 * | `PORT` | default 3000; 0 for any free one |
 * | `HOST` | the address to listen on, default 127.0.0.1: this computer only |
 * | `BASE_URL` | where browsers find the app, default `http://localhost:<port>` |
 * | `SESSION_SECRET` | signs the session cookie; default a new one for each start |
 */
export async function start(env: NodeJS.ProcessEnv, log: (line: string) => void): Promise<Demo> {
  let simulator: Simulator | undefined;
  const simulated = async () => {
    simulator ??= await startSimulator({ fitbit: { name: 'Daywalk' }, googleHealth: { name: 'Daywalk' } });
    return simulator;
  };
  const fitbit = credentials(env.FITBIT_CLIENT_ID, env.FITBIT_CLIENT_SECRET) ?? (await simulated()).fitbit;

  const server = createServer();
  await listen(server, Number(env.PORT ?? 3000), env.HOST ?? '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const url = env.BASE_URL ?? `http://localhost:${port}`;
  const app = createApp({
    baseURL: url,
    sessionSecret: env.SESSION_SECRET ?? randomBytes(32).toString('base64url'),
    fitbit,
    simulator,
    log,
  });
  server.on('request', app);
  log(`Daywalk is on ${url}`);
  if (simulator !== undefined)
    log(`Signing in to a simulator on ${simulator.url}: made-up people, no network`);

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

function credentials(clientID: string | undefined, clientSecret: string | undefined) {
  return clientID && clientSecret ? { clientID, clientSecret } : undefined;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
}
