import { tokenStoreConformance } from 'passport-fitbit-strategy/token-manager/conformance';
import { type RedisClient, RedisTokenStore } from 'passport-fitbit-strategy/token-manager/redis';
import { describe, expect, test } from 'vitest';
import { rejection } from './support.ts';

/** Does what the store's two scripts say. The real thing is in test/services. */
class FakeRedis implements RedisClient {
  readonly values = new Map<string, string>();
  readonly list = new Set<string>();

  async get(key: string): Promise<string | null> {
    return this.values.get(key) ?? null;
  }

  async eval(
    script: string,
    { keys, arguments: args }: { keys: string[]; arguments: string[] },
  ): Promise<unknown> {
    const [first = '', second = '', third = '', fourth = ''] = args;
    if (script.includes('ZRANGEBYLEX')) {
      expect(keys).toEqual(['{oauth-tokens}:unfinished']);
      const after = first.slice(1);
      return [...this.list]
        .filter((place) => place > after && place < second.slice(1))
        .sort()
        .slice(0, Number(third));
    }
    const [key = '', list] = keys;
    expect(list).toBe('{oauth-tokens}:unfinished');
    const text = this.values.get(key);
    const old = text === undefined ? undefined : JSON.parse(text);
    if ((old?.version ?? '') !== first) return 0;
    if (old?.refresh) this.list.delete(String(old.refresh.since).padStart(15, '0') + fourth);
    if (second === '') this.values.delete(key);
    else this.values.set(key, second);
    if (third !== '') this.list.add(third);
    return 1;
  }
}

describe('RedisTokenStore', () => {
  const shared = new FakeRedis();
  for (const { name, run } of tokenStoreConformance(() => new RedisTokenStore(shared))) test(name, run);

  test('leaves no place in the list behind', () => {
    expect(shared.list.size).toBe(0);
  });

  test.each(['secret, no JSON', '"secret"', '{"version":1}'])(
    'refuses what is no record: %s',
    async (text) => {
      const redis = new FakeRedis();
      redis.values.set('{oauth-tokens}:user:ann', text);
      const { message } = await rejection(new RedisTokenStore(redis).read('ann'));
      expect(message).toBe('What Redis has for this user is not a token record');
    },
  );

  test('has an empty list if Redis gives none', async () => {
    const client = { get: async () => null, eval: async () => null };
    expect(await new RedisTokenStore(client).listUnfinished(1, 1)).toEqual([]);
  });

  test('refuses wrong arguments by name', () => {
    expect(() => new RedisTokenStore({} as never)).toThrow('"client"');
    expect(() => new RedisTokenStore(shared, null as never)).toThrow('"options"');
    expect(() => new RedisTokenStore(shared, { prefix: '' })).toThrow('"prefix"');
  });
});
