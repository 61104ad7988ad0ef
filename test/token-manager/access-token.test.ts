import { OAuthError, ResponseError, TransportError } from 'passport-fitbit-strategy';
import { MemoryTokenStore } from 'passport-fitbit-strategy/token-manager';
import { describe, expect, test } from 'vitest';
import { FaultyStore, HOUR, rejection, setUp, tokenSet, withoutRefreshToken } from './support.ts';

const invalidGrant = () =>
  new ResponseError('Refresh token invalid', {
    code: 'invalid_grant',
    operation: 'refresh',
    reauthorize: true,
    httpStatus: 400,
    errors: [],
  });

describe('accessToken', () => {
  test('gives a valid token with one read of the store', async () => {
    const store = new FaultyStore();
    const { tokens, asked } = setUp({ store });
    await tokens.save('ann', tokenSet(1));
    const calls: string[] = [];
    store.before = (method) => calls.push(method);
    expect(await tokens.accessToken('ann')).toBe('access1');
    expect(calls).toEqual(['read']);
    expect(asked).toEqual([]);
  });

  test('refreshes when less than a minute is left, and reports it', async () => {
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

  test('refreshes once for concurrent calls', async () => {
    const { tokens, asked } = setUp();
    await tokens.save('ann', tokenSet(1, -1));
    await tokens.save('bob', tokenSet(2, -1));
    const all = await Promise.all(
      Array.from({ length: 500 }, (_, i) => tokens.accessToken(i % 2 ? 'ann' : 'bob')),
    );
    expect(new Set(all)).toEqual(new Set(['access-of-refresh1', 'access-of-refresh2']));
    expect(asked.sort()).toEqual(['refresh1', 'refresh2']);
  });

  test('reads once and writes twice for a refresh, for all concurrent calls in this process', async () => {
    const store = new FaultyStore();
    const { tokens } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    const calls: string[] = [];
    store.before = (method) => calls.push(method);
    await tokens.accessToken('ann');
    expect(calls).toEqual(['read', 'replace', 'replace']);
    await tokens.save('ann', tokenSet(1, -1));
    calls.length = 0;
    await Promise.all(Array.from({ length: 100 }, () => tokens.accessToken('ann')));
    expect(calls.filter((method) => method === 'replace')).toHaveLength(2);
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

  test('reports what refresh throws as an error of the package, and gives a token that is good', async () => {
    const cause = new TypeError('wrong');
    const { tokens } = setUp({ refresh: () => Promise.reject(cause) });
    await tokens.save('ann', tokenSet(1, 30_000));
    expect(await tokens.accessToken('ann')).toBe('access1');
    await tokens.save('ann', tokenSet(1, -1));
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'refresh_failed', cause });
  });

  test('gives a refresh up after its time', async () => {
    const { tokens } = setUp({
      refreshTimeout: 5,
      refresh: (_, { signal }) =>
        new Promise((__, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    });
    await tokens.save('ann', tokenSet(1, -1));
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'timeout', retryable: true });
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

  test('is not called for a user who was removed meanwhile', async () => {
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

  test('found out by another manager meanwhile is enough', async () => {
    const store = new FaultyStore();
    const { tokens, asked } = setUp({ store });
    await tokens.save('ann', tokenSet(1, -1));
    store.before = async (method) => {
      if (method !== 'replace') return;
      store.before = () => {};
      await store.poke('ann', { reauthorize: 'gone' });
    };
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'gone', reauthorize: true });
    expect(asked).toEqual([]);
  });
});
