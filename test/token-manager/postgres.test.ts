import { EventEmitter } from 'node:events';
import { tokenStoreConformance } from 'passport-fitbit-strategy/token-manager/conformance';
import {
  migrate,
  migrationSQL,
  type PostgresConnection,
  type PostgresPool,
  type PostgresResult,
  PostgresTokenStore,
} from 'passport-fitbit-strategy/token-manager/postgres';
import { beforeEach, describe, expect, test } from 'vitest';
import { Mutex } from '../../lib/token-manager/mutex.ts';
import { rejection } from './support.ts';

type Row = Record<string, unknown>;

/** Understands the statements of the store, and no others. The real thing is in test/services. */
class FakePool implements PostgresPool {
  readonly rows = new Map<unknown, Row>();
  readonly statements: string[] = [];
  readonly connections: FakeConnection[] = [];
  readonly advisory = new Mutex();
  options?: { max: number };
  /** What connecting waits for. */
  gate: Promise<unknown> = Promise.resolve();

  async connect() {
    await this.gate;
    const connection = new FakeConnection(this);
    this.connections.push(connection);
    return connection;
  }

  async query(text: string, values: unknown[] = []): Promise<PostgresResult> {
    this.statements.push(text);
    const command = text.split(/\s/)[0] ?? '';
    const result = (rows: Row[]) => ({ command, rowCount: rows.length, rows });
    const [user_id, version, data, expires_at, refreshing_since, reauthorize, expected] = values;
    const row = { user_id, version, data, expires_at: String(expires_at), refreshing_since, reauthorize };
    const found = this.rows.get(user_id);
    if (text.startsWith('SELECT version')) return result(found ? [found] : []);
    if (text.startsWith('SELECT user_id')) {
      const since = (candidate: Row) => Number(candidate.refreshing_since);
      const all = [...this.rows.values()].filter(
        (candidate) =>
          candidate.refreshing_since !== null &&
          candidate.reauthorize === null &&
          since(candidate) < Number(user_id),
      );
      return result(all.sort((a, b) => since(a) - since(b)).slice(0, Number(version)));
    }
    if (command === 'DELETE') this.rows.delete(user_id);
    if (command === 'INSERT') this.rows.set(user_id, row);
    if (command === 'UPDATE') {
      if (found?.version !== expected) return result([]);
      this.rows.set(user_id, row);
      return result([row]);
    }
    return result([]);
  }
}

class FakeConnection extends EventEmitter implements PostgresConnection {
  readonly pool: FakePool;
  released: (Error | undefined)[] = [];
  #unlock = () => {};

  constructor(pool: FakePool) {
    super();
    this.pool = pool;
  }

  async query(text: string, values?: unknown[]): Promise<PostgresResult> {
    const answered = hooks.answer?.(text);
    if (answered !== undefined) return answered;
    if (text.includes('pg_advisory_xact_lock')) {
      await new Promise<void>((acquired) => {
        this.pool.advisory.run(String(values?.[0]), () => {
          acquired();
          return new Promise<void>((resolve) => {
            this.#unlock = resolve;
          });
        });
      });
    }
    if (text === 'COMMIT') this.#unlock();
    return this.pool.query(text, values);
  }

  release(error?: Error): void {
    this.released.push(error);
    this.#unlock();
  }
}

const hooks: { answer?: (text: string) => Promise<PostgresResult> | undefined } = {};

beforeEach(() => {
  delete hooks.answer;
});

