import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'libsql';
import mysql from 'mysql2/promise';
import type { TokenStore } from 'passport-fitbit-strategy/token-manager';
import { migrate, PostgresTokenStore } from 'passport-fitbit-strategy/token-manager/postgres';
import { RedisTokenStore } from 'passport-fitbit-strategy/token-manager/redis';
import { SqliteTokenStore } from 'passport-fitbit-strategy/token-manager/sqlite';
import pg from 'pg';
import { createClient } from 'redis';
import { Daemon, freePort, idsOf, program } from './processes.ts';

/** How a process reaches a database. */
export interface Address {
  kind: 'postgres' | 'redis' | 'sqlite';
  /** A URL, or the path of an SQLite file. */
  url: string;
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
  const bin = process.env.PG_BIN ?? program(postgresFolders(), 'apt-get install postgresql');
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
  const daemon = new Daemon(join(bin, 'postgres'), args, { ...owner, cwd: folder }, () => pingPostgres(url));
  await daemon.start();
  const pool = new pg.Pool({ connectionString: url });
  await migrate(pool);
  await pool.end();
  // SIGINT is PostgreSQL's fast shutdown: it does not wait for connected clients.
  return database({ kind: 'postgres', url }, daemon, 'SIGINT', folder);
}

async function pingPostgres(url: string): Promise<void> {
  const client = new pg.Client(url);
  try {
    await client.connect();
    await client.query('SELECT 1');
  } finally {
    await client.end();
  }
}

/** @param options more options of the server */
export async function startRedis(options: string[] = []): Promise<Database> {
  const server = program(
    ['/usr/bin/redis-server', '/usr/local/bin/redis-server'],
    'apt-get install redis-server',
  );
  const folder = mkdtempSync(join(tmpdir(), 'token-stores-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
  const settings = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
  const daemon = new Daemon(server, [...args, ...settings, ...options], { cwd: folder }, async () => {
    const client = createClient({ url, socket: { reconnectStrategy: false } });
    client.on('error', () => {});
    await client.connect();
    await client.ping();
    client.destroy();
  });
  await daemon.start();
  return database({ kind: 'redis', url }, daemon, 'SIGTERM', folder);
}

/** A Redis Cluster of three nodes, the fewest that it can have. */
export async function startRedisCluster(): Promise<{ urls: string[]; destroy(): Promise<void> }> {
  const nodes: Database[] = [];
  const destroy = async () => {
    await Promise.all(nodes.map((node) => node.destroy()));
  };
  try {
    for (let i = 0; i < 3; i += 1) nodes.push(await startRedis(['--cluster-enabled', 'yes']));
    const cli = program(['/usr/bin/redis-cli', '/usr/local/bin/redis-cli'], 'apt-get install redis-tools');
    const addresses = nodes.map(({ url }) => new URL(url).host);
    execFileSync(cli, ['--cluster', 'create', ...addresses, '--cluster-yes'], { stdio: 'pipe' });
  } catch (error) {
    await destroy();
    throw error;
  }
  return { urls: nodes.map(({ url }) => url), destroy };
}

/** An SQLite file: its server is the processes themselves, so that it can't be stopped. */
export async function startSqlite(): Promise<Database> {
  const folder = mkdtempSync(join(tmpdir(), 'token-stores-sqlite-'));
  return {
    kind: 'sqlite',
    url: join(folder, 'tokens.sqlite'),
    start: () => Promise.reject(new Error('SQLite has no server')),
    stop: () => Promise.reject(new Error('SQLite has no server')),
    destroy: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The databases that the library has stores for. */
export const DATABASES = [
  ['PostgreSQL', startPostgres],
  ['Redis', startRedis],
  ['SQLite', startSqlite],
] as const;

/**
 * PgBouncer in transaction mode before a PostgreSQL.
 *
 * @param size how many connections of the database all clients share
 */
export async function startPgBouncer(postgres: Address, size: number): Promise<Database> {
  const server = program(['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'], 'apt-get install pgbouncer');
  const owner = process.getuid?.() === 0 ? idsOf('postgres') : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'token-stores-pgbouncer-'));
  const port = await freePort();
  const { hostname, port: target, username } = new URL(postgres.url);
  const users = join(folder, 'users.txt');
  const config = join(folder, 'pgbouncer.ini');
  writeFileSync(users, `"${username}" ""\n`);
  writeFileSync(
    config,
    `[databases]
postgres = host=${hostname} port=${target} dbname=postgres user=${username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${size}
max_client_conn = 1000
`,
  );
  if (owner !== undefined) {
    for (const path of [folder, users, config]) chownSync(path, owner.uid, owner.gid);
  }
  const url = `postgres://${username}@127.0.0.1:${port}/postgres`;
  const daemon = new Daemon(server, [config], { ...owner, cwd: folder }, () => pingPostgres(url));
  await daemon.start();
  return database({ kind: 'postgres', url }, daemon, 'SIGTERM', folder);
}

/** A MariaDB, which answers as MySQL does. Its URL is for a user without a password. */
export async function startMariaDB(): Promise<{ url: string; destroy(): Promise<void> }> {
  const server = program(['/usr/sbin/mariadbd', '/usr/sbin/mysqld'], 'apt-get install mariadb-server');
  const owner = process.getuid?.() === 0 ? idsOf('mysql') : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'token-stores-mariadb-'));
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const init = [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ];
  execFileSync('/usr/bin/mariadb-install-db', init, { ...owner, cwd: folder, stdio: 'pipe' });
  const port = await freePort();
  const url = `mysql://root@127.0.0.1:${port}/mysql`;
  const settings = ['--no-defaults', `--datadir=${data}`, `--socket=${join(folder, 'socket')}`];
  const args = [...settings, '--bind-address=127.0.0.1', `--port=${port}`, '--skip-name-resolve'];
  const daemon = new Daemon(server, args, { ...owner, cwd: folder }, async () => {
    const connection = await mysql.createConnection(url);
    await connection.end();
  });
  await daemon.start();
  return {
    url,
    async destroy() {
      await daemon.stop('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Connects a store, as an app would. */
export async function connect({ kind, url }: Address): Promise<Connected> {
  if (kind === 'sqlite') {
    const database = new Sqlite(url);
    return {
      store: new SqliteTokenStore(database),
      connections: () => ({ used: 0, waiting: 0 }),
      close: async () => {
        database.close();
      },
    };
  }
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
    store: new RedisTokenStore(client),
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
