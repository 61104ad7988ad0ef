import { setTimeout as sleep } from 'node:timers/promises';
import { OAuthError, refresh } from 'passport-fitbit-strategy';
import { TokenManager } from 'passport-fitbit-strategy/token-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Connected, connect, type Database, startPostgres, startRedis } from './support/databases.ts';
import { Provider } from './support/provider.ts';

const USERS = 20;
const HOUR = 3_600_000;

describe.each([
  ['PostgreSQL', startPostgres],
  ['Redis', startRedis],
] as const)('%s that goes away and comes back', (name, start) => {
  const provider = new Provider();
  const users = Array.from({ length: USERS }, (_, i) => `user${i}`);
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown) => unhandled.push(error);
  let database: Database;
  let own: Connected;

  beforeAll(async () => {
    process.on('unhandledRejection', onUnhandled);
    database = await start();
    own = await connect(database);
    await provider.start();
  });

  afterAll(async () => {
    process.off('unhandledRejection', onUnhandled);
    await own?.close();
    await provider.stop();
    await database?.destroy();
  });

  test('loses nothing: clear errors meanwhile, no unhandled rejection, no connection leaked', async () => {
    const client = { clientID: 'app', clientSecret: 'secret', tokenURL: `${provider.url}/oauth2/token` };
    let clock = 0;
    let unsaved = 0;
    const tokens = new TokenManager({
      store: own.store,
      now: () => Date.now() + clock,
      refresh: (token, options) => refresh(client, token, options),
      onUnsaved: () => {
        unsaved += 1;
      },
    });
    for (const userID of users) {
      const expiresAt = new Date(Date.now() + HOUR);
      await tokens.save(userID, {
        ...provider.grant(userID),
        tokenType: 'Bearer',
        scope: [],
        expiresAt,
      });
    }

    provider.delay = () => 60;
    const seen = { calls: 0, errors: 0 };
    const wrong: unknown[] = [];
    let stopping = false;
    const traffic = users.map(async (userID) => {
      while (!stopping) {
        seen.calls += 1;
        try {
          const token = await tokens.accessToken(userID);
          if (typeof token !== 'string') wrong.push(token);
        } catch (error) {
          seen.errors += 1;
          if (!(error instanceof OAuthError && error.code === 'store_failed' && error.retryable))
            wrong.push(error);
        }
        await sleep(5);
      }
    });

    for (let outage = 0; outage < 4; outage += 1) {
      // All expire at once, and the database goes away while their refreshes are under way.
      clock += 2 * HOUR;
      await sleep(20 + outage * 25);
      await database.stop(outage === 3 ? 'SIGKILL' : undefined);
      await sleep(400);
      await database.start();
      await sleep(300);
    }
    stopping = true;
    await Promise.all(traffic);
    await tokens.flush();

    clock += 2 * HOUR;
    for (const userID of users) {
      expect(await tokens.accessToken(userID)).toBe(provider.current(userID).accessToken);
    }
    expect(wrong).toEqual([]);
    expect(unhandled).toEqual([]);
    expect(provider.counts.refused).toBe(0);
    expect(seen.errors).toBeGreaterThan(0);
    const { used, waiting } = own.connections();
    expect({ used, waiting }).toEqual({ used: 0, waiting: 0 });
    console.info(
      `${name}: 4 outages, ${seen.calls} calls, ${seen.errors} clear errors, ${unsaved} saves that failed and were made up for`,
    );
  });
});
