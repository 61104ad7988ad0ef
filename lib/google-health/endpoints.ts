import type { ClientOptions, Provider } from '../oauth2/provider.ts';
import { parseStandardErrors } from '../oauth2/response.ts';
import { remedy } from './errors.ts';

/** Google, as the shared code sees it. */
export const googleHealth = {
  name: 'google-health',
  label: 'Google',
  clientAuthentication: 'client_secret_post',
  accessTokenLifetime: 3600,
  endpoints: {
    authorizationURL: 'https://accounts.google.com/o/oauth2/v2/auth',
    tokenURL: 'https://oauth2.googleapis.com/token',
    introspectionURL: 'https://oauth2.googleapis.com/tokeninfo',
    revocationURL: 'https://oauth2.googleapis.com/revoke',
    identityURL: 'https://health.googleapis.com/v4/users/me/identity',
    userinfoURL: 'https://www.googleapis.com/oauth2/v3/userinfo',
    userProfileURL: 'https://health.googleapis.com/v4/users/me/profile',
  },
  parseErrors: parseStandardErrors,
  remedy,
} as const satisfies Provider;

export type GoogleHealthEndpoint = keyof typeof googleHealth.endpoints;

/**
 * An OAuth client of a Google Cloud project (https://console.cloud.google.com/auth/clients), with any endpoint
 * replaced that should not be Google's own: `authorizationURL`, `tokenURL`, `introspectionURL`, `revocationURL`,
 * `identityURL`, `userinfoURL`, `userProfileURL`.
 */
export interface GoogleHealthClient
  extends ClientOptions,
    Partial<Record<GoogleHealthEndpoint, string | undefined>> {}
