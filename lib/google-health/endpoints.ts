import type { ClientOptions, Provider } from '../client/provider.ts';
import { explain, toFailure } from './errors.ts';
import { parseErrors } from './rpc-status.ts';

/** Google as a provider. Its refresh tokens work more than once, so a refresh can always be repeated. */
export const googleHealth = {
  name: 'google-health',
  label: 'Google',
  issuer: 'https://accounts.google.com',
  clientAuthentication: 'client_secret_post',
  accessTokenLifetime: 3600,
  refreshRepeatWindow: Number.POSITIVE_INFINITY,
  endpoints: {
    authorizationURL: 'https://accounts.google.com/o/oauth2/v2/auth',
    tokenURL: 'https://oauth2.googleapis.com/token',
    introspectionURL: 'https://oauth2.googleapis.com/tokeninfo',
    revocationURL: 'https://oauth2.googleapis.com/revoke',
    identityURL: 'https://health.googleapis.com/v4/users/me/identity',
    userinfoURL: 'https://www.googleapis.com/oauth2/v3/userinfo',
    userProfileURL: 'https://health.googleapis.com/v4/users/me/profile',
  },
  parseErrors,
  explain,
  toFailure,
} as const satisfies Provider;

export type GoogleHealthEndpoint = keyof typeof googleHealth.endpoints;

/**
 * An OAuth client of a Google Cloud project (https://console.cloud.google.com/auth/clients), with other endpoints in
 * place of Google's own where given.
 */
export interface GoogleHealthClient extends ClientOptions {
  /**
   * The authorization endpoint, to which the user is sent.
   * @default 'https://accounts.google.com/o/oauth2/v2/auth'
   */
  authorizationURL?: string | undefined;
  /**
   * The token endpoint, for code exchange and refresh.
   * @default 'https://oauth2.googleapis.com/token'
   */
  tokenURL?: string | undefined;
  /**
   * The endpoint that describes an access token.
   * @default 'https://oauth2.googleapis.com/tokeninfo'
   */
  introspectionURL?: string | undefined;
  /**
   * The revocation endpoint.
   * @default 'https://oauth2.googleapis.com/revoke'
   */
  revocationURL?: string | undefined;
  /**
   * The endpoint of the user's ids at Google Health and Fitbit.
   * @default 'https://health.googleapis.com/v4/users/me/identity'
   */
  identityURL?: string | undefined;
  /**
   * The endpoint of the user's Google account: name, picture and e-mail address.
   * @default 'https://www.googleapis.com/oauth2/v3/userinfo'
   */
  userinfoURL?: string | undefined;
  /**
   * The endpoint of the Google Health profile.
   * @default 'https://health.googleapis.com/v4/users/me/profile'
   */
  userProfileURL?: string | undefined;
}
