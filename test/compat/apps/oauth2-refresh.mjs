// passport-oauth2-refresh builds an `_oauth2` of its own from the strategy's: here it refreshes with both.
import assert from 'node:assert/strict';
import { startSimulator } from 'fitbit-simulator';
import { FitbitStrategy } from 'passport-fitbit-strategy';
import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import refresh from 'passport-oauth2-refresh';

const redirectURI = 'http://localhost:9/callback';

/** A login that ends at the code exchange: the refresh token it brings. */
function exchange(strategy, code) {
  return new Promise((resolve, reject) => {
    const params = { grant_type: 'authorization_code', redirect_uri: redirectURI };
    strategy._oauth2.getOAuthAccessToken(code, params, (error, _accessToken, refreshToken) =>
      error ? reject(error) : resolve(refreshToken),
    );
  });
}

const renew = (name, refreshToken) =>
  new Promise((resolve, reject) => {
    refresh.requestNewAccessToken(name, refreshToken, (error, accessToken, newRefreshToken) =>
      error ? reject(error) : resolve({ accessToken, newRefreshToken }),
    );
  });

const simulator = await startSimulator();
try {
  const options = { callbackURL: redirectURI };
  const fitbit = new FitbitStrategy({ ...simulator.fitbit, ...options }, async () => ({}));
  const google = new GoogleHealthStrategy({ ...simulator.googleHealth, ...options }, async () => ({}));
  refresh.use(fitbit);
  refresh.use('google', google);

  const login = { provider: 'fitbit', person: 'maya', scope: 'profile', redirectURI };
  const first = await exchange(fitbit, (await simulator.consent(login)).code);
  const { accessToken, newRefreshToken } = await renew('fitbit', first);
  assert.match(accessToken, /^ey/);
  assert.notEqual(newRefreshToken, first);
  assert.match(simulator.requests.at(-1).headers.authorization, /^Basic /);
  simulator.advance({ minutes: 3 });
  await assert.rejects(renew('fitbit', first), { code: 'invalid_grant', reauthorize: true });

  const scope = 'https://www.googleapis.com/auth/googlehealth.profile.readonly';
  const googleLogin = { provider: 'google-health', person: 'zoe', scope, redirectURI, prompt: 'consent' };
  const token = await exchange(google, (await simulator.consent(googleLogin)).code);
  assert.match((await renew('google', token)).accessToken, /^ya29\./);
  console.log('5 checks');
} finally {
  await simulator.close();
}
