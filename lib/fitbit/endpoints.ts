import type { ClientOptions, Provider } from '../oauth2/provider.ts';
import { parseErrors, remedy } from './errors.ts';

/** Fitbit, as the shared code sees it. There is no discovery document. */
export const fitbit = {
  name: 'fitbit',
  label: 'Fitbit',
  clientAuthentication: 'client_secret_basic',
  accessTokenLifetime: 28_800,
  endpoints: {
    authorizationURL: 'https://www.fitbit.com/oauth2/authorize',
    tokenURL: 'https://api.fitbit.com/oauth2/token',
    introspectionURL: 'https://api.fitbit.com/1.1/oauth2/introspect',
    revocationURL: 'https://api.fitbit.com/oauth2/revoke',
    userProfileURL: 'https://api.fitbit.com/1/user/-/profile.json',
  },
  parseErrors,
  remedy,
} as const satisfies Provider;

export type FitbitEndpoint = keyof typeof fitbit.endpoints;

/**
 * A client registered with Fitbit (https://dev.fitbit.com/apps), with any endpoint replaced that should not be
 * Fitbit's own: `authorizationURL`, `tokenURL`, `introspectionURL`, `revocationURL`, `userProfileURL`.
 */
export interface FitbitClient extends ClientOptions, Partial<Record<FitbitEndpoint, string | undefined>> {}
