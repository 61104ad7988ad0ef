const { MemoryTokenStore, TokenManager } = require('passport-fitbit-strategy/token-manager');

test('seals and opens stored tokens', async () => {
  const store = new MemoryTokenStore();
  const refresh = () => Promise.reject(new Error('these tokens need no refresh'));
  const tokens = new TokenManager({ store, refresh, seal: 'a secret of the test, long enough to seal' });
  await tokens.save('ann', {
    accessToken: 'access-token',
    refreshToken: 'refresh-token',
    tokenType: 'Bearer',
    scope: ['profile'],
    expiresAt: new Date(Date.now() + 3_600_000),
    raw: {},
  });
  expect((await store.read('ann')).data).not.toContain('access-token');
  expect(await tokens.accessToken('ann')).toBe('access-token');
});
