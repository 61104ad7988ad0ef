import { types } from 'node:util';
import type { Request } from 'express';
import { Strategy as OAuth2Strategy } from 'passport-oauth2';
import { responseError } from '../client/error-response.ts';
import { OAuthError, type RequestOperation } from '../client/errors.ts';
import type { HttpResponse } from '../client/http.ts';
import type { Profile } from '../client/profile.ts';
import { type TokenSet, toTokenSet, withRaw } from '../client/token-set.ts';
import type { StateMeta, StateStore, TakenState } from '../state/store.ts';
import { isObject } from '../util/arguments.ts';
import type { StrategyOptions } from './options.ts';
import type { BaseStrategy } from './strategy.ts';
import type { AnyVerify, Login, VerifyCallback } from './verify.ts';

// passport-oauth2's callback interfaces as promises. Everything here exists for compatibility with it and with
// node-oauth. As there, the number of declared parameters decides how a function is called.

/** Whether a store can keep the code verifier: passport-oauth2 hands it to a `store` of five parameters only. */
export function keepsVerifier(store: StateStore): boolean {
  return store.store.length === 5;
}

/** Refuses a second argument that can't be one of Passport's forms, which call `done`. */
export function checkVerifyFunction(verify: unknown): asserts verify is AnyVerify {
  if (typeof verify !== 'function') {
    throw new TypeError('"verify" must be a function: (accessToken, refreshToken, profile, done) => …');
  }
  if (verify.length === 1) {
    throw new TypeError(
      'A function with one parameter can\'t be the second argument: pass it as the option "verify"',
    );
  }
}

/** Calls a store's `store`; resolves with the state to send. */
export function storeState(
  store: StateStore,
  req: Request,
  verifier: string | undefined,
  appState: unknown,
  meta: StateMeta,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const { length } = store.store;
    const args =
      length >= 5 ? [verifier, appState, meta] : length === 4 ? [appState, meta] : length === 3 ? [meta] : [];
    const callback = (error: unknown, state?: string) => (error ? reject(error) : resolve(state));
    Reflect.apply(store.store, store, [req, ...args, callback]);
  });
}

/** Calls a store's `verify`. */
export function takeState(
  store: StateStore,
  req: Request,
  state: string | undefined,
  meta: StateMeta,
): Promise<TakenState> {
  return new Promise((resolve, reject) => {
    const callback = (error: unknown, ok?: string | boolean, info?: unknown) => {
      if (error) reject(error);
      else resolve(ok ? { ok, appState: info } : { ok: false, failure: info });
    };
    const args = store.verify.length >= 4 ? [meta, callback] : [callback];
    Reflect.apply(store.verify, store, [req, state, ...args]);
  });
}

/** Exchanges a code; through the method of `_oauth2` if that was replaced. */
export function exchangeCode(
  strategy: BaseStrategy,
  code: string,
  params: Record<string, string>,
): Promise<TokenSet> {
  const { _oauth2 } = strategy;
  if (!_oauth2.isReplaced('getOAuthAccessToken')) {
    params.code = code;
    return _oauth2.requestTokens(params, 'code_exchange');
  }
  return new Promise((resolve, reject) => {
    _oauth2.getOAuthAccessToken(code, params, (error, access_token, refresh_token, results = {}) => {
      if (error) return reject(toError(error, strategy, 'code_exchange', [code, params.code_verifier]));
      try {
        // The type of the token is not checked: the app's own method has to know what to do with it.
        const response = { ...results, access_token, refresh_token, token_type: undefined };
        const tokens = toTokenSet(_oauth2.provider, 'code_exchange', response);
        resolve(withRaw(tokens, isObject(results) ? results : {}));
      } catch (malformed) {
        reject(malformed);
      }
    });
  });
}

/** Fetches a resource; through the methods of `_oauth2` if they were replaced. Resolves with the body. */
export function fetchResource(strategy: BaseStrategy, url: string, accessToken: string): Promise<string> {
  const { _oauth2 } = strategy;
  if (!_oauth2.isReplaced('get', '_request')) return _oauth2.fetchResource(url, accessToken);
  const fetched = new Promise((resolve, reject) => {
    _oauth2.get(url, accessToken, (error, body) => {
      if (error) reject(toError(error, strategy, 'profile', [accessToken]));
      else resolve(body);
    });
  });
  return fetched.then(String); // Here, so that an exception fails the login.
}

