import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
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
 * | `DATA_FOLDER` | keeps the accounts over a restart; default: in memory, so they are lost when it ends |
 * | `SESSION_SECRET` | signs the session cookie; default: a new one for each start |
 */
export async function start(env: NodeJS.ProcessEnv, log: (line: string) => void): Promise<Example> {
  const simulator = await startSimulator({ fitbit: { name: 'Tally' }, googleHealth: { name: 'Tally' } });
  const file = env.DATA_FOLDER ? databaseIn(env.DATA_FOLDER) : ':memory:';
  const accounts = new Accounts(file);

  const server = createServer();
  await listen(server, Number(env.PORT ?? 3000));
  const { port } = server.address() as AddressInfo;
  const url = `http://localhost:${port}`;
  const sessionSecret = env.SESSION_SECRET ?? randomBytes(32).toString('base64url');
  server.on('request', createApp({ baseURL: url, sessionSecret, simulator, accounts, log }));
  log(`Tally is on ${url}`);
  const place = env.DATA_FOLDER ? `in ${file}` : 'in memory: set DATA_FOLDER to keep them';
  log(`Its accounts are ${place}. Both providers are simulated on ${simulator.url}`);

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

/**
 * Creates the folder and the file for their owner only, because they contain tokens. SQLite's journal gets the same
 * mode.
 */
function databaseIn(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'accounts.sqlite');
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600); // it may already exist
  return file;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
}
