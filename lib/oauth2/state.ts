import { randomBytes } from 'node:crypto';
import type { Request } from 'express';

/** What a login is about: given to a state store with each call. */
export interface StateMeta {
  authorizationURL: string;
  tokenURL: string;
  clientID: string;
  callbackURL?: string | undefined;
}

/** Why a state was not accepted; becomes the `info` of Passport's failure. */
export interface StateFailure {
  message: string;
  /**
   * - `state_missing`: nothing is stored for this browser;
   * - `state_expired`: the login took too long;
   * - `state_mismatch`: the state that came back is not one that was sent.
   */
  code: 'state_missing' | 'state_expired' | 'state_mismatch';
}

/**
 * Keeps what a login needs between its redirect and its callback (RFC 6749, section 10.12; RFC 7636).
 *
 * The interface is passport-oauth2's, so that a store written for that works here. How many parameters a method
 * declares decides which it gets: of five `store` gets all, of four `verify`; with fewer, there is no PKCE.
 */
export interface StateStore {
  /**
   * Keeps a login; calls back with the `state` to send.
   *
   * @param verifier the PKCE code verifier, if PKCE is on
   * @param appState what the app gave as `state`, handed back by `verify`
   */
  store(
    req: Request,
    verifier: string | undefined,
    appState: unknown,
    meta: StateMeta,
    callback: (error: Error | null, state?: string) => void,
  ): void;
  /**
   * Looks a login up and uses it up. Calls back with the code verifier (or `true` without PKCE) and the app's
   * state; or with `false` and the failure.
   */
  verify(
    req: Request,
    state: string | undefined,
    meta: StateMeta,
    callback: (error: Error | null, ok?: string | boolean, info?: unknown) => void,
  ): void;
}

/** How long a login may take, ms; the life of an authorization code, too. */
export const LOGIN_LIFETIME = 10 * 60 * 1000;

/** How many logins one browser may have under way; a session in a cookie holds no more than 4 kB. */
export const MAX_LOGINS = 10;

/** A state: 192 random bits. */
export function newState(): string {
  return randomBytes(24).toString('base64url');
}

const FAILURES: Record<StateFailure['code'], string> = {
  state_missing:
    'No login was started in this browser, or it was finished already. Start again; if it keeps happening, the browser did not send back the cookie that was set before the redirect: check its SameSite, Secure, Domain and Path, and that the login starts on the same host as the callback.',
  state_expired: 'The login took longer than ten minutes. Start again.',
  state_mismatch:
    'The answer does not belong to a login that this browser started, or was used already. Start again.',
};

/** The failure with its message and remedy. */
export function stateFailure(code: StateFailure['code']): StateFailure {
  return { message: FAILURES[code], code };
}

/** What a store's `store` calls back with. */
type Stored = Parameters<StateStore['store']>[4];

/** What a store's `verify` calls back with. */
type Verified = Parameters<StateStore['verify']>[3];

/** Calls a store's `store` as passport-oauth2 does: with the arguments that it declares. */
export function storeState(
  store: StateStore,
  req: Request,
  verifier: string | undefined,
  appState: unknown,
  meta: StateMeta,
  callback: Stored,
): void {
  const { length } = store.store;
  if (length === 5) return store.store(req, verifier, appState, meta, callback);
  const shorter = length === 4 ? [appState, meta] : length === 3 ? [meta] : [];
  Reflect.apply(store.store, store, [req, ...shorter, callback]);
}

/** Calls a store's `verify` as passport-oauth2 does. */
export function verifyState(
  store: StateStore,
  req: Request,
  state: string | undefined,
  meta: StateMeta,
  callback: Verified,
): void {
  if (store.verify.length === 4) store.verify(req, state, meta, callback);
  else Reflect.apply(store.verify, store, [req, state, callback]);
}
