import type { Request } from 'express';
import { isObject } from './arguments.ts';
import { noSession, type Session, save, saveFailed, sessionOf } from './session.ts';
import {
  LOGIN_LIFETIME,
  MAX_LOGINS,
  newState,
  type StateFailure,
  type StateMeta,
  type StateStore,
  stateFailure,
} from './state.ts';
import { takeTurn } from './turns.ts';

interface PendingLogin {
  state: string;
  verifier?: string;
  appState?: unknown;
  /** ms since the epoch */
  expires: number;
}

/**
 * Keeps logins in `req.session` (express-session, cookie-session and others): up to ten at a time in one
 * browser, each for ten minutes and used once. The session is saved before the redirect leaves and before
 * the code is sent.
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
    _meta: StateMeta,
    callback: (error: Error | null, state?: string) => void,
  ): void {
    const session = sessionOf(req);
    if (session === undefined) return callback(noSession());
    const login: PendingLogin = { state: newState(), expires: Date.now() + LOGIN_LIFETIME };
    if (verifier !== undefined) login.verifier = verifier;
    if (appState !== undefined) login.appState = appState;
    this.#update(
      req,
      session,
      (logins) => [...logins.filter(({ expires }) => expires > Date.now()), login].slice(-MAX_LOGINS),
      (error) => (error ? callback(error) : callback(null, login.state)),
    );
  }

  verify(
    req: Request,
    state: string | undefined,
    _meta: StateMeta,
    callback: (error: Error | null, ok?: string | boolean, info?: unknown) => void,
  ): void {
    const session = sessionOf(req);
    if (session === undefined) return callback(noSession());
    let failure: StateFailure['code'] = 'state_missing';
    let login: PendingLogin | undefined;
    const take = (logins: readonly PendingLogin[]) => {
      login = logins.find((each) => each.state === state);
      if (logins.length > 0) failure = 'state_mismatch';
      return login && logins.filter((each) => each !== login);
    };
    this.#update(req, session, take, (error) => {
      if (error) callback(error);
      else if (login === undefined) callback(null, false, stateFailure(failure));
      else if (login.expires <= Date.now()) callback(null, false, stateFailure('state_expired'));
      else callback(null, login.verifier ?? true, login.appState);
    });
  }

  /**
   * Lets the logins of other tabs outlive the new session that Passport (from 0.6) makes when it signs a user
   * in, against session fixation.
   */
  keepOverLogin(req: Request): void {
    const session = sessionOf(req);
    const regenerate = session?.regenerate;
    if (session === undefined || regenerate === undefined) return;
    const read = (then: (logins: PendingLogin[]) => unknown) => this.#read(req, session, then);
    const carryOver = (logins: PendingLogin[]) => {
      const fresh = sessionOf(req);
      if (fresh !== undefined) this.#keep(fresh, logins);
    };
    Object.defineProperty(session, 'regenerate', {
      configurable: true,
      // Passport gives a callback. @fastify/passport gives the names of what to keep, and awaits what comes back.
      value: (...args: unknown[]) => {
        const callback = args.at(-1);
        if (typeof callback !== 'function') {
          return new Promise<PendingLogin[]>(read).then(async (logins) => {
            await regenerate.apply(session, args);
            carryOver(logins);
          });
        }
        read((logins) =>
          regenerate.call(session, ...args.slice(0, -1), (error?: unknown) => {
            if (!error) carryOver(logins);
            callback(error);
          }),
        );
      },
    });
  }

  /**
   * Changes the stored logins and saves the session; `change` gives nothing where there is nothing to save.
   * Requests of one session take turns, each on what the last one stored: tabs that start at the same moment
   * would otherwise save over each other's login.
   */
  #update(
    req: Request,
    session: Session,
    change: (logins: readonly PendingLogin[]) => readonly PendingLogin[] | undefined,
    callback: (error?: Error) => void,
  ): void {
    takeTurn(req.sessionID, (end) => {
      let over = false;
      const done = (error?: Error) => {
        if (over) return;
        over = true;
        end();
        callback(error);
      };
      const failed = (error: unknown) => {
        if (over) throw error; // not the session's failure: what followed it threw
        done(saveFailed(error));
      };
      const write = (logins: PendingLogin[]) => {
        try {
          const changed = change(logins);
          if (changed === undefined) return done();
          this.#keep(session, changed);
          save(session, done);
        } catch (error) {
          failed(error);
        }
      };
      try {
        this.#read(req, session, write);
      } catch (error) {
        failed(error);
      }
    });
  }

  /** The logins as they are now: since this request's session was loaded, another tab's may have changed them. */
  #read(req: Request, session: Session, callback: (logins: PendingLogin[]) => unknown): void {
    const { sessionStore, sessionID } = req;
    if (typeof sessionStore?.get !== 'function' || sessionID === undefined) {
      return void callback(this.#logins(session));
    }
    sessionStore.get(sessionID, (_error, stored) => callback(this.#logins(stored ?? session)));
  }

  #keep(session: Session, logins: readonly PendingLogin[]): void {
    session[this.#key] = logins.length > 0 ? logins : undefined;
    // After the assignment, as @fastify/secure-session's session is a proxy that `delete` does not get through.
    if (logins.length === 0) delete session[this.#key];
  }

  /** What is stored, leaving out what is not ours: another version or strategy may have used the key. */
  #logins(session: object): PendingLogin[] {
    const stored: unknown = Reflect.get(session, this.#key);
    return Array.isArray(stored) ? stored.filter(isPendingLogin) : [];
  }
}

function isPendingLogin(value: unknown): value is PendingLogin {
  return (
    isObject(value) &&
    typeof value.state === 'string' &&
    typeof value.expires === 'number' &&
    (value.verifier === undefined || typeof value.verifier === 'string')
  );
}
