import type * as Package from 'passport-fitbit-strategy';
import { app, type Contender, type Provider, verify } from './contender.ts';

/** A build of this package, imported from the URL of its entry. */
export async function ours(entry: string): Promise<Contender> {
  const { FitbitStrategy, refresh }: typeof Package = await import(entry);
  const client = ({ base }: Provider) => ({
    clientID: app.clientID,
    clientSecret: app.clientSecret,
    authorizationURL: `${base}/authorize`,
    tokenURL: `${base}/token`,
    userProfileURL: `${base}/userinfo`,
  });
  return {
    // Passport's form of `verify`: every version of the package takes it, so that builds can be compared.
    strategy: (provider) =>
      new FitbitStrategy({ ...client(provider), callbackURL: app.callbackURL, scope: app.scope }, verify),
    refresh: (provider) => (token) => refresh(client(provider), token),
  };
}
