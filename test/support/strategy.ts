import { EventEmitter } from 'node:events';
import type { Request } from 'express';
import type { AuthenticateOptions } from 'passport-fitbit-strategy';

/** What a strategy did with a request. */
export type Outcome =
  | { type: 'success'; user: unknown; info: unknown }
  | { type: 'fail'; failure: unknown; status: number | undefined }
  | { type: 'redirect'; url: string; status: number | undefined }
  | { type: 'pass' }
  | { type: 'error'; error: unknown };

interface Authenticates {
  authenticate(req: Request, options?: AuthenticateOptions): void;
}

/** One run of `authenticate`. */
export interface Run {
  /** The first outcome. */
  outcome: Promise<Outcome>;
  /** All outcomes so far: there must never be a second one. */
  outcomes: Outcome[];
}

/**
 * Runs `authenticate` as Passport does: on an object made from the strategy, with the outcome functions on it.
 *
 * @param onOutcome called inside the outcome function, for tests in which the app throws there
 */
export function run(
  strategy: Authenticates,
  req: Request,
  options?: AuthenticateOptions,
  onOutcome: (outcome: Outcome) => void = () => {},
): Run {
  const outcomes: Outcome[] = [];
  let resolve: (outcome: Outcome) => void = () => {};
  const outcome = new Promise<Outcome>((settle) => {
    resolve = settle;
  });
  const report = (each: Outcome) => {
    outcomes.push(each);
    resolve(each);
    onOutcome(each);
  };
  const instance = Object.assign(Object.create(strategy) as Authenticates, {
    success: (user: unknown, info?: unknown) => report({ type: 'success', user, info }),
    fail: (challenge?: unknown, status?: number) => {
      const bare = typeof challenge === 'number';
      report({
        type: 'fail',
        failure: bare ? undefined : challenge,
        status: bare ? challenge : status,
      });
    },
    redirect: (url: string, status?: number) => report({ type: 'redirect', url, status }),
    pass: () => report({ type: 'pass' }),
    error: (error: unknown) => report({ type: 'error', error }),
  });
  instance.authenticate(req, options);
  return { outcome, outcomes };
}

/** Runs `authenticate` and resolves with its first outcome. */
export function authenticate(
  strategy: Authenticates,
  req: Request,
  options?: AuthenticateOptions,
): Promise<Outcome> {
  return run(strategy, req, options).outcome;
}

/** A session as express-session makes one: `saved` is what its store holds. */
export interface FakeSession {
  [key: string]: unknown;
  save(callback: (error?: unknown) => void): void;
}

/** A session whose `save` calls back later, as a store does. */
export function fakeSession(data: Record<string, unknown> = {}): FakeSession {
  const session = { ...data };
  // Not enumerable, as in express-session: only data is stored.
  Object.defineProperty(session, 'save', {
    configurable: true,
    writable: true,
    value: (callback: (error?: unknown) => void) => setImmediate(callback),
  });
  return session as FakeSession;
}

/** The parts of a request that a strategy looks at. */
export interface FakeRequestInit {
  /** @default '/auth/fitbit' */
  url?: string;
  query?: Record<string, unknown>;
  body?: unknown;
  /** `undefined` leaves the request without one. */
  session?: unknown;
  headers?: Record<string, string>;
  encrypted?: boolean;
}

/** A request on the host `app.example`. */
export function fakeRequest(init: FakeRequestInit = {}): Request {
  const { url = '/auth/fitbit', query = {}, body, session, headers, encrypted = true } = init;
  const req = Object.assign(new EventEmitter(), {
    method: 'GET',
    url,
    originalUrl: url,
    headers: { host: 'app.example', ...headers },
    connection: { encrypted },
    query,
    ...(body !== undefined && { body }),
    ...('session' in init && { session }),
  });
  return req as unknown as Request;
}

/** A login that was begun. */
export interface BegunLogin {
  session: FakeSession;
  /** The authorization request. */
  url: URL;
  state: string;
}

/** Begins a login in a session; rejects if the strategy does not redirect. */
export async function beginLogin(
  strategy: Authenticates,
  session: FakeSession = fakeSession(),
  options?: AuthenticateOptions,
): Promise<BegunLogin> {
  const outcome = await authenticate(strategy, fakeRequest({ session }), options);
  if (outcome.type !== 'redirect') throw new Error(`no redirect but ${JSON.stringify(outcome)}`);
  const url = new URL(outcome.url);
  return { session, url, state: url.searchParams.get('state') ?? '' };
}

/** The request with which the provider sends the browser back. */
export function callbackRequest(session: unknown, query: Record<string, unknown>): Request {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) search.append(key, String(value));
  return fakeRequest({ url: `/auth/fitbit/callback?${search}`, query, session });
}

/** Begins a login, comes back with the code `abc`, and resolves with the outcome. */
export async function login(
  strategy: Authenticates,
  options?: AuthenticateOptions,
  code = 'abc',
): Promise<Outcome> {
  const { session, state } = await beginLogin(strategy, fakeSession(), options);
  return authenticate(strategy, callbackRequest(session, { code, state }), options);
}
