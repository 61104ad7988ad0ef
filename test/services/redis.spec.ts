import { TokenManager } from 'passport-fitbit-strategy/token-manager';
import { tokenStoreConformance } from 'passport-fitbit-strategy/token-manager/conformance';
import { RedisTokenStore } from 'passport-fitbit-strategy/token-manager/redis';
import { createClient, createCluster } from 'redis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startRedis, startRedisCluster } from './support/databases.ts';

type Cluster = ReturnType<typeof makeCluster>;

function makeCluster(urls: string[]) {
  return createCluster({ rootNodes: urls.map((url) => ({ url })) });
}

describe('the store on a Redis Cluster', () => {
  let nodes: Awaited<ReturnType<typeof startRedisCluster>>;
  const clients: Cluster[] = [];

  beforeAll(async () => {
    nodes = await startRedisCluster();
    for (let i = 0; i < 2; i += 1) {
      const cluster = makeCluster(nodes.urls);
      cluster.on('error', () => {});
      // The nodes agree on the slots a moment after the command that made the cluster has ended.
      await vi.waitFor(() => cluster.connect(), { timeout: 20_000, interval: 200 });
      clients.push(cluster);
      await vi.waitFor(() => cluster.get('any'), { timeout: 20_000, interval: 200 });
    }
  });

  afterAll(async () => {
    for (const cluster of clients) cluster.destroy();
    await nodes?.destroy();
  });

  let calls = 0;
  const client = () => clients[calls++ % 2] as Cluster;
  for (const { name, run } of tokenStoreConformance(() => new RedisTokenStore(client()))) test(name, run);

  test.each(['{a}:', '{b}:', '{c}:', '{d}:', '{e}:', '{f}:'])(
    'works with a prefix of another slot, %s',
    async (prefix) => {
      const store = new RedisTokenStore(client(), { prefix });
      const refresh = async () => ({ accessToken: 'new', expiresAt: new Date(Date.now() + 3_600_000) });
      const tokens = new TokenManager({ store, refresh });
      await tokens.save('ann', { accessToken: 'old', refreshToken: 'r', expiresAt: new Date(0) });
      expect(await tokens.accessToken('ann')).toBe('new');
      await tokens.remove('ann');
      expect(await store.read('ann')).toBeUndefined();
    },
  );
});

test('what Redis has confirmed is there after it was killed in the middle of writes', async () => {
  const database = await startRedis();
  try {
    const confirmed = new Map<string, number>();
    for (let kill = 0; kill < 3; kill += 1) {
      const client = createClient({ url: database.url, socket: { reconnectStrategy: false } });
      client.on('error', () => {});
      await client.connect();
      const store = new RedisTokenStore(client);
      const write = async (userID: string) => {
        for (let version = confirmed.get(userID) ?? 0; ; version += 1) {
          const next = { version: String(version + 1), data: '{}', expiresAt: 1 };
          const read = await store.read(userID);
          // A write whose confirmation was lost may have arrived.
          const wrote = read
            ? await store.replace(userID, read.version, next)
            : await store.insert(userID, next);
          if (wrote) confirmed.set(userID, version + 1);
        }
      };
      const writing = Array.from({ length: 20 }, (_, i) => write(`user${i}`).catch(() => {}));
      const before = [...confirmed.values()].reduce((sum, each) => sum + each, 0);
      const written = () => [...confirmed.values()].reduce((sum, each) => sum + each, 0) - before;
      await vi.waitFor(() => expect(written()).toBeGreaterThan(200), { timeout: 20_000 });
      await database.stop('SIGKILL');
      await Promise.all(writing);
      client.destroy();
      await database.start();
      const reader = createClient({ url: database.url });
      reader.on('error', () => {});
      await reader.connect();
      for (const [userID, version] of confirmed) {
        const read = await new RedisTokenStore(reader).read(userID);
        expect(Number(read?.version)).toBeGreaterThanOrEqual(version);
        confirmed.set(userID, Number(read?.version));
      }
      reader.destroy();
    }
    expect(confirmed.size).toBe(20);
  } finally {
    await database.destroy();
  }
}, 120_000);
