import { checkBoolean, checkCallbackURL, checkObject, checkString } from './arguments.ts';
import type { AuthenticateOptions } from './authenticate-options.ts';
import type { ClientOptions } from './provider.ts';
import type { StateStore } from './state.ts';
import type { Verify } from './verify.ts';

/** The options that both strategies share. */
export interface StrategyOptions extends ClientOptions {
  /** Where the provider sends the user back: as registered, to the letter; or a path on the app's host. */
  callbackURL?: string | undefined;
  /**
   * Whether a random `state` ties the callback to the browser that began the login (RFC 6749, section 10.12).
   * Switching it off switches PKCE off, too, and lets anybody sign a user in to a foreign account.
   * @default true
   */
  state?: boolean | undefined;
  /**
   * Whether a code verifier (RFC 7636, method S256) ties the code to this login.
   * @default true
   */
  pkce?: boolean | 'S256' | undefined;
  /**
   * Keeps logins between redirect and callback.
   * @default a store in `req.session`
   */
  store?: StateStore | undefined;
  /**
   * The session's property that the default store uses.
   * @default 'oauth2:' and the host of the authorization URL
   */
  sessionKey?: string | undefined;
  /**
   * Whether to do without the provider's profile: `profile` is then `{ provider, id }`. A function may decide,
   * as in passport-oauth2.
   * @default false
   */
  skipUserProfile?:
    | boolean
    | (() => boolean)
    | ((accessToken: string, done: (error: unknown, skip?: boolean) => void) => void)
    | undefined;
  /**
   * Whether Passport's form of `verify` gets the request as its first argument.
   * @default false
   */
  passReqToCallback?: boolean | undefined;
  /**
   * Whether a `callbackURL` that is a path is resolved by `X-Forwarded-*` headers.
   * @default false
   */
  proxy?: boolean | undefined;
}

const BOOLEANS = ['state', 'passReqToCallback', 'proxy'] as const;

/** Refuses wrong options of a strategy, by name. */
export function checkStrategyOptions(options: StrategyOptions, verify: Verify): void {
  if (typeof verify !== 'function') {
    throw new TypeError('"verify" must be a function: the second argument, which finds or creates the user');
  }
  checkObject(options, 'options');
  const { callbackURL, pkce, store, sessionKey, skipUserProfile } = options;
  if (callbackURL !== undefined) checkCallbackURL(callbackURL);
  if (sessionKey !== undefined) checkString(sessionKey, 'sessionKey');
  for (const name of BOOLEANS) {
    if (options[name] !== undefined) checkBoolean(options[name], name);
  }
  if (pkce !== undefined && pkce !== 'S256') {
    checkBoolean(pkce, 'pkce', ' or "S256": the method "plain" protects nothing');
  }
  if (skipUserProfile !== undefined && typeof skipUserProfile !== 'function') {
    checkBoolean(skipUserProfile, 'skipUserProfile', ' or a function');
  }
  if (store !== undefined && !isStore(store)) {
    throw new TypeError('"store" must be an object with the methods "store" and "verify"');
  }
  if (options.state === false && (pkce || store)) {
    throw new TypeError(
      '"state" must not be false with "pkce" or "store": they keep the verifier with the state',
    );
  }
  if (pkce && store && !keepsVerifier(store)) {
    throw new TypeError(
      '"store" can\'t keep the code verifier: its "store" method must declare five parameters',
    );
  }
}

/** Whether PKCE is on: by default, wherever the verifier can be kept. */
export function usesPKCE(pkce: StrategyOptions['pkce'], store: StateStore | undefined): boolean {
  return store !== undefined && pkce !== false && keepsVerifier(store);
}

/** The scopes in the form that passport-oauth2 takes. */
export function toScopeList(scope: unknown, name = 'scope'): string | string[] {
  if (typeof scope === 'string') return scope;
  if (Array.isArray(scope) && scope.every((item) => typeof item === 'string')) return [...scope];
  throw new TypeError(`"${name}" must be a string of scopes with spaces between them, or an array of scopes`);
}

/** Checks the options of one request and returns a copy of them. */
export function toRequestOptions(options: AuthenticateOptions, keepsState: boolean): AuthenticateOptions {
  const { scope, callbackURL, state } = options;
  if (callbackURL !== undefined) checkCallbackURL(callbackURL);
  if (typeof state === 'string' && keepsState) {
    throw new TypeError(
      '"state" must be an object with data of the app\'s, which comes back as info.state: the value that is sent is made for each login',
    );
  }
  return scope === undefined ? { ...options } : { ...options, scope: toScopeList(scope) };
}

function isStore(value: unknown): value is StateStore {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'store') === 'function' &&
    typeof Reflect.get(value, 'verify') === 'function'
  );
}

// passport-oauth2 hands the verifier to a `store` of five parameters only.
function keepsVerifier(store: StateStore): boolean {
  return store.store.length === 5;
}
