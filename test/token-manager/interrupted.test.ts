import { ResponseError, TransportError } from 'passport-fitbit-strategy';
import { MemoryTokenStore, type TokenRecord } from 'passport-fitbit-strategy/token-manager';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { change, FaultyStore, HOUR, interrupted, rejection, setUp, tokenSet } from './support.ts';

const lost = () => new TransportError('Lost', { code: 'timeout', operation: 'refresh' });

const refusal = (status: number, cause?: Error) =>
  new ResponseError('No', {
    code: status === 400 ? 'invalid_grant' : 'refused',
    reauthorize: status === 400,
    operation: 'refresh',
    httpStatus: status,
    errors: [],
    cause,
  });

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
        before.push(await store.read('ann'));
        return tokenSet(2);
      },
    });
    await tokens.save('ann', tokenSet(1, -1));
    const start = Date.now();
    await tokens.accessToken('ann');
    expect(before[0]?.refresh?.since).toBeGreaterThanOrEqual(start);
    expect(before[0]?.refresh?.until).toBe((before[0]?.refresh?.since ?? 0) + 10_000);
    expect(before[0]?.data).toContain('refresh1');
    expect(await store.read('ann')).not.toHaveProperty('refresh');
  });

  test.each([401, 403, 404, 429])('whose only request is refused with %i leaves no note', async (status) => {
    const { tokens, store } = setUp({ refresh: () => Promise.reject(refusal(status)) });
    await tokens.save('ann', tokenSet(1, -1));
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ httpStatus: status });
    expect(await store.read('ann')).not.toHaveProperty('refresh');
    expect(await store.read('ann')).not.toHaveProperty('reauthorize');
  });

  test.each([400, 401, 403, 404])(
    'whose first answer was lost keeps its note when the repetition is refused with %i, and is recovered',
    async (status) => {
      const errors = [refusal(status, lost()), undefined];
      const { tokens, store, events } = setUp({
        refresh: async () => {
          const error = errors.shift();
          if (error !== undefined) throw error;
          return tokenSet(2);
        },
      });
      await tokens.save('ann', tokenSet(1, -1));
      expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ httpStatus: status });
      expect((await store.read('ann'))?.refresh).toBeDefined();
      expect(await tokens.recover({ olderThan: -1_000 })).toEqual({ recovered: ['ann'], failed: [] });
      expect(await tokens.accessToken('ann')).toBe('access2');
      expect(events).toEqual([['refreshed', 'ann', 'access2']]);
    },
  );

  test('that another process has begun is not given up because its repetition is refused', async () => {
    const { tokens, store, events } = setUp({ refresh: () => Promise.reject(refusal(400)) });
    await tokens.save('ann', tokenSet(1, -1));
    await change(store, 'ann', interrupted(30_000));
    const { since } = (await store.read('ann'))?.refresh ?? {};
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ httpStatus: 400 });
    expect((await store.read('ann'))?.refresh?.since).toBe(since);
    expect(events).toEqual([]);
  });

  test('without an answer leaves its note, with the time of the first try', async () => {
    vi.useFakeTimers();
    const { tokens, store } = setUp({ refresh: () => Promise.reject(lost()) });
    await tokens.save('ann', tokenSet(1, -1));
    const start = Date.now();
    for (let i = 0; i < 2; i += 1) {
      expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'timeout' });
      vi.setSystemTime(Date.now() + 30_000);
    }
    expect((await store.read('ann'))?.refresh?.since).toBe(start);
  });

  test('gives up when the tokens change under every try', async () => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    store.before = async (method) => {
      if (method !== 'replace') return;
      vi.setSystemTime(Date.now() + 5_000);
      await store.poke('ann', {});
    };
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({
      code: 'store_contention',
      retryable: true,
    });
  });

  test('goes by what is stored when it begins', async () => {
    const store = new FaultyStore();
    const { tokens, asked } = setUp({ store });
    const once = (work: () => Promise<unknown>) => {
      store.before = async (method) => {
        if (method !== 'replace') return;
        store.before = () => {};
        await work();
      };
    };
    await tokens.save('ann', tokenSet(1, -1));
    once(() => setUp({ store }).tokens.save('ann', tokenSet(2)));
    expect(await tokens.accessToken('ann')).toBe('access2');
    await tokens.save('ann', tokenSet(1, -1));
    once(() => setUp({ store }).tokens.remove('ann'));
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'no_tokens' });
    expect(asked).toEqual([]);
  });

  test('waits for a process that holds the lease, and takes what that has stored', async () => {
    vi.useFakeTimers();
    const { tokens, store, asked } = setUp();
    await tokens.save('ann', tokenSet(1, -1));
    const now = Date.now();
    await change(store, 'ann', { refresh: { since: now, by: 'another process', until: now + 10_000 } });
    const token = tokens.accessToken('ann');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked).toEqual([]);
    await setUp({ store }).tokens.save('ann', tokenSet(2));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await token).toBe('access2');
    expect(asked).toEqual([]);
  });

  test('takes over a lease that is over, also one of a clock that is ahead', async () => {
    vi.useFakeTimers();
    const { tokens, store, asked } = setUp();
    for (const ahead of [0, HOUR]) {
      await tokens.save('ann', tokenSet(1, -1));
      const now = Date.now() + ahead;
      await change(store, 'ann', { refresh: { since: now, by: 'another process', until: now + 10_000 } });
      const token = tokens.accessToken('ann');
      await vi.advanceTimersByTimeAsync(9_000);
      expect(asked).toEqual([]);
      await vi.advanceTimersByTimeAsync(3_000);
      expect(await token).toBe('access-of-refresh1');
      asked.length = 0;
    }
  });

  test('renews its lease while the provider is slow, so that no other process asks', async () => {
    vi.useFakeTimers();
    const store = new MemoryTokenStore();
    let answer = (_: ReturnType<typeof tokenSet>) => {};
    const slow = setUp({
      store,
      refresh: () => new Promise<ReturnType<typeof tokenSet>>((resolve) => (answer = resolve)),
    });
    const other = setUp({ store });
    await slow.tokens.save('ann', tokenSet(1, -1));
    const tokens = [slow.tokens.accessToken('ann'), other.tokens.accessToken('ann')];
    await vi.advanceTimersByTimeAsync(40_000);
    expect(other.asked).toEqual([]);
    answer(tokenSet(2));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await Promise.all(tokens)).toEqual(['access2', 'access2']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of a process that was frozen before its request looks at the store again', async () => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    const { tokens, asked } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    store.after = async (method) => {
      if (method !== 'replace') return;
      store.after = () => {};
      vi.setSystemTime(Date.now() + 300_000);
      await setUp({ store }).tokens.save('ann', tokenSet(2));
    };
    expect(await tokens.accessToken('ann')).toBe('access2');
    expect(asked).toEqual([]);
  });

  test.each(['another process has refreshed', 'nobody else was at work'])(
    'of a process that was frozen while its request was set up sends nothing that is out of date: %s',
    async (meanwhile) => {
      vi.useFakeTimers();
      const store = new FaultyStore();
      const sent: string[] = [];
      let freezes = 1;
      const { tokens } = setUp({
        store,
        refresh: async (token, { beforeSend }) => {
          if (freezes > 0) {
            freezes -= 1;
            vi.setSystemTime(Date.now() + 20_000);
            if (meanwhile === 'another process has refreshed') {
              await setUp({ store }).tokens.save('ann', tokenSet(2));
            }
          }
          beforeSend?.();
          sent.push(token);
          return tokenSet(3);
        },
      });
      await tokens.save('ann', tokenSet(1, -1));
      const refreshed = meanwhile === 'another process has refreshed';
      expect(await tokens.accessToken('ann')).toBe(refreshed ? 'access2' : 'access3');
      expect(sent).toEqual(refreshed ? [] : ['refresh1']);
      expect(await store.read('ann')).not.toHaveProperty('refresh');
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test('of a process that was frozen for longer than its time leaves neither a note nor a lease', async () => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    const { tokens, asked } = setUp({ store });
    const freeze = async (method: string) => {
      if (method !== 'replace') return;
      store.after = () => {};
      vi.setSystemTime(Date.now() + 50_000);
    };
    await tokens.save('ann', tokenSet(1, -1));
    store.after = freeze;
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'store_contention' });
    expect(asked).toEqual([]);
    expect(await store.read('ann')).not.toHaveProperty('refresh');
    expect(vi.getTimerCount()).toBe(0);
    // The note of an earlier attempt stays: its request may have used up the token.
    await change(store, 'ann', interrupted(30_000));
    store.after = freeze;
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'store_contention' });
    expect((await store.read('ann'))?.refresh?.until).toBeLessThanOrEqual(Date.now());
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    [90_000, 2],
    [110_000, 1],
  ])('repeats its request %i ms after the first one: %i requests', async (pause, requests) => {
    vi.useFakeTimers();
    let sent = 0;
    const { tokens, store } = setUp({
      refreshTimeout: 600_000,
      refresh: async (_, { beforeSend }) => {
        beforeSend?.();
        sent += 1;
        await new Promise((resolve) => setTimeout(resolve, pause));
        beforeSend?.();
        sent += 1;
        return tokenSet(2);
      },
    });
    await tokens.save('ann', tokenSet(1, -1));
    const call = tokens.accessToken('ann').catch(() => {});
    await vi.advanceTimersByTimeAsync(pause + 1);
    expect(sent).toBe(requests);
    // What was sent may have used up the token.
    if (requests === 1) expect(await store.read('ann')).toHaveProperty('refresh');
    await vi.advanceTimersByTimeAsync(600_000);
    await call;
  });

  test('is not repeated when another process has taken it over', async () => {
    vi.useFakeTimers();
    const store = new FaultyStore();
    let sent = 0;
    const { tokens } = setUp({
      store,
      refresh: async (_, { beforeSend }) => {
        beforeSend?.();
        sent += 1;
        await setUp({ store }).tokens.save('ann', tokenSet(2));
        await vi.advanceTimersByTimeAsync(4_000); // The lease is renewed every three seconds.
        beforeSend?.();
        sent += 1;
        return tokenSet(3);
      },
    });
    await tokens.save('ann', tokenSet(1, -1));
    expect(await tokens.accessToken('ann')).toBe('access2');
    expect(sent).toBe(1);
  });

  test('counts the expiry of a repeated answer from the first request', async () => {
    const { tokens, store } = setUp();
    await tokens.save('ann', tokenSet(1, -1));
    await change(store, 'ann', interrupted(90_000));
    const { expiresAt } = await tokens.tokens('ann');
    expect(expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + HOUR - 90_000);
  });

  test('that ignores its signal ends for its callers, and its late answer is stored', async () => {
    let answer = (_: ReturnType<typeof tokenSet>) => {};
    const { tokens, store } = setUp({
      refreshTimeout: 5,
      refresh: () => new Promise<ReturnType<typeof tokenSet>>((resolve) => (answer = resolve)),
    });
    await tokens.save('ann', tokenSet(1, -1));
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'timeout', retryable: true });
    answer(tokenSet(2));
    await vi.waitFor(async () => expect((await store.read('ann'))?.data).toContain('refresh2'));
  });

  test('with an answer that can not be stored is refused by name, and its note stays', async () => {
    const answers = [null, { ...tokenSet(2), accessToken: 'ü' }, { ...tokenSet(2), scope: [1] }];
    const { tokens, store } = setUp({ refresh: async () => answers.shift() as never });
    for (const name of ['value', 'accessToken', 'scope']) {
      await tokens.save('ann', tokenSet(1, -1));
      const error = await rejection(tokens.accessToken('ann'));
      expect(error).toMatchObject({ code: 'malformed', message: expect.stringContaining(name) });
      expect((await store.read('ann'))?.refresh).toBeDefined();
    }
  });
});

