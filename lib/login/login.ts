import { createHash, randomBytes } from 'node:crypto';
import { parse, stringify } from 'node:querystring';
import type { Request } from 'express';
import { toErrorCode } from '../client/error-response.ts';
import { OAuthError } from '../client/errors.ts';
import { redactor } from '../client/redact.ts';
import type { TokenSet } from '../client/token-set.ts';
import { type StateMeta, stateFailure } from '../state/store.ts';
import { type Callback, readCallback } from './callback.ts';
import { LoginFailure, userRefused } from './failure.ts';
import type { AuthenticateOptions } from './options.ts';
import {
  callVerify,
  exchangeCode,
  loadProfile,
  storeState,
  takeState,
  type Verified,
} from './passport-oauth2.ts';
import { toRedirectURI } from './redirect-uri.ts';
import type { BaseStrategy } from './strategy.ts';
import type { Login } from './verify.ts';

/** The result of a request: the arguments of Passport's `redirect`, `success` or `fail`. */
export type LoginResult =
  | { redirect: string }
  | { user: Express.User; info: object }
  | { failure: unknown; status: number | undefined };

/** Begins a login, or completes the one whose callback the request is. */
export async function login(
  strategy: BaseStrategy,
  req: Request,
  given: AuthenticateOptions,
): Promise<LoginResult> {
  try {
    const callback = readCallback(req, strategy._issuer);
    const options = strategy.requestOptions(given);
    const redirectURI = toRedirectURI(
      req,
      options.callbackURL ?? strategy._callbackURL,
      strategy._trustProxy,
    );
    const request = { strategy, req, options, redirectURI };
    return callback === undefined ? await begin(request) : await complete(request, callback);
  } catch (error) {
    if (error instanceof LoginFailure) return { failure: error.failure, status: error.status };
    const failure = error instanceof OAuthError ? strategy.toFailure(error) : undefined;
    if (failure !== undefined) return { failure, status: 403 };
    throw error;
  }
}

/** A request and its context. */
interface LoginRequest {
  strategy: BaseStrategy;
  req: Request;
  options: AuthenticateOptions;
  redirectURI: string | undefined;
}

/** Sends the browser to the provider (RFC 6749, section 4.1.1; RFC 7636, section 4.3). */
async function begin(request: LoginRequest): Promise<LoginResult> {
  const { strategy, req, options, redirectURI } = request;
  const params: Record<string, unknown> = {};
  Object.assign(params, strategy.authorizationParams(options));
  params.response_type = 'code';
  if (redirectURI) params.redirect_uri = redirectURI;
  const scope = options.scope || strategy._scope;
  if (scope.length > 0)
    params.scope = typeof scope === 'string' ? scope : scope.join(strategy._scopeSeparator);
  let verifier: string | undefined;
  if (strategy._pkceMethod) {
    verifier = randomBytes(32).toString('base64url');
    params.code_challenge = createHash('sha256').update(verifier).digest('base64url');
    params.code_challenge_method = 'S256';
  }
  // A string is the app's own state, which is only possible if none is stored.
  const state =
    typeof options.state === 'string'
      ? options.state
      : await storeState(strategy._stateStore, req, verifier, options.state, metaOf(request));
  if (state) params.state = state;
  params.client_id = strategy._oauth2._clientId;
  const [base, ...query] = strategy._oauth2._authorizeUrl.split('?');
  return { redirect: `${base}?${stringify(Object.assign(parse(query.join('?')), params))}` };
}

/** Completes a login: checks the state, exchanges the code, loads the profile, calls the app's `verify`. */
async function complete(request: LoginRequest, callback: Callback): Promise<LoginResult> {
  const { strategy, req } = request;
  const taken = await takeState(strategy._stateStore, req, callback.state, metaOf(request));
  if (taken.ok === false) throw new LoginFailure(taken.failure, 403);
  const verifier = checkVerifier(strategy, taken.ok);
  if (callback.code === undefined) throw refusal(strategy, callback);

  const tokens = await exchange(request, callback.code, verifier);
  checkScope(strategy, tokens);
  const profile = (await loadProfile(strategy, tokens)) ?? (await strategy.bareProfile(tokens));
  tokens.userID ??= profile.id;

  const { appState: state } = taken;
  const login: Login = { tokens, profile, state, req, callback: callback.params };
  const { user, info } = await (strategy._verify === undefined
    ? callVerifyOption(strategy, login)
    : callVerify(strategy, strategy._verify, login));
  if (!user) return { failure: info, status: undefined };
  return { user, info: withState(info, state) };
}

