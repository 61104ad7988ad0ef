import { afterEach, describe, expect, test, vi } from 'vitest';
import { change, FaultyStore, HOUR, rejection, setUp, tokenSet } from './support.ts';

afterEach(() => {
  vi.useRealTimers();
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
