import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { App } from './support/app.ts';
import { DATABASES } from './support/databases.ts';
import type { Moment, Provider } from './support/provider.ts';
import type { PauseMoment, TokenResult, Worker } from './support/workers.ts';

// For all databases together.
const ROUNDS = Number(process.env.FREEZE_ROUNDS ?? 60);
const USERS = 6;
const HOUR = 3_600_000;
const LEASE = 10_000; // ms

/** When a process is frozen: at a moment before its request, or at one that the provider sees. */
const PLANS: readonly (Moment | PauseMoment)[] = [
  'read',
  'claim',
  'check',
  'received',
  'rotated',
  'answered',
];

describe.each(DATABASES)('a process that is frozen past its lease and the window, on %s', (name, start) => {
  let app: App;

  beforeAll(async () => {
    app = await App.start(start);
    app.provider.now = () => app.clock.now();
    app.provider.delay = () => 8;
  });

  afterAll(() => app?.destroy());

  test('uses no token that others have used up, and loses none', async () => {
    const { provider, database, own, clock } = app;
    const users = await app.logIn(USERS);
    const [frozen, other] = (await app.startWorkers(['frozen', 'other'])) as [Worker, Worker];
    const rounds = Math.round(ROUNDS / DATABASES.length);
    const wrong: unknown[] = [];
    let underWay = 0;
    const check = (round: number, asked: string[], tokens: TokenResult[] | undefined) => {
      for (const [i, userID] of asked.entries()) {
        // A process that is frozen while it writes to an SQLite file keeps it locked.
        const result = tokens?.[i];
        if (database.kind === 'sqlite' && typeof result === 'object' && result.code === 'store_failed')
          continue;
        const { accessToken } = provider.current(userID);
        if (result !== accessToken) wrong.push({ round, userID, result });
      }
    };
    // Both set their connections up: a process that is frozen while it does so sends its request when it thaws.
    for (const worker of [frozen, other]) {
      clock.advance(2 * HOUR);
      await worker.tokens(users);
    }
    for (let round = 0; round < rounds; round += 1) {
      const plan = PLANS[round % PLANS.length] ?? 'read';
      const user = users.slice(round % USERS, (round % USERS) + 1);
      clock.advance(2 * HOUR);
      if (plan === 'read' || plan === 'claim' || plan === 'check') await frozen.pauseAfter(plan);
      const moment = reached(provider, frozen, plan);
      const asked = frozen.tokens(user);
      await moment;
      frozen.freeze();
      const [userID = ''] = user;
      if ((await own.store.read(userID))?.refresh !== undefined) underWay += 1;
      clock.advance(LEASE);
      check(round, user, await other.tokens(user));
      clock.advance(300_000);
      check(round, user, await other.refresh(user));
      frozen.thaw();
      await asked;
      const after = await frozen.tokens(user);
      expect(typeof after?.[0]).toBe('string');
      check(round, user, after);
    }
    const { refreshes, repeats, refused } = provider.counts;
    console.info(
      `${name}: ${rounds} freezes, ${underWay} of them with a claim in the store; ${refreshes} refreshes, ${repeats} answered again, ${refused} refused`,
    );
    expect(wrong).toEqual([]);
    expect(refused).toBe(0);
    expect(underWay).toBeGreaterThan(0);
  }, 300_000);
});

/** Resolves at the planned moment of the next refresh. */
function reached(provider: Provider, worker: Worker, plan: (typeof PLANS)[number]): Promise<void> {
  return new Promise((resolve) => {
    worker.onPaused = resolve;
    provider.onMoment = async (clientID, _, moment) => {
      if (clientID === worker.name && moment === plan) resolve();
    };
  });
}
