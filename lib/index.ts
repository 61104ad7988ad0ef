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
export type { FitbitClient } from './fitbit/endpoints.ts';
export type {
  FitbitProfile,
  FitbitProfile as Profile,
  FitbitProfileResponse,
  FitbitUser,
} from './fitbit/profile.ts';
export type { Access, FitbitScope } from './fitbit/scopes.ts';
export {
  type FitbitPrompt,
  FitbitStrategy,
  FitbitStrategy as Strategy,
  type FitbitStrategyOptions,
  type FitbitStrategyOptions as StrategyOptions,
  type FitbitStrategyOptionsWithRequest,
  type FitbitStrategyOptionsWithRequest as StrategyOptionsWithRequest,
  type FitbitStrategyOptionsWithVerify,
  type FitbitStrategyOptionsWithVerify as StrategyOptionsWithVerify,
} from './fitbit/strategy.ts';
export {
  type FitbitTokenInfo,
  type IntrospectOptions,
  introspect,
  type RefreshOptions,
  refresh,
  revoke,
} from './fitbit/tokens.ts';
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