/**
 * Returns the code verifier, which must be stored exactly if PKCE is on. Otherwise a strategy with another "pkce"
 * option began the login, and the code may belong to another login.
 */
function checkVerifier(strategy: BaseStrategy, kept: string | true): string | undefined {
  const verifier = typeof kept === 'string' ? kept : undefined;
  if ((verifier === undefined) === Boolean(strategy._pkceMethod)) {
    throw new LoginFailure(stateFailure('state_mismatch'), 403);
  }
  return verifier;
}

/**
 * Turns an error callback into an error (RFC 6749, section 4.1.2.1). Only developers see its text, and only if the
 * state proves that it comes from the provider.
 */
function refusal({ _oauth2, _keepsState }: BaseStrategy, callback: Callback): Error {
  const { provider, clientSecret } = _oauth2;
  const code = toErrorCode(callback.error) ?? 'authorization_error';
  const text =
    _keepsState && callback.errorDescription !== undefined
      ? redactor([clientSecret])(callback.errorDescription)
      : undefined;
  if (code === 'access_denied') {
    const message = `You did not allow access to your ${provider.label} account. To continue, please start again and allow it.`;
    return new LoginFailure({ message, code, ...(text !== undefined && { hint: text }) }, 403);
  }
  const reason = _keepsState ? toErrorCode(callback.errorSubtype) : undefined;
  const error = { code, ...(reason !== undefined && { reason }) };
  const operation = 'authorization';
  const { remedy } = provider.explain({ code, operation, httpStatus: undefined, errors: [error] });
  const refused = `${provider.label} refused the authorization request: ${code}`;
  const details = [reason && ` (${reason})`, text && `: ${text}`, remedy && ` — ${remedy}`];
  return new OAuthError(refused + details.join(''), {
    code,
    operation,
    retryable: code === 'server_error' || code === 'temporarily_unavailable',
  });
}

/** Exchanges the code (RFC 6749, section 4.1.3; RFC 7636, section 4.5). */
function exchange(
  { strategy, options, redirectURI }: LoginRequest,
  code: string,
  verifier: string | undefined,
): Promise<TokenSet> {
  const params: Record<string, string> = {};
  Object.assign(params, strategy.tokenParams(options));
  params.grant_type = 'authorization_code';
  if (redirectURI) params.redirect_uri = redirectURI;
  if (verifier !== undefined) params.code_verifier = verifier;
  return exchangeCode(strategy, code, params);
}

/** Refuses a login that lacks a required scope. A response without `scope` means that all were granted. */
function checkScope(strategy: BaseStrategy, { scope }: TokenSet): void {
  const missing = strategy._requiredScope.filter((name) => !scope.includes(name));
  if (scope.length === 0 || missing.length === 0) return;
  throw new LoginFailure(
    {
      message: `To sign in, please start again and select these permissions: ${missing.join(', ')}.`,
      code: 'missing_scope',
      hint: 'The user did not grant every scope in the option "requiredScope". Tell users why the app needs these scopes, or remove them from the option.',
    },
    403,
  );
}

/** Calls the option `verify`. */
async function callVerifyOption(strategy: BaseStrategy, login: Login): Promise<Verified> {
  const verify = strategy._verifyLogin ?? (() => undefined);
  const user: Express.User | undefined = await Reflect.apply(verify, strategy, [login]);
  return { user, info: user ? undefined : userRefused() };
}

/**
 * Adds the state to a copy of the app's info; a string stays as it is. Without an info, the result is an empty object,
 * as in passport-oauth2: custom callbacks read its properties.
 */
function withState(info: object | undefined, state: unknown): object {
  if (!info) return state ? { state } : {};
  if (!state || typeof info !== 'object') return info;
  return Object.assign(Object.create(Object.getPrototypeOf(info)), info, { state });
}

function metaOf({ strategy, redirectURI }: LoginRequest): StateMeta {
  const { _authorizeUrl, _accessTokenUrl, _clientId } = strategy._oauth2;
  return {
    authorizationURL: _authorizeUrl,
    tokenURL: _accessTokenUrl,
    clientID: _clientId,
    callbackURL: redirectURI,
  };
}
