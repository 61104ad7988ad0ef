import * as fitbit from 'passport-fitbit-strategy';
import * as google from 'passport-fitbit-strategy/google-health';
import { TokenManager } from 'passport-fitbit-strategy/token-manager';
import type { Connection } from './connections.ts';

/** The app's registration with each provider. */
export interface Clients {
  fitbit: fitbit.FitbitClient;
  googleHealth: google.GoogleHealthClient;
}

/** One manager for the tokens of both providers: `refresh` gets the provider that `save` was given. */
export function createTokenManager(clients: Clients): TokenManager {
  return new TokenManager({
    refresh: (token, options) =>
      options.provider === 'fitbit'
        ? fitbit.refresh(clients.fitbit, token, options)
        : google.refresh(clients.googleHealth, token, options),
  });
}

/** Withdraws the consent of a connection. */
export function revoke(clients: Clients, { provider }: Connection, token: string): Promise<void> {
  return provider === 'fitbit'
    ? fitbit.revoke(clients.fitbit, token)
    : google.revoke(clients.googleHealth, token);
}
