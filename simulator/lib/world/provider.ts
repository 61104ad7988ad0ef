/** The two simulated providers. */
export const providers = ['fitbit', 'google-health'] as const;

/** A simulated provider. */
export type Provider = (typeof providers)[number];

/** An endpoint of a provider, by the name that faults and the request log use. */
export type Endpoint =
  | 'authorize'
  | 'token'
  | 'introspect'
  | 'revoke'
  | 'profile'
  | 'data'
  | 'identity'
  | 'userinfo'
  | 'keys'
  | 'webhooks'
  | 'security-events';

const shared: readonly Endpoint[] = ['authorize', 'token', 'introspect', 'revoke', 'profile', 'data'];

/** The endpoints of each provider. */
export const endpointNames: Readonly<Record<Provider, readonly Endpoint[]>> = {
  fitbit: shared,
  'google-health': [...shared, 'identity', 'userinfo', 'keys', 'webhooks', 'security-events'],
};
