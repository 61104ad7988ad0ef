import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TokenStore } from 'passport-fitbit-strategy/token-manager';
import { migrate, PostgresTokenStore } from 'passport-fitbit-strategy/token-manager/postgres';
import { RedisTokenStore } from 'passport-fitbit-strategy/token-manager/redis';
import pg from 'pg';
import { createClient } from 'redis';
import { Daemon, freePort, idsOf, program } from './processes.ts';

/** How a process reaches a database. */
export interface Address {
  kind: 'postgres' | 'redis';
  url: string;
  /** How long Redis keeps the lock of a dead process, ms. */
  lockTTL?: number;
}

/** A store on connections of its own. */
export interface Connected {
  store: TokenStore;
  /** Connections that are in use, and those who wait for one. */
  connections(): { used: number; waiting: number };
  close(): Promise<void>;
}

/** A database of the test's own. */
export interface Database extends Address {
  /** Stops the server, as an administrator or, with `SIGKILL` or the like, an accident does. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  /** Stops the server and deletes its data. */
  destroy(): Promise<void>;
}

export async function startPostgres(): Promise<Database> {
  const bin = program(postgresFolders(), 'apt-get install postgresql');
  // PostgreSQL refuses to run as root.
  const owner = process.getuid?.() === 0 ? idsOf('postgres') : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'token-stores-postgres-'));
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const init = ['-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
  execFileSync(join(bin, 'initdb'), init, { ...owner, cwd: folder, stdio: 'pipe' });
  const port = await freePort();
  const url = `postgres://test@127.0.0.1:${port}/postgres`;
  const args = ['-D', data, '-k', folder, '-h', '127.0.0.1', '-p', String(port), '-c', 'max_connections=200'];
  const daemon = new Daemon(join(bin, 'postgres'), args, { ...owner, cwd: folder }, async () => {
    const client = new pg.Client(url);
    try {
      await client.connect();
      await client.query('SELECT 1');
    } finally {
      await client.end();
    }
  });
  await daemon.start();
  const pool = new pg.Pool({ connectionString: url });
  await migrate(pool);
  await pool.end();
  // SIGINT is PostgreSQL's fast shutdown: it does not wait for connected clients.
  return database({ kind: 'postgres', url }, daemon, 'SIGINT', folder);
}

export async function startRedis(): Promise<Database> {
  const server = program(
    ['/usr/bin/redis-server', '/usr/local/bin/redis-server'],
    'apt-get install redis-server',
  );
  const folder = mkdtempSync(join(tmpdir(), 'token-stores-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
  const settings = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
  const daemon = new Daemon(server, [...args, ...settings], { cwd: folder }, async () => {
    const client = createClient({ url, socket: { reconnectStrategy: false } });
    client.on('error', () => {});
    await client.connect();
    await client.ping();
    client.destroy();
  });
  await daemon.start();
  return database({ kind: 'redis', url }, daemon, 'SIGTERM', folder);
}

/** Connects a store, as an app would. */
export async function connect({ kind, url, lockTTL }: Address): Promise<Connected> {
  if (kind === 'postgres') {
    const pool = new pg.Pool({ connectionString: url, max: 6 });
    pool.on('error', () => {});
    return {
      store: new PostgresTokenStore(pool),
      connections: () => ({ used: pool.totalCount - pool.idleCount, waiting: pool.waitingCount }),
      close: () => pool.end(),
    };
  }
  const client = createClient({ url, socket: { reconnectStrategy: 50 } });
  client.on('error', () => {});
  await client.connect();
  return {
    store: new RedisTokenStore(client, { lockTTL }),
    connections: () => ({ used: 0, waiting: 0 }),
    close: async () => client.destroy(),
  };
}

function database(address: Address, daemon: Daemon, end: NodeJS.Signals, folder: string): Database {
  return {
    ...address,
    start: () => daemon.start(),
    stop: (signal = end) => daemon.stop(signal),
    async destroy() {
      await daemon.stop(end);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Where Debian has PostgreSQL's programs: one folder for each version. */
function postgresFolders(): string[] {
  const root = '/usr/lib/postgresql';
  try {
    return readdirSync(root).map((version) => join(root, version, 'bin'));
  } catch {
    return [join(root, '15', 'bin')];
  }
}
