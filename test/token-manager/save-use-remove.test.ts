import { setImmediate } from 'node:timers/promises';
import { OAuthError, ResponseError, TransportError } from 'passport-fitbit-strategy';
import type { TokenManager } from 'passport-fitbit-strategy/token-manager';
import { describe, expect, test, vi } from 'vitest';
import {
  change,
  FaultyStore,
  HOUR,
  interrupted,
  rejection,
  setUp,
  tokenSet,
  withoutRefreshToken,
} from './support.ts';

describe('save', () => {
  test('keeps the stored refresh token when none comes, unless it is dead', async () => {
    const { tokens, store } = setUp();
    await tokens.save('ann', tokenSet(1));
    await tokens.save('ann', withoutRefreshToken(tokenSet(2)));
    expect(await tokens.tokens('ann')).toMatchObject({ accessToken: 'access2', refreshToken: 'refresh1' });
    await change(store, 'ann', { reauthorize: 'invalid_grant' });
    await tokens.save('ann', withoutRefreshToken(tokenSet(3)));
    expect(await tokens.tokens('ann')).not.toHaveProperty('refreshToken');
  });

  test('tries again when the stored tokens change in between, but not forever', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    await tokens.save('ann', tokenSet(1));
    let changes = 1;
    store.before = async (method) => {
      if (method !== 'replace' || changes-- <= 0) return;
      await store.poke('ann', {});
    };
    await tokens.save('ann', withoutRefreshToken(tokenSet(2)));
    expect(await tokens.accessToken('ann')).toBe('access2');
    changes = 1000;
    expect(await rejection(tokens.save('ann', withoutRefreshToken(tokenSet(3))))).toMatchObject({
      code: 'store_contention',
      retryable: true,
    });
  });

  test('wins over a refresh in progress', async () => {
    const { tokens, events } = setUp({
      refresh: async () => {
        await tokens.save('ann', tokenSet('-of-login'));
        return tokenSet('-of-refresh');
      },
    });
    await tokens.save('ann', tokenSet(1, -1));
    expect(await tokens.accessToken('ann')).toBe('access-of-login');
    expect(events).toEqual([]);
  });

  test.each([
    ['an empty user id', '', tokenSet(1), /"userID"/],
    ['no tokens', 'ann', null, /"tokens"/],
    ['no access token', 'ann', { ...tokenSet(1), accessToken: '' }, /"tokens.accessToken"/],
    ['a wrong refresh token', 'ann', { ...tokenSet(1), refreshToken: 'ü' }, /"tokens.refreshToken"/],
    ['a wrong date', 'ann', { ...tokenSet(1), expiresAt: new Date(Number.NaN) }, /"tokens.expiresAt"/],
    ['a wrong type', 'ann', { ...tokenSet(1), tokenType: 1 }, /"tokens.tokenType"/],
    ['a wrong scope', 'ann', { ...tokenSet(1), scope: 'activity' }, /"tokens.scope"/],
    ['a wrong user id of the provider', 'ann', { ...tokenSet(1), userID: 1 }, /"tokens.userID"/],
    ['a number as date', 'ann', { ...tokenSet(1), expiresAt: 1 }, /"tokens.expiresAt"/],
  ])('refuses %s', async (_, userID, value, message) => {
    const { tokens } = setUp();
    const error = await rejection(tokens.save(userID, value as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(message);
  });
});

describe('a first login', () => {
  test.each([0, 1])('that meets another one without a refresh token keeps its own', async (first) => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    const logins = [tokenSet(1), withoutRefreshToken(tokenSet(2))] as const;
    let reads = 0;
    // Both have seen that nothing is stored before one of them writes.
    store.after = async (method) => {
      if (method !== 'read' || reads++ > 1) return;
      await vi.waitFor(() => expect(reads).toBeGreaterThan(1));
    };
    await Promise.all([
      tokens.save('ann', logins[first] ?? logins[0]),
      tokens.save('ann', logins[1 - first] ?? logins[1]),
    ]);
    expect(await tokens.tokens('ann')).toMatchObject({ refreshToken: 'refresh1' });
  });

  test('replaces a record that can not be read', async () => {
    const { tokens, store } = setUp();
    await tokens.save('ann', tokenSet(1));
    await change(store, 'ann', { data: 'unreadable' });
    await tokens.save('ann', withoutRefreshToken(tokenSet(2)));
    expect(await tokens.accessToken('ann')).toBe('access2');
  });

  test('that was given up and arrives late changes nothing newer', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store, storeTimeout: 20 });
    let arrive = () => {};
    store.before = (method) => {
      if (method !== 'insert') return;
      store.before = () => {};
      return new Promise<void>((resolve) => (arrive = resolve));
    };
    expect(await rejection(tokens.save('ann', tokenSet(1)))).toMatchObject({ code: 'store_failed' });
    await tokens.save('ann', tokenSet(2));
    arrive();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await tokens.accessToken('ann')).toBe('access2');
  });

  test.each(['insert', 'replace'])(
    'of a first login that was given up and arrives after remove brings nobody back (%s)',
    async (late) => {
      const store = new FaultyStore();
      const { tokens } = setUp({ store, storeTimeout: 20 });
      let arrive = () => {};
      store.before = (method) => {
        if (method !== late) return;
        store.before = () => {};
        return new Promise<void>((resolve) => (arrive = resolve));
      };
      expect(await rejection(tokens.save('ann', tokenSet(1)))).toMatchObject({ code: 'store_failed' });
      await tokens.remove('ann', { revoke: () => expect.unreachable('there is no token to revoke') });
      arrive();
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'no_tokens' });
      await tokens.save('ann', withoutRefreshToken(tokenSet(2)));
      expect(await tokens.accessToken('ann')).toBe('access2');
    },
  );

  test('may come from elsewhere, with no more than the tokens and their expiry', async () => {
    const { tokens } = setUp();
    const expiresAt = new Date(Date.now() + HOUR);
    await tokens.save('ann', { accessToken: 'access1', refreshToken: 'refresh1', expiresAt });
    const expected = {
      accessToken: 'access1',
      refreshToken: 'refresh1',
      tokenType: 'Bearer',
      scope: [],
      expiresAt,
    };
    expect(await tokens.tokens('ann')).toEqual(expected);
  });
});

