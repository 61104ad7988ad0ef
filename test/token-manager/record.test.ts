import { MemoryTokenStore, TokenManager } from 'passport-fitbit-strategy/token-manager';
import { describe, expect, test } from 'vitest';
import { change, rejection, SECRET, setUp, tokenSet } from './support.ts';

const OTHER_SECRET = 'another secret of the app, 32 chars';

describe('what is stored', () => {
  test('gives back the token set, without the raw answer', async () => {
    const { tokens, store } = setUp();
    await tokens.save('ann', tokenSet(1));
    const { raw, ...expected } = { ...tokenSet(1), expiresAt: expect.any(Date) };
    expect(await tokens.tokens('ann')).toEqual(expected);
    expect((await tokens.tokens('ann')).raw).toEqual({});
    expect(raw).not.toEqual({});
    expect((await store.get('ann'))?.data).not.toContain('from the provider');
    expect(Object.keys(await tokens.tokens('ann'))).not.toContain('raw');
  });

  test('has a version of its own each time', async () => {
    const { tokens, store } = setUp();
    const versions = new Set<unknown>();
    for (let i = 0; i < 3; i += 1) {
      await tokens.save('ann', tokenSet(1));
      versions.add((await store.get('ann'))?.version);
    }
    expect(versions.size).toBe(3);
  });

  test.each([
    ['no JSON', 'nothing'],
    ['no object', '[]'],
    ['no access token', '{"user":"ann"}'],
    ['a wrong refresh token', '{"user":"ann","accessToken":"a","refreshToken":1}'],
    ['no type', '{"user":"ann","accessToken":"a"}'],
    ['no scope', '{"user":"ann","accessToken":"a","tokenType":"Bearer"}'],
    ['no time', '{"user":"ann","accessToken":"a","tokenType":"Bearer","scope":[]}'],
    [
      'a wrong time',
      '{"user":"ann","accessToken":"a","tokenType":"Bearer","scope":[],"expiresAt":1,"refreshedAt":"1"}',
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
    expect(JSON.stringify(await store.get('ann'))).not.toMatch(/access1|refresh1|activity/);
    expect(await tokens.accessToken('ann')).toBe('access-of-refresh1');
    expect(JSON.stringify(await store.get('ann'))).not.toMatch(/access-of/);
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
    const ann = await store.get('ann');
    if (ann !== undefined) await store.set('eve', ann);
    expect(await rejection(tokens.accessToken('eve'))).toMatchObject({ code: 'unreadable' });
  });

  test('what was changed or not sealed is refused, and what is sealed is not read without the secret', async () => {
    const { tokens, store } = setUp({ seal: SECRET });
    const plain = setUp({ store }).tokens;
    await tokens.save('ann', tokenSet(1));
    expect(await rejection(plain.accessToken('ann'))).toMatchObject({ code: 'unreadable' });
    const sealed = (await store.get('ann'))?.data ?? '';
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
