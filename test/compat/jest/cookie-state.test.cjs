const { CookieStateStore, FitbitStrategy } = require('passport-fitbit-strategy');
const { signIn } = require('./strategy.cjs');

test('signs in with CookieStateStore', async () => {
  const store = new CookieStateStore({ secret: 'a secret of the test, long enough to seal', secure: false });
  const cookies = [];
  const res = { appendHeader: (_name, value) => cookies.push(value) };
  const result = await signIn(
    (options) =>
      new FitbitStrategy({ ...options, store, verify: async ({ profile }) => ({ id: profile.id }) }),
    (query) => ({ headers: { cookie: cookies[0]?.split(';')[0] }, res, query }),
  );
  expect(result).toEqual({ outcome: 'success', value: { id: '26FWFL' } });
});
