import { OAuthError, ResponseError, TransportError } from 'passport-fitbit-strategy';
import { MemoryTokenStore, TokenManager } from 'passport-fitbit-strategy/token-manager';
import { describe, expect, test } from 'vitest';
import {
  change,
  FaultyStore,
  HOUR,
  rejection,
  SECRET,
  setUp,
  tokenSet,
  withoutRefreshToken,
} from './support.ts';

const invalidGrant = () =>
  new ResponseError('Refresh token invalid', {
    code: 'invalid_grant',
    operation: 'refresh',
    reauthorize: true,
    status: 400,
    errors: [],
  });

describe('accessToken', () => {
  test('gives a live token with one read of the store', async () => {
    const store = new FaultyStore();
    const { tokens, asked } = setUp({ store });
    await tokens.save('ann', tokenSet(1));
    const calls: string[] = [];
    store.before = (method) => calls.push(method);
    expect(await tokens.accessToken('ann')).toBe('access1');
    expect(calls).toEqual(['get']);
    expect(asked).toEqual([]);
  });

  test('refreshes when less than a minute is left, and tells of it', async () => {
    const { tokens, asked, events } = setUp();
    await tokens.save('ann', tokenSet(1, 59_000));
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    expect(asked).toEqual(['refresh1']);
    expect(events).toEqual([['refreshed', 'ann', 'access-of-refresh1']]);
  });

  test('does not refresh when more than a minute is left', async () => {
    const { tokens } = setUp();
    await tokens.save('ann', tokenSet(1, 61_000));
    expect(await tokens.accessToken('ann')).toBe('access1');
  });

  test('refreshes once however many ask', async () => {
    const { tokens, asked } = setUp();
    await tokens.save('ann', tokenSet(1, -1));
    await tokens.save('bob', tokenSet(2, -1));
    const all = await Promise.all(
      Array.from({ length: 500 }, (_, i) => tokens.accessToken(i % 2 ? 'ann' : 'bob')),
    );
    expect(new Set(all)).toEqual(new Set(['access-of-refresh1', 'access-of-refresh2']));
    expect(asked.sort()).toEqual(['refresh1', 'refresh2']);
  });

  test('asks the store for the lock once, however many ask in this process', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    let locks = 0;
    store.before = (method) => {
      if (method === 'lock') locks += 1;
    };
    await Promise.all(Array.from({ length: 100 }, () => tokens.accessToken('ann')));
    expect(locks).toBe(1);
  });

  test('refreshes once for two managers on one store', async () => {
    const store = new MemoryTokenStore();
    const [one, two] = [setUp({ store }), setUp({ store })];
    await one.tokens.save('ann', tokenSet(1, -1));
    const both = [one, two].map(({ tokens }) => tokens.accessToken('ann'));
    expect(await Promise.all(both)).toEqual(['access-of-refresh1', 'access-of-refresh1']);
    expect([...one.asked, ...two.asked]).toEqual(['refresh1']);
  });

  test('keeps the refresh token, user id and scopes that an answer leaves out', async () => {
    const { tokens } = setUp({
      refresh: async () => {
        const { userID: _, ...rest } = withoutRefreshToken(tokenSet(2, HOUR, { scope: [] }));
        return rest;
      },
    });
    await tokens.save('ann', tokenSet(1, -1));
    await tokens.accessToken('ann');
    expect(await tokens.tokens('ann')).toMatchObject({
      accessToken: 'access2',
      refreshToken: 'refresh1',
      userID: 'provider-id',
      scope: ['activity', 'profile'],
    });
  });

  test('does not refresh at every call where tokens live shorter than the margin', async () => {
    let count = 0;
    const { tokens } = setUp({ refresh: async () => tokenSet(++count, 30_000) });
    await tokens.save('ann', tokenSet('old', 30_000));
    for (let i = 0; i < 3; i += 1) expect(await tokens.accessToken('ann')).toBe('access1');
  });

  test('goes by the clock that it is given', async () => {
    let ahead = 0;
    const { tokens, asked } = setUp({ now: () => Date.now() + ahead });
    await tokens.save('ann', tokenSet(1));
    expect(await tokens.accessToken('ann')).toBe('access1');
    ahead = 100 * HOUR;
    for (let i = 0; i < 2; i += 1) expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    expect(asked).toHaveLength(1);
    ahead += HOUR;
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh-of-refresh1');
  });

  test('rejects for a user without tokens', async () => {
    const { tokens } = setUp();
    const error = await rejection(tokens.accessToken('nobody'));
    expect(error).toBeInstanceOf(OAuthError);
    expect(error).toMatchObject({ code: 'no_tokens', reauthorize: true, retryable: false });
  });

  test('rejects when there is no refresh token, once the access token has expired', async () => {
    const { tokens } = setUp();
    await tokens.save('ann', withoutRefreshToken(tokenSet(1)));
    expect(await tokens.accessToken('ann')).toBe('access1');
    await tokens.save('ann', withoutRefreshToken(tokenSet(1, -1)));
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({
      code: 'no_refresh_token',
      reauthorize: true,
    });
  });

  test('gives what is left of a token while the provider is away, then its error', async () => {
    const down = new TransportError('Down', { code: 'connection', operation: 'refresh' });
    const { tokens } = setUp({ refresh: () => Promise.reject(down) });
    await tokens.save('ann', tokenSet(1, 30_000));
    expect(await tokens.accessToken('ann')).toBe('access1');
    await tokens.save('ann', tokenSet(1, -1));
    expect(await rejection(tokens.accessToken('ann'))).toBe(down);
  });

  test('passes on what refresh throws', async () => {
    const { tokens } = setUp({ refresh: () => Promise.reject(new TypeError('wrong')) });
    await tokens.save('ann', tokenSet(1, 30_000));
    expect(await rejection(tokens.accessToken('ann'))).toBeInstanceOf(TypeError);
  });

  test('gives a refresh up after its time', async () => {
    const { tokens } = setUp({
      refreshTimeout: 5,
      refresh: (_, { signal }) =>
        new Promise((__, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    });
    await tokens.save('ann', tokenSet(1, -1));
    expect((await rejection(tokens.accessToken('ann'))).message).toContain('longer than 5 ms');
  });
});

describe('a consent that is gone', () => {
  test('is told once, and then known without a request, until save', async () => {
    let asked = 0;
    const { tokens, events } = setUp({
      refresh: () => {
        asked += 1;
        return Promise.reject(invalidGrant());
      },
    });
    await tokens.save('ann', tokenSet(1, 30_000));
    for (let i = 0; i < 3; i += 1) {
      expect(await rejection(tokens.accessToken('ann'))).toMatchObject({
        code: 'invalid_grant',
        reauthorize: true,
      });
    }
    expect(asked).toBe(1);
    expect(events).toEqual([['reauthorize', 'ann', 'invalid_grant']]);
    await tokens.save('ann', tokenSet(2));
    expect(await tokens.accessToken('ann')).toBe('access2');
  });

  test('is not believed when newer tokens were stored meanwhile', async () => {
    const store = new MemoryTokenStore();
    const { tokens, events } = setUp({
      store,
      refresh: async () => {
        await tokens.save('ann', tokenSet(2));
        throw invalidGrant();
      },
    });
    await tokens.save('ann', tokenSet(1, -1));
    expect(await tokens.accessToken('ann')).toBe('access2');
    expect(events).toEqual([]);
  });

  test('is not told of a user who was removed meanwhile', async () => {
    const { tokens, events } = setUp({
      refresh: async () => {
        await tokens.remove('ann');
        throw invalidGrant();
      },
    });
    await tokens.save('ann', tokenSet(1, -1));
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'no_tokens' });
    expect(events).toEqual([]);
  });

  test('found out by another manager under the lock is enough', async () => {
    const store = new FaultyStore();
    const { tokens, asked } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    store.before = async (method) => {
      if (method === 'lock') await change(new Proxy(store, quiet), 'ann', { reauthorize: 'gone' });
    };
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'gone', reauthorize: true });
    expect(asked).toEqual([]);
  });
});