/** Turns node-oauth's `{ statusCode, data }` and other values into an `OAuthError`; an `Error` stays as it is. */
function toError(
  error: unknown,
  strategy: BaseStrategy,
  operation: RequestOperation,
  secrets: readonly (string | undefined)[],
): unknown {
  if (error instanceof Error) return error;
  if (isObject(error) && typeof error.statusCode === 'number') {
    const response = {
      status: error.statusCode,
      headers: {},
      body: typeof error.data === 'string' ? error.data : '',
    };
    const own = operation === 'code_exchange' ? parseErrorResponse(strategy, response) : undefined;
    return own ?? responseError(strategy._oauth2, operation, response, secrets);
  }
  return new OAuthError(`The ${operation} request failed with a value that is not an Error: see \`cause\``, {
    code: 'unknown',
    operation,
    cause: error,
  });
}

/** The error that an overridden `parseErrorResponse` returns for a refused code exchange. */
export function parseErrorResponse(
  strategy: BaseStrategy,
  { body, status }: HttpResponse,
): Error | undefined {
  if (strategy.parseErrorResponse === OAuth2Strategy.prototype.parseErrorResponse) return undefined;
  try {
    return strategy.parseErrorResponse(body, status) ?? undefined;
  } catch {
    return undefined; // As in passport-oauth2: the body was not what it expected.
  }
}

type SkipFunction = Exclude<StrategyOptions['skipUserProfile'], boolean | undefined>;

/** Loads the profile, unless `skipUserProfile` says otherwise; through `userProfile` if that was overridden. */
export function loadProfile(strategy: BaseStrategy, tokens: TokenSet): Promise<Profile | undefined> {
  const { _skipUserProfile: skip } = strategy;
  if (typeof skip === 'function') return loadUnlessSkipped(strategy, tokens, skip);
  return skip ? Promise.resolve(undefined) : callUserProfile(strategy, tokens);
}

async function loadUnlessSkipped(
  strategy: BaseStrategy,
  tokens: TokenSet,
  skip: SkipFunction,
): Promise<Profile | undefined> {
  const skipped = await asksToSkip(strategy, skip, tokens.accessToken);
  return skipped ? undefined : await callUserProfile(strategy, tokens);
}

function callUserProfile(strategy: BaseStrategy, tokens: TokenSet): Promise<Profile | undefined> {
  const { accessToken } = tokens;
  if (!strategy.overridesUserProfile) return strategy.fetchProfile(accessToken, tokens);
  return new Promise((resolve, reject) => {
    const done = (error?: unknown, profile?: Profile) => (error ? reject(error) : resolve(profile));
    strategy.userProfile(accessToken, done, tokens);
  });
}

function asksToSkip(strategy: BaseStrategy, skip: SkipFunction, accessToken: string): unknown {
  if (skip.length < 2) return Reflect.apply(skip, strategy, []);
  return new Promise((resolve, reject) => {
    const decided = (error: unknown, skips?: boolean) => (error ? reject(error) : resolve(skips));
    Reflect.apply(skip, strategy, [accessToken, decided]);
  });
}

/** The arguments that an app's `verify` passed to `done`. */
export interface Verified {
  user: Parameters<VerifyCallback>[1];
  info: Parameters<VerifyCallback>[2];
}

/** Calls one of Passport's forms of `verify`. Only its first outcome counts. */
export function callVerify(
  strategy: BaseStrategy,
  verify: AnyVerify,
  { tokens, profile, req }: Login,
): Promise<Verified> {
  return new Promise((resolve, reject) => {
    const done: VerifyCallback = (error, user, info) => (error ? reject(error) : resolve({ user, info }));
    const args: unknown[] = [tokens.accessToken, tokens.refreshToken, profile, done];
    const passesRequest = strategy._passReqToCallback;
    if (verify.length === (passesRequest ? 6 : 5)) {
      const { refresh_token, ...params } = tokens.raw;
      args.splice(2, 0, params);
    }
    if (passesRequest) args.unshift(req);
    const result: unknown = Reflect.apply(verify, strategy, args);
    if (!types.isPromise(result)) return;
    result.then((user) => {
      // `async () => user` has no `done` to call, so the login would never end.
      if (verify.length === 0 && user !== undefined) reject(new TypeError(NO_DONE));
    }, reject);
  });
}

const NO_DONE =
  'The second argument returned a user instead of calling `done`: call `done`, or pass the function as the option "verify"';