describe('use', () => {
  test('refreshes once on a 401 and calls once more', async () => {
    const { tokens, asked } = setUp();
    await tokens.save('ann', tokenSet(1));
    for (const error of [{ status: 401 }, { statusCode: 401 }, { response: { status: 401 } }]) {
      await tokens.save('ann', tokenSet(1));
      const seen: string[] = [];
      const result = await tokens.use('ann', async (accessToken) => {
        seen.push(accessToken);
        if (seen.length === 1) throw error;
        return 'done';
      });
      expect(result).toBe('done');
      expect(seen).toEqual(['access1', 'access-of-refresh1']);
    }
    expect(asked).toHaveLength(3);
  });

  test('takes a Response with the status 401 for one, and returns the second answer', async () => {
    const { tokens } = setUp();
    await tokens.save('ann', tokenSet(1));
    const answers = [new Response('no', { status: 401 }), new Response('no again', { status: 401 })];
    const [first] = answers;
    const result = await tokens.use('ann', async () => answers.shift() as Response);
    expect(await result.text()).toBe('no again');
    expect(first?.bodyUsed || (await first?.text().catch(() => 'cancelled'))).toBeTruthy();
  });

  test('lets an answer be whose body somebody reads', async () => {
    const { tokens } = setUp();
    await tokens.save('ann', tokenSet(1));
    const locked = new Response('no', { status: 401 });
    locked.body?.getReader();
    const answers = [locked, { status: 401, ok: false }, 'done'];
    expect(await tokens.use('ann', () => answers.shift())).toEqual({ status: 401, ok: false });
    answers.unshift({ status: 401, ok: false });
    await tokens.save('ann', tokenSet(1));
    expect(await tokens.use('ann', () => answers.shift())).toBe('done');
  });

  test('takes data with a status of its own for what it is', async () => {
    const { tokens, asked } = setUp();
    await tokens.save('ann', tokenSet(1));
    expect(await tokens.use('ann', () => ({ status: 401 }))).toEqual({ status: 401 });
    expect(asked).toEqual([]);
  });

  test('takes the token that was stored meanwhile, without a request', async () => {
    const { tokens, asked } = setUp();
    await tokens.save('ann', tokenSet(1));
    const result = await tokens.use('ann', async (accessToken) => {
      if (accessToken === 'access2') return 'done';
      await tokens.save('ann', tokenSet(2));
      throw { status: 401 };
    });
    expect(result).toBe('done');
    expect(asked).toEqual([]);
  });

  test.each([[new Error('other')], [{ status: 403 }], [null], ['401']])(
    'passes on any other error: %j',
    async (thrown) => {
      const { tokens, asked } = setUp();
      await tokens.save('ann', tokenSet(1));
      await expect(tokens.use('ann', () => Promise.reject(thrown))).rejects.toBe(thrown);
      expect(asked).toEqual([]);
    },
  );

  test('passes on the second 401', async () => {
    const { tokens, asked } = setUp();
    await tokens.save('ann', tokenSet(1));
    const error = { status: 401 };
    await expect(tokens.use('ann', () => Promise.reject(error))).rejects.toBe(error);
    expect(asked).toEqual(['refresh1']);
  });

  test('makes one refresh for many calls while the API refuses every token', async () => {
    const { tokens, asked } = setUp();
    await tokens.save('ann', tokenSet(1));
    let calls = 0;
    for (let i = 0; i < 100; i += 1) {
      const call = async () => {
        calls += 1;
        return { status: 401, ok: false };
      };
      expect(await tokens.use('ann', call)).toEqual({ status: 401, ok: false });
      await expect(tokens.use('ann', () => Promise.reject({ status: 401 }))).rejects.toEqual({ status: 401 });
    }
    expect(asked).toEqual(['refresh1']);
    expect(calls).toBe(101);
  });

  test.each([
    [429, 'rate_limited', undefined, 30_000],
    [429, 'rate_limited', 120, 120_000],
    [401, 'invalid_client', undefined, 30_000],
  ])(
    'makes one request for many calls while the provider refuses with %i %s',
    async (status, code, retryAfter, pause) => {
      vi.useFakeTimers();
      const init = {
        code,
        httpStatus: status,
        retryAfter,
        retryable: status === 429,
        operation: 'refresh',
        errors: [],
      } as const;
      const error = new ResponseError('No', init);
      let asked = 0;
      const { tokens } = setUp({
        refresh: () => {
          asked += 1;
          return Promise.reject(error);
        },
      });
      await tokens.save('ann', tokenSet(1, -1));
      const use = () => tokens.use('ann', () => Promise.reject({ status: 401 }));
      for (let i = 0; i < 100; i += 1) expect(await rejection(use())).toBe(error);
      expect(await rejection(tokens.refresh('ann'))).toBe(error);
      vi.setSystemTime(Date.now() + pause - 1);
      expect(await rejection(use())).toBe(error);
      expect(asked).toBe(1);
      vi.setSystemTime(Date.now() + 1);
      expect(await rejection(use())).toBe(error);
      expect(asked).toBe(2);
      await tokens.save('ann', tokenSet(2, -1));
      expect(await rejection(tokens.accessToken('ann'))).toBe(error);
      expect(asked).toBe(3);
      vi.useRealTimers();
    },
  );

  test('refuses what is not a function', async () => {
    const { tokens } = setUp();
    await expect(tokens.use('ann', 'call' as never)).rejects.toThrow('"call"');
  });
});

