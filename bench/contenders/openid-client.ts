import * as client from 'openid-client';
import { Strategy } from 'openid-client/passport';
import { app, type Contender, type Provider, type User } from './contender.ts';

function configure({ base }: Provider): client.Configuration {
  const server = {
    issuer: base,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    userinfo_endpoint: `${base}/userinfo`,
  };
  const authentication = client.ClientSecretBasic(app.clientSecret);
  const config = new client.Configuration(server, app.clientID, undefined, authentication);
  client.allowInsecureRequests(config);
  return config;
}

/** openid-client's Passport strategy: PKCE, and a state, too. */
export function openidClient(): Contender {
  return {
    strategy(provider) {
      const config = configure(provider);
      return new Strategy(
        { config, name: 'openid', scope: app.scope.join(' '), callbackURL: app.callbackURL },
        async (tokens, done: (error: unknown, user?: User) => void) => {
          const profile = await client.fetchUserInfo(config, tokens.access_token, client.skipSubjectCheck);
          done(null, { id: profile.sub });
        },
      );
    },
    refresh(provider) {
      const config = configure(provider);
      return (token) => client.refreshTokenGrant(config, token);
    },
  };
}
