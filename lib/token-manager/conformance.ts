import { deepEqual, equal } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { RefreshNote, TokenRecord, TokenStore, Unfinished } from './store.ts';

/** A check of one requirement of `TokenStore`. */
export interface ConformanceCheck {
  /** The requirement, as a sentence. */
  name: string;
  /** Rejects if the store does not meet the requirement, usually with an `AssertionError`. */
  run(): Promise<void>;
}

/** Two stores on one database, as in two processes, and the users of a check. */
interface Bench {
  a: TokenStore;
  b: TokenStore;
  /** Returns a user id, the given one or a random one. The user is deleted after the check. */
  user(id?: string): string;
}

type Check = (bench: Bench) => Promise<void>;

const NAMES = [
  ' ',
  ':',
  '{x}',
  '"\'`',
  '\\',
  '%',
  'a:b',
  'ä 你 🏃',
  '__proto__',
  '-1',
  'a',
  'A',
  'a'.repeat(200),
];

const note = (since: number): RefreshNote => ({ since, by: randomUUID(), until: since + 1 });

const record = (changes: Partial<TokenRecord> = {}): TokenRecord => ({
  version: randomUUID(),
  data: '{"accessToken":"ä\\u0000\\n🏃"}',
  expiresAt: 1_893_456_000_123,
  ...changes,
});

/** Compares records; a field that is `undefined` equals a missing one. */
function same(actual: TokenRecord | undefined, expected: TokenRecord | undefined): void {
  deepEqual(JSON.parse(JSON.stringify(actual ?? null)), JSON.parse(JSON.stringify(expected ?? null)));
}

async function add(store: TokenStore, id: string, given: TokenRecord): Promise<TokenRecord> {
  equal(await store.insert(id, given), true);
  return given;
}

