import { ResponseError } from 'passport-fitbit-strategy';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FaultyStore, HOUR, rejection, setUp, tokenSet } from './support.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('while the store is away', () => {
  const down = new Error('connection refused');
  const fail =
    (...methods: string[]) =>
    (method: string) => {
      if (methods.length === 0 || methods.includes(method)) throw down;
    };
  /** Breaks the store when the provider answers, as an outage during a refresh does. */
  const failingAnswer = (store: FaultyStore, ...methods: string[]) => ({
    store,
    refresh: async (token: string) => {
      store.before = fail(...methods);
      return tokenSet(`-of-${token}`);
    },
  });

  test('every method rejects with the code store_failed, and may be called again', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    await tokens.save('ann', tokenSet(1));
    store.before = fail();
    for (const promise of [
      tokens.save('ann', tokenSet(1)),
      tokens.accessToken('ann'),
      tokens.use('ann', () => 'done'),
      tokens.refresh('ann'),
      tokens.remove('ann'),
      tokens.remove('ann', { revoke: async () => {} }),
      tokens.recover(),
    ]) {
      expect(await rejection(promise)).toMatchObject({ code: 'store_failed', retryable: true, cause: down });
    }
    await tokens.flush();
  });

  test('a store that does not respond is given up after its time', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store, storeTimeout: 5 });
    store.before = () => new Promise(() => {});
    const error = await rejection(tokens.accessToken('ann'));
    expect(error).toMatchObject({
      code: 'store_failed',
      cause: { message: expect.stringContaining('5 ms') },
    });
  });

  test('what is left of a token is given when its refresh can not begin', async () => {
    const store = new FaultyStore();
    const { tokens, asked } = setUp({ store });
    await tokens.save('ann', tokenSet(1, 30_000));
    store.before = fail('replace');
    expect(await tokens.accessToken('ann')).toBe('access1');
    expect(asked).toEqual([]);
  });

  test('fresh tokens are kept, served, and stored later', async () => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    const { tokens, events } = setUp(failingAnswer(store));
    await tokens.save('ann', tokenSet(1, -1));
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    expect(events).toEqual([
      ['unsaved', 'ann', 'store_failed'],
      ['refreshed', 'ann', 'access-of-refresh1'],
    ]);
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    // Whether or not the store can be read.
    store.before = fail('replace');
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    expect(await rejection(tokens.flush())).toMatchObject({ code: 'store_failed' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(events.filter(([name]) => name === 'unsaved').length).toBeGreaterThan(1);

    store.before = () => {};
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await store.peek('ann'))?.data).toContain('refresh-of-refresh1');
    expect(await store.peek('ann')).not.toHaveProperty('refresh');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a write that took effect although it failed is recognized', async () => {
    const store = new FaultyStore();
    const { tokens, events } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    store.after = (_, record) => {
      if (record?.data.includes('access-of-refresh1')) throw down;
    };
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    const { version } = (await store.peek('ann')) ?? {};
    store.after = () => {};
    await tokens.flush();
    expect((await store.peek('ann'))?.version).toBe(version);
    expect(events.map(([name]) => name)).toEqual(['unsaved', 'refreshed']);
  });

  test('a new refresh token is not used before it is stored', async () => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    const asked: string[] = [];
    const { tokens } = setUp({
      store,
      refresh: async (token) => {
        asked.push(token);
        if (asked.length === 1) store.before = fail();
        return tokenSet(`-of-${token}`);
      },
    });
    await tokens.save('ann', tokenSet(1, -1));
    await tokens.accessToken('ann');
    store.before = fail('replace');
    vi.setSystemTime(Date.now() + 2 * HOUR);
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'store_failed' });
    store.before = fail('read');
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'store_failed' });
    expect(asked).toEqual(['refresh1']);
    store.before = () => {};
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh-of-refresh1');
    expect(asked).toEqual(['refresh1', 'refresh-of-refresh1']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('tokens that were kept are dropped for newer ones of another process', async () => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    const { tokens } = setUp(failingAnswer(store));
    await tokens.save('ann', tokenSet(1, -1));
    await tokens.accessToken('ann');
    store.before = () => {};
    await setUp({ store }).tokens.save('ann', tokenSet('-of-another'));
    expect(await tokens.accessToken('ann')).toBe('access-of-another');
    await tokens.flush();
    expect((await store.peek('ann'))?.data).toContain('access-of-another');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('tokens that were kept replace the mark and the lease that another process has written', async () => {
    vi.useFakeTimers();
    for (const changes of [
      { reauthorize: 'invalid_grant' },
      { refresh: { since: Date.now(), by: 'another process', until: Date.now() + 10_000 } },
    ]) {
      const store = new FaultyStore();
      const { tokens } = setUp(failingAnswer(store));
      await tokens.save('ann', tokenSet(1, -1));
      await tokens.accessToken('ann');
      store.before = () => {};
      await store.poke('ann', changes);
      expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
      await vi.advanceTimersByTimeAsync(1_000);
      expect((await store.peek('ann'))?.data).toContain('refresh-of-refresh1');
      for (const name of Object.keys(changes)) expect(await store.peek('ann')).not.toHaveProperty(name);
    }
  });

  test('tokens that were kept are forgotten with the user, and with a new login', async () => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    const { tokens } = setUp(failingAnswer(store));
    for (const end of [() => tokens.remove('ann'), () => tokens.save('ann', tokenSet(3))]) {
      store.before = () => {};
      await tokens.save('ann', tokenSet(1, -1));
      await tokens.accessToken('ann');
      store.before = () => {};
      await end();
      expect(vi.getTimerCount()).toBe(0);
    }
    expect(await tokens.accessToken('ann')).toBe('access3');
  });

  test('tokens that were kept are dropped where the user was removed and a new login is being saved', async () => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    const { tokens } = setUp(failingAnswer(store));
    await tokens.save('ann', tokenSet(1, -1));
    await tokens.accessToken('ann');
    store.before = () => {};
    await store.poke('ann', { data: '', expiresAt: 0, refresh: undefined });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'no_tokens' });
  });

  test('a login without a refresh token keeps the one in memory', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp(failingAnswer(store));
    await tokens.save('ann', tokenSet(1, -1));
    await tokens.accessToken('ann');
    store.before = () => {};
    const { refreshToken: _, ...login } = tokenSet(2);
    await tokens.save('ann', login);
    expect(await tokens.tokens('ann')).toMatchObject({
      accessToken: 'access2',
      refreshToken: 'refresh-of-refresh1',
    });
  });

  test('the mark of a consent that is gone is stored later, and told once when it is', async () => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    const refused = { code: 'invalid_grant', operation: 'refresh', reauthorize: true } as const;
    const { tokens, events } = setUp({
      store,
      refresh: async () => {
        store.before = fail();
        throw new ResponseError('No', { ...refused, httpStatus: 400, errors: [] });
      },
    });
    await tokens.save('ann', tokenSet(1, -1));
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'invalid_grant' });
    expect(events).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    store.before = () => {};
    store.after = (method) => {
      if (method === 'replace') throw down; // The write takes effect, but its answer is lost.
    };
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await store.peek('ann')).toMatchObject({ reauthorize: 'invalid_grant' });
    store.after = () => {};
    await vi.advanceTimersByTimeAsync(2_000);
    expect(events).toEqual([['reauthorize', 'ann', 'invalid_grant']]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
