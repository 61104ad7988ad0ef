import { setTimeout as sleep } from 'node:timers/promises';
import { TokenManager, type TokenRecord } from 'passport-fitbit-strategy/token-manager';
import { tokenStoreConformance } from 'passport-fitbit-strategy/token-manager/conformance';
import { migrate, PostgresTokenStore } from 'passport-fitbit-strategy/token-manager/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, startPgBouncer, startPostgres } from './support/databases.ts';

const record = (version: string): TokenRecord => ({ version, data: '{}', expiresAt: 1 });

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
  expect(await store.insert('ann', record('1'))).toBe(true);
  expect(await store.read('ann')).toEqual(record('1'));
  expect(await new PostgresTokenStore(pool, { table: 'fresh_tokens' }).read('ann')).toBeUndefined();
});

test('of 100 000 users, one is read by the index, and so are unfinished refreshes', async () => {
  await pool.query(`INSERT INTO oauth_tokens
(user_id, version, data, expires_at, refresh_since, refresh_by, refresh_until)
SELECT 'user' || i, i, repeat('x', 600), i, CASE WHEN i % 10000 = 0 THEN i END, 'x', i FROM generate_series(1, 100000) i`);
  await pool.query('ANALYZE oauth_tokens');
  const statements: [text: string, values: unknown[]][] = [];
  const spy = {
    query: (text: string, values: unknown[] = []) => {
      statements.push([text, values]);
      return pool.query(text, values);
    },
  };
  const store = new PostgresTokenStore(spy);
  expect(await store.read('user777')).toMatchObject({ version: '777' });
  expect(await store.listUnfinished(50_001, 10)).toHaveLength(5);
  expect(await store.listUnfinished(50_001, 10, { since: 20_000, userID: '' })).toHaveLength(4);
  expect(statements).toHaveLength(3);
  for (const [text, values] of statements) {
    const { rows } = await pool.query(`EXPLAIN ${text}`, values);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(/Index (Only )?Scan using (oauth_tokens_pkey|oauth_tokens_unfinished)/);
    expect(plan).not.toContain('Seq Scan');
  }
  await pool.query('TRUNCATE oauth_tokens');
});

describe.each([
  ['serializable', '-c default_transaction_isolation=serializable'],
  ['repeatable read', '-c default_transaction_isolation=repeatable\\ read'],
  ['without synchronous commits', '-c synchronous_commit=off'],
  [
    'with short timeouts',
    '-c statement_timeout=2000 -c lock_timeout=500 -c idle_in_transaction_session_timeout=10',
  ],
])('on sessions that are %s, the store', (_, options) => {
  const pools: pg.Pool[] = [];
  const makeStore = () => {
    const strict = new pg.Pool({ connectionString: database.url, options });
    pools.push(strict);
    return new PostgresTokenStore(strict);
  };
  afterAll(() => Promise.all(pools.map((each) => each.end())));
  for (const { name, run } of tokenStoreConformance(makeStore)) test(name, run);
});

