import { deepEqual, equal, rejects } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenRecord, TokenStore } from './store.ts';

/** One promise of `TokenStore`, checked. */
export interface ConformanceCheck {
  /** What is promised, as a sentence. */
  name: string;
  /** Rejects, with an `AssertionError` as a rule, if the store breaks the promise. */
  run(): Promise<void>;
}

/** Two stores on one database, as two processes have them, and what the checks put into it. */
interface Bench {
  a: TokenStore;
  b: TokenStore;
  /** An id of a user: a new one, or the given one. */
  user(id?: string): string;
}

type Check = (bench: Bench) => Promise<void>;

const NAMES = [' ', ':', '{x}', '"\'`', '\\', '%', 'ä 你 🏃', '__proto__', '-1', 'a'.repeat(200)];

const record = (changes: Partial<TokenRecord> = {}): TokenRecord => ({
  version: randomUUID(),
  data: '{"accessToken":"ä\\u0000\\n"}',
  expiresAt: 1_893_456_000_123,
  ...changes,
});

/** Compares records; a field that is `undefined` is as good as none. */
function same(actual: TokenRecord | undefined, expected: TokenRecord): void {
  deepEqual(JSON.parse(JSON.stringify(actual ?? null)), expected);
}

const checks: Record<string, Check> = {
  async 'has nothing for a user it does not know'({ a, user }) {
    equal(await a.get(user()), undefined);
    equal(await a.replace(user(), 'version', record()), false);
    await a.delete(user());
  },

  async 'gives back every field as it was set, over whatever was there'({ a, b, user }) {
    const id = user();
    for (const changes of [{ refreshingSince: 1_700_000_000_001, reauthorize: 'invalid_grant' }, {}]) {
      const given = record(changes);
      await a.set(id, given);
      same(await b.get(id), given);
    }
  },

  async 'keeps users apart, whatever their ids look like'({ a, b, user }) {
    const records = new Map(NAMES.map((name) => [user(name), record()]));
    for (const [id, given] of records) await a.set(id, given);
    for (const [id, given] of records) same(await b.get(id), given);
  },

  async 'does not change a record when the caller changes its own'({ a, user }) {
    const id = user();
    const given = record();
    await a.set(id, given);
    given.data = 'changed';
    const read = await a.get(id);
    if (read !== undefined) read.data = 'changed too';
    equal((await a.get(id))?.data, record().data);
  },

  async 'replaces a record only if it has the version'({ a, b, user }) {
    const id = user();
    const [first, second] = [record(), record()];
    await a.set(id, first);
    equal(await b.replace(id, second.version, second), false);
    same(await a.get(id), first);
    equal(await b.replace(id, first.version, second), true);
    same(await a.get(id), second);
  },

  async 'lets one of many replace a version'({ a, b, user }) {
    const id = user();
    const first = record();
    await a.set(id, first);
    const tries = Array.from({ length: 20 }, (_, i) => (i % 2 ? a : b).replace(id, first.version, record()));
    equal((await Promise.all(tries)).filter(Boolean).length, 1);
  },

  async 'deletes a record'({ a, b, user }) {
    const id = user();
    await a.set(id, record());
    await b.delete(id);
    equal(await a.get(id), undefined);
  },

  async 'gives a lock to one at a time, who sees what the one before has written'({ a, b, user }) {
    const id = user();
    await a.set(id, record({ data: '0' }));
    let holders = 0;
    const count = (store: TokenStore) =>
      store.lock(id, async (locked) => {
        holders += 1;
        equal(holders, 1, 'two hold the lock');
        const read = await locked.get();
        await sleep(2);
        const next = record({ data: String(Number(read?.data) + 1) });
        equal(await locked.replace(String(read?.version), next), true);
        holders -= 1;
        return next.data;
      });
    const counted = await Promise.all(Array.from({ length: 10 }, (_, i) => count(i % 2 ? a : b)));
    deepEqual(
      counted.map(Number).sort((x, y) => x - y),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
    equal((await b.get(id))?.data, '10');
  },

  async 'does not let one user wait for another'({ a, b, user }) {
    await a.lock(user(), () => b.lock(user(), async () => {}));
  },

  async 'deletes under the lock'({ a, b, user }) {
    const id = user();
    await a.set(id, record());
    await a.lock(id, (locked) => locked.delete());
    equal(await b.get(id), undefined);
  },

  async 'lets go of the lock when the work rejects, with its error'({ a, b, user }) {
    const id = user();
    const error = new Error('of the work');
    await rejects(
      a.lock(id, () => Promise.reject(error)),
      (thrown) => thrown === error,
    );
    equal(await b.lock(id, async () => 'done'), 'done');
  },

  async 'can be written by those who do not hold the lock, and tells its holder'({ a, b, user }) {
    const id = user();
    const [first, second] = [record(), record()];
    await a.set(id, first);
    await a.lock(id, async (locked) => {
      same(await locked.get(), first);
      await b.set(id, second);
      equal(await locked.replace(first.version, record()), false);
      same(await locked.get(), second);
    });
    same(await b.get(id), second);
  },

  async 'finds interrupted refreshes, the oldest first'({ a, b, user }) {
    const [old, older, dead, ended, young] = [user(), user(), user(), user(), user()];
    await a.set(old, record({ refreshingSince: 3 }));
    await a.set(older, record({ refreshingSince: 2 }));
    await a.set(dead, record({ refreshingSince: 1, reauthorize: 'invalid_grant' }));
    const begun = record({ refreshingSince: 1 });
    await a.set(ended, begun);
    await a.replace(ended, begun.version, record());
    await a.set(young, record({ refreshingSince: 4 }));
    deepEqual(await b.interrupted(4, 100), [older, old]);
    deepEqual(await b.interrupted(4, 1), [older]);
    await a.delete(older);
    deepEqual(await b.interrupted(4, 100), [old]);
  },
};

/**
 * Checks a `TokenStore`, in any test runner. Each check uses users of its own and deletes them at its end; the
 * database must hold no interrupted refreshes from the first seconds of 1970.
 *
 * @param makeStore gives a store. It is called twice for each check, and the two stand for two processes: give each
 *   its own connections to one database, or the same store twice if it is for one process only.
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
        for (const id of users) await a.delete(id);
      }
    },
  }));
}
