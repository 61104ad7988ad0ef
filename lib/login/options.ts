import type { OutgoingHttpHeaders } from 'node:http';
import type { AuthenticateOptions as PassportOptions } from 'passport';
import type { StateStore as PassportStateStore } from 'passport-oauth2';
import type { Profile } from '../client/profile.ts';
import type { ClientOptions } from '../client/provider.ts';
import { splitScope } from '../client/token-set.ts';
import type { StateStore } from '../state/store.ts';
import { checkBoolean, checkCallbackURL, checkObject, checkString } from '../util/arguments.ts';
import { checkVerifyFunction, keepsVerifier } from './passport-oauth2.ts';
import type { AnyVerify, VerifyLogin } from './verify.ts';

/** The options that all strategies share. */
export interface StrategyOptions extends ClientOptions {
  /** Where the provider sends the user back: exactly as registered, or a path on the app's host. */
  callbackURL?: string | undefined;
  /**
   * The separator between the scopes of an array.
   * @default ' '
   */
  scopeSeparator?: string | undefined;
  /**
   * The scopes that a login must be granted, by the names in the token response. A login without one of them fails
   * with `missing_scope`. The user can refuse single scopes.
   * @default none
   */
  requiredScope?: string | readonly string[] | undefined;
  /**
   * Whether a random `state` ties the callback to the browser that began the login (RFC 6749, section 10.12).
   * `false` also disables PKCE, and lets attackers sign users in to an attacker's account.
   * @default true
   */
  state?: boolean | undefined;
  /**
   * Whether a code verifier ties the code to this login (RFC 7636, method S256).
   * @default true
   */
  pkce?: boolean | 'S256' | undefined;
  /**
   * Stores pending logins. A store written for passport-oauth2 works, too; PKCE needs a `store` method with five
   * parameters.
   * @default a store in `req.session`
   */
  store?: StateStore | PassportStateStore | undefined;
  /**
   * The session's property that the default store uses.
   * @default 'oauth2:' and the name of the strategy
   */
  sessionKey?: string | undefined;
  /**
   * The issuer identifier that `iss` in a callback must have (RFC 9207).
   * @default the provider's
   */
  issuer?: string | undefined;
  /**
   * Whether to skip the provider's profile: `profile` is then `{ provider, id, displayName: '' }`. A function may
   * decide, as in passport-oauth2.
   * @default false
   */
  skipUserProfile?:
    | boolean
    | (() => boolean)
    | ((accessToken: string, done: (error: unknown, skip?: boolean) => void) => void)
    | undefined;
  /**
   * Whether to use `X-Forwarded-*` headers to resolve a `callbackURL` that is a path. An Express app's "trust proxy"
   * setting does the same.
   * @default false
   */
  proxy?: boolean | undefined;
  /** Headers sent with every request to the provider. */
  customHeaders?: OutgoingHttpHeaders | undefined;
  /**
   * Whether the second argument of the strategy gets the request as its first parameter.
   * @default false
   */
  passReqToCallback?: false | undefined;
  /** Absent where the second argument is `verify`. */
  verify?: undefined;
}

/** Options for a second argument that gets the request first. */
export type WithRequest<Options extends StrategyOptions> = Omit<Options, 'passReqToCallback'> & {
  passReqToCallback: true;
};

/** Options with `verify` among them, and no second argument. */
export type WithVerify<Options extends StrategyOptions, P extends Profile> = Omit<Options, 'verify'> & {
  /** Finds or creates the app's user: `async ({ tokens, profile, state, req }) => user`. */
  verify: VerifyLogin<P>;
};

/** The options of any form, as a constructor reads them. */
export type AnyForm<Options extends StrategyOptions> = Omit<Options, 'passReqToCallback' | 'verify'> & {
  passReqToCallback?: boolean | undefined;
  verify?: AnyVerify | undefined;
};

/** The options that `passport.authenticate(name, options)` overrides for one request. */
export interface AuthenticateOptions extends Omit<PassportOptions, 'state' | 'scope' | 'prompt'> {
  /** Scopes to ask for, instead of the strategy's. */
  scope?: string | readonly string[] | null | undefined;
  /** Which pages the provider shows. */
  prompt?: string | readonly string[] | undefined;
  /** The app's own data, e.g. `{ returnTo: '/week' }`: `verify` receives it, and `req.authInfo.state` has it. */
  state?: object | undefined;
  /** The callback URL, instead of the strategy's: absolute, or a path on the app's host. */
  callbackURL?: string | null | undefined;
}

const OPTIONS = [
  'agent',
  'callbackURL',
  'clientID',
  'clientSecret',
  'customHeaders',
  'issuer',
  'passReqToCallback',
  'pkce',
  'proxy',
  'requiredScope',
  'scope',
  'scopeSeparator',
  'sessionKey',
  'skipUserProfile',
  'state',
  'store',
  'timeout',
  'verify',
] as const;

/**
 * Refuses wrong options of a strategy, by name. Unknown options are ignored: apps share configuration objects with
 * other code.
 *
 * @param ownNames the names of the options that only this strategy has
 */
