import { createHash } from 'node:crypto';
import { checkTimeout } from '../oauth2/arguments.ts';
import { checkIsObject } from './arguments.ts';
import { within } from './deadline.ts';
import { Semaphore } from './mutex.ts';
import type { LockedRecord, TokenRecord, TokenStore } from './store.ts';

/** What comes of a query. */
export interface PostgresResult {
  command: string;
  rowCount: number | null;
  rows: Record<string, unknown>[];
}

/** A connection of a pool, as `pg` has it. */
export interface PostgresConnection {
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
  /** Gives it back to the pool; with an error, the connection is closed. */
  release(error?: Error): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}

/** The part of a `Pool` of `pg` 8 that the store uses. */
export interface PostgresPool {
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
  /** With a parameter declared, it is called with a callback, which `pg` offers, too. */
  connect(): Promise<PostgresConnection>;
  readonly options?: { readonly max?: number | undefined } | undefined;
}

/** Settings of a `PostgresTokenStore`. */
export interface PostgresTokenStoreOptions {
  /**
   * The table, with its schema if need be: `auth.tokens`. Letters, digits and underscores.
   * @default 'oauth_tokens'
   */
  table?: string | undefined;
  /**
   * How many connections of the pool may hold or wait for a lock at the same time; the others stay free for reads.
   * @default half of the pool's `max`, at least 1
   */
  maxLocks?: number | undefined;
  /**
   * How long to wait for a lock, ms.
   * @default 75_000
   */
  lockTimeout?: number | undefined;
  /**
   * How long a connection may hold a lock without a word, ms: then PostgreSQL takes the holder for lost, closes its
   * connection and lets go of the lock. More than the manager's `refreshTimeout`.
   * @default 60_000
   */
  lease?: number | undefined;
}

type PostgresConnect = (callback: (error?: Error, connection?: PostgresConnection) => void) => void;

/**
 * Takes a connection out of the pool, with a listener for its errors: one without ends the process when it breaks.
 * By callback where the pool has that form, as pg's does: a promise comes a moment too late for an error that
 * arrived with the connection's last message.
 */
function connect(pool: PostgresPool): Promise<PostgresConnection> {
  return new Promise((resolve, reject) => {
    const take = (error?: Error, connection?: PostgresConnection) => {
      if (connection === undefined) return reject(error);
      connection.on('error', ignore);
      resolve(connection);
    };
    if (pool.connect.length > 0) (pool.connect as PostgresConnect).call(pool, take);
    else pool.connect().then((connection) => take(undefined, connection), reject);
  });
}

function ignore(): void {}

const DEFAULT_TABLE = 'oauth_tokens';
const NAME = /^[a-z_]\w{0,50}(\.[a-z_]\w{0,50})?$/i;
const COMMIT_TIMEOUT = 10_000; // ms
const STATEMENT_MARGIN = 1_000; // ms; with the same time for both, a wait for a lock may end as a slow statement
const MAX_SETTING = 2 ** 31 - 1; // ms

/**
 * The SQL that makes the table, for the app's own migrations. It may be run again and by many at the same time.
 *
 * @param table as in {@link PostgresTokenStoreOptions}
 * @throws TypeError a wrong name
 */
export function migrationSQL(table = DEFAULT_TABLE): string {
  const quoted = quote(table);
  const index = `"${table.split('.').at(-1)}_refreshing"`;
  // One simple query is one transaction. CREATE … IF NOT EXISTS alone fails when two run at the same time.
  return `SELECT pg_advisory_xact_lock(${lockKey('migration', table)});
CREATE TABLE IF NOT EXISTS ${quoted} (
  user_id text PRIMARY KEY,
  version text NOT NULL,
  data text NOT NULL,
  expires_at bigint NOT NULL,
  refreshing_since bigint,
  reauthorize text
);
CREATE INDEX IF NOT EXISTS ${index} ON ${quoted} (refreshing_since) WHERE refreshing_since IS NOT NULL;`;
}

