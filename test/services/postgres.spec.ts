import { setTimeout as sleep } from 'node:timers/promises';
import { migrate, PostgresTokenStore } from 'passport-fitbit-strategy/token-manager/postgres';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, startPostgres } from './support/databases.ts';

const record = (version: string) => ({ version, data: '{}', expiresAt: 1 });

let database: Database;
let pool: pg.Pool;

beforeAll(async () => {
  database = await startPostgres();
  pool = new pg.Pool({ connectionString: database.url });
  pool.on('error', () => {});
});

afterAll(async () => {
  await pool?.end();
  await database?.destroy();
});

test('the migration may run again, and many times at once', async () => {
  await Promise.all(Array.from({ length: 10 }, () => migrate(pool, 'fresh_tokens')));
  await pool.query('CREATE SCHEMA auth');
  await migrate(pool, 'auth.tokens');
  const store = new PostgresTokenStore(pool, { table: 'auth.tokens' });
  await store.set('ann', record('1'));
  expect(await store.get('ann')).toEqual(record('1'));
  expect(await new PostgresTokenStore(pool, { table: 'fresh_tokens' }).get('ann')).toBeUndefined();
});

test('of 100 000 users, one is read by the index, and so are interrupted refreshes', async () => {
  await pool.query(`INSERT INTO oauth_tokens (user_id, version, data, expires_at, refreshing_since)
SELECT 'user' || i, i, repeat('x', 600), i, CASE WHEN i % 10000 = 0 THEN i END FROM generate_series(1, 100000) i`);
  await pool.query('ANALYZE oauth_tokens');
  const statements: [text: string, values: unknown[]][] = [];
  const spy = {
    connect: () => pool.connect(),
    query: (text: string, values: unknown[] = []) => {
      statements.push([text, values]);
      return pool.query(text, values);
    },
  };
  const store = new PostgresTokenStore(spy);
  expect(await store.get('user777')).toMatchObject({ version: '777' });
  expect(await store.interrupted(50_001, 10)).toHaveLength(5);
  expect(statements).toHaveLength(2);
  for (const [text, values] of statements) {
    const { rows } = await pool.query(`EXPLAIN ${text}`, values);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/Index Scan using (oauth_tokens_pkey|oauth_tokens_refreshing)/);
    expect(plan).not.toContain('Seq Scan');
  }
});

test('who waited for a lock sees what its holder wrote, whatever isolation the app has set', async () => {
  const options = '-c default_transaction_isolation=serializable -c default_transaction_read_only=on';
  const strict = new pg.Pool({ connectionString: database.url, options });
  const store = new PostgresTokenStore(strict);
  await new PostgresTokenStore(pool).set('ann', record('0'));
  const increment = () =>
    store.lock('ann', async (locked) => {
      const { version = '' } = (await locked.get()) ?? {};
      await sleep(5);
      return locked.replace(version, record(String(Number(version) + 1)));
    });
  expect(await Promise.all(Array.from({ length: 5 }, increment))).toEqual([true, true, true, true, true]);
  expect((await store.get('ann'))?.version).toBe('5');
  await strict.end();
});

test('a pool of one connection is enough', async () => {
  const small = new pg.Pool({ connectionString: database.url, max: 1 });
  const store = new PostgresTokenStore(small);
  await store.set('ann', record('1'));
  const work = () => store.lock('ann', async (locked) => (await locked.get())?.version);
  expect(await Promise.all([work(), work(), store.get('ann').then(() => 'read'), work()])).toEqual([
    '1',
    '1',
    'read',
    '1',
  ]);
  await small.end();
});

test('the lock of a holder that says nothing is let go after its lease', async () => {
  const store = new PostgresTokenStore(pool, { lease: 100 });
  const holder = store.lock('ann', async (locked) => {
    await sleep(400);
    return locked.get();
  });
  const failed = holder.catch((error: Error) => error.message);
  await sleep(20);
  const start = Date.now();
  await store.lock('ann', async () => {});
  expect(Date.now() - start).toBeLessThan(350);
  expect(await failed).toMatch(/terminat|not queryable/);
});

test('the lock of a connection that is cut is free at once, and the pool has its place again', async () => {
  const store = new PostgresTokenStore(pool);
  const failed = store
    .lock('ann', async (locked) => {
      await pool.query(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'`);
      await sleep(20);
      return locked.replace('1', record('2'));
    })
    .catch((error: Error) => error.message);
  expect(await failed).toMatch(/terminat|not queryable/);
  expect(await store.lock('ann', async () => 'free')).toBe('free');
  expect(pool.totalCount - pool.idleCount).toBe(0);
});

test('a wait for the lock ends with its time, and leaves nothing behind', async () => {
  const store = new PostgresTokenStore(pool);
  const impatient = new PostgresTokenStore(pool, { lockTimeout: 100 });
  await store.lock('ann', async () => {
    await expect(impatient.lock('ann', async () => {})).rejects.toThrow(/lock/);
  });
  expect(await impatient.lock('ann', async () => 'free')).toBe('free');
  const { rows } = await pool.query('SHOW lock_timeout');
  expect(rows).toEqual([{ lock_timeout: '0' }]);
});
