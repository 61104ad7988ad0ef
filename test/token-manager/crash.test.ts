import { ResponseError, TransportError } from 'passport-fitbit-strategy';
import type { TokenRecord } from 'passport-fitbit-strategy/token-manager';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { change, FaultyStore, HOUR, rejection, setUp, tokenSet } from './support.ts';

afterEach(() => {
  vi.useRealTimers();
});

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

describe('while the store is away', () => {
  const down = new Error('connection refused');
  const fail =
    (...methods: string[]) =>
    (method: string) => {
      if (methods.includes(method)) throw down;
    };
  const everything = fail('get', 'set', 'replace', 'delete', 'lock', 'interrupted', 'locked.replace');

  test('every method rejects with the code store, and may be called again', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    await tokens.save('ann', tokenSet(1));
    store.before = everything;
    for (const promise of [
      tokens.save('ann', tokenSet(1)),
      tokens.accessToken('ann'),
      tokens.use('ann', () => 'done'),
      tokens.remove('ann'),
      tokens.remove('ann', { revoke: async () => {} }),
      tokens.recover(),
    ]) {
      expect(await rejection(promise)).toMatchObject({ code: 'store', retryable: true, cause: down });
    }
    await tokens.flush();
  });

  test('a store that does not answer is not waited for for ever', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store, storeTimeout: 5 });
    store.before = () => new Promise(() => {});
    const error = await rejection(tokens.accessToken('ann'));
    expect(error).toMatchObject({ code: 'store', cause: { message: expect.stringContaining('5 ms') } });
  });

  test('what is left of a token is given when its refresh can not begin', async () => {
    const store = new FaultyStore();
    const { tokens, asked } = setUp({ store });
    await tokens.save('ann', tokenSet(1, 30_000));
    store.before = fail('replace');
    expect(await tokens.accessToken('ann')).toBe('access1');
    store.before = fail('lock');
    expect(await tokens.accessToken('ann')).toBe('access1');
    expect(asked).toEqual([]);
  });

  test.each([
    ['the save', (store: FaultyStore) => (store.before = fail('locked.replace', 'replace'))],
    ['the commit', (store: FaultyStore) => (store.commit = () => Promise.reject(down))],
  ])('fresh tokens are kept when %s fails, served, and stored later', async (_, breakStore) => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    const { tokens, events } = setUp({
      store,
      refresh: async () => {
        breakStore(store);
        return tokenSet(2);
      },
    });
    await tokens.save('ann', tokenSet(1, -1));
    expect(await tokens.accessToken('ann')).toBe('access2');
    expect(events).toEqual([
      ['unsaved', 'ann', 'store'],
      ['refreshed', 'ann', 'access2'],
    ]);
    // Whether or not the store can be read.
    expect(await tokens.accessToken('ann')).toBe('access2');
    store.before = everything;
    expect(await tokens.accessToken('ann')).toBe('access2');
    expect(await rejection(tokens.flush())).toMatchObject({ code: 'store' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(events.filter(([name]) => name === 'unsaved').length).toBeGreaterThan(1);

    store.before = () => {};
    store.commit = () => {};
    await vi.advanceTimersByTimeAsync(30_000);
    expect((await store.get('ann'))?.data).toContain('refresh2');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('tokens that were kept are not used up before they are stored', async () => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    const { tokens, asked } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    store.before = fail('locked.replace');
    await tokens.accessToken('ann');
    store.before = fail('locked.replace', 'replace');
    vi.setSystemTime(Date.now() + 2 * HOUR);
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'store' });
    store.before = fail('get');
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'store' });
    store.before = () => {};
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh-of-refresh1');
    expect(asked).toEqual(['refresh1', 'refresh-of-refresh1']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('tokens that were kept give way to those of another process', async () => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    const { tokens, events } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    store.before = fail('locked.replace');
    await tokens.accessToken('ann');
    store.before = () => {};
    await setUp({ store }).tokens.save('ann', tokenSet('-of-another'));
    expect(await tokens.accessToken('ann')).toBe('access-of-another');
    await tokens.flush();
    expect((await store.get('ann'))?.data).toContain('access-of-another');
    expect(events.map(([name]) => name)).toEqual(['unsaved', 'refreshed']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('tokens that were kept mend the mark that another process has made', async () => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    store.before = fail('locked.replace');
    await tokens.accessToken('ann');
    store.before = () => {};
    await change(store, 'ann', { reauthorize: 'invalid_grant' });
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await store.get('ann')).not.toHaveProperty('reauthorize');
  });

  test('tokens that were kept are forgotten with the user, and with a new login', async () => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    for (const end of [() => tokens.remove('ann'), () => tokens.save('ann', tokenSet(3))]) {
      store.before = () => {};
      await tokens.save('ann', tokenSet(1, -1));
      store.before = fail('locked.replace');
      await tokens.accessToken('ann');
      await end();
      expect(vi.getTimerCount()).toBe(0);
    }
    expect(await tokens.accessToken('ann')).toBe('access3');
  });

  test('a second call that stores the kept tokens first does no harm', async () => {
    const store = new FaultyStore();
    const { tokens, events } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    let stored: Promise<unknown> = Promise.resolve();
    store.before = async (method) => {
      if (method !== 'locked.replace') return;
      stored = tokens.flush();
      await stored;
    };
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    expect(events).toEqual([['refreshed', 'ann', 'access-of-refresh1']]);
  });
});
