import { tokenStoreConformance } from 'passport-fitbit-strategy/token-manager/conformance';
import {
  migrate,
  migrationSQL,
  type PostgresPool,
  type PostgresResult,
  PostgresTokenStore,
} from 'passport-fitbit-strategy/token-manager/postgres';
import { describe, expect, test } from 'vitest';
import { rejection } from './support.ts';

type Row = Record<string, unknown>;

const FIELDS = [
  'version',
  'data',
  'expires_at',
  'refresh_since',
  'refresh_by',
  'refresh_until',
  'reauthorize',
];

/** Understands the statements of the store, and no others. The real thing is in test/services. */
class FakePool implements PostgresPool {
  readonly rows = new Map<unknown, Row>();
  readonly statements: string[] = [];
  /** What the next statements reject with. */
  readonly failures: unknown[] = [];

  async query(text: string, values: unknown[] = []): Promise<PostgresResult> {
    this.statements.push(text);
    if (this.failures.length > 0) throw this.failures.shift();
    const result = (rows: Row[]) => ({ rowCount: rows.length, rows });
    const [userID, second] = values;
    const found = this.rows.get(userID);
    if (text.startsWith('SELECT version')) return result(found ? [found] : []);
    if (text.startsWith('SELECT user_id')) {
      const [before, limit, since, after] = values;
      const isAfter = (row: Row) =>
        Number(row.refresh_since) > Number(since) ||
        (Number(row.refresh_since) === Number(since) && String(row.user_id) > String(after));
      const all = [...this.rows.values()].filter(
        (row) =>
          row.refresh_since !== null &&
          row.reauthorize === null &&
          Number(row.refresh_since) < Number(before) &&
          isAfter(row),
      );
      const order = (a: Row, b: Row) =>
        Number(a.refresh_since) - Number(b.refresh_since) || (String(a.user_id) < String(b.user_id) ? -1 : 1);
      return result(all.sort(order).slice(0, Number(limit)));
    }
    const row: Row = { user_id: userID };
    for (const [i, field] of FIELDS.entries()) {
      const value = values[i + 1];
      row[field] = typeof value === 'number' ? String(value) : value;
    }
    if (text.includes('INSERT')) {
      if (found !== undefined) return result([]);
      this.rows.set(userID, row);
      return result([row]);
    }
    const expected = text.includes('DELETE') ? second : values[8];
    if (found?.version !== expected || found === undefined) return result([]);
    if (text.includes('DELETE')) this.rows.delete(userID);
    else this.rows.set(userID, row);
    return result([row]);
  }
}

const record = { version: '1', data: '{}', expiresAt: 1 };

describe('PostgresTokenStore', () => {
  const shared = new FakePool();
  for (const { name, run } of tokenStoreConformance(() => new PostgresTokenStore(shared))) test(name, run);

  test('repeats a statement that PostgreSQL rolled back because of a concurrent one, a limited number of times', async () => {
    const pool = new FakePool();
    pool.failures.push({ code: '40001' }, { code: '40P01' });
    expect(await new PostgresTokenStore(pool).insert('ann', record)).toBe(true);
    expect(pool.statements).toHaveLength(3);
    const error = { code: '40001' };
    pool.failures.push(...Array(10).fill(error));
    await expect(new PostgresTokenStore(pool).insert('bob', record)).rejects.toBe(error);
    expect(pool.failures).toEqual([]);
  });

  test('passes on every other error at once', async () => {
    const pool = new FakePool();
    for (const error of [new Error('down'), { code: '23505' }]) {
      pool.failures.push(error);
      expect(await rejection(new PostgresTokenStore(pool).delete('ann', '1'))).toBe(error);
    }
    expect(pool.statements).toHaveLength(2);
  });

  test('uses the table that it is given', async () => {
    const pool = new FakePool();
    await new PostgresTokenStore(pool, { table: 'auth.tokens' }).read('ann');
    await migrate(pool, 'auth.tokens');
    expect(pool.statements[0]).toContain('FROM "auth"."tokens"');
    expect(pool.statements[1]).toBe(migrationSQL('auth.tokens'));
    expect(pool.statements[1]).toContain('"tokens_unfinished" ON "auth"."tokens"');
    expect(migrationSQL()).toContain('"oauth_tokens"');
  });

  test('refuses wrong arguments by name', () => {
    expect(() => new PostgresTokenStore({} as never)).toThrow('"pool"');
    expect(() => new PostgresTokenStore(shared, null as never)).toThrow('"options"');
    for (const table of ['', 'a b', 'a.b.c', '"a"', '1a', 'a;']) {
      expect(() => new PostgresTokenStore(shared, { table })).toThrow('"table"');
      expect(() => migrationSQL(table)).toThrow('"table"');
    }
  });
});
