import type { ClientOptions, Provider } from '../client/provider.ts';
import { explain, parseErrors, parseRateLimit } from './errors.ts';

/** Fitbit as a provider. It has no discovery document, so the issuer is the origin of its authorization endpoint. */
export const fitbit = {
  name: 'fitbit',
  label: 'Fitbit',
  issuer: 'https://www.fitbit.com',
  clientAuthentication: 'client_secret_basic',
  accessTokenLifetime: 28_800,
  refreshRepeatWindow: 120_000,
  endpoints: {
    authorizationURL: 'https://www.fitbit.com/oauth2/authorize',
    tokenURL: 'https://api.fitbit.com/oauth2/token',
    introspectionURL: 'https://api.fitbit.com/1.1/oauth2/introspect',
    revocationURL: 'https://api.fitbit.com/oauth2/revoke',
    userProfileURL: 'https://api.fitbit.com/1/user/-/profile.json',
  },
  parseErrors,
  parseRateLimit,
  explain,
} as const satisfies Provider;

/** A client registered with Fitbit (https://dev.fitbit.com/apps), with other endpoints in place of Fitbit's own where given. */
export interface FitbitClient extends ClientOptions {
  /**
   * The authorization endpoint, to which the user is sent.
   * @default 'https://www.fitbit.com/oauth2/authorize'
   */
  authorizationURL?: string | undefined;
  /**
   * The token endpoint, for code exchange and refresh.
   * @default 'https://api.fitbit.com/oauth2/token'
   */
  tokenURL?: string | undefined;
  /**
   * The introspection endpoint.
   * @default 'https://api.fitbit.com/1.1/oauth2/introspect'
   */
  introspectionURL?: string | undefined;
  /**
   * The revocation endpoint.
   * @default 'https://api.fitbit.com/oauth2/revoke'
   */
  revocationURL?: string | undefined;
  /**
   * The endpoint of the user's profile.
   * @default 'https://api.fitbit.com/1/user/-/profile.json'
   */
  userProfileURL?: string | undefined;
}
