import type { Request } from 'express';
import { OAuthError } from '../client/errors.ts';
import { isObject } from '../util/arguments.ts';
import { toDone } from '../util/to-done.ts';
import {
  bindingOf,
  LOGIN_LIFETIME,
  MAX_LOGINS,
  newState,
  type StateFailureCode,
  type StateMeta,
  type StateStore,
  stateFailure,
  type TakenState,
} from './store.ts';
import { inTurn } from './turns.ts';

/** The deadline for a response of the session store, ms. */
const STORE_TIMEOUT = 10_000;

interface PendingLogin {
  state: string;
  /** See `bindingOf`. */
  binding: string;
  verifier?: string;
  appState?: unknown;
  /** ms since the epoch */
  expires: number;
}

/** The part of a session that is used. Not every kind has the methods. */
interface Session {
  [key: string]: unknown;
  save?: (callback: (error?: unknown) => void) => unknown;
  reload?: unknown;
}

/**
 * Stores pending logins in `req.session` (express-session, cookie-session and others): up to ten in one browser, each
 * for ten minutes and for one use. The session is saved before the redirect and before the code is sent.
 *
 * Other data under the session key is kept: passport-oauth2's own store may use the same key.
 */
export class SessionStateStore implements StateStore {
  readonly #key: string;

  /** @param key the name of the session's property */
  constructor(key: string) {
    this.#key = key;
  }

  store(
    req: Request,
    verifier: string | undefined,
    appState: unknown,
    meta: StateMeta,
    callback: (error: Error | null, state?: string) => void,
  ): void {
    toDone(this.#store(req, verifier, appState, meta), callback);
  }

  verify(
    req: Request,
    state: string | undefined,
    meta: StateMeta,
    callback: (error: Error | null, ok?: string | boolean, info?: unknown) => void,
  ): void {
    toDone(this.#take(req, state, meta), (error, taken) => {
      if (taken === undefined) callback(error);
      else callback(null, taken.ok, taken.ok === false ? taken.failure : taken.appState);
    });
  }

