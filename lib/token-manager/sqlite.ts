import { isObject } from '../util/arguments.ts';
import { checkIsObject } from './arguments.ts';
import { COLUMNS, fromRow, quoteTable, toRow } from './row.ts';
import type { TokenRecord, TokenStore, Unfinished } from './store.ts';

/** A prepared statement of `libsql`, `better-sqlite3` or `node:sqlite`. */
export interface SqliteStatement {
  run(...values: (string | number | null)[]): { changes: number | bigint };
  get(...values: (string | number | null)[]): unknown;
  all(...values: (string | number | null)[]): unknown[];
}

/** The part of a `Database` of `libsql` or `better-sqlite3`, or a `DatabaseSync` of `node:sqlite`, that the store uses. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
}

/** Settings of a `SqliteTokenStore`. */
export interface SqliteTokenStoreOptions {
  /**
   * The table: letters, digits and underscores. It is created if it does not exist.
   * @default 'oauth_tokens'
   */
  table?: string | undefined;
}

// A commit is on the disk before it is reported; several processes wait for each other's writes instead of failing.
const SETTINGS = `
PRAGMA busy_timeout = 5000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;`;

/**
 * Keeps tokens in an SQLite file: for one machine, with any number of processes. The app manages the database:
 * open it on a local disk, and close it when the app ends.
 *
 * @example
 * const store = new SqliteTokenStore(new Database('tokens.sqlite')); // import Database from 'libsql'
 */
export class SqliteTokenStore implements TokenStore {
  readonly #read: SqliteStatement;
  readonly #insert: SqliteStatement;
  readonly #replace: SqliteStatement;
  readonly #delete: SqliteStatement;
  readonly #list: SqliteStatement;

  /**
   * Configures the connection (WAL journal, `synchronous = FULL`, `busy_timeout`) and creates the table.
   *
   * @throws TypeError naming the argument that is wrong
   */
  constructor(database: SqliteDatabase, options: SqliteTokenStoreOptions = {}) {
    if (typeof database?.exec !== 'function' || typeof database.prepare !== 'function') {
      throw new TypeError('"database" must be a Database of libsql or better-sqlite3, or of node:sqlite');
    }
    checkIsObject(options, 'options');
    const { table: name = 'oauth_tokens' } = options;
    const table = quoteTable(name);
    database.exec(SETTINGS);
    database.exec(schema(table, name));

    const columns = COLUMNS.join(', ');
    this.#read = database.prepare(`SELECT ${columns} FROM ${table} WHERE user_id = ?`);
    this.#insert = database.prepare(
      `INSERT INTO ${table} (${columns}, user_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (user_id) DO NOTHING`,
    );
    this.#replace = database.prepare(
      `UPDATE ${table} SET ${COLUMNS.map((column) => `${column} = ?`).join(', ')} WHERE user_id = ? AND version = ?`,
    );
    this.#delete = database.prepare(`DELETE FROM ${table} WHERE user_id = ? AND version = ?`);
    this.#list = database.prepare(`SELECT user_id, refresh_since FROM ${table}
WHERE refresh_since IS NOT NULL AND reauthorize IS NULL AND refresh_since < ? AND (refresh_since, user_id) > (?, ?)
ORDER BY refresh_since, user_id LIMIT ?`);
  }

  async read(userID: string): Promise<TokenRecord | undefined> {
    const row = this.#read.get(userID);
    return isObject(row) ? fromRow(row) : undefined;
  }

  async insert(userID: string, record: TokenRecord): Promise<boolean> {
    return wrote(this.#insert.run(...toRow(record), userID));
  }

  async replace(userID: string, version: string, record: TokenRecord): Promise<boolean> {
    return wrote(this.#replace.run(...toRow(record), userID, version));
  }

  async delete(userID: string, version: string): Promise<boolean> {
    return wrote(this.#delete.run(userID, version));
  }

  async listUnfinished(before: number, limit: number, after?: Unfinished): Promise<Unfinished[]> {
    const { since, userID } = after ?? { since: Number.MIN_SAFE_INTEGER, userID: '' };
    const rows = this.#list.all(Math.ceil(before), since, userID, limit);
    return rows
      .filter(isObject)
      .map((row) => ({ since: Number(row.refresh_since), userID: String(row.user_id) }));
  }
}

function wrote({ changes }: { changes: number | bigint }): boolean {
  return Number(changes) === 1;
}

function schema(table: string, name: string): string {
  return `CREATE TABLE IF NOT EXISTS ${table} (
  user_id TEXT PRIMARY KEY,
  version TEXT NOT NULL,
  data TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  refresh_since INTEGER,
  refresh_by TEXT,
  refresh_until INTEGER,
  reauthorize TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS "${name}_unfinished" ON ${table} (refresh_since, user_id)
WHERE refresh_since IS NOT NULL AND reauthorize IS NULL;`;
}
