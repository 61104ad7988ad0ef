import mysql from 'mysql2/promise';
import { tokenStoreConformance } from 'passport-fitbit-strategy/token-manager/conformance';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MysqlTokenStore, SCHEMA } from '../../examples/token-stores/mysql.ts';
import { startMariaDB } from './support/databases.ts';

describe('the recipe for MySQL', () => {
  const pools: mysql.Pool[] = [];
  let database: Awaited<ReturnType<typeof startMariaDB>>;

  const open = () => {
    const pool = mysql.createPool(database.url);
    pools.push(pool);
    return pool;
  };

  beforeAll(async () => {
    database = await startMariaDB();
    await open().query(SCHEMA);
  });

  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await database?.destroy();
  });

  for (const { name, run } of tokenStoreConformance(() => new MysqlTokenStore(open()))) test(name, run);

  test('reads users and unfinished refreshes by an index', async () => {
    const pool = open();
    const plans: string[] = [];
    const store = new MysqlTokenStore({
      query: async (sql, values) => {
        const [rows] = await pool.query(`EXPLAIN ${sql}`, values);
        plans.push(JSON.stringify(rows));
        return pool.query(sql, values);
      },
    });
    const record = { version: '1', data: '{}', expiresAt: 1 };
    const full = new MysqlTokenStore(pool);
    for (let i = 0; i < 300; i += 1) await full.insert(`user${i}`, record);
    await store.read('user7');
    await store.listUnfinished(1, 10);
    expect(plans[0]).toContain('"key":"PRIMARY"');
    expect(plans[1]).toContain('"key":"oauth_tokens_unfinished"');
  });
});
