import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { App } from './support/app.ts';
import { DATABASES } from './support/databases.ts';
import type { Moment, Provider } from './support/provider.ts';
import type { Worker } from './support/workers.ts';

// For all databases together.
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 144);
const PROCESSES = 4;
const SPARES = 3;
const USERS = 6;
const HOUR = 3_600_000;
const LEASE = 10_000; // ms; how long a process that was killed keeps others waiting

/** When a process is killed: at a moment that the provider sees, or just so. */
const PLANS: readonly (Moment | 'any')[] = ['received', 'rotated', 'answered', 'any'];

describe.each(DATABASES)('a process that is killed, on %s', (name, start) => {
  const workers: Worker[] = [];
  const spares: Worker[] = [];
  let app: App;
  let started = 0;

  const startWorker = () => {
    started += 1;
    return app.startWorker(`worker${started}`);
  };
  const nextWorker = async () => {
    spares.push(startWorker());
    const worker = spares.shift() as Worker;
    await worker.ready();
    return worker;
  };

  beforeAll(async () => {
    app = await App.start(start);
    app.provider.delay = () => 8;
    for (let i = 0; i < SPARES; i += 1) spares.push(startWorker());
    for (let i = 0; i < PROCESSES; i += 1) workers.push(await nextWorker());
  });

  afterAll(() => app?.destroy());

  test('loses no refresh token', async () => {
    const { provider, reader, clock } = app;
    const users = await app.logIn(USERS);
    const rounds = Math.round(ROUNDS / DATABASES.length);
    const tally = { kills: 0, refreshUnderWay: 0, received: 0, rotated: 0, answered: 0, any: 0 };
    const losses: unknown[] = [];
    for (let round = 0; round < rounds; round += 1) {
      clock.advance(2 * HOUR);
      const [victim, ...others] = workers as [Worker, ...Worker[]];
      const plan = PLANS[round % PLANS.length] as Moment | 'any';
      // In every other round, nobody else is at work: what the victim leaves is found afterwards.
      const alone = round % 8 >= 4;

      const killed = strike(provider, victim, plan);
      const asked = victim.tokens(users);
      // The victim gets a start: otherwise the others would have done most of it.
      await sleep(5);
      const answers = alone ? [] : others.map((worker) => worker.tokens([...users, ...users]));
      await killed;
      await asked;
      // What the victim leaves is taken over when its lease is over.
      clock.advance(LEASE);
      tally.kills += 1;
      if (victim.underWay.size > 0) {
        tally.refreshUnderWay += 1;
        tally[plan] += 1;
      }

      if (alone) {
        const [first, second] = others as [Worker, Worker];
        if (round % 16 >= 12) await first.recover();
        answers.push(second.tokens(users));
      }
      for (const tokens of await Promise.all(answers)) {
        for (const [i, token] of (tokens ?? ['died']).entries()) {
          const userID = users[i % USERS] as string;
          if (token !== provider.current(userID).accessToken) losses.push({ round, plan, userID, token });
        }
      }
      for (const userID of users) {
        const stored = await reader.tokens(userID).catch(String);
        const { refreshToken } = provider.current(userID);
        if (typeof stored === 'string' || stored.refreshToken !== refreshToken) {
          losses.push({ round, plan, userID, stored });
        }
      }
      workers.shift();
      workers.push(await nextWorker());
    }

    const { refreshes, repeats, refused } = provider.counts;
    console.info(
      `${name}: ${rounds} rounds, ${tally.kills} kills, ${tally.refreshUnderWay} of them with a refresh under way`,
      `(request received ${tally.received}, token used up ${tally.rotated}, answered ${tally.answered}, at random ${tally.any});`,
      `${refreshes} refreshes, ${repeats} answered again, ${refused} refused, ${losses.length} losses`,
    );
    expect(losses).toEqual([]);
    expect(refused).toBe(0);
    expect(refreshes).toBe(rounds * USERS);
    // Otherwise the test would have shown nothing.
    expect(tally.refreshUnderWay).toBeGreaterThan(rounds / 4);
    expect(repeats).toBeGreaterThan(0);
  }, 600_000);
});

/** Kills a process at the planned moment of one of its refreshes, or soon if it makes none. */
async function strike(provider: Provider, victim: Worker, plan: Moment | 'any'): Promise<void> {
  let struck = () => {};
  const moment = new Promise<void>((resolve) => {
    struck = resolve;
  });
  const skip = Math.floor(Math.random() * 3);
  let seen = 0;
  provider.onMoment = async (clientID, _, now) => {
    if (clientID !== victim.name || now !== (plan === 'any' ? 'received' : plan)) return;
    if (seen++ < skip) return;
    // After the answer the process goes on: to what point, is left to chance.
    const rest = { received: 0, rotated: 0, answered: 4, any: 25 }[plan];
    if (rest === 0) struck();
    else setTimeout(struck, Math.random() * rest);
  };
  const atLast = setTimeout(struck, 150);
  await moment;
  clearTimeout(atLast);
  provider.onMoment = () => {};
  await victim.kill();
}