describe('a session', () => {
  const pools: pg.Pool[] = [];
  const open = (options: string, settings: pg.PoolConfig = {}) => {
    const opened = new pg.Pool({ connectionString: database.url, options, ...settings });
    opened.on('error', () => {});
    pools.push(opened);
    return opened;
  };
  const expired = { accessToken: 'old', refreshToken: 'r', expiresAt: new Date(0) };
  afterAll(() => Promise.all(pools.map((each) => each.end())));

  test('that is read-only reads, and refuses writes with the remedy, before a refresh token is used', async () => {
    const store = new PostgresTokenStore(open('-c default_transaction_read_only=on'));
    let requests = 0;
    const refresh = async () => {
      requests += 1;
      return { ...expired, accessToken: 'new' };
    };
    await new TokenManager({ store: new PostgresTokenStore(pool), refresh }).save('reader', expired);
    const tokens = new TokenManager({ store, refresh });
    expect(await store.read('reader')).toMatchObject({ expiresAt: 0 });
    const calls: (() => Promise<unknown>)[] = [
      () => tokens.accessToken('reader'),
      () => tokens.save('new', expired),
      () => tokens.remove('reader'),
    ];
    for (const call of calls) {
      const error = (await call().catch((each: unknown) => each)) as Error & { cause?: Error };
      expect(error).toMatchObject({ code: 'store_failed', cause: { cause: { code: '25006' } } });
      expect(error.cause?.message).toContain(
        'connect to the primary, with default_transaction_read_only = off',
      );
    }
    expect(requests).toBe(0);
    expect(await new PostgresTokenStore(pool).read('reader')).toMatchObject({ expiresAt: 0 });
    await new TokenManager({ store: new PostgresTokenStore(pool), refresh }).remove('reader');
  });

  test('that the server ends while it is idle is replaced', async () => {
    const short = open('-c idle_session_timeout=50');
    const store = new PostgresTokenStore(short);
    const ended: unknown[] = [];
    short.on('error', ({ code }: Error & { code?: string }) => ended.push(code));
    expect(await store.insert('idle', record('1'))).toBe(true);
    await sleep(300);
    expect(ended).toEqual(['57P05']); // idle_session_timeout
    expect(await store.delete('idle', '1')).toBe(true);
  });

  /** Makes writes wait for a locked row until the session's timeout ends them. */
  const checkTimeout = async (setting: string, code: string) => {
    const store = new PostgresTokenStore(open(`-c ${setting}=200`));
    const other = await pool.connect();
    expect(await store.insert('locked', record('1'))).toBe(true);
    await other.query('BEGIN');
    await other.query(`SELECT 1 FROM oauth_tokens WHERE user_id = 'locked' FOR UPDATE`);
    await expect(store.replace('locked', '1', record('2'))).rejects.toMatchObject({ code });
    await expect(store.delete('locked', '1')).rejects.toMatchObject({ code });
    await other.query('ROLLBACK');
    other.release();
    expect(await store.read('locked')).toEqual(record('1'));
    expect(await store.replace('locked', '1', record('2'))).toBe(true);
    expect(await store.delete('locked', '2')).toBe(true);
  };

  test.each([
    ['lock_timeout', '55P03'],
    ['statement_timeout', '57014'],
  ])('with a %s ends a write that waits, which then changes nothing', checkTimeout);

  test('with a transaction_timeout does the same from PostgreSQL 17; before 17 there is none', async () => {
    const { rows } = await pool.query('SHOW server_version_num');
    const version = Number(rows[0]?.server_version_num);
    const makeStore = () => new PostgresTokenStore(open('-c transaction_timeout=2000'));
    console.info(
      `PostgreSQL ${version}: transaction_timeout ${version >= 170_000 ? 'is set' : 'does not exist'}`,
    );
    if (version < 170_000) {
      await expect(makeStore().read('ann')).rejects.toMatchObject({ code: '42704' }); // undefined_object
      return;
    }
    for (const { run } of tokenStoreConformance(makeStore)) await run();
    await checkTimeout('transaction_timeout', '25P04');
  });

  test.each(['insert', 'replace'])(
    'in which the %s of a first login waits until after remove brings nobody back',
    async (late) => {
      const busy = open('', { max: 1 });
      const lateStore = new PostgresTokenStore(busy);
      const store = new PostgresTokenStore(pool);
      const refresh = () => Promise.reject(new Error('Nothing is refreshed'));
      const first = new TokenManager({
        // Other operations get a connection at once; this one waits in the queue of its pool.
        store: {
          read: (id) => store.read(id),
          insert: (id, given) => (late === 'insert' ? lateStore : store).insert(id, given),
          replace: (id, ...given) => (late === 'replace' ? lateStore : store).replace(id, ...given),
          delete: (id, version) => store.delete(id, version),
          listUnfinished: (...given) => store.listUnfinished(...given),
        },
        refresh,
        storeTimeout: 200,
      });
      const held = await busy.connect();
      await expect(first.save('late', expired)).rejects.toMatchObject({ code: 'store_failed' });
      const other = new TokenManager({ store, refresh });
      await other.remove('late');
      expect(busy.waitingCount).toBe(1);
      held.release();
      while (busy.waitingCount > 0 || busy.idleCount === 0) await sleep(5);
      await expect(other.accessToken('late')).rejects.toMatchObject({ code: 'no_tokens' });
      expect((await store.read('late'))?.data ?? '').toBe('');
      await other.remove('late');
      expect(await store.read('late')).toBeUndefined();
    },
  );
});

