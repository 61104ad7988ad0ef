import { and, asc, eq, gt, isNull, lt, or } from 'drizzle-orm';
import { type BaseSQLiteDatabase, index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { TokenRecord, TokenStore, Unfinished } from 'passport-fitbit-strategy/token-manager';

/** The table, for the app's schema. On PostgreSQL and MySQL: a `bigint` for each time. */
export const oauthTokens = sqliteTable(
  'oauth_tokens',
  {
    userID: text('user_id').primaryKey(),
    version: text('version').notNull(),
    data: text('data').notNull(),
    expiresAt: integer('expires_at').notNull(),
    refreshSince: integer('refresh_since'),
    refreshBy: text('refresh_by'),
    refreshUntil: integer('refresh_until'),
    reauthorize: text('reauthorize'),
  },
  (table) => [index('oauth_tokens_unfinished').on(table.refreshSince, table.userID)],
);

/** A token store on Drizzle. What a write changed is known by what it returns, whatever the driver. */
export class DrizzleTokenStore implements TokenStore {
  readonly #db: BaseSQLiteDatabase<'sync' | 'async', unknown>;

  constructor(db: BaseSQLiteDatabase<'sync' | 'async', unknown>) {
    this.#db = db;
  }

  async read(userID: string): Promise<TokenRecord | undefined> {
    const [row] = await this.#db.select().from(oauthTokens).where(eq(oauthTokens.userID, userID));
    return row && fromRow(row);
  }

  async insert(userID: string, record: TokenRecord): Promise<boolean> {
    const values = { userID, ...toRow(record) };
    const wrote = await this.#db.insert(oauthTokens).values(values).onConflictDoNothing().returning(ID);
    return wrote.length === 1;
  }

  async replace(userID: string, version: string, record: TokenRecord): Promise<boolean> {
    const seen = and(eq(oauthTokens.userID, userID), eq(oauthTokens.version, version));
    const wrote = await this.#db.update(oauthTokens).set(toRow(record)).where(seen).returning(ID);
    return wrote.length === 1;
  }

  async delete(userID: string, version: string): Promise<boolean> {
    const seen = and(eq(oauthTokens.userID, userID), eq(oauthTokens.version, version));
    return (await this.#db.delete(oauthTokens).where(seen).returning(ID)).length === 1;
  }

  async listUnfinished(before: number, limit: number, after?: Unfinished): Promise<Unfinished[]> {
    const { refreshSince, userID, reauthorize } = oauthTokens;
    const place = after ?? { since: Number.MIN_SAFE_INTEGER, userID: '' };
    const isAfter = or(
      gt(refreshSince, place.since),
      and(eq(refreshSince, place.since), gt(userID, place.userID)),
    );
    const rows = await this.#db
      .select({ since: refreshSince, userID })
      .from(oauthTokens)
      .where(and(isNull(reauthorize), lt(refreshSince, before), isAfter))
      .orderBy(asc(refreshSince), asc(userID))
      .limit(limit);
    return rows.map(({ since, userID: id }) => ({ since: since ?? 0, userID: id }));
  }
}

const ID = { userID: oauthTokens.userID };

function toRow({ version, data, expiresAt, refresh, reauthorize }: TokenRecord) {
  return {
    version,
    data,
    expiresAt,
    refreshSince: refresh?.since ?? null,
    refreshBy: refresh?.by ?? null,
    refreshUntil: refresh?.until ?? null,
    reauthorize: reauthorize ?? null,
  };
}

function fromRow(row: typeof oauthTokens.$inferSelect): TokenRecord {
  const { version, data, expiresAt, refreshSince, refreshBy, refreshUntil, reauthorize } = row;
  return {
    version,
    data,
    expiresAt,
    ...(refreshSince !== null && {
      refresh: { since: refreshSince, by: refreshBy ?? '', until: refreshUntil ?? 0 },
    }),
    ...(reauthorize !== null && { reauthorize }),
  };
}
