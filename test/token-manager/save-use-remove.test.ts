import { OAuthError } from 'passport-fitbit-strategy';
import { describe, expect, test } from 'vitest';
import { change, FaultyStore, quiet, rejection, setUp, tokenSet, withoutRefreshToken } from './support.ts';

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