export function checkStrategyOptions(
  options: AnyForm<StrategyOptions>,
  verify: AnyVerify | undefined,
  ownNames: readonly string[],
): void {
  checkObject(options, 'options');
  checkSpelling(options, [...OPTIONS, ...ownNames]);
  checkVerify(options.verify, verify);
  const { callbackURL, pkce, store, sessionKey, issuer, skipUserProfile, scopeSeparator } = options;
  if (callbackURL !== undefined) checkCallbackURL(callbackURL);
  if (sessionKey !== undefined) checkString(sessionKey, 'sessionKey');
  if (issuer !== undefined) checkString(issuer, 'issuer');
  if (scopeSeparator !== undefined) checkString(scopeSeparator, 'scopeSeparator');
  if (options.requiredScope !== undefined) toScopeList(options.requiredScope, 'requiredScope');
  if (options.customHeaders !== undefined) checkObject(options.customHeaders, 'customHeaders');
  for (const name of ['state', 'passReqToCallback', 'proxy'] as const) {
    if (options[name] !== undefined) checkBoolean(options[name], name);
  }
  if (pkce !== undefined && pkce !== 'S256') {
    checkBoolean(pkce, 'pkce', ', or "S256": the method "plain" gives no protection');
  }
  if (skipUserProfile !== undefined && typeof skipUserProfile !== 'function') {
    checkBoolean(skipUserProfile, 'skipUserProfile', ' or a function');
  }
  if (store !== undefined && !isStore(store)) {
    throw new TypeError('"store" must be an object with the methods "store" and "verify"');
  }
  if (options.state === false && (pkce || store)) {
    throw new TypeError(
      '"state: false" can\'t be combined with "pkce" or "store", which need the state: remove one of them',
    );
  }
  if (pkce && store && !keepsVerifier(store)) {
    throw new TypeError(
      '"store" can\'t keep the code verifier, because its "store" method doesn\'t declare five parameters: use another store, or leave "pkce" out',
    );
  }
}

function checkVerify(option: unknown, argument: AnyVerify | undefined): void {
  if (option !== undefined && argument !== undefined) {
    throw new TypeError('"verify" was given twice: pass it either as an option or as the second argument');
  }
  if (argument !== undefined) checkVerifyFunction(argument);
  else if (typeof option !== 'function') {
    throw new TypeError('"verify" must be a function that finds or creates the user: ({ profile }) => user');
  }
}

/** Refuses a misspelled option, which otherwise nobody would notice until a user signs in. */
function checkSpelling(options: object, names: readonly string[]): void {
  for (const key of Object.keys(options)) {
    const meant = names.find((name) => skeleton(name) === skeleton(key));
    if (meant !== undefined && !(meant in options)) {
      throw new TypeError(`"${key}" is not an option: write "${meant}"`);
    }
  }
}

/** A name without case, separators and plural; `redirect_uri` is the RFC's name of the callback URL. */
function skeleton(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .replace(/s$/, '')
    .replace(/uri$/, 'url')
    .replace(/^redirecturl$/, 'callbackurl');
}

/** Whether PKCE is on. By default, it is on if the store can keep the verifier. */
export function usesPKCE(pkce: StrategyOptions['pkce'], store: StateStore): boolean {
  return pkce !== false && keepsVerifier(store);
}

/** The scopes, checked, in the form that passport-oauth2 takes. */
export function toScopeList(scope: unknown, name = 'scope'): string | string[] {
  if (typeof scope === 'string') return scope;
  if (Array.isArray(scope) && scope.every((item) => typeof item === 'string')) return [...scope];
  throw new TypeError(`"${name}" must be a string of scopes separated by spaces, or an array of scopes`);
}

/** The scopes, checked, as an array. */
export function toScopes(scope: unknown, name = 'scope'): string[] {
  const list = toScopeList(scope, name);
  return typeof list === 'string' ? splitScope(list) : list;
}

/** The options of one request, checked, in a new object; `null` means the strategy's own. */
export function toRequestOptions(options: AuthenticateOptions, keepsState: boolean): AuthenticateOptions {
  const { scope, callbackURL, state } = options;
  if (callbackURL != null) checkCallbackURL(callbackURL);
  if (typeof state === 'string' && keepsState) {
    throw new TypeError(
      '"state" must be an object with your app\'s data, which "verify" receives: the strategy generates the parameter "state" itself',
    );
  }
  const checked = Object.assign({}, options);
  checked.scope = scope == null ? undefined : toScopeList(scope);
  checked.callbackURL = callbackURL ?? undefined;
  return checked;
}

function isStore(value: unknown): value is StateStore {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'store') === 'function' &&
    typeof Reflect.get(value, 'verify') === 'function'
  );
}

declare module 'passport' {
  // @types/passport knows `state` only as a string. The names in here are those of @types/passport, hence the imports.
  interface Authenticator<InitializeRet, AuthenticateRet, AuthorizeRet, AuthorizeOptions> {
    authenticate(
      strategy: string | string[] | import('passport').Strategy,
      options: import('./options.ts').AuthenticateOptions,
      // biome-ignore lint/suspicious/noExplicitAny: as in the signature of @types/passport that this adds to
      callback?: (...args: any[]) => any,
    ): AuthenticateRet;
    authorize(
      strategy: string | string[],
      options: import('./options.ts').AuthenticateOptions,
      // biome-ignore lint/suspicious/noExplicitAny: as in the signature of @types/passport that this adds to
      callback?: (...args: any[]) => any,
    ): AuthorizeRet;
  }
}