test('a write waits for the disk, whatever the app has set for its sessions', async () => {
  const options = '-c synchronous_commit=off';
  const lazy = new pg.Pool({ connectionString: database.url, options, max: 1 });
  const seen: string[] = [];
  // A trigger at the commit sees the setting that the commit uses.
  await pool.query(`CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE NOTICE '%', current_setting('synchronous_commit'); RETURN NULL; END $$`);
  await pool.query(`CREATE CONSTRAINT TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON oauth_tokens
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell()`);
  lazy.on('connect', (client) => client.on('notice', ({ message }) => seen.push(String(message))));
  const store = new PostgresTokenStore(lazy);
  await store.insert('ann', record('1'));
  await store.replace('ann', '1', record('2'));
  await store.delete('ann', '2');
  expect(seen).toEqual(['on', 'on', 'on']);
  expect((await lazy.query('SHOW synchronous_commit')).rows).toEqual([{ synchronous_commit: 'off' }]);
  await pool.query('DROP TRIGGER tell ON oauth_tokens');
  await lazy.end();
});

describe('PgBouncer in transaction mode, with two connections for all', () => {
  let bouncer: Database;
  const pools: pg.Pool[] = [];
  const makeStore = () => {
    const behind = new pg.Pool({ connectionString: bouncer.url, max: 5 });
    behind.on('error', () => {});
    pools.push(behind);
    return new PostgresTokenStore(behind);
  };

  beforeAll(async () => {
    bouncer = await startPgBouncer(database, 2);
  });

  afterAll(async () => {
    await Promise.all(pools.map((each) => each.end()));
    await bouncer?.destroy();
  });

  for (const { name, run } of tokenStoreConformance(() => makeStore())) test(name, run);

  test('reads go on while many processes wait for the provider', async () => {
    const answers: (() => void)[] = [];
    const expiresAt = (ms: number) => new Date(Date.now() + ms);
    const managers = Array.from({ length: 20 }, () => {
      const refresh = (token: string) =>
        new Promise<{ accessToken: string; expiresAt: Date }>((resolve) => {
          answers.push(() => resolve({ accessToken: `new-${token}`, expiresAt: expiresAt(3_600_000) }));
        });
      return new TokenManager({ store: makeStore(), refresh });
    });
    const [first] = managers as [TokenManager];
    const users = managers.map((_, i) => `user${i}`);
    for (const userID of users) {
      const tokens = { accessToken: 'old', refreshToken: userID, expiresAt: expiresAt(-1) };
      await first.save(userID, tokens);
    }
    await first.save('reader', { accessToken: 'good', expiresAt: expiresAt(3_600_000) });
    let settled = 0;
    const refreshing = managers.map(async (manager, i) => {
      const token = await manager.accessToken(users[i] as string);
      settled += 1;
      return token;
    });
    while (answers.length < users.length) await sleep(5);
    const read = managers.flatMap((manager) =>
      Array.from({ length: 10 }, () => manager.accessToken('reader')),
    );
    expect(new Set(await Promise.all(read))).toEqual(new Set(['good']));
    expect(settled).toBe(0);
    expect(pools.every(({ totalCount, idleCount }) => totalCount === idleCount)).toBe(true);
    for (const answer of answers) answer();
    expect(await Promise.all(refreshing)).toEqual(users.map((userID) => `new-${userID}`));
  });
});
