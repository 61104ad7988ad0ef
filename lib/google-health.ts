export {
  type Failure,
  OAuthError,
  type OAuthErrorCode,
  type Operation,
  type ProviderError,
  type RateLimit,
  type RequestOperation,
  ResponseError,
  TransportError,
  type TransportErrorCode,
} from './client/errors.ts';
export type { CallOptions } from './client/requests.ts';
export type { TokenInfo, TokenSet } from './client/token-set.ts';
export { type Accounts, findOrLinkAccount } from './google-health/account.ts';
export type { AuthorizationOptions, GooglePrompt } from './google-health/authorization.ts';
export type { GoogleHealthClient } from './google-health/endpoints.ts';
export type { GoogleHealthProfile, GoogleHealthProfile as Profile } from './google-health/identity.ts';
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
  type GoogleHealthAuthenticateOptions,
  GoogleHealthStrategy,
  GoogleHealthStrategy as Strategy,
  type GoogleHealthStrategyOptions,
  type GoogleHealthStrategyOptions as StrategyOptions,
  type GoogleHealthStrategyOptionsWithRequest,
  type GoogleHealthStrategyOptionsWithRequest as StrategyOptionsWithRequest,
  type GoogleHealthStrategyOptionsWithVerify,
  type GoogleHealthStrategyOptionsWithVerify as StrategyOptionsWithVerify,
} from './google-health/strategy.ts';
export {
  type GoogleHealthTokenInfo,
  introspect,
  type RefreshOptions,
  refresh,
  revoke,
} from './google-health/tokens.ts';
export {
  authenticateRequest,
  type RequestOptions,
  type RequestResult,
} from './login/authenticate-request.ts';
export type { AuthenticateOptions } from './login/options.ts';
export type {
  Login,
  ShortVerifyFunction,
  ShortVerifyFunctionWithRequest,
  VerifyCallback,
  VerifyFunction,
  VerifyFunctionWithRequest,
  VerifyLogin,
} from './login/verify.ts';
export { CookieStateStore, type CookieStateStoreOptions } from './state/cookie.ts';
export type { StateMeta, StateStore } from './state/store.ts';