describe('refresh', () => {
  test('gets new tokens although the old ones are good, also twice', async () => {
    const { tokens, asked } = setUp();
    await tokens.save('ann', tokenSet(1));
    expect(await tokens.refresh('ann')).toMatchObject({ accessToken: 'access-of-refresh1' });
    expect(await tokens.refresh('ann')).toMatchObject({ accessToken: 'access-of-refresh-of-refresh1' });
    expect(asked).toHaveLength(2);
  });

  test('rejects without tokens, and without a refresh token', async () => {
    const { tokens } = setUp();
    expect(await rejection(tokens.refresh('ann'))).toMatchObject({ code: 'no_tokens' });
    await tokens.save('ann', withoutRefreshToken(tokenSet(1)));
    expect(await rejection(tokens.refresh('ann'))).toMatchObject({ code: 'no_refresh_token' });
  });
});

describe('a signal', () => {
  test.each([
    ['accessToken', (tokens: TokenManager, signal: AbortSignal) => tokens.accessToken('ann', { signal })],
    ['tokens', (tokens: TokenManager, signal: AbortSignal) => tokens.tokens('ann', { signal })],
    ['use', (tokens: TokenManager, signal: AbortSignal) => tokens.use('ann', () => 'done', { signal })],
    ['refresh', (tokens: TokenManager, signal: AbortSignal) => tokens.refresh('ann', { signal })],
    ['save', (tokens: TokenManager, signal: AbortSignal) => tokens.save('ann', tokenSet(2), { signal })],
    ['remove', (tokens: TokenManager, signal: AbortSignal) => tokens.remove('ann', { signal })],
    ['recover', (tokens: TokenManager, signal: AbortSignal) => tokens.recover({ signal })],
  ])('ends the wait of %s', async (_, call) => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    store.before = () => new Promise(() => {});
    const abort = new AbortController();
    const result = rejection(call(tokens, abort.signal));
    abort.abort(new Error('enough'));
    expect(await result).toMatchObject({ code: 'aborted', cause: { message: 'enough' } });
    expect(await rejection(call(tokens, abort.signal))).toMatchObject({ code: 'aborted' });
    await expect(call(tokens, 'signal' as never)).rejects.toThrow('"signal"');
  });

  test('ends the wait of one caller and of no other', async () => {
    let answer = (_: ReturnType<typeof tokenSet>) => {};
    const { tokens } = setUp({
      refresh: () => new Promise<ReturnType<typeof tokenSet>>((resolve) => (answer = resolve)),
    });
    await tokens.save('ann', tokenSet(1, -1));
    const abort = new AbortController();
    const [one, two] = [
      rejection(tokens.accessToken('ann', { signal: abort.signal })),
      tokens.accessToken('ann'),
    ];
    await new Promise((resolve) => setTimeout(resolve, 5));
    const flushed = rejection(tokens.flush({ signal: abort.signal }));
    abort.abort();
    expect(await one).toMatchObject({ code: 'aborted' });
    expect(await flushed).toMatchObject({ code: 'aborted' });
    const flush = tokens.flush();
    answer(tokenSet(2));
    expect(await two).toBe('access2');
    await flush;
  });
});