/** Makes the table, if it is not there. */
export async function migrate(pool: Pick<PostgresPool, 'query'>, table?: string): Promise<void> {
  await pool.query(migrationSQL(table));
}

/**
 * Keeps tokens in a table of PostgreSQL (made by `migrate`). A user's lock is an advisory lock of a transaction: it
 * goes when the connection does. The holder does everything on the connection that it holds the lock with, so that
 * the pool can't be exhausted by holders that wait for another one.
 *
 * The pool is the app's: give it an `error` listener (without one, a restart of the database ends the process), and
 * end it when the app does. It may be one of PgBouncer's, in transaction mode too.
 */
export class PostgresTokenStore implements TokenStore {
  readonly #pool: PostgresPool;
  readonly #name: string;
  readonly #begin: string;
  readonly #lockTimeout: number;
  readonly #slots: Semaphore;
  readonly #sql: ReturnType<typeof statements>;

  /**
   * @param pool a `Pool` of `pg`
   * @throws TypeError naming what is wrong
   */
  constructor(pool: PostgresPool, options: PostgresTokenStoreOptions = {}) {
    if (typeof pool?.query !== 'function' || typeof pool.connect !== 'function') {
      throw new TypeError('"pool" must be a Pool of pg');
    }
    checkIsObject(options, 'options');
    const { table = DEFAULT_TABLE, lockTimeout = 75_000, lease = 60_000 } = options;
    const { maxLocks = Math.max(1, Math.floor((pool.options?.max ?? 10) / 2)) } = options;
    checkTimeout(lockTimeout, 'lockTimeout');
    checkTimeout(lease, 'lease');
    if (!Number.isInteger(maxLocks) || maxLocks < 1) {
      throw new TypeError('"maxLocks" must be a whole number of connections, at least 1');
    }
    this.#pool = pool;
    this.#name = table;
    this.#sql = statements(quote(table));
    this.#lockTimeout = lockTimeout;
    this.#slots = new Semaphore(maxLocks);
    // READ COMMITTED, whatever the app's default is: with an older snapshot, who waited for the lock would not see
    // what its holder has written. SET LOCAL ends with the transaction, so it leaves no trace on the connection.
    this.#begin = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL lock_timeout = ${Math.ceil(lockTimeout)};
SET LOCAL statement_timeout = ${Math.min(Math.ceil(lockTimeout) + STATEMENT_MARGIN, MAX_SETTING)};
SET LOCAL idle_in_transaction_session_timeout = ${Math.ceil(lease)}`;
  }

  get(userID: string): Promise<TokenRecord | undefined> {
    return this.#get(this.#pool, userID);
  }

  async set(userID: string, record: TokenRecord): Promise<void> {
    await this.#pool.query(this.#sql.set, toRow(userID, record));
  }

  replace(userID: string, version: string, record: TokenRecord): Promise<boolean> {
    return this.#replace(this.#pool, userID, version, record);
  }

  async delete(userID: string): Promise<void> {
    await this.#pool.query(this.#sql.delete, [userID]);
  }

  async interrupted(before: number, limit: number): Promise<string[]> {
    const { rows } = await this.#pool.query(this.#sql.interrupted, [Math.ceil(before), limit]);
    return rows.map((row) => String(row.user_id));
  }

  lock<T>(userID: string, work: (record: LockedRecord) => Promise<T>): Promise<T> {
    const start = Date.now();
    return this.#slots.run(async () => {
      const left = Math.max(1, this.#lockTimeout - (Date.now() - start));
      return this.#lock(userID, work, await this.#connect(left));
    }, this.#lockTimeout);
  }

  async #lock<T>(
    userID: string,
    work: (record: LockedRecord) => Promise<T>,
    connection: PostgresConnection,
  ): Promise<T> {
    let failure: Error | undefined;
    try {
      const key = lockKey('user', this.#name, userID);
      const acquired = connection
        .query(this.#begin)
        .then(() => connection.query('SELECT pg_advisory_xact_lock($1::bigint)', [key]));
      await within(acquired, this.#lockTimeout, 'The lock of the user could not be had');
      const result = await work({
        get: () => this.#get(connection, userID),
        replace: (version, record) => this.#replace(connection, userID, version, record),
        delete: async () => {
          await connection.query(this.#sql.delete, [userID]);
        },
      });
      const { command } = await within(
        connection.query('COMMIT'),
        COMMIT_TIMEOUT,
        'COMMIT was not confirmed',
      );
      // After a failed statement, COMMIT succeeds as a ROLLBACK.
      if (command !== 'COMMIT') throw new Error('PostgreSQL has rolled the transaction back');
      return result;
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      connection.removeListener('error', ignore);
      // After a failure the state of the connection is unknown: closing it undoes the transaction in any case.
      connection.release(failure);
    }
  }

  async #connect(timeout: number): Promise<PostgresConnection> {
    const connecting = connect(this.#pool);
    try {
      return await within(connecting, timeout, 'The pool had no free connection');
    } catch (error) {
      connecting.then(
        (late) => {
          late.removeListener('error', ignore);
          late.release();
        },
        () => {},
      );
      throw error;
    }
  }

  async #get(on: Pick<PostgresPool, 'query'>, userID: string): Promise<TokenRecord | undefined> {
    const { rows } = await on.query(this.#sql.get, [userID]);
    return rows[0] && toRecord(rows[0]);
  }

  async #replace(
    on: Pick<PostgresPool, 'query'>,
    userID: string,
    version: string,
    record: TokenRecord,
  ): Promise<boolean> {
    const { rowCount } = await on.query(this.#sql.replace, [...toRow(userID, record), version]);
    return rowCount === 1;
  }
}

function statements(table: string) {
  return {
    get: `SELECT version, data, expires_at, refreshing_since, reauthorize FROM ${table} WHERE user_id = $1`,
    set: `INSERT INTO ${table} (user_id, version, data, expires_at, refreshing_since, reauthorize)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (user_id) DO UPDATE SET version = $2, data = $3, expires_at = $4, refreshing_since = $5, reauthorize = $6`,
    replace: `UPDATE ${table} SET version = $2, data = $3, expires_at = $4, refreshing_since = $5, reauthorize = $6
WHERE user_id = $1 AND version = $7`,
    delete: `DELETE FROM ${table} WHERE user_id = $1`,
    interrupted: `SELECT user_id FROM ${table} WHERE refreshing_since < $1 AND reauthorize IS NULL
ORDER BY refreshing_since LIMIT $2`,
  };
}

function toRow(userID: string, record: TokenRecord): unknown[] {
  const { version, data, expiresAt, refreshingSince = null, reauthorize = null } = record;
  return [userID, version, data, expiresAt, refreshingSince, reauthorize];
}

/** The app may have set its own parsers for numbers: a bigint comes as a string, a number or a BigInt. */
function toRecord(row: Record<string, unknown>): TokenRecord {
  const { version, data, expires_at, refreshing_since, reauthorize } = row;
  return {
    version: String(version),
    data: String(data),
    expiresAt: Number(expires_at),
    ...(refreshing_since !== null && { refreshingSince: Number(refreshing_since) }),
    ...(reauthorize !== null && { reauthorize: String(reauthorize) }),
  };
}

function quote(table: string): string {
  if (!NAME.test(table)) throw new TypeError('"table" must be a name of letters, digits and underscores');
  return table
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
}

/** A key of 64 bits for an advisory lock; those of an app's own locks are elsewhere in all likelihood. */
function lockKey(...names: string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(['passport-fitbit-strategy', ...names]));
  return hash.digest().readBigInt64BE().toString();
}
