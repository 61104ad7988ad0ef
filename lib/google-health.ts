export { type Accounts, findOrLinkAccount } from './google-health/account.ts';
export type { AuthorizationOptions, GooglePrompt } from './google-health/authorization.ts';
export type { GoogleHealthClient } from './google-health/endpoints.ts';
export type { GoogleHealthProfile } from './google-health/identity.ts';
export {
  type FitbitScope,
  type GoogleHealthScope,
  type GoogleHealthScopeName,
  type GoogleHealthShortScope,
  type OpenIDScope,
  type TranslatedScopes,
  toGoogleHealthScopes,
} from './google-health/scopes.ts';
export {
  GoogleHealthStrategy,
  GoogleHealthStrategy as Strategy,
  type GoogleHealthStrategyOptions,
} from './google-health/strategy.ts';
export { type GoogleHealthTokenInfo, introspect, refresh, revoke } from './google-health/tokens.ts';
export type { AuthenticateOptions } from './oauth2/authenticate-options.ts';
export type { CallOptions } from './oauth2/client.ts';
export { CookieStateStore, type CookieStateStoreOptions } from './oauth2/cookie-state.ts';
export {
  OAuthError,
  type Operation,
  type ProviderError,
  type RateLimit,
  type RequestOperation,
  ResponseError,
  TransportError,
  type TransportErrorCode,
} from './oauth2/errors.ts';
export type { Failure } from './oauth2/outcome.ts';
export type { Profile } from './oauth2/profile.ts';
export type { StateMeta, StateStore } from './oauth2/state.ts';
export type { TokenInfo, TokenSet } from './oauth2/tokens.ts';
export type {
  Login,
  VerifyCallback,
  VerifyCallbackWithRequest,
  VerifyDone,
  VerifyLogin,
} from './oauth2/verify.ts';
