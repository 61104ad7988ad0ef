import { MemoryTokenStore, TokenManager } from 'passport-fitbit-strategy/token-manager';
import { describe, expect, test } from 'vitest';
import { change, rejection, SECRET, setUp, tokenSet } from './support.ts';

const OTHER_SECRET = 'another secret of the app, 32 chars';

describe('what is stored', () => {
  test('returns the token set, without the raw answer', async () => {
    const { tokens, store } = setUp();
    await tokens.save('ann', tokenSet(1));
    const { raw, ...expected } = { ...tokenSet(1), expiresAt: expect.any(Date) };
    expect(await tokens.tokens('ann')).toEqual(expected);
    expect((await tokens.tokens('ann')).raw).toEqual({});
    expect(raw).not.toEqual({});
    expect((await store.read('ann'))?.data).not.toContain('from the provider');
    expect(Object.keys(await tokens.tokens('ann'))).not.toContain('raw');
  });

  test('has a version of its own each time', async () => {
    const { tokens, store } = setUp();
    const versions = new Set<unknown>();
    for (let i = 0; i < 3; i += 1) {
      await tokens.save('ann', tokenSet(1));
      versions.add((await store.read('ann'))?.version);
    }
    expect(versions.size).toBe(3);
  });

  test.each([
    ['no JSON', 'nothing'],
    ['no object', '[]'],
    ['without its id', '{"user":"ann"}'],
    ['without a login', '{"user":"ann","tokensID":"1"}'],
    ['without the time of the login', '{"user":"ann","tokensID":"1","loginID":"1"}'],
    ['from a wrong provider', '{"user":"ann","tokensID":"1","loginID":"1","loginAt":1,"provider":1}'],
    ['no access token', '{"user":"ann","tokensID":"1","loginID":"1","loginAt":1,"expiresAt":1}'],
    [
      'a wrong refresh token',
      '{"user":"ann","tokensID":"1","loginID":"1","loginAt":1,"expiresAt":1,"accessToken":"a","refreshToken":1}',
    ],
    [
      'a wrong type',
      '{"user":"ann","tokensID":"1","loginID":"1","loginAt":1,"expiresAt":1,"accessToken":"a","tokenType":1}',
    ],
    [
      'a wrong scope',
      '{"user":"ann","tokensID":"1","loginID":"1","loginAt":1,"expiresAt":1,"accessToken":"a","scope":[1]}',
    ],
    [
      'a wrong user',
      '{"user":"ann","tokensID":"1","loginID":"1","loginAt":1,"expiresAt":1,"accessToken":"a","userID":1}',
    ],
    ['no time', '{"user":"ann","tokensID":"1","loginID":"1","loginAt":1,"accessToken":"a"}'],
    [
      'a wrong time',
      '{"user":"ann","tokensID":"1","loginID":"1","loginAt":1,"expiresAt":1,"accessToken":"a","refreshedAt":"1"}',
    ],
    ['the tokens of another user', '{"user":"bob","accessToken":"a"}'],
  ])('is refused if it is %s', async (_, data) => {
    const { tokens, store } = setUp();
    await tokens.save('ann', tokenSet(1));
    await change(store, 'ann', { data });
    const error = await rejection(tokens.accessToken('ann'));
    expect(error).toMatchObject({ code: 'unreadable', retryable: false, reauthorize: false });
    await tokens.remove('ann');
  });

  test('without a user id of the provider gives none', async () => {
    const { tokens } = setUp();
    const { userID: _, ...rest } = tokenSet(1);
    await tokens.save('ann', rest);
    expect(await tokens.tokens('ann')).not.toHaveProperty('userID');
  });
});