describe('several providers', () => {
  test('are kept with their users, and told to refresh and revoke', async () => {
    const calls: unknown[] = [];
    const { tokens } = setUp({
      refresh: async (token, { provider, signal }) => {
        calls.push([token, provider, signal.aborted]);
        return tokenSet(2, -1);
      },
    });
    await tokens.save('ann', tokenSet(1), { provider: 'fitbit' });
    await tokens.save('bob', tokenSet(1), { provider: 'google' });
    await tokens.save('cem', tokenSet(1));
    for (const userID of ['ann', 'bob', 'cem']) await tokens.refresh(userID);
    await tokens.refresh('ann');
    await tokens.remove('ann', { revoke: async (token, { provider }) => calls.push([token, provider]) });
    expect(calls).toEqual([
      ['refresh1', 'fitbit', false],
      ['refresh1', 'google', false],
      ['refresh1', undefined, false],
      ['refresh2', 'fitbit', false],
      ['refresh2', 'fitbit'],
    ]);
    await expect(tokens.save('ann', tokenSet(1), { provider: '' })).rejects.toThrow('"provider"');
  });

  test('never share a refresh token', async () => {
    const { tokens } = setUp();
    await tokens.save('ann', tokenSet(1), { provider: 'fitbit' });
    await tokens.save('ann', withoutRefreshToken(tokenSet(2)), { provider: 'google' });
    expect(await tokens.tokens('ann')).not.toHaveProperty('refreshToken');
  });
});