const checks: Record<string, Check> = {
  async 'has nothing for a user it does not know'({ a, user }) {
    equal(await a.read(user()), undefined);
    equal(await a.replace(user(), 'version', record()), false);
    equal(await a.delete(user(), 'version'), false);
  },

  async 'returns every field as it was written'({ a, b, user }) {
    const id = user();
    let stored = await add(a, id, record({ refresh: note(1_700_000_000_001), reauthorize: 'invalid_grant' }));
    same(await b.read(id), stored);
    const note2 = note(1_700_000_000_002);
    for (const changes of [{}, { refresh: note2 }, { reauthorize: 'gone' }, { data: '', expiresAt: 0 }, {}]) {
      const next = record(changes);
      equal(await b.replace(id, stored.version, next), true);
      same(await a.read(id), next);
      stored = next;
    }
  },

  async 'keeps users apart, whatever their ids look like'({ a, b, user }) {
    const records = new Map<string, TokenRecord>();
    for (const name of NAMES) records.set(user(name), await add(a, name, record()));
    for (const [id, given] of records) same(await b.read(id), given);
  },

  async 'does not change a record when the caller changes its own'({ a, user }) {
    const id = user();
    const given = record({ refresh: note(5) });
    await add(a, id, given);
    const expected = structuredClone(given);
    given.data = 'changed';
    if (given.refresh) given.refresh.since = 6;
    const read = await a.read(id);
    same(read, expected);
    if (read?.refresh) read.refresh.since = 7;
    same(await a.read(id), expected);
  },

  async 'inserts a record only if there is none'({ a, b, user }) {
    const id = user();
    const first = await add(a, id, record());
    equal(await b.insert(id, record()), false);
    same(await a.read(id), first);
  },

  async 'lets one of many insert'({ a, b, user }) {
    const id = user();
    const given = Array.from({ length: 20 }, () => record());
    const wrote = await Promise.all(given.map((each, i) => (i % 2 ? a : b).insert(id, each)));
    equal(wrote.filter(Boolean).length, 1);
    same(await a.read(id), given[wrote.indexOf(true)]);
  },

  async 'replaces a record only if it has the version'({ a, b, user }) {
    const id = user();
    const first = await add(a, id, record());
    const second = record();
    equal(await b.replace(id, second.version, second), false);
    same(await a.read(id), first);
    equal(await b.replace(id, first.version, second), true);
    same(await a.read(id), second);
    equal(await b.replace(id, first.version, record()), false);
    same(await a.read(id), second);
  },

  async 'lets one of many replace a version'({ a, b, user }) {
    const id = user();
    const first = await add(a, id, record());
    const given = Array.from({ length: 20 }, () => record());
    const wrote = await Promise.all(given.map((each, i) => (i % 2 ? a : b).replace(id, first.version, each)));
    equal(wrote.filter(Boolean).length, 1);
    same(await b.read(id), given[wrote.indexOf(true)]);
  },

  async 'loses no change when many make theirs by version'({ a, b, user }) {
    const id = user();
    await add(a, id, record({ data: '0' }));
    const increment = async (store: TokenStore) => {
      for (;;) {
        const read = await store.read(id);
        if (read === undefined) throw new Error('the record is gone');
        const next = record({ data: String(Number(read.data) + 1) });
        if (await store.replace(id, read.version, next)) return;
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, i) => increment(i % 2 ? a : b)));
    equal((await b.read(id))?.data, '10');
  },

  async 'deletes a record only if it has the version'({ a, b, user }) {
    const id = user();
    const first = await add(a, id, record());
    const second = record();
    equal(await a.replace(id, first.version, second), true);
    equal(await b.delete(id, first.version), false);
    same(await a.read(id), second);
    equal(await b.delete(id, second.version), true);
    equal(await a.read(id), undefined);
    equal(await a.delete(id, second.version), false);
    await add(b, id, first);
  },

  async 'lets either a replacement or a deletion of a version win'({ a, b, user }) {
    for (let i = 0; i < 5; i += 1) {
      const id = user();
      const { version } = await add(a, id, record());
      const next = record();
      const [replaced, deleted] = await Promise.all([a.replace(id, version, next), b.delete(id, version)]);
      equal(Number(replaced) + Number(deleted), 1);
      same(await a.read(id), replaced ? next : undefined);
    }
  },

  async 'lists unfinished refreshes, the oldest first'({ a, b, user }) {
    const [old, older, dead, ended, young, none] = Array.from({ length: 6 }, () => user()) as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    await add(a, old, record({ refresh: note(3) }));
    const noted = await add(a, older, record({ refresh: note(2) }));
    await add(a, dead, record({ refresh: note(1), reauthorize: 'invalid_grant' }));
    const begun = await add(a, ended, record({ refresh: note(1) }));
    equal(await a.replace(ended, begun.version, record()), true);
    await add(a, young, record({ refresh: note(4) }));
    await add(a, none, record());
    deepEqual(await b.listUnfinished(4, 100), [
      { since: 2, userID: older },
      { since: 3, userID: old },
    ]);
    deepEqual(await b.listUnfinished(4, 1), [{ since: 2, userID: older }]);
    equal(await b.delete(older, noted.version), true);
    deepEqual(await a.listUnfinished(4, 100), [{ since: 3, userID: old }]);
  },

  async 'lists a refresh at the time of its newest note'({ a, user }) {
    const id = user();
    const first = await add(a, id, record({ refresh: note(1) }));
    const second = record({ refresh: note(3) });
    equal(await a.replace(id, first.version, second), true);
    deepEqual(await a.listUnfinished(10, 10), [{ since: 3, userID: id }]);
    equal(await a.replace(id, second.version, record({ refresh: note(2), reauthorize: 'gone' })), true);
    deepEqual(await a.listUnfinished(10, 10), []);
  },

  async 'continues the list after any of its places, also one that is gone'({ a, b, user }) {
    const times = [1, 2, 2, 2, 2, 3, 4, 4];
    for (const since of times) await add(a, user(), record({ refresh: note(since) }));
    const all = await a.listUnfinished(5, 100);
    deepEqual(
      all.map(({ since }) => since),
      times,
    );
    for (const [i, place] of all.entries()) {
      deepEqual(await b.listUnfinished(5, 2, place), all.slice(i + 1, i + 3));
    }
    deepEqual(await b.listUnfinished(5, 100, { since: 2, userID: '' }), all.slice(1));
    const gone = all[2] as Unfinished;
    const { version = '' } = (await a.read(gone.userID)) ?? {};
    equal(await a.delete(gone.userID, version), true);
    deepEqual(await b.listUnfinished(5, 100, gone), all.slice(3));
  },
};

/**
 * Checks a `TokenStore`, in any test runner. Each check uses its own users and deletes them at its end. Run one
 * check at a time, on a database without unfinished refreshes from the first second of 1970.
 *
 * @param makeStore returns a store. It is called twice for each check, for two processes: return stores with their
 *   own connections to one database, or the same store twice if it is for one process only.
 * @example
 * for (const { name, run } of tokenStoreConformance(() => new PostgresTokenStore(pool))) test(name, run);
 */
export function tokenStoreConformance(makeStore: () => TokenStore | Promise<TokenStore>): ConformanceCheck[] {
  return Object.entries(checks).map(([name, check]) => ({
    name,
    async run() {
      const [a, b] = [await makeStore(), await makeStore()];
      const users: string[] = [];
      const user = (id: string = randomUUID()) => {
        users.push(id);
        return id;
      };
      try {
        await check({ a, b, user });
      } finally {
        for (const id of users) {
          const read = await a.read(id);
          if (read !== undefined) await a.delete(id, read.version);
        }
      }
    },
  }));
}
