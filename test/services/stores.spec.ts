import { tokenStoreConformance } from 'passport-fitbit-strategy/token-manager/conformance';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Connected, connect, DATABASES, type Database } from './support/databases.ts';

describe.each(DATABASES)('the store on %s', (_, start) => {
  let database: Database;
  const stores: Connected[] = [];

  beforeAll(async () => {
    database = await start();
    stores.push(await connect(database), await connect(database));
  });

  afterAll(async () => {
    for (const { close } of stores) await close();
    await database?.destroy();
  });

  let calls = 0;
  const makeStore = () => {
    calls += 1;
    const connected = stores[calls % 2];
    if (connected === undefined) throw new Error('the database did not start');
    return connected.store;
  };
  for (const { name, run } of tokenStoreConformance(makeStore)) test(name, run);
});
