import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request } from 'express';
import { OAuthError } from '../client/errors.ts';
import { isObject } from '../util/arguments.ts';
import { createSealer, type Sealer } from '../util/seal.ts';
import {
  bindingOf,
  LOGIN_LIFETIME,
  MAX_LOGINS,
  newState,
  type StateMeta,
  type StateStore,
  stateFailure,
  type TakenState,
} from './store.ts';

/** The settings of {@link CookieStateStore}. */
export interface CookieStateStoreOptions {
  /**
   * Encrypts the cookies: at least 32 characters, the same on all machines. With several secrets, the first encrypts
   * and all can decrypt.
   */
  secret: string | readonly string[];
  /**
   * Whether the cookie is `Secure` and its name begins with `__Host-`, so that neither plain HTTP nor another
   * subdomain can plant one. Use `false` only for development over plain HTTP.
   * @default true
   */
  secure?: boolean | undefined;
  /**
   * How long a login may take, seconds.
   * @default 600
   */
  maxAge?: number | undefined;
  /**
   * The start of the cookies' names, after `__Host-`.
   * @default 'oauth2-login'
   */
  name?: string | undefined;
}

const MAX_COOKIE = 4096; // bytes that browsers keep of one cookie, name and attributes included (RFC 6265, 6.1)
const MAX_USED = 100_000; // used states that are remembered
const ID_LENGTH = 12; // characters of the state in the cookie's name

/**
 * Stores pending logins in cookies, with nothing on the server: for serverless functions, several machines and
 * `session: false`.
 *
 * Each login has its own cookie, so tabs don't interfere: encrypted, `HttpOnly`, `SameSite=Lax`, expired after ten
 * minutes, and deleted by the callback. The process that saw a cookie used refuses a copy of it; in another process,
 * the provider refuses the used code.
 *
 * Cookies are set on `req.res`, where Express puts the response, or on the response of Koa's context.
 */
export class CookieStateStore implements StateStore {
  readonly #sealer: Sealer;
  readonly #prefix: string;
  readonly #secure: boolean;
  readonly #lifetime: number; // ms
  readonly #used = new Map<string, number>(); // state → when it expires, ms since the epoch

