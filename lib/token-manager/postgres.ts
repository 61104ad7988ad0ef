import { createHash } from 'node:crypto';
import { isObject } from '../util/arguments.ts';
import { checkIsObject } from './arguments.ts';
import { COLUMNS, fromRow, quoteTable, toRow } from './row.ts';
import type { TokenRecord, TokenStore, Unfinished } from './store.ts';

/** The result of a query. */
export interface PostgresResult {
  rowCount: number | null;
  rows: Record<string, unknown>[];
}

/** The part of a `Pool` of `pg` 8 that the store uses. */
export interface PostgresPool {
  query(text: string, values?: unknown[]): Promise<PostgresResult>;
}

/** Settings of a `PostgresTokenStore`. */
export interface PostgresTokenStoreOptions {
  /**
   * The table, with its schema if necessary: `auth.tokens`. Letters, digits and underscores.
   * @default 'oauth_tokens'
   */
  table?: string | undefined;
}

const DEFAULT_TABLE = 'oauth_tokens';

// PostgreSQL rolled the statement back because of a concurrent one: serialization_failure, deadlock_detected.
const UNDONE = ['40001', '40P01'];
const MAX_TRIES = 10;

const READ_ONLY = '25006'; // read_only_sql_transaction

/**
 * The SQL that creates the table, for the app's own migrations. It can be run repeatedly and concurrently.
 *
 * @param table as in {@link PostgresTokenStoreOptions}
 * @throws TypeError a wrong name
 */
export function migrationSQL(table = DEFAULT_TABLE): string {
  const quoted = quoteTable(table);
  const index = `"${table.split('.').at(-1)}_unfinished"`;
  // One simple query is one transaction. CREATE … IF NOT EXISTS alone fails when two run at the same time.
  // User ids are compared as bytes, so that the order of a list does not depend on the database's locale.
  return `SELECT pg_advisory_xact_lock(${lockKey(table)});
CREATE TABLE IF NOT EXISTS ${quoted} (
  user_id text COLLATE "C" PRIMARY KEY,
  version text NOT NULL,
  data text NOT NULL,
  expires_at bigint NOT NULL,
  refresh_since bigint,
  refresh_by text,
  refresh_until bigint,
  reauthorize text
);
CREATE INDEX IF NOT EXISTS ${index} ON ${quoted} (refresh_since, user_id)
WHERE refresh_since IS NOT NULL AND reauthorize IS NULL;`;
}

/** Creates the table if it does not exist. */
export async function migrate(pool: PostgresPool, table?: string): Promise<void> {
  await pool.query(migrationSQL(table));
}

/**
 * Keeps tokens in a table of PostgreSQL that `migrate` creates. Each operation is one statement, and no connection or
 * lock is held in between, so PgBouncer's transaction mode works too.
 *
 * The app manages the pool: add an `error` listener (without one, a restart of the database ends the process), and end
 * the pool when the app ends. It must connect to the primary, not to a replica.
 */
export class PostgresTokenStore implements TokenStore {
  readonly #pool: PostgresPool;
  readonly #sql: ReturnType<typeof statements>;

  /**
   * @param pool a `Pool` of `pg`
   * @throws TypeError naming what is wrong
   */
  constructor(pool: PostgresPool, options: PostgresTokenStoreOptions = {}) {
    if (typeof pool?.query !== 'function') throw new TypeError('"pool" must be a Pool of pg');
    checkIsObject(options, 'options');
    this.#pool = pool;
    this.#sql = statements(quoteTable(options.table ?? DEFAULT_TABLE));
  }

  async read(userID: string): Promise<TokenRecord | undefined> {
    const { rows } = await this.#pool.query(this.#sql.read, [userID]);
    const [row] = rows;
    return row && fromRow(row);
  }

  insert(userID: string, record: TokenRecord): Promise<boolean> {
    return this.#write(this.#sql.insert, [userID, ...toRow(record)]);
  }

  replace(userID: string, version: string, record: TokenRecord): Promise<boolean> {
    return this.#write(this.#sql.replace, [userID, ...toRow(record), version]);
  }

  delete(userID: string, version: string): Promise<boolean> {
    return this.#write(this.#sql.delete, [userID, version]);
  }

  async listUnfinished(before: number, limit: number, after?: Unfinished): Promise<Unfinished[]> {
    const { since, userID } = after ?? { since: Number.MIN_SAFE_INTEGER, userID: '' };
    const { rows } = await this.#pool.query(this.#sql.list, [Math.ceil(before), limit, since, userID]);
    return rows.map((row) => ({ since: Number(row.refresh_since), userID: String(row.user_id) }));
  }

  /** If sessions are serializable by default, PostgreSQL may roll a statement back: then it is repeated. */
  async #write(text: string, values: unknown[]): Promise<boolean> {
    for (let tries = 1; ; tries += 1) {
      try {
        const { rowCount } = await this.#pool.query(text, values);
        return rowCount === 1;
      } catch (error) {
        const code = isObject(error) ? error.code : undefined;
        if (code === READ_ONLY) throw readOnly(error);
        if (!UNDONE.some((each) => each === code) || tries === MAX_TRIES) throw error;
      }
    }
  }
}

function readOnly(cause: unknown): Error {
  const remedy = 'connect to the primary, with default_transaction_read_only = off';
  return new Error(`PostgreSQL refuses to write the tokens, as the session is read-only: ${remedy}`, {
    cause,
  });
}

function statements(table: string) {
  // In the statement's own transaction: the app may have disabled synchronous commits for its sessions.
  const durable = `WITH durable AS MATERIALIZED (SELECT set_config('synchronous_commit', 'on', true))`;
  const parameters = COLUMNS.map((_, i) => `$${i + 2}`).join(', ');
  const changes = COLUMNS.map((column, i) => `${column} = $${i + 2}`).join(', ');
  const columns = COLUMNS.join(', ');
  return {
    read: `SELECT ${columns} FROM ${table} WHERE user_id = $1`,
    insert: `${durable} INSERT INTO ${table} (user_id, ${columns})
SELECT $1, ${parameters} FROM durable ON CONFLICT (user_id) DO NOTHING`,
    replace: `${durable} UPDATE ${table} SET ${changes} FROM durable WHERE user_id = $1 AND version = $9`,
    delete: `${durable} DELETE FROM ${table} USING durable WHERE user_id = $1 AND version = $2`,
    list: `SELECT user_id, refresh_since FROM ${table}
WHERE refresh_since IS NOT NULL AND reauthorize IS NULL AND refresh_since < $1 AND (refresh_since, user_id) > ($3, $4)
ORDER BY refresh_since, user_id LIMIT $2`,
  };
}

/** A key of 64 bits for an advisory lock; the app is unlikely to use the same one. */
function lockKey(table: string): string {
  const hash = createHash('sha256').update(JSON.stringify(['passport-fitbit-strategy', 'migration', table]));
  return hash.digest().readBigInt64BE().toString();
}
