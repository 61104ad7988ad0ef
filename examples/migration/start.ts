import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from 'fitbit-simulator';
import { Accounts } from './accounts.ts';
import { createApp } from './app.ts';

/** A running example. */
export interface Example {
  url: string;
  simulator: Simulator;
  accounts: Accounts;
  close(): Promise<void>;
}

/**
 * Starts the app with both providers simulated.
 *
 * | variable | meaning |
 * |---|---|
 * | `PORT` | default 3000; 0 for any free one |
 * | `DATABASE` | the SQLite file with the accounts, default one in the folder for temporary files |
 * | `SESSION_SECRET` | signs the session cookie; default a new one for each start |
 */
export async function start(env: NodeJS.ProcessEnv, log: (line: string) => void): Promise<Example> {
  const simulator = await startSimulator({ fitbit: { name: 'Tally' }, googleHealth: { name: 'Tally' } });
  const file = env.DATABASE ?? join(tmpdir(), 'migration-example.sqlite');
  const accounts = new Accounts(file);

  const server = createServer();
  await listen(server, Number(env.PORT ?? 3000));
  const { port } = server.address() as AddressInfo;
  const url = `http://localhost:${port}`;
  const sessionSecret = env.SESSION_SECRET ?? randomBytes(32).toString('base64url');
  server.on('request', createApp({ baseURL: url, sessionSecret, simulator, accounts, log }));
  log(`Tally is on ${url}`);
  log(`Its accounts are in ${file}, both providers on ${simulator.url}`);

  return {
    url,
    simulator,
    accounts,
    async close() {
      server.close();
      server.closeAllConnections();
      await simulator.close();
      accounts.close();
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
}
