// A login as an app's own tests do it, without a server of the app's.
const { startSimulator } = require('fitbit-simulator');

/** Runs `authenticate` as Passport does and gives what it did. */
function authenticate(strategy, req) {
  return new Promise((resolve) => {
    const instance = Object.create(strategy);
    for (const outcome of ['success', 'fail', 'redirect', 'error']) {
      instance[outcome] = (value) => resolve({ outcome, value });
    }
    instance.authenticate(req, {});
  });
}

/** Signs in with the simulator; `request` makes a request with the query given. */
exports.signIn = async (makeStrategy, request) => {
  const simulator = await startSimulator();
  try {
    const redirectURI = 'http://localhost:9/callback';
    const strategy = makeStrategy({ ...simulator.fitbit, callbackURL: redirectURI });
    const started = await authenticate(strategy, request({}));
    const query = new URL(started.value).searchParams;
    const { redirectTo } = await simulator.consent({
      provider: 'fitbit',
      person: 'maya',
      scope: query.get('scope'),
      redirectURI,
      state: query.get('state'),
      codeChallenge: query.get('code_challenge'),
    });
    return await authenticate(strategy, request(Object.fromEntries(new URL(redirectTo).searchParams)));
  } finally {
    await simulator.close();
  }
};