  /** @throws TypeError naming the option and the remedy */
  constructor(options: CookieStateStoreOptions) {
    const { secret, secure = true, maxAge = LOGIN_LIFETIME / 1000, name = 'oauth2-login' } = options ?? {};
    if (typeof secure !== 'boolean') throw new TypeError('"secure" must be true or false');
    if (!Number.isSafeInteger(maxAge) || maxAge < 1 || maxAge > 86_400) {
      throw new TypeError('"maxAge" must be a whole number of seconds from 1 to 86400');
    }
    if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) {
      throw new TypeError('"name" must have 1 to 64 characters: letters, digits, "-" and "_"');
    }
    this.#sealer = createSealer(secret, 'login state');
    this.#secure = secure;
    this.#lifetime = maxAge * 1000;
    this.#prefix = `${secure ? '__Host-' : ''}${name}.`;
  }

  store(
    req: Request,
    verifier: string | undefined,
    appState: unknown,
    meta: StateMeta,
    callback: (error: Error | null, state?: string) => void,
  ): void {
    let state: string;
    try {
      state = this.#store(req, verifier, appState, meta);
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback(null, state);
  }

  verify(
    req: Request,
    state: string | undefined,
    meta: StateMeta,
    callback: (error: Error | null, ok?: string | boolean, info?: unknown) => void,
  ): void {
    let taken: TakenState;
    try {
      taken = this.#take(req, state, meta);
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback(null, taken.ok, taken.ok === false ? taken.failure : taken.appState);
  }

  #store(req: Request, verifier: string | undefined, appState: unknown, meta: StateMeta): string {
    const state = newState();
    const now = Date.now();
    const login = JSON.stringify({ verifier, appState, expires: now + this.#lifetime });
    const value = this.#sealer.seal(login, contextOf(state, meta));
    const name = `${this.#prefix}${Math.floor(now / 1000).toString(36)}.${state.slice(0, ID_LENGTH)}`;
    const cookie = this.#cookie(name, value, this.#lifetime / 1000);
    if (cookie.length > MAX_COOKIE) {
      throw new OAuthError('"state" is too large for a cookie: keep it under 2 kB of JSON', {
        code: 'state_too_large',
        operation: 'authorization',
      });
    }
    // The names begin with the time, so the oldest are first after sorting.
    const names = Object.keys(this.#cookies(req)).sort();
    for (const oldest of names.slice(0, Math.max(0, names.length - MAX_LOGINS + 1))) {
      this.#clear(req, oldest);
    }
    append(req, cookie);
    return state;
  }

  #take(req: Request, state: string | undefined, meta: StateMeta): TakenState {
    const cookies = this.#cookies(req);
    const names = Object.keys(cookies);
    if (names.length === 0) return { ok: false, failure: stateFailure('state_missing') };
    const name = state && names.find((each) => each.endsWith(`.${state.slice(0, ID_LENGTH)}`));
    const sealed = name && cookies[name];
    const login = sealed ? parseLogin(this.#sealer.open(sealed, contextOf(state, meta))) : undefined;
    if (!name || login === undefined) return { ok: false, failure: stateFailure('state_mismatch') };

    this.#clear(req, name);
    if (!this.#useUp(state, login.expires)) return { ok: false, failure: stateFailure('state_mismatch') };
    if (login.expires <= Date.now()) return { ok: false, failure: stateFailure('state_expired') };
    return { ok: login.verifier ?? true, appState: login.appState };
  }

  /** Marks a state as used; false if it was already. */
  #useUp(state: string, expires: number): boolean {
    const now = Date.now();
    for (const [known, end] of this.#used) {
      // The map is in the order of use, which is close to that of expiry.
      if (end > now && this.#used.size < MAX_USED) break;
      this.#used.delete(known);
    }
    if (this.#used.has(state)) return false;
    this.#used.set(state, expires);
    return true;
  }

  #cookies(req: Request): Record<string, string | undefined> {
    const all = parseCookie(req.headers?.cookie ?? '');
    return Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith(this.#prefix)));
  }

  #clear(req: Request, name: string): void {
    append(req, this.#cookie(name, '', 0));
  }

  #cookie(name: string, value: string, maxAge: number): string {
    return stringifySetCookie(
      // Lax: the callback is a navigation from the provider's site. `__Host-` requires the path "/".
      { name, value, maxAge, path: '/', httpOnly: true, sameSite: 'lax', secure: this.#secure },
    );
  }
}

/** A pending login in its cookie. */
interface PendingLogin {
  verifier?: string | undefined;
  appState?: unknown;
  /** When it expires, ms since the epoch. */
  expires: number;
}

function parseLogin(text: string | undefined): PendingLogin | undefined {
  const login: unknown = text === undefined ? undefined : JSON.parse(text);
  if (!isObject(login) || typeof login.expires !== 'number') return undefined;
  const { verifier, appState, expires } = login;
  return { verifier: typeof verifier === 'string' ? verifier : undefined, appState, expires };
}

/** The context of a sealed login: its state and its binding. */
function contextOf(state: string, meta: StateMeta): string {
  return `${state} ${bindingOf(meta)}`;
}

function append(req: Request, cookie: string): void {
  const { res, ctx } = req as Request & { ctx?: { res?: Request['res'] } };
  // koa-passport puts a substitute at `req.res`; Koa's own response is in the context.
  const response = typeof res?.appendHeader === 'function' ? res : ctx?.res;
  if (typeof response?.appendHeader !== 'function') {
    throw new OAuthError(
      'CookieStateStore found no response to set a cookie on: set `req.res = res` before passport.authenticate()',
      {
        code: 'no_response',
        operation: 'authorization',
      },
    );
  }
  response.appendHeader('Set-Cookie', cookie);
}