/** Reaches a faulty store's memory past its faults. */
const quiet: ProxyHandler<FaultyStore> = {
  get: (target, name) =>
    Reflect.get(MemoryTokenStore.prototype, name, target)?.bind?.(target) ?? Reflect.get(target, name),
};

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

  test('tries again when the stored tokens change in between, but not for ever', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    await tokens.save('ann', tokenSet(1));
    let changes = 1;
    store.before = async (method) => {
      if (method !== 'replace' || changes-- <= 0) return;
      await change(new Proxy(store, quiet), 'ann', { version: `other${changes}` });
    };
    await tokens.save('ann', withoutRefreshToken(tokenSet(2)));
    expect(await tokens.accessToken('ann')).toBe('access2');
    changes = 1000;
    expect(await rejection(tokens.save('ann', withoutRefreshToken(tokenSet(3))))).toMatchObject({
      code: 'conflict',
      retryable: true,
    });
  });

  test('wins over a refresh that is under way', async () => {
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
    ['a number as date', 'ann', { ...tokenSet(1), expiresAt: 1 }, /"tokens.expiresAt"/],
  ])('refuses %s', async (_, userID, value, message) => {
    const { tokens } = setUp();
    const error = await rejection(tokens.save(userID, value as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(message);
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

  test('takes a Response with the status 401 for one, and gives back the second answer', async () => {
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

  test('refuses what is not a function', async () => {
    const { tokens } = setUp();
    await expect(tokens.use('ann', 'call' as never)).rejects.toThrow('"call"');
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
    await change(store, 'ann', { refreshingSince: 1 });
    const revoked: string[] = [];
    await tokens.remove('ann', { revoke: async (token) => revoked.push(token) });
    expect(revoked).toEqual(['refresh-of-refresh1']);
  });

  test('is not undone by a refresh that is under way', async () => {
    const { tokens, store } = setUp({
      refresh: async () => {
        await tokens.remove('ann');
        return tokenSet(2);
      },
    });
    await tokens.save('ann', tokenSet(1, -1));
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'no_tokens' });
    expect(await store.get('ann')).toBeUndefined();
  });

  test('refuses wrong arguments by name', async () => {
    const { tokens } = setUp();
    await expect(tokens.remove('')).rejects.toThrow('"userID"');
    await expect(tokens.remove('ann', null as never)).rejects.toThrow('"options"');
    await expect(tokens.remove('ann', { revoke: 'token' as never })).rejects.toThrow('"revoke"');
  });
});

describe('the options', () => {
  const refresh = async () => tokenSet(1);
  test.each([
    ['no options', null, /"options"/],
    ['no refresh', {}, /"refresh"/],
    ['a wrong store', { refresh, store: {} }, /"store" must be a TokenStore/],
    ['no store', { refresh, store: null }, /"store"/],
    ['a wrong clock', { refresh, now: 1 }, /"now"/],
    ['a negative margin', { refresh, refreshMargin: -1 }, /"refreshMargin"/],
    ['an endless margin', { refresh, refreshMargin: Number.POSITIVE_INFINITY }, /"refreshMargin"/],
    ['a margin as text', { refresh, refreshMargin: '1' }, /"refreshMargin"/],
    ['a wrong timeout', { refresh, refreshTimeout: 0 }, /"refreshTimeout"/],
    ['a wrong store timeout', { refresh, storeTimeout: 0 }, /"storeTimeout"/],
    ['a wrong listener', { refresh, onRefreshed: 'log' }, /"onRefreshed"/],
    ['a short secret', { refresh, seal: 'short' }, /"seal"/],
  ])('refuse %s', (_, options, message) => {
    expect(() => new TokenManager(options as never)).toThrow(TypeError);
    expect(() => new TokenManager(options as never)).toThrow(message);
  });

  test('have memory as the default store', async () => {
    const tokens = new TokenManager({ refresh, seal: [SECRET] });
    await tokens.save('ann', tokenSet(1));
    expect(await tokens.accessToken('ann')).toBe('access1');
  });

  test('take listeners that throw or reject: the refresh goes on, and a warning tells', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.message);
    process.on('warning', onWarning);
    for (const onRefreshed of [
      () => {
        throw new Error('thrown');
      },
      () => Promise.reject('rejected'),
    ]) {
      const { tokens } = setUp({ onRefreshed });
      await tokens.save('ann', tokenSet(1, -1));
      expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.removeListener('warning', onWarning);
    expect(warnings).toEqual(['thrown', 'rejected']);
  });
});