describe('a note that is older than the time in which the provider repeats its answers', () => {
  test('gives a process that holds the answer time to store it', async () => {
    vi.useFakeTimers();
    const { tokens, store, asked } = setUp();
    await tokens.save('ann', tokenSet(1, -1));
    await change(store, 'ann', interrupted(130_000));
    const token = tokens.accessToken('ann');
    await vi.advanceTimersByTimeAsync(4_000);
    await setUp({ store }).tokens.save('ann', tokenSet(2));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await token).toBe('access2');
    expect(asked).toEqual([]);
  });

  test('is tried after that: the token may be unused', async () => {
    vi.useFakeTimers();
    const { tokens, store, asked } = setUp();
    await tokens.save('ann', tokenSet(1, -1));
    await change(store, 'ann', interrupted(300_000));
    const token = tokens.accessToken('ann');
    await vi.advanceTimersByTimeAsync(4_900);
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(await token).toBe('access-of-refresh1');
    // The answer is no repetition: its expiry counts from this request.
    expect((await tokens.tokens('ann')).expiresAt.getTime()).toBeGreaterThan(Date.now() + HOUR - 1_000);
  });

  test('is believed when it is refused', async () => {
    vi.useFakeTimers();
    const { tokens, store, events } = setUp({ refresh: () => Promise.reject(refusal(400)) });
    await tokens.save('ann', tokenSet(1, -1));
    await change(store, 'ann', interrupted(130_000));
    const refused = rejection(tokens.accessToken('ann'));
    await vi.advanceTimersByTimeAsync(6_000);
    expect(await refused).toMatchObject({ code: 'invalid_grant' });
    expect(events).toEqual([['reauthorize', 'ann', 'invalid_grant']]);
  });
});