describe('sealed', () => {
  test('no token can be read in the store, and the manager opens them', async () => {
    const { tokens, store } = setUp({ seal: SECRET });
    await tokens.save('ann', tokenSet(1, -1));
    expect(JSON.stringify(await store.read('ann'))).not.toMatch(/access1|refresh1|activity/);
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    expect(JSON.stringify(await store.read('ann'))).not.toMatch(/access-of/);
    expect(await tokens.tokens('ann')).toMatchObject({ refreshToken: 'refresh-of-refresh1' });
  });

  test('the first secret seals, every one opens', async () => {
    const store = new MemoryTokenStore();
    const old = setUp({ store, seal: SECRET }).tokens;
    const rotated = setUp({ store, seal: [OTHER_SECRET, SECRET] }).tokens;
    const later = setUp({ store, seal: OTHER_SECRET }).tokens;
    await old.save('ann', tokenSet(1, 30_000));
    expect(await rejection(later.accessToken('ann'))).toMatchObject({ code: 'unreadable' });
    await rotated.accessToken('ann');
    expect(await later.accessToken('ann')).toBe('access-of-refresh1');
    expect(await rejection(old.accessToken('ann'))).toMatchObject({ code: 'unreadable' });
  });

  test('a record in the row of another user does not open', async () => {
    const { tokens, store } = setUp({ seal: SECRET });
    await tokens.save('ann', tokenSet(1));
    await tokens.save('eve', tokenSet(2));
    const ann = await store.read('ann');
    if (ann !== undefined) await change(store, 'eve', ann);
    expect(await rejection(tokens.accessToken('eve'))).toMatchObject({ code: 'unreadable' });
  });

  test('a record with another version, lease, mark or expiry does not open', async () => {
    const { tokens, store } = setUp({ seal: SECRET });
    await tokens.save('ann', tokenSet(1));
    const stored = await store.read('ann');
    for (const changes of [
      {},
      { refresh: { since: 1, by: 'x', until: 2 } },
      { reauthorize: 'gone' },
      { expiresAt: 1 },
    ]) {
      await change(store, 'ann', { version: stored?.version ?? '', ...changes });
      const opened = tokens.accessToken('ann');
      if (Object.keys(changes).length === 0) expect(await opened).toBe('access1');
      else expect(await rejection(opened)).toMatchObject({ code: 'unreadable' });
      if (stored !== undefined)
        await change(store, 'ann', { ...stored, refresh: undefined, reauthorize: undefined });
    }
    await change(store, 'ann', { version: 'another' });
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'unreadable' });
  });

  test('an old record that is put back as a whole opens: a seal does not tell what is newest', async () => {
    const { tokens, store } = setUp({ seal: SECRET });
    await tokens.save('ann', tokenSet(1));
    const old = await store.read('ann');
    await tokens.save('ann', tokenSet(2));
    const { version = '' } = (await store.read('ann')) ?? {};
    if (old !== undefined) await store.replace('ann', version, old);
    expect(await tokens.accessToken('ann')).toBe('access1');
  });

  test('secrets are rotated in two steps while old and new processes run', async () => {
    const store = new MemoryTokenStore();
    const steps = [[SECRET], [SECRET, OTHER_SECRET], [OTHER_SECRET, SECRET], [OTHER_SECRET]];
    const managers = steps.map((seal) => setUp({ store, seal }).tokens);
    await managers[0]?.save('ann', tokenSet(1));
    for (const [i, manager] of managers.entries()) {
      for (const running of managers.slice(Math.max(0, i - 1), i + 1)) await running.refresh('ann');
      await manager.accessToken('ann');
    }
    expect((await managers[3]?.tokens('ann'))?.accessToken).toMatch(/^access-of/);
  });

  test('what was changed or not sealed is refused, and what is sealed is not read without the secret', async () => {
    const { tokens, store } = setUp({ seal: SECRET });
    const plain = setUp({ store }).tokens;
    await tokens.save('ann', tokenSet(1));
    expect(await rejection(plain.accessToken('ann'))).toMatchObject({ code: 'unreadable' });
    const sealed = (await store.read('ann'))?.data ?? '';
    await change(store, 'ann', { data: `${sealed.slice(0, -3)}AAA` });
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'unreadable' });
    await plain.save('ann', tokenSet(1));
    expect(await rejection(tokens.accessToken('ann'))).toMatchObject({ code: 'unreadable' });
  });

  test('nothing that is printed of a manager or its errors holds a token', async () => {
    const { inspect } = await import('node:util');
    const { tokens, store } = setUp({ seal: SECRET });
    await tokens.save('ann', tokenSet(1));
    await change(store, 'ann', { data: '{"accessToken":"access1"}' });
    const error = await rejection(tokens.accessToken('ann'));
    expect(inspect([tokens, error], { depth: 9, showHidden: true })).not.toContain('access1');
    expect(inspect(new TokenManager({ refresh: async () => tokenSet(1), seal: SECRET }))).not.toContain(
      SECRET,
    );
  });
});
