import { introspect, refresh, revoke, type TokenInfo, type TokenSet } from 'passport-fitbit-strategy';
import type { Config } from './config.ts';

/** A provider as the dashboard uses it. The two modules of the package have the same verbs. */
export interface Provider {
  /** The strategy's name. */
  name: string;
  label: string;
  /** Its users are made up. */
  simulated: boolean;
  refresh(refreshToken: string): Promise<TokenSet>;
  introspect(accessToken: string): Promise<TokenInfo<string[] | Record<string, string>>>;
  revoke(token: string): Promise<void>;
}

/** The providers, in the order of the start page's buttons. */
export function providersOf({ fitbit, simulator }: Config): Provider[] {
  return [
    {
      name: 'fitbit',
      label: 'Fitbit',
      simulated: fitbit.clientID === simulator?.fitbit.clientID,
      refresh: (token) => refresh(fitbit, token),
      introspect: (token) => introspect(fitbit, token),
      revoke: (token) => revoke(fitbit, token),
    },
  ];
}