describe('PostgresTokenStore', () => {
  const shared = new FakePool();
  for (const { name, run } of tokenStoreConformance(() => new PostgresTokenStore(shared))) test(name, run);

  test('holds the lock in a transaction that reads what is committed, with limits of its own', async () => {
    const pool = new FakePool();
    const store = new PostgresTokenStore(pool, { lockTimeout: 1234, lease: 567, table: 'auth.tokens' });
    expect(await store.lock('ann', async (locked) => locked.get())).toBeUndefined();
    const [begin, lock, read, commit] = pool.statements;
    expect(begin).toBe(`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL lock_timeout = 1234;
SET LOCAL statement_timeout = 2234;
SET LOCAL idle_in_transaction_session_timeout = 567`);
    expect(lock).toContain('pg_advisory_xact_lock');
    expect(read).toContain('FROM "auth"."tokens" WHERE');
    expect(commit).toBe('COMMIT');
    expect(pool.connections[0]?.released).toEqual([undefined]);
    expect(pool.connections[0]?.listenerCount('error')).toBe(0);
  });

  test('does not fall over a connection that breaks while it is held, and does not use it again', async () => {
    const pool = new FakePool();
    const broken = new Error('terminated');
    const error = await rejection(
      new PostgresTokenStore(pool).lock('ann', async () => {
        pool.connections[0]?.emit('error', broken);
        throw broken;
      }),
    );
    expect(error).toBe(broken);
    expect(pool.connections[0]?.released).toEqual([broken]);
  });

  test('does not fall over one that breaks in the moment in which it comes', async () => {
    const pool = new FakePool();
    const connect = (callback: (error?: Error, connection?: PostgresConnection) => void) => {
      const connection = new FakeConnection(pool);
      callback(undefined, connection);
      connection.emit('error', new Error('terminated')); // pg reads all messages of a packet in one go
      expect(connection.listenerCount('error')).toBe(1);
    };
    Object.assign(pool, { connect });
    expect(await new PostgresTokenStore(pool).lock('ann', async () => 'done')).toBe('done');

    Object.assign(pool, { connect: (callback: (error: Error) => void) => callback(new Error('away')) });
    expect((await rejection(new PostgresTokenStore(pool).lock('ann', async () => {}))).message).toBe('away');
  });

  test('closes the connection whatever the work throws', async () => {
    const pool = new FakePool();
    await expect(new PostgresTokenStore(pool).lock('ann', () => Promise.reject('text'))).rejects.toBe('text');
    expect(pool.connections[0]?.released).toEqual([new Error('text')]);
  });

  test('rejects when the transaction was rolled back instead of committed', async () => {
    const pool = new FakePool();
    hooks.answer = (text) =>
      text === 'COMMIT' ? Promise.resolve({ command: 'ROLLBACK', rowCount: null, rows: [] }) : undefined;
    const error = await rejection(new PostgresTokenStore(pool).lock('ann', async () => 'done'));
    expect(error.message).toContain('rolled the transaction back');
  });

  test('waits for a lock only so long', async () => {
    const pool = new FakePool();
    const store = new PostgresTokenStore(pool, { lockTimeout: 10 });
    hooks.answer = (text) => (text.includes('advisory') ? new Promise(() => {}) : undefined);
    expect((await rejection(store.lock('ann', async () => {}))).message).toContain('within 10 ms');
    expect(pool.connections[0]?.released).toHaveLength(1);
  });

  test('waits for a connection only so long, and gives it back if it comes later', async () => {
    const pool = new FakePool();
    const store = new PostgresTokenStore(pool, { lockTimeout: 10 });
    let open = () => {};
    pool.gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    expect((await rejection(store.lock('ann', async () => {}))).message).toContain('no free connection');
    open();
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(pool.connections[0]?.released).toEqual([undefined]);

    pool.gate = new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 20));
    expect((await rejection(store.lock('ann', async () => {}))).message).toContain('no free connection');
    await new Promise((resolve) => setTimeout(resolve, 30));
  });

  test.each([
    [undefined, undefined, 5],
    [{ max: 4 }, undefined, 2],
    [{ max: 1 }, undefined, 1],
    [{ max: 4 }, 3, 3],
  ])(
    'of a pool with %j, and maxLocks %s, holds %i connections for locks',
    async (options, maxLocks, expected) => {
      const pool = new FakePool();
      if (options !== undefined) pool.options = options;
      const store = new PostgresTokenStore(pool, { maxLocks });
      const end: (() => void)[] = [];
      const work = () => new Promise<void>((resolve) => end.push(resolve));
      const locks = Array.from({ length: 8 }, (_, i) => store.lock(`user${i}`, work));
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(pool.connections).toHaveLength(expected);
      while (end.length > 0) {
        end.shift()?.();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await Promise.all(locks);
    },
  );

  test('gives users, and tables, locks of their own', async () => {
    const pool = new FakePool();
    const original = FakeConnection.prototype.query;
    const seen = new Set<unknown>();
    FakeConnection.prototype.query = function (text: string, values?: unknown[]) {
      if (text.includes('advisory')) seen.add(values?.[0]);
      return original.call(this, text, values);
    };
    for (const table of ['one', 'two']) {
      const store = new PostgresTokenStore(pool, { table });
      for (const user of ['ann', 'bob', 'ann']) await store.lock(user, async () => {});
    }
    FakeConnection.prototype.query = original;
    expect(seen.size).toBe(4);
    for (const key of seen) expect(BigInt.asIntN(64, BigInt(String(key)))).toBe(BigInt(String(key)));
  });

  test('reads numbers whatever parser the app has set for them', async () => {
    const pool = new FakePool();
    const store = new PostgresTokenStore(pool);
    for (const value of ['1700000000123', 1700000000123, 1700000000123n]) {
      pool.rows.set('ann', {
        version: 'v',
        data: 'd',
        expires_at: value,
        refreshing_since: value,
        reauthorize: 'gone',
      });
      expect(await store.get('ann')).toEqual({
        version: 'v',
        data: 'd',
        expiresAt: 1700000000123,
        refreshingSince: 1700000000123,
        reauthorize: 'gone',
      });
    }
  });

  test.each([
    ['no pool', null, {}, /"pool"/],
    ['a pool without connect', { query: () => {} }, {}, /"pool"/],
    ['wrong options', new FakePool(), null, /"options"/],
    ['a table that is no name', new FakePool(), { table: 'tokens; DROP TABLE users' }, /"table"/],
    ['a wrong limit', new FakePool(), { maxLocks: 0 }, /"maxLocks"/],
    ['half a connection', new FakePool(), { maxLocks: 1.5 }, /"maxLocks"/],
    ['a wrong wait', new FakePool(), { lockTimeout: 0 }, /"lockTimeout"/],
    ['a wrong lease', new FakePool(), { lease: -1 }, /"lease"/],
  ])('refuses %s', (_, pool, options, message) => {
    expect(() => new PostgresTokenStore(pool as never, options as never)).toThrow(message);
  });
});

describe('migrate', () => {
  test('runs the SQL that migrationSQL gives, in one statement', async () => {
    const pool = new FakePool();
    await migrate(pool);
    await migrate(pool, 'auth.tokens');
    expect(pool.statements).toEqual([migrationSQL(), migrationSQL('auth.tokens')]);
    expect(migrationSQL()).toContain('CREATE TABLE IF NOT EXISTS "oauth_tokens"');
    expect(migrationSQL('auth.tokens')).toContain('"tokens_refreshing" ON "auth"."tokens"');
    expect(() => migrationSQL('"')).toThrow('"table"');
  });
});
