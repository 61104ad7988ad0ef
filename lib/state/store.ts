import { hash, randomBytes } from 'node:crypto';
import type { Request } from 'express';
import type { Failure } from '../client/errors.ts';

/** The provider, client and callback URL that a login is bound to. A state store gets them with each call. */
export interface StateMeta {
  authorizationURL: string;
  tokenURL: string;
  clientID: string;
  callbackURL?: string | undefined;
}

/**
 * Stores what a login needs between its redirect and its callback (RFC 6749, section 10.12; RFC 7636).
 *
 * The interface is passport-oauth2's, so stores written for that work here. The number of parameters that a method
 * declares decides which it gets: `store` gets all five if it declares five, `verify` all four if it declares four.
 * A `store` with fewer can't keep the code verifier, so there is no PKCE.
 */
export interface StateStore {
  /**
   * Stores a login; calls back with the `state` to send.
   *
   * @param verifier the PKCE code verifier, if PKCE is on
   * @param appState the app's own data, which `verify` returns
   */
  store(
    req: Request,
    verifier: string | undefined,
    appState: unknown,
    meta: StateMeta,
    callback: (error: Error | null, state?: string) => void,
  ): void;
  /**
   * Looks up a login and removes it. Calls back with the code verifier (or `true` without PKCE) and the app's
   * state; or with `false` and the failure.
   */
  verify(
    req: Request,
    state: string | undefined,
    meta: StateMeta,
    callback: (error: Error | null, ok?: string | boolean, info?: unknown) => void,
  ): void;
}

/** What a store found for a state: the code verifier (or `true` without PKCE) and the app's state, or a failure. */
export type TakenState = { ok: string | true; appState: unknown } | { ok: false; failure: unknown };

/** How long a login may take, ms. An authorization code is valid for as long. */
export const LOGIN_LIFETIME = 10 * 60 * 1000;

/** How many logins of one browser may be pending; a session in a cookie holds no more than 4 kB. */
export const MAX_LOGINS = 10;

/** Makes a state: 192 random bits. */
export function newState(): string {
  return randomBytes(24).toString('base64url');
}

/**
 * Identifies the authorization server, the client and the callback URL of a login. It is stored with a pending login,
 * so that a callback is refused if any of them differs.
 */
export function bindingOf({ authorizationURL, tokenURL, clientID, callbackURL }: StateMeta): string {
  const text = [authorizationURL, tokenURL, clientID, callbackURL].join('\n');
  if (text !== last.text) last = { text, binding: hash('sha256', text, 'base64url').slice(0, 22) }; // 132 bits
  return last.binding;
}

// Most apps have one strategy, whose logins have the same binding.
let last = { text: '', binding: '' };

/**
 * Why a state is refused:
 * - `state_missing`: no login is pending in this browser;
 * - `state_expired`: the login took too long;
 * - `state_mismatch`: no pending login of this provider, client and callback URL has this state.
 */
export type StateFailureCode = 'state_missing' | 'state_expired' | 'state_mismatch';

const FAILURES: Record<StateFailureCode, Omit<Failure, 'code'>> = {
  state_missing: {
    message: 'This sign-in was already finished or has expired. Please start again.',
    hint: 'No login is pending in this browser. If that keeps happening, the browser did not return the cookie that was set before the redirect: check its SameSite, Secure, Domain and Path attributes, and that login and callback use the same host.',
  },
  state_expired: {
    message: 'This sign-in took too long. Please start again.',
    hint: 'The callback came more than ten minutes after the redirect, or later than the "maxAge" of a CookieStateStore allows.',
  },
  state_mismatch: {
    message: 'This sign-in could not be completed. Please start again.',
    hint: 'The state of the callback does not match a pending login. It was already used or is fabricated, or the login route and the callback route differ in the provider, clientID, callbackURL or pkce.',
  },
};

/** The failure with its message and hint. */
export function stateFailure(code: StateFailureCode): Failure {
  return { ...FAILURES[code], code };
}
