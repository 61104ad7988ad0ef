const { FitbitStrategy } = require('passport-fitbit-strategy');
const { signIn } = require('./strategy.cjs');

test('signs in with a session', async () => {
  const session = {};
  const result = await signIn(
    (options) => new FitbitStrategy({ ...options, verify: async ({ profile }) => ({ id: profile.id }) }),
    (query) => ({ headers: {}, session, query }),
  );
  expect(result).toEqual({ outcome: 'success', value: { id: '26FWFL' } });
});
