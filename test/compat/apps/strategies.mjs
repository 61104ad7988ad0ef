import { FitbitStrategy } from 'passport-fitbit-strategy';
import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';

/** What the apps keep of a login. */
const toUser = async ({ tokens, profile }) => ({
  id: profile.id,
  provider: profile.provider,
  refreshToken: tokens.refreshToken,
});

/** Both strategies, for an app at `url`. */
export function makeStrategies(simulator, url, options = {}) {
  return [
    new FitbitStrategy({
      ...simulator.fitbit,
      callbackURL: `${url}/auth/fitbit/callback`,
      scope: ['activity', 'profile'],
      ...options,
      verify: toUser,
    }),
    new GoogleHealthStrategy({
      ...simulator.googleHealth,
      callbackURL: `${url}/auth/google-health/callback`,
      ...options,
      verify: toUser,
    }),
  ];
}

/** What each app gives as `state` of a login. */
export const state = { returnTo: '/me?back' };

/** Listens on loopback: the server and its URL. */
export async function listen(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}
