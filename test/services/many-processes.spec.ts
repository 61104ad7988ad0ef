import { TokenManager } from 'passport-fitbit-strategy/token-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildWorker, type Program } from './support/build.ts';
import { SharedClock } from './support/clock.ts';
import {
  type Connected,
  connect,
  type Database,
  startPostgres,
  startRedis,
  startSqlite,
} from './support/databases.ts';
import { Provider } from './support/provider.ts';
import { Worker } from './support/workers.ts';

const PROCESSES = 8;
const USERS = 200;
const CALLS = 5_000;
const EXPIRIES = 3;
const HOUR = 3_600_000;

describe.each([
  ['PostgreSQL', startPostgres],
  ['Redis', startRedis],
  ['SQLite', startSqlite],
] as const)('many processes on %s', (name, start) => {
  const provider = new Provider();
  const workers: Worker[] = [];
  const users = Array.from({ length: USERS }, (_, i) => `user${i}`);
  let program: Program;
  let database: Database;
  let own: Connected;
  let clock: SharedClock;

  beforeAll(async () => {
    program = await buildWorker();
    database = await start();
    own = await connect(database);
    await provider.start();
    clock = new SharedClock(`${program.path}.clock`);
    clock.set(0);
    for (let i = 0; i < PROCESSES; i += 1) {
      workers.push(
        new Worker(program.path, {
          name: `worker${i}`,
          database,
          providerURL: provider.url,
          clockPath: clock.path,
        }),
      );
    }
    await Promise.all(workers.map((worker) => worker.ready()));
    const manager = new TokenManager({
      store: own.store,
      refresh: () => Promise.reject(new Error('unused')),
    });
    for (const userID of users) {
      const expiresAt = new Date(Date.now() + HOUR);
      const tokens = { ...provider.grant(userID), tokenType: 'Bearer', scope: [], expiresAt, raw: {} };
      await manager.save(userID, tokens);
    }
  });

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.kill()));
    await own?.close();
    await provider.stop();
    await database?.destroy();
    program?.delete();
  });

  test('refresh each user once for each expiry, for concurrent calls', async () => {
    for (let expiry = 1; expiry <= EXPIRIES; expiry += 1) {
      const start = performance.now();
      const asked = workers.map((_, w) =>
        Array.from({ length: CALLS / PROCESSES }, (_, i) => users[(i * 7 + w * 31) % USERS] as string),
      );
      clock.set(expiry * 2 * HOUR);
      const answers = await Promise.all(workers.map((worker, w) => worker.tokens(asked[w] as string[])));
      for (const [w, tokens] of answers.entries()) {
        expect(tokens).toEqual(asked[w]?.map((userID) => provider.current(userID).accessToken));
      }
      expect(provider.counts).toEqual({ refreshes: expiry * USERS, repeats: 0, refused: 0 });
      const ms = Math.round(performance.now() - start);
      console.info(`${name}: ${CALLS} calls of ${PROCESSES} processes, ${USERS} refreshes, ${ms} ms`);
    }
  });
});
