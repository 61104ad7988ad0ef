/** The events that Google is known to send, by the last part of their URI. */
export type KnownEventType =
  | 'tokens-revoked'
  | 'token-revoked'
  | 'sessions-revoked'
  | 'account-disabled'
  | 'account-enabled'
  | 'account-credential-change-required'
  | 'verification';

const OAUTH = 'https://schemas.openid.net/secevent/oauth/event-type/';
const RISC = 'https://schemas.openid.net/secevent/risc/event-type/';
const OLD = 'https://accounts.google.com/risc/event/';

const NAMES: Record<KnownEventType, { prefix: string; aliases?: readonly string[] }> = {
  'tokens-revoked': { prefix: OAUTH, aliases: ['all-token-revoked'] },
  'token-revoked': { prefix: OAUTH, aliases: ['one-token-revoked'] },
  'sessions-revoked': { prefix: RISC },
  'account-disabled': { prefix: RISC },
  'account-enabled': { prefix: RISC },
  'account-credential-change-required': { prefix: RISC },
  verification: { prefix: RISC },
};

const TYPES = new Map<string, KnownEventType>();
for (const [name, { prefix, aliases = [] }] of Object.entries(NAMES)) {
  const type = name as KnownEventType;
  TYPES.set(prefix + type, type);
  for (const old of [type, ...aliases]) TYPES.set(OLD + old, type);
}

/** The short name of a known event, by its current or earlier URI; `undefined` for an unknown one. */
export function knownType(uri: string): KnownEventType | undefined {
  return TYPES.get(uri);
}
