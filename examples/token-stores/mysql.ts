import type { TokenRecord, TokenStore, Unfinished } from 'passport-fitbit-strategy/token-manager';

/** The part of a pool of `mysql2/promise` that the store uses. */
interface MysqlPool {
  query(sql: string, values?: unknown[]): Promise<[unknown, ...unknown[]]>;
}

/** For the app's migrations. Ids and versions are compared byte by byte, as in JavaScript. */
export const SCHEMA = `CREATE TABLE IF NOT EXISTS oauth_tokens (
  user_id VARBINARY(767) PRIMARY KEY,
  version VARBINARY(64) NOT NULL,
  data MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL,
  expires_at BIGINT NOT NULL,
  refresh_since BIGINT,
  refresh_by VARCHAR(64),
  refresh_until BIGINT,
  reauthorize VARCHAR(255),
  INDEX oauth_tokens_unfinished (refresh_since, user_id)
) ENGINE = InnoDB`;

const DUPLICATE_ENTRY = 1062; // ER_DUP_ENTRY

const COLUMNS = 'version, data, expires_at, refresh_since, refresh_by, refresh_until, reauthorize';

/** A token store on MySQL 8 or MariaDB 10.6 and later, with `mysql2`. Keep `innodb_flush_log_at_trx_commit = 1`. */
export class MysqlTokenStore implements TokenStore {
  readonly #pool: MysqlPool;

  constructor(pool: MysqlPool) {
    this.#pool = pool;
  }

  async read(userID: string): Promise<TokenRecord | undefined> {
    const sql = `SELECT ${COLUMNS} FROM oauth_tokens WHERE user_id = ?`;
    const [row] = await this.#rows(sql, [Buffer.from(userID)]);
    return row && fromRow(row);
  }

  async insert(userID: string, record: TokenRecord): Promise<boolean> {
    // Not INSERT IGNORE, which also ignores values that don't fit.
    const sql = `INSERT INTO oauth_tokens (${COLUMNS}, user_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
    try {
      return await this.#wrote(sql, [...toRow(record), Buffer.from(userID)]);
    } catch (error) {
      if (isObject(error) && error.errno === DUPLICATE_ENTRY) return false;
      throw error;
    }
  }

  replace(userID: string, version: string, record: TokenRecord): Promise<boolean> {
    const changes = COLUMNS.split(', ').map((column) => `${column} = ?`);
    const sql = `UPDATE oauth_tokens SET ${changes.join(', ')} WHERE user_id = ? AND version = ?`;
    return this.#wrote(sql, [...toRow(record), Buffer.from(userID), version]);
  }

  delete(userID: string, version: string): Promise<boolean> {
    const sql = 'DELETE FROM oauth_tokens WHERE user_id = ? AND version = ?';
    return this.#wrote(sql, [Buffer.from(userID), version]);
  }

  async listUnfinished(before: number, limit: number, after?: Unfinished): Promise<Unfinished[]> {
    const { since, userID } = after ?? { since: Number.MIN_SAFE_INTEGER, userID: '' };
    const id = Buffer.from(userID);
    const sql = `SELECT user_id, refresh_since FROM oauth_tokens
WHERE refresh_since < ? AND reauthorize IS NULL AND (refresh_since > ? OR (refresh_since = ? AND user_id > ?))
ORDER BY refresh_since, user_id LIMIT ?`;
    const rows = await this.#rows(sql, [Math.ceil(before), since, since, id, limit]);
    return rows.map((row) => ({ since: Number(row.refresh_since), userID: String(row.user_id) }));
  }

  async #rows(sql: string, values: unknown[]): Promise<Record<string, unknown>[]> {
    const [rows] = await this.#pool.query(sql, values);
    return Array.isArray(rows) ? rows : [];
  }

  async #wrote(sql: string, values: unknown[]): Promise<boolean> {
    const [result] = await this.#pool.query(sql, values);
    return isObject(result) && result.affectedRows === 1;
  }
}

function toRow({ version, data, expiresAt, refresh, reauthorize }: TokenRecord): unknown[] {
  return [
    version,
    data,
    expiresAt,
    refresh?.since ?? null,
    refresh?.by ?? null,
    refresh?.until ?? null,
    reauthorize ?? null,
  ];
}

function fromRow(row: Record<string, unknown>): TokenRecord {
  return {
    version: String(row.version),
    data: String(row.data),
    expiresAt: Number(row.expires_at),
    ...(row.refresh_since !== null && {
      refresh: {
        since: Number(row.refresh_since),
        by: String(row.refresh_by),
        until: Number(row.refresh_until),
      },
    }),
    ...(row.reauthorize !== null && { reauthorize: String(row.reauthorize) }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
