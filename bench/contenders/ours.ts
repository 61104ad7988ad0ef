import type * as Package from 'passport-fitbit-strategy';
import { app, type Contender, type Provider, type User } from './contender.ts';

/** This package, as it is built. */
export async function ours(): Promise<Contender> {
  const { FitbitStrategy, refresh }: typeof Package = await import(process.env.BENCH_PACKAGE ?? '');
  const client = ({ base }: Provider) => ({
    clientID: app.clientID,
    clientSecret: app.clientSecret,
    authorizationURL: `${base}/authorize`,
    tokenURL: `${base}/token`,
    userProfileURL: `${base}/userinfo`,
  });
  return {
    strategy: (provider) =>
      new FitbitStrategy(
        { ...client(provider), callbackURL: app.callbackURL, scope: app.scope },
        async ({ profile }): Promise<User> => ({ id: profile.id }),
      ),
    refresh: (provider) => (token) => refresh(client(provider), token),
  };
}
