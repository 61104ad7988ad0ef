import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { FileTokenStore, MemoryTokenStore, type TokenStore } from 'passport-fitbit-strategy/token-manager';
import { tokenStoreConformance } from 'passport-fitbit-strategy/token-manager/conformance';
import { SqliteTokenStore } from 'passport-fitbit-strategy/token-manager/sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rejection, setUp, tokenSet } from './support.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'token-file-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('MemoryTokenStore', () => {
  const store = new MemoryTokenStore();
  for (const { name, run } of tokenStoreConformance(() => store)) test(name, run);
});

describe('FileTokenStore', () => {
  const path = () => join(folder, 'tokens.json');
  for (const { name, run } of tokenStoreConformance(() => new FileTokenStore(path()))) test(name, run);

  test('keeps the tokens in a file for its owner only, and leaves nothing else behind', async () => {
    const store = new FileTokenStore(path());
    await setUp({ store }).tokens.save('ann', tokenSet(1));
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['tokens.json', 'tokens.json.lock']);
    const again = setUp({ store: new FileTokenStore(path()) }).tokens;
    expect(await again.accessToken('ann')).toBe('access1');
  });

  test('rejects when the file can not be read or written, and works again when it can', async () => {
    const missing = setUp({ store: new FileTokenStore(join(folder, 'missing', 'tokens.json')) }).tokens;
    const error = await rejection(missing.save('ann', tokenSet(1)));
    expect(error).toMatchObject({ code: 'store_failed', cause: { code: 'ENOENT' } });
    expect(await rejection(new FileTokenStore(folder).read('ann'))).toMatchObject({ code: 'EISDIR' });
    rmSync(`${folder}.lock`);

    for (const content of ['secret, no JSON', '["secret"]', '{"ann":"secret"}']) {
      writeFileSync(path(), content);
      const { message } = await rejection(new FileTokenStore(path()).read('ann'));
      expect(message).toContain('is not a token file');
      expect(message).not.toContain('secret');
    }
    writeFileSync(path(), '{}');
    expect(await new FileTokenStore(path()).read('ann')).toBeUndefined();
  });

  test('refuses a file that a living process uses, and takes over that of a dead one', async () => {
    const { hostname } = await import('node:os');
    // The parent of this process is alive for as long as this one is.
    writeFileSync(`${path()}.lock`, `${process.ppid} other ${hostname()}`);
    const store = new FileTokenStore(path());
    const { message } = await rejection(store.read('ann'));
    expect(message).toContain(`Process ${process.ppid} already uses this token file`);
    expect(message).toContain('SqliteTokenStore');
    writeFileSync(`${path()}.lock`, `1 other ${hostname()}-other`);
    await expect(store.read('ann')).rejects.toThrow('already uses');
    writeFileSync(`${path()}.lock`, `4194305 other ${hostname()}`); // above Linux's highest process id
    expect(await store.read('ann')).toBeUndefined();
  });

  test('refuses to write when another process has taken the file over', async () => {
    const store = new FileTokenStore(path());
    await setUp({ store }).tokens.save('ann', tokenSet(1));
    writeFileSync(`${path()}.lock`, `${process.pid} other thread`);
    await expect(store.insert('bob', { version: '1', data: '', expiresAt: 1 })).rejects.toThrow(
      'already uses',
    );
  });

  test('refuses a wrong path', () => {
    expect(() => new FileTokenStore('')).toThrow('"path"');
  });
});

