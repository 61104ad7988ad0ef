import type { Request } from 'express';
import { isObject } from './arguments.ts';
import { OAuthError } from './errors.ts';

/** The part of a session that is used: the methods are not in every kind, nor of one shape. */
export interface Session {
  [key: string]: unknown;
  save?: (callback: (error?: unknown) => void) => unknown;
  regenerate?: (...args: unknown[]) => unknown;
}

/** The session of a request, whichever middleware made it. */
export function sessionOf(req: Request): Session | undefined {
  const { session }: { session?: unknown } = req;
  return isObject(session) ? (session as Session) : undefined;
}

/** There is no session to keep a login in. */
export function noSession(): OAuthError {
  return new OAuthError(
    'No session: put express-session (or another session middleware) before passport.authenticate(), or use `store: new CookieStateStore({ secret })`, which needs none',
    { code: 'no_session', operation: 'authorization' },
  );
}

/** Saves a session where it can be saved; others are saved with the response. */
export function save(session: Session, callback: (error?: Error) => void): void {
  if (typeof session.save !== 'function') return callback();
  const done = (error?: unknown) => callback(error ? saveFailed(error) : undefined);
  // express-session's calls back, though the wrapper that it puts around it declares no parameter. Any other `save`
  // without one (cookie-session's, Koa's) takes no callback: it only marks the session, or returns a promise.
  if (session.save.length > 0 || typeof session.reload === 'function') session.save(done);
  else Promise.resolve(session.save(() => {})).then(() => done(), done);
}

/** A session's store failed. */
export function saveFailed(cause: unknown): OAuthError {
  return new OAuthError('The session could not be saved: see `cause`, the error of its store', {
    code: 'session_not_saved',
    operation: 'authorization',
    retryable: true,
    cause,
  });
}