describe('remove', () => {
  test('deletes the tokens', async () => {
    const { tokens } = setUp();
    await tokens.save('ann', tokenSet(1));
    await tokens.remove('ann');
    await tokens.remove('ann', { revoke: () => Promise.reject(new Error('not called')) });
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'no_tokens' });
  });

  test('revokes first, and keeps the tokens if that fails', async () => {
    const { tokens } = setUp();
    await tokens.save('ann', tokenSet(1));
    const error = new Error('down');
    expect(await rejection(tokens.remove('ann', { revoke: () => Promise.reject(error) }))).toBe(error);
    expect(await tokens.accessToken('ann')).toBe('access1');
    const revoked: string[] = [];
    await tokens.remove('ann', { revoke: async (token) => revoked.push(token) });
    expect(revoked).toEqual(['refresh1']);
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'no_tokens' });
  });

  test('revokes the access token where there is no refresh token', async () => {
    const { tokens } = setUp();
    await tokens.save('ann', withoutRefreshToken(tokenSet(1)));
    const revoked: string[] = [];
    await tokens.remove('ann', { revoke: async (token) => revoked.push(token) });
    expect(revoked).toEqual(['access1']);
  });

  test('deletes the tokens when the endpoint is gone for good', async () => {
    const { tokens } = setUp();
    await tokens.save('ann', tokenSet(1));
    const gone = new OAuthError('Gone', { code: 'gone', operation: 'revoke', reauthorize: true });
    await tokens.remove('ann', { revoke: () => Promise.reject(gone) });
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'no_tokens' });
  });

  test('brings an interrupted refresh to its end first, to revoke what came of it', async () => {
    const { tokens, store } = setUp();
    await tokens.save('ann', tokenSet(1));
    await change(store, 'ann', interrupted(30_000));
    const revoked: string[] = [];
    await tokens.remove('ann', { revoke: async (token) => revoked.push(token) });
    expect(revoked).toEqual(['refresh-of-refresh1']);
  });

  test('rejects as retryable while an interrupted refresh can not be ended', async () => {
    const cause = new TransportError('Down', { code: 'connection', operation: 'refresh' });
    const { tokens, store } = setUp({ refresh: () => Promise.reject(cause) });
    await tokens.save('ann', tokenSet(1));
    await change(store, 'ann', interrupted(30_000));
    const revoke = () => Promise.reject(new Error('not called'));
    const error = await rejection(tokens.remove('ann', { revoke }));
    expect(error).toMatchObject({ code: 'refresh_unfinished', retryable: true, cause });
    expect(await tokens.accessToken('ann')).toBe('access1');
  });

  test('revokes the newest token if the tokens are refreshed while it revokes', async () => {
    const { tokens, store } = setUp();
    await tokens.save('ann', tokenSet(1));
    const revoked: string[] = [];
    await tokens.remove('ann', {
      revoke: async (token) => {
        revoked.push(token);
        if (revoked.length === 1) await tokens.refresh('ann');
      },
    });
    expect(revoked).toEqual(['refresh1', 'refresh-of-refresh1']);
    expect(await store.read('ann')).toBeUndefined();
  });

  test('keeps a login that is saved while it revokes', async () => {
    const { tokens } = setUp();
    await tokens.save('ann', tokenSet(1));
    await tokens.remove('ann', { revoke: () => tokens.save('ann', tokenSet(2)) });
    expect(await tokens.accessToken('ann')).toBe('access2');
  });

  test('keeps a first login that writes its tokens meanwhile', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    let login = Promise.resolve();
    let deleting = () => {};
    const begun = new Promise<void>((resolve) => (deleting = resolve));
    // The login has claimed its place; its tokens are written between the two steps of `remove`.
    store.before = async (method) => {
      if (method === 'replace') await begun;
      if (method !== 'delete') return;
      deleting();
      await login;
    };
    login = tokens.save('ann', tokenSet(1));
    await vi.waitFor(async () => expect(await store.peek('ann')).toBeDefined());
    await tokens.remove('ann', { revoke: () => expect.unreachable('the login stays') });
    expect(await tokens.accessToken('ann')).toBe('access1');
  });

  test.each([
    ['first', false],
    ['later', true],
  ])('includes a %s login that was given up before and whose write arrives meanwhile', async (_, later) => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store, storeTimeout: 20 });
    if (later) await tokens.save('ann', tokenSet(1));
    let arrive = () => {};
    const late = new Promise<void>((resolve) => (arrive = resolve));
    store.before = (method) => (method === 'replace' ? late : undefined);
    expect(await rejection(tokens.save('ann', tokenSet(2)))).toMatchObject({ code: 'store_failed' });
    // Between the two steps of `remove`.
    store.before = async (method) => {
      if (method !== 'delete') return;
      store.before = () => {};
      arrive();
      while (!(await store.peek('ann'))?.data.includes('refresh2')) await setImmediate();
    };
    const revoked: string[] = [];
    await tokens.remove('ann', { revoke: async (token) => void revoked.push(token) });
    expect(revoked).toEqual(later ? ['refresh1', 'refresh2'] : ['refresh2']);
    expect(await store.peek('ann')).toBeUndefined();
  });

  test('gives a revocation that does not end up after its time', async () => {
    const { tokens } = setUp({ refreshTimeout: 5 });
    await tokens.save('ann', tokenSet(1));
    const error = await rejection(tokens.remove('ann', { revoke: () => new Promise(() => {}) }));
    expect(error.message).toContain('5 ms');
    expect(await tokens.accessToken('ann')).toBe('access1');
  });

  test('deletes what can not be read, but does not revoke it', async () => {
    const { tokens, store } = setUp();
    await tokens.save('ann', tokenSet(1));
    await change(store, 'ann', { data: 'unreadable' });
    const error = await rejection(tokens.remove('ann', { revoke: async () => {} }));
    expect(error).toMatchObject({ code: 'unreadable' });
    await tokens.remove('ann');
    expect(await store.read('ann')).toBeUndefined();
  });

  test('gives up when the tokens change under every try', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    await tokens.save('ann', tokenSet(1));
    store.before = (method) => method === 'delete' && store.poke('ann', {});
    expect(await rejection(tokens.remove('ann'))).toMatchObject({ code: 'store_contention' });
  });

  test('is not undone by a refresh in progress', async () => {
    const { tokens, store } = setUp({
      refresh: async () => {
        await tokens.remove('ann');
        return tokenSet(2);
      },
    });
    await tokens.save('ann', tokenSet(1, -1));
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'no_tokens' });
    expect(await store.read('ann')).toBeUndefined();
  });

  test('refuses wrong arguments by name', async () => {
    const { tokens } = setUp();
    await expect(tokens.remove('')).rejects.toThrow('"userID"');
    await expect(tokens.remove('ann', null as never)).rejects.toThrow('"options"');
    await expect(tokens.remove('ann', { revoke: 'token' as never })).rejects.toThrow('"revoke"');
  });
});
