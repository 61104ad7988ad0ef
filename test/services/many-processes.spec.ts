import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { App } from './support/app.ts';
import { DATABASES } from './support/databases.ts';
import type { Worker } from './support/workers.ts';

const PROCESSES = 8;
const USERS = 200;
const CALLS = 5_000;
const EXPIRIES = 3;
const HOUR = 3_600_000;

describe.each(DATABASES)('many processes on %s', (name, start) => {
  let app: App;
  let workers: Worker[];
  let users: string[];

  beforeAll(async () => {
    app = await App.start(start);
    workers = await app.startWorkers(Array.from({ length: PROCESSES }, (_, i) => `worker${i}`));
    users = await app.logIn(USERS);
  });

  afterAll(() => app?.destroy());

  test('refresh each user once for each expiry, for concurrent calls', async () => {
    const { provider, clock } = app;
    for (let expiry = 1; expiry <= EXPIRIES; expiry += 1) {
      const start = performance.now();
      const asked = workers.map((_, w) =>
        Array.from({ length: CALLS / PROCESSES }, (_, i) => users[(i * 7 + w * 31) % USERS] as string),
      );
      clock.advance(2 * HOUR);
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