describe('SqliteTokenStore', () => {
  const databases: Database.Database[] = [];
  const open = () => {
    const database = new Database(join(folder, 'tokens.sqlite'));
    databases.push(database);
    return database;
  };
  afterEach(() => {
    for (const database of databases.splice(0)) database.close();
  });
  for (const { name, run } of tokenStoreConformance(() => new SqliteTokenStore(open()))) test(name, run);

  test('commits to the disk, in a table of any name', async () => {
    const database = open();
    const store = new SqliteTokenStore(database, { table: 'my_tokens' });
    await setUp({ store }).tokens.save('ann', tokenSet(1));
    expect(database.prepare('SELECT user_id FROM my_tokens').all()).toMatchObject([{ user_id: 'ann' }]);
    expect(database.prepare('PRAGMA synchronous').get()).toMatchObject({ synchronous: 2 });
    expect(database.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
  });

  test('reads users and unfinished refreshes by an index', () => {
    const database = open();
    const statements: string[] = [];
    new SqliteTokenStore({
      exec: (sql) => database.exec(sql),
      prepare: (sql) => {
        statements.push(sql);
        return database.prepare(sql);
      },
    });
    for (const sql of statements.filter((each) => each.startsWith('SELECT'))) {
      const [step] = database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...Array(sql.split('?').length - 1).fill('1'));
      expect(JSON.stringify(step)).toMatch(/SEARCH .* USING (COVERING INDEX|PRIMARY KEY|INDEX)/);
    }
    expect(statements).toHaveLength(5);
  });

  test('refuses wrong arguments by name', () => {
    expect(() => new SqliteTokenStore({} as never)).toThrow('"database"');
    expect(() => new SqliteTokenStore(open(), null as never)).toThrow('"options"');
    expect(() => new SqliteTokenStore(open(), { table: 'a; DROP' })).toThrow('"table"');
  });
});

describe('tokenStoreConformance', () => {
  /** The names of the checks that a store fails. */
  async function failures(store: TokenStore): Promise<string[]> {
    const failed: string[] = [];
    for (const { name, run } of tokenStoreConformance(() => store)) {
      await run().catch(() => failed.push(name));
    }
    return failed;
  }

  test.each<[string, { [M in keyof TokenStore]?: (store: TokenStore) => TokenStore[M] }, RegExp]>([
    ['forgets', { read: () => async () => undefined }, /returns every field/],
    [
      'hands out its own object',
      {
        read: (store) => {
          const cache = new Map<string, Awaited<ReturnType<TokenStore['read']>>>();
          return async (id) => {
            const read = cache.get(id) ?? (await store.read(id));
            cache.set(id, read);
            return read;
          };
        },
      },
      /when the caller changes its own/,
    ],
    [
      'inserts over a record',
      {
        insert: (store) => async (id, record) => {
          const old = await store.read(id);
          return old === undefined ? store.insert(id, record) : store.replace(id, old.version, record);
        },
      },
      /inserts a record only if there is none/,
    ],
    [
      'replaces any version',
      {
        replace: (store) => async (id, _, record) => {
          const old = await store.read(id);
          return old !== undefined && store.replace(id, old.version, record);
        },
      },
      /replaces a record only if it has the version/,
    ],
    [
      'compares and writes in two steps',
      {
        replace: (store) => async (id, version, record) => {
          const old = await store.read(id);
          if (old?.version !== version) return false;
          await new Promise((resolve) => setTimeout(resolve, 2));
          const now = await store.read(id);
          return now !== undefined && store.replace(id, now.version, record);
        },
      },
      /lets one of many replace a version/,
    ],
    ['never deletes', { delete: () => async () => true }, /deletes a record only if/],
    [
      'deletes any version',
      {
        delete: (store) => async (id) => {
          const old = await store.read(id);
          return old !== undefined && store.delete(id, old.version);
        },
      },
      /deletes a record only if it has the version/,
    ],
    ['finds nothing unfinished', { listUnfinished: () => async () => [] }, /lists unfinished/],
    [
      'ignores the place to continue after',
      { listUnfinished: (store) => (before, limit) => store.listUnfinished(before, limit) },
      /continues the list/,
    ],
  ])('finds out a store that %s', async (_, faults, found) => {
    const store = new MemoryTokenStore();
    const faulty = new Proxy<TokenStore>(store, {
      get: (target, name: keyof TokenStore) => faults[name]?.(store) ?? target[name].bind(target),
    });
    expect((await failures(faulty)).join('\n')).toMatch(found);
  });
});