describe('recover', () => {
  test('ends the refreshes that another process has begun, and no others', async () => {
    const { tokens, store, asked } = setUp();
    for (const userID of ['ann', 'bob', 'cem', 'dee', 'eve'])
      await tokens.save(userID, tokenSet(`-${userID}`));
    await change(store, 'ann', interrupted(16_000));
    await change(store, 'bob', interrupted(14_000));
    await change(store, 'cem', { ...interrupted(16_000), reauthorize: 'invalid_grant' });
    const renewed = { since: Date.now() - 16_000, by: 'another process', until: Date.now() + 5_000 };
    await change(store, 'eve', { refresh: renewed });
    expect(await tokens.recover()).toEqual({ recovered: ['ann'], failed: [] });
    expect(asked).toEqual(['refresh-ann']);
    expect(await tokens.recover({ olderThan: 0 })).toEqual({ recovered: ['bob'], failed: [] });
  });

  test('reaches everybody, past those who fail or can not be read, the savable ones first', async () => {
    vi.useFakeTimers();
    const error = new TransportError('Down', { code: 'timeout', operation: 'refresh' });
    const order: string[] = [];
    const { tokens, store } = setUp({
      refresh: async (token) => {
        order.push(token);
        if (token.startsWith('refresh-bad')) throw error;
        return tokenSet(2);
      },
    });
    for (let i = 0; i < 1_200; i += 1) {
      await tokens.save(`user${i}`, tokenSet(i < 600 ? `-bad${i}` : i));
      await change(store, `user${i}`, { ...interrupted(90_000 - i), ...(i === 5 && { data: 'unreadable' }) });
    }
    await tokens.save('old', tokenSet('-old'));
    await change(store, 'old', interrupted(500_000));
    const recovering = tokens.recover();
    await vi.advanceTimersByTimeAsync(20_000);
    const { recovered, failed } = await recovering;
    expect(recovered).toHaveLength(601);
    expect(recovered.at(-1)).toBe('old');
    expect(failed).toHaveLength(600);
    expect(failed.filter((each) => each.error === error)).toHaveLength(599);
    expect(failed.find(({ userID }) => userID === 'user5')?.error).toMatchObject({ code: 'unreadable' });
    expect(order.at(-1)).toBe('refresh-old');
  });

  test('waits once for all old notes', async () => {
    vi.useFakeTimers();
    const { tokens, store, asked } = setUp();
    for (let i = 0; i < 100; i += 1) {
      await tokens.save(`user${i}`, tokenSet(i));
      await change(store, `user${i}`, interrupted(500_000));
    }
    const recovering = tokens.recover({ concurrency: 1 });
    await vi.advanceTimersByTimeAsync(6_000);
    expect((await recovering).recovered).toHaveLength(100);
    expect(asked).toHaveLength(100);
  });

  test('waits once for all notes that become old while it works', async () => {
    vi.useFakeTimers();
    const asked: string[] = [];
    const { tokens, store } = setUp({
      refresh: async (token) => {
        asked.push(token);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        if (token === 'refresh0') throw new TransportError('Down', { code: 'timeout', operation: 'refresh' });
        return tokenSet(`-of-${token}`);
      },
    });
    for (let i = 0; i < 40; i += 1) {
      await tokens.save(`user${i}`, tokenSet(i));
      await change(store, `user${i}`, interrupted(90_000));
    }
    const recovering = tokens.recover({ concurrency: 1 });
    // 40 requests, one pause of five seconds.
    await vi.advanceTimersByTimeAsync(46_000);
    const { recovered, failed } = await recovering;
    expect(recovered).toHaveLength(39);
    expect(failed).toHaveLength(1);
    expect(asked).toHaveLength(40);
  });

  test('has nothing to do for a user who was removed or refreshed meanwhile', async () => {
    const store = new FaultyStore();
    const { tokens, asked } = setUp({ store });
    await tokens.save('ann', tokenSet(1));
    await change(store, 'ann', interrupted(30_000));
    store.before = (method) => method === 'read' && setUp({ store: removing }).tokens.remove('ann');
    const removing = new Proxy(store, {
      get: (target, name) =>
        name === 'read' ? (id: string) => target.peek(id) : Reflect.get(target, name).bind(target),
    });
    expect(await tokens.recover()).toEqual({ recovered: ['ann'], failed: [] });
    expect(asked).toEqual([]);
  });

  test('is begun by accessToken for a token that is good as well, which it gives at once', async () => {
    let answer = (_: ReturnType<typeof tokenSet>) => {};
    const { tokens, store } = setUp({
      refresh: () => new Promise<ReturnType<typeof tokenSet>>((resolve) => (answer = resolve)),
    });
    await tokens.save('ann', tokenSet(1));
    await change(store, 'ann', interrupted(16_000));
    expect(await tokens.accessToken('ann')).toBe('access1');
    await vi.waitFor(async () => expect((await store.read('ann'))?.refresh?.by).not.toBe('another process'));
    answer(tokenSet(2));
    await tokens.flush();
    expect(await tokens.accessToken('ann')).toBe('access2');
  });

  test('ends with its signal', async () => {
    const abort = new AbortController();
    const asked: string[] = [];
    const { tokens, store } = setUp({
      refresh: async (token) => {
        asked.push(token);
        abort.abort(new Error('enough'));
        return tokenSet(2);
      },
    });
    for (const userID of ['ann', 'bob']) {
      await tokens.save(userID, tokenSet(`-${userID}`));
      await change(store, userID, interrupted(30_000));
    }
    const error = await rejection(tokens.recover({ concurrency: 1, signal: abort.signal }));
    expect(error).toMatchObject({ code: 'aborted', cause: { message: 'enough' } });
    await tokens.flush();
    expect(asked).toHaveLength(1);
  });

  test('refuses wrong options', async () => {
    await expect(setUp().tokens.recover(null as never)).rejects.toThrow('"options"');
    await expect(setUp().tokens.recover({ concurrency: 0 })).rejects.toThrow('"concurrency"');
    await expect(setUp().tokens.recover({ olderThan: Number.NaN })).rejects.toThrow('"olderThan"');
  });
});
