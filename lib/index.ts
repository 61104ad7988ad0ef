export type { FitbitClient } from './fitbit/endpoints.ts';
export type { FitbitProfile } from './fitbit/profile.ts';
export type { Access, FitbitScope } from './fitbit/scopes.ts';
export {
  type FitbitPrompt,
  FitbitStrategy,
  FitbitStrategy as Strategy,
  type FitbitStrategyOptions,
} from './fitbit/strategy.ts';
export {
  type FitbitTokenInfo,
  type IntrospectOptions,
  introspect,
  refresh,
  revoke,
} from './fitbit/tokens.ts';
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
