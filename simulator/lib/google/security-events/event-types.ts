const prefix = 'https://schemas.openid.net/secevent/';

/** The types of security events, and the URIs that name them in a token. */
export const eventTypes = {
  'tokens-revoked': `${prefix}oauth/event-type/tokens-revoked`,
  'token-revoked': `${prefix}oauth/event-type/token-revoked`,
  'sessions-revoked': `${prefix}risc/event-type/sessions-revoked`,
  'account-disabled': `${prefix}risc/event-type/account-disabled`,
  'account-enabled': `${prefix}risc/event-type/account-enabled`,
  'account-credential-change-required': `${prefix}risc/event-type/account-credential-change-required`,
  verification: `${prefix}risc/event-type/verification`,
} as const;

/** The type of a security event. */
export type SecurityEventType = keyof typeof eventTypes;

/** Earlier names of two types. */
export const eventAliases: Readonly<Partial<Record<SecurityEventType, string>>> = {
  'tokens-revoked': 'https://accounts.google.com/risc/event/all-token-revoked',
  'token-revoked': 'https://accounts.google.com/risc/event/one-token-revoked',
};

/** A type that is unknown to every app. */
export const unknownEventType = `${prefix}risc/event-type/simulated-unknown`;
