export type { ConsentTokens } from './incoming/consent-check.ts';
export type { FetchHandler, NodeHandler } from './incoming/handlers.ts';
export type { NodeRequest } from './incoming/http-body.ts';
export { MemorySeenIDs, type MemorySeenIDsOptions, type SeenIDs } from './incoming/seen-ids.ts';
export { SecurityEventError, type SecurityEventErrorCode } from './security-events/error.ts';
export type { RevokedToken, SecurityEvent, SecurityEventToken } from './security-events/event.ts';
export type { KnownEventType } from './security-events/event-types.ts';
export {
  createFetchSecurityEventHandler,
  createSecurityEventHandler,
  type FetchSecurityEventOptions,
} from './security-events/handler.ts';
export {
  createIssuerKeySet,
  type IssuerKey,
  type IssuerKeySet,
  type IssuerKeySetOptions,
} from './security-events/key-set.ts';
export type { SecurityEventOptions } from './security-events/receiver.ts';
export { tokenIdentifiers } from './security-events/token-identifiers.ts';
export { type VerifySecurityEventOptions, verifySecurityEvent } from './security-events/verify-event.ts';
