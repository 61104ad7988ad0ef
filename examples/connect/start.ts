import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Simulator, startSimulator } from 'fitbit-simulator';
import type { TokenManager } from 'passport-fitbit-strategy/token-manager';
import { createApp } from './app.ts';
import { Connections } from './connections.ts';
import { createTokenManager } from './providers.ts';
import { Users } from './users.ts';

/** The running example. */
export interface Example {
  url: string;
  simulator: Simulator;
  connections: Connections;
  tokens: TokenManager;
  /** The password of both users, `ann` and `bob`. */
  password: string;
  close(): Promise<void>;
}

/** Starts the app with both providers simulated. `PORT` is 3000 by default. Data is lost when it ends. */
export async function start(env: NodeJS.ProcessEnv, log: (line: string) => void): Promise<Example> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(Number(env.PORT ?? 3000), '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://localhost:${port}`;

  const simulator = await startSimulator({ fitbit: { name: 'Pace' }, googleHealth: { name: 'Pace' } });
  const clients = { fitbit: simulator.fitbit, googleHealth: simulator.googleHealth };
  const users = new Users();
  const password = randomBytes(6).toString('base64url');
  for (const name of ['ann', 'bob']) users.add(name, password);
  const connections = new Connections();
  const tokens = createTokenManager(clients);
  const secret = randomBytes(32).toString('base64url');
  server.on('request', createApp({ baseURL: url, secret, clients, users, connections, tokens, log }));
  log(`Pace is on ${url}. Sign in as ann or bob with the password ${password}`);

  return {
    url,
    simulator,
    connections,
    tokens,
    password,
    async close() {
      server.close();
      server.closeAllConnections();
      await tokens.flush();
      await simulator.close();
    },
  };
}
