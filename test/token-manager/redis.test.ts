import { tokenStoreConformance } from 'passport-fitbit-strategy/token-manager/conformance';
import { type RedisClient, RedisTokenStore } from 'passport-fitbit-strategy/token-manager/redis';
import { describe, expect, test, vi } from 'vitest';
import { rejection } from './support.ts';

/** Does what the scripts of the store say, told apart by a word of each. The real thing is in test/services. */
class FakeRedis implements RedisClient {
  readonly values = new Map<string, string>();
  readonly index = new Map<string, number>();
  readonly scripts: string[] = [];
  /** Called before each script. */
  before: (script: string) => unknown = () => {};

  async get(key: string): Promise<string | null> {
    return this.values.get(key) ?? null;
  }

  async eval(
    script: string,
    { keys, arguments: args }: { keys: string[]; arguments: string[] },
  ): Promise<unknown> {
    const name = ['ZRANGEBYSCORE', 'ZADD', 'NX', "'PX'", 'ZREM', 'DEL'].find((word) => script.includes(word));
    this.scripts.push(String(name));
    await this.before(String(name));
    const [key = '', index = ''] = keys;
    const [first = '', second = '', third = '', fourth = ''] = args;
    const value = this.values.get(key);
    if (name === 'ZRANGEBYSCORE') {
      const found = [...this.index].filter(([, score]) => score < Number(first));
      return found
        .sort(([, a], [, b]) => a - b)
        .slice(0, Number(second))
        .map(([user]) => user);
    }
    if (name === 'ZADD') {
      if (first !== '' && (value === undefined || JSON.parse(value).version !== first)) return 0;
      this.values.set(key, second);
      expect(index).toBe('{oauth-tokens}:refreshing');
      if (third === '') this.index.delete(fourth);
      else this.index.set(fourth, Number(third));
      return 1;
    }
    if (name === 'ZREM') {
      this.values.delete(key);
      this.index.delete(first);
      return null;
    }
    if (name === 'NX') {
      if (value !== undefined) return 0;
      this.values.set(key, first);
      return 1;
    }
    if (name === "'PX'") {
      if (value === undefined) this.values.set(key, first);
      return value === undefined || value === first ? 1 : 0;
    }
    if (value === first) this.values.delete(key);
    return 1;
  }
}

const LOCK = '{oauth-tokens}:lock:ann';

describe('RedisTokenStore', () => {
  const shared = new FakeRedis();
  for (const { name, run } of tokenStoreConformance(() => new RedisTokenStore(shared))) test(name, run);

  test('renews the lock for as long as it is held, and then lets go of it', async () => {
    const redis = new FakeRedis();
    await new RedisTokenStore(redis, { lockTTL: 6 }).lock(
      'ann',
      () => new Promise((resolve) => setTimeout(resolve, 60)),
    );
    expect(redis.scripts.filter((name) => name === "'PX'").length).toBeGreaterThan(2);
    expect(redis.scripts.at(-1)).toBe('DEL');
    expect(redis.values.size).toBe(0);
    const { length } = redis.scripts;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(redis.scripts).toHaveLength(length);
  });

  test('leaves the lock of another holder alone', async () => {
    const redis = new FakeRedis();
    await new RedisTokenStore(redis).lock('ann', async () => {
      redis.values.set(LOCK, 'another');
    });
    expect(redis.values.get(LOCK)).toBe('another');
  });

  test('does not give the work up when renewing or letting go fails', async () => {
    const redis = new FakeRedis();
    redis.before = (name) => {
      if (name !== 'NX') throw new Error('down');
    };
    const work = () => new Promise((resolve) => setTimeout(() => resolve('done'), 10));
    expect(await new RedisTokenStore(redis, { lockTTL: 6 }).lock('ann', work)).toBe('done');
  });

  test('waits for a lock only so long', async () => {
    const redis = new FakeRedis();
    redis.values.set(LOCK, 'another');
    const store = new RedisTokenStore(redis, { lockTimeout: 30 });
    const work = vi.fn(async () => {});
    expect((await rejection(store.lock('ann', work))).message).toContain('within 30 ms');
    expect(work).not.toHaveBeenCalled();
  });

  test('lets go of a lock that was given too late, and passes on a failure', async () => {
    const redis = new FakeRedis();
    const store = new RedisTokenStore(redis, { lockTimeout: 5 });
    redis.before = (name) => name === 'NX' && new Promise((resolve) => setTimeout(resolve, 20));
    expect((await rejection(store.lock('ann', async () => {}))).message).toContain('within 5 ms');
    await vi.waitFor(() => expect(redis.scripts).toEqual(['NX', 'DEL']));
    expect(redis.values.size).toBe(0);

    redis.before = () => {
      throw new Error('down');
    };
    expect((await rejection(store.lock('ann', async () => {}))).message).toBe('down');
  });

  test('tells of a value that is no record, without quoting it', async () => {
    const redis = new FakeRedis();
    redis.values.set('{oauth-tokens}:user:ann', 'secret');
    const { message } = await rejection(new RedisTokenStore(redis).get('ann'));
    expect(message).toContain('not a token record');
    expect(message).not.toContain('secret');
  });

  test('finds nothing interrupted in an answer that is no list', async () => {
    const redis = new FakeRedis();
    vi.spyOn(redis, 'eval').mockResolvedValue(null);
    expect(await new RedisTokenStore(redis).interrupted(1, 1)).toEqual([]);
  });

  test.each([
    ['no client', null, {}, /"client"/],
    ['a client without eval', { get: () => {} }, {}, /"client"/],
    ['wrong options', new FakeRedis(), null, /"options"/],
    ['an empty prefix', new FakeRedis(), { prefix: '' }, /"prefix"/],
    ['a wrong time to live', new FakeRedis(), { lockTTL: 0 }, /"lockTTL"/],
    ['a wrong wait', new FakeRedis(), { lockTimeout: 0 }, /"lockTimeout"/],
  ])('refuses %s', (_, client, options, message) => {
    expect(() => new RedisTokenStore(client as never, options as never)).toThrow(message);
  });
});
