import { ResponseError, TransportError } from 'passport-fitbit-strategy';
import type { TokenRecord } from 'passport-fitbit-strategy/token-manager';
import { describe, expect, test } from 'vitest';
import { change, FaultyStore, rejection, setUp, tokenSet } from './support.ts';

describe('a refresh', () => {
  test('is noted in the store before the request, and the note goes with the save', async () => {
    const store = new FaultyStore();
    const before: (TokenRecord | undefined)[] = [];
    const { tokens } = setUp({
      store,
      refresh: async () => {
        before.push(await store.get('ann'));
        return tokenSet(2);
      },
    });
    await tokens.save('ann', tokenSet(1, -1));
    const start = Date.now();
    await tokens.accessToken('ann');
    expect(before[0]?.refreshingSince).toBeGreaterThanOrEqual(start);
    expect(before[0]?.data).toContain('refresh1');
    expect(await store.get('ann')).not.toHaveProperty('refreshingSince');
  });

  test('that the provider refuses for another reason leaves no note', async () => {
    const store = new FaultyStore();
    const status = { operation: 'refresh', status: 401, errors: [] } as const;
    const { tokens } = setUp({
      store,
      refresh: () => Promise.reject(new ResponseError('No', { code: 'invalid_client', ...status })),
    });
    await tokens.save('ann', tokenSet(1, -1));
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'invalid_client' });
    expect(await store.get('ann')).not.toHaveProperty('refreshingSince');
    expect(await store.get('ann')).not.toHaveProperty('reauthorize');
  });

  test('without an answer leaves its note, with the time of the first try', async () => {
    const store = new FaultyStore();
    const lost = new TransportError('Lost', { code: 'timeout', operation: 'refresh' });
    let now = 1_000_000_000_000;
    const { tokens } = setUp({ store, now: () => now, refresh: () => Promise.reject(lost) });
    await tokens.save('ann', tokenSet(1, -1));
    for (let i = 0; i < 2; i += 1) {
      expect(await rejection(tokens.accessToken('ann'))).toBe(lost);
      now += 30_000;
    }
    expect((await store.get('ann'))?.refreshingSince).toBe(1_000_000_000_000);
  });

  test('notes itself again when somebody else has withdrawn the note', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    let withdrawals = 1;
    const notes: unknown[] = [];
    store.before = async (method, record) => {
      if (method === 'replace') notes.push(record?.refreshingSince);
      if (method === 'locked.get' && withdrawals-- > 0) {
        store.before = () => {};
        await change(store, 'ann', { refreshingSince: undefined });
      }
    };
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    expect(notes).toHaveLength(1);
  });

  test('gives up when the tokens change under every try', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    let version = 0;
    store.before = async (method) => {
      if (method !== 'locked.get') return;
      const { before } = store;
      store.before = () => {};
      await change(store, 'ann', { version: `other${version++}` });
      store.before = before;
    };
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'conflict', retryable: true });
  });

  test.each([
    ['changed', { version: 'other' }],
    ['deleted', undefined],
  ])('that finds the tokens %s when it begins goes by what is there', async (_, changes) => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    store.before = async (method) => {
      if (method !== 'replace') return;
      store.before = () => {};
      if (changes === undefined) await store.delete('ann');
      else await change(store, 'ann', changes);
    };
    const result = tokens.accessToken('ann');
    if (changes === undefined) expect(await rejection(result)).toMatchObject({ code: 'no_tokens' });
    else expect(await result).toBe('access-of-refresh1');
  });

  test('takes live tokens that somebody stored before it began', async () => {
    const store = new FaultyStore();
    const { tokens, asked } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    store.before = async (method) => {
      if (method !== 'replace') return;
      store.before = () => {};
      await tokens.save('ann', tokenSet(2));
    };
    expect(await tokens.accessToken('ann')).toBe('access2');
    expect(asked).toEqual([]);
  });

  test('finds the user removed while it waited for the lock', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    store.before = (method) => method === 'lock' && tokens.remove('ann');
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'no_tokens' });
  });
});

describe('recover', () => {
  test('ends the refreshes that another process has begun, and no others', async () => {
    const { tokens, store, asked } = setUp();
    for (const userID of ['ann', 'bob', 'cem', 'dee']) await tokens.save(userID, tokenSet(`-${userID}`));
    await change(store, 'ann', { refreshingSince: Date.now() - 16_000 });
    await change(store, 'bob', { refreshingSince: Date.now() - 14_000 });
    await change(store, 'cem', { refreshingSince: Date.now() - 16_000, reauthorize: 'invalid_grant' });
    expect(await tokens.recover()).toEqual({ recovered: ['ann'], failed: [] });
    expect(asked).toEqual(['refresh-ann']);
    expect(await tokens.recover({ olderThan: 0, limit: 1 })).toEqual({ recovered: ['bob'], failed: [] });
  });

  test('tells which it could not end', async () => {
    const error = new TransportError('Down', { code: 'timeout', operation: 'refresh' });
    const { tokens, store } = setUp({ refresh: () => Promise.reject(error) });
    for (let i = 0; i < 12; i += 1) {
      await tokens.save(`user${i}`, tokenSet(i));
      await change(store, `user${i}`, { refreshingSince: i });
    }
    const { recovered, failed } = await tokens.recover();
    expect(recovered).toEqual([]);
    expect(failed).toHaveLength(12);
    expect(failed[0]).toEqual({ userID: 'user0', error });
  });

  test('has nothing to do for a user who was removed or refreshed meanwhile', async () => {
    const store = new FaultyStore();
    const { tokens, asked } = setUp({ store });
    await tokens.save('ann', tokenSet(1));
    await change(store, 'ann', { refreshingSince: 1 });
    store.before = (method) => method === 'get' && tokens.remove('ann');
    expect(await tokens.recover()).toEqual({ recovered: ['ann'], failed: [] });
    expect(asked).toEqual([]);
  });

  test('is what accessToken does for a live token too: its refresh token may be used up', async () => {
    const { tokens, store, asked } = setUp();
    await tokens.save('ann', tokenSet(1));
    await change(store, 'ann', { refreshingSince: Date.now() - 16_000 });
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    expect(asked).toEqual(['refresh1']);
  });

  test('refuses wrong options', async () => {
    await expect(setUp().tokens.recover(null as never)).rejects.toThrow('"options"');
  });
});