  async #store(
    req: Request,
    verifier: string | undefined,
    appState: unknown,
    meta: StateMeta,
  ): Promise<string> {
    const session = sessionOf(req);
    const now = Date.now();
    const login: PendingLogin = {
      state: newState(),
      binding: bindingOf(meta),
      expires: now + LOGIN_LIFETIME,
    };
    if (verifier !== undefined) login.verifier = verifier;
    if (appState !== undefined) login.appState = appState;
    await inTurn(req, async () => {
      const stored = await readStored(req, session);
      if (stored === undefined) throw sessionEnded();
      const live = this.#logins(stored).filter(({ expires }) => expires > now);
      this.#write(session, stored, [...live, login].slice(-MAX_LOGINS));
      await save(session);
    });
    return login.state;
  }

  async #take(req: Request, state: string | undefined, meta: StateMeta): Promise<TakenState> {
    const session = sessionOf(req);
    const binding = bindingOf(meta);
    const find = (logins: PendingLogin[]) =>
      logins.find((each) => each.state === state && each.binding === binding);
    const loaded = this.#logins(session);
    // A fabricated state must not wait for the session store.
    if (find(loaded) === undefined) return refused(loaded.length > 0 ? 'state_mismatch' : 'state_missing');

    const login = await inTurn(req, async () => {
      const stored = await readStored(req, session);
      if (stored === undefined) return undefined;
      const logins = this.#logins(stored);
      const found = find(logins);
      if (found === undefined) return undefined;
      const others = logins.filter((each) => each !== found);
      this.#write(session, stored, others);
      await save(session);
      return found;
    });
    if (login === undefined) return refused('state_missing');
    if (login.expires <= Date.now()) return refused('state_expired');
    return { ok: login.verifier ?? true, appState: login.appState };
  }

  /** The pending logins under the key, without other data. */
  #logins(session: Session): PendingLogin[] {
    const value = session[this.#key];
    return isObject(value) && Array.isArray(value.logins) ? value.logins.filter(isPendingLogin) : [];
  }

  /** Puts the pending logins under the key, beside other data that is stored there. */
  #write(session: Session, stored: Session, logins: PendingLogin[]): void {
    const value = stored[this.#key] ?? {};
    if (!isObject(value)) throw keyInUse(this.#key);
    const { logins: _, ...others } = value;
    const kept = logins.length > 0 ? { ...others, logins } : others;
    const empty = Object.keys(kept).length === 0;
    session[this.#key] = empty ? undefined : kept;
    // After the assignment, because `delete` has no effect on @fastify/secure-session's session, which is a proxy.
    if (empty) delete session[this.#key];
  }
}

function refused(code: StateFailureCode): TakenState {
  return { ok: false, failure: stateFailure(code) };
}

function isPendingLogin(value: unknown): value is PendingLogin {
  return (
    isObject(value) &&
    typeof value.state === 'string' &&
    typeof value.binding === 'string' &&
    typeof value.expires === 'number' &&
    (value.verifier === undefined || typeof value.verifier === 'string')
  );
}

/**
 * The session of a request, whichever middleware made it.
 *
 * @throws OAuthError `no_session`
 */
function sessionOf(req: Request): Session {
  const { session }: { session?: unknown } = req;
  if (isObject(session)) return session;
  throw new OAuthError(
    'No session: mount express-session (or another session middleware) before passport.authenticate(), or use `store: new CookieStateStore({ secret })`, which needs none',
    { code: 'no_session', operation: 'authorization' },
  );
}

/**
 * The session as it is stored now: another tab's request may have changed it since this one's was loaded.
 * `undefined` if it has ended in the meantime: saving it would undo a sign-out.
 */
function readStored(req: Request, session: Session): Promise<Session | undefined> | Session {
  const { sessionStore, sessionID } = req;
  if (typeof sessionStore?.get !== 'function' || sessionID === undefined) return session;
  return askStore<unknown>((answered) => sessionStore.get(sessionID, answered)).then((stored) => {
    if (isObject(stored)) return stored;
    // A new session is not stored yet, and its id is not in the browser's cookie yet.
    const cookie = req.headers?.cookie ?? '';
    const sent = cookie.includes(sessionID) || cookie.includes(encodeURIComponent(sessionID));
    return sent ? undefined : session;
  });
}

/** Saves a session that can be saved; others are saved with the response. */
function save(session: Session): Promise<unknown> | undefined {
  if (typeof session.save !== 'function') return undefined;
  return askStore((answered) => {
    const saved = session.save?.(answered);
    // Sessions that can reload, such as express-session's, call back. Others (cookie-session's, Koa's) take no
    // callback.
    if (typeof session.reload !== 'function') Promise.resolve(saved).then(() => answered(), answered);
  });
}

/** Calls the session's store. One that never responds must not lock the browser out. */
function askStore<T>(call: (answered: (error?: unknown, value?: T) => void) => void): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(storeSilent()), STORE_TIMEOUT);
    timer.unref?.(); // jsdom's timers are numbers
    const answered = (error?: unknown, value?: T) => {
      clearTimeout(timer);
      if (error) reject(notSaved(error));
      else resolve(value);
    };
    try {
      call(answered);
    } catch (error) {
      answered(error);
    }
  });
}

/** The session store failed. */
function notSaved(cause: unknown): OAuthError {
  return new OAuthError('The session store failed to load or save the session: see `cause`', {
    code: 'session_not_saved',
    operation: 'authorization',
    retryable: true,
    cause,
  });
}

function storeSilent(): OAuthError {
  return new OAuthError(
    `The session store did not respond within ${STORE_TIMEOUT} ms: check that it is reachable`,
    {
      code: 'session_not_saved',
      operation: 'authorization',
      retryable: true,
    },
  );
}

function sessionEnded(): OAuthError {
  return new OAuthError('The session ended while the login was starting: start the login again', {
    code: 'session_ended',
    operation: 'authorization',
    retryable: true,
  });
}

function keyInUse(key: string): OAuthError {
  return new OAuthError(
    `The session property "${key}" contains data of other code: set the strategy's option "sessionKey" to another name`,
    { code: 'session_key_in_use', operation: 'authorization' },
  );
}
