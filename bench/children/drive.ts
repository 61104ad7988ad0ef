import type { Request } from 'express';
import type { PassportStrategy } from '../contenders/contender.ts';

/** What the provider sends people back with. */
export const CODE = 'ddd9c36d54f5f7ee9e8a2b6b1fba1a6b5e9a1f6c';

/** What came of a request, in the words of Passport's outcome functions. */
export interface Outcome {
  type: 'success' | 'redirect' | 'fail' | 'error';
  value: unknown;
}

/** Runs a strategy on a request as Passport does. */
export function authenticate(strategy: PassportStrategy, req: Request): Promise<Outcome> {
  return new Promise((resolve) => {
    const outcome = (type: Outcome['type']) => (value: unknown) => resolve({ type, value });
    const attempt = Object.assign(Object.create(strategy) as PassportStrategy, {
      success: outcome('success'),
      redirect: outcome('redirect'),
      fail: outcome('fail'),
      error: outcome('error'),
    });
    attempt.authenticate(req, {});
  });
}

/** A request with the parts that a strategy looks at; the session is saved by nobody. */
function request(path: string, query: Record<string, string>, session: object): Request {
  const req = {
    method: 'GET',
    url: path,
    originalUrl: path,
    protocol: 'http',
    host: '127.0.0.1',
    headers: { host: '127.0.0.1' },
    query,
    session,
  };
  return req as unknown as Request;
}

/** A login that was begun: what is left of it while the person is at the provider. */
export interface Begun {
  state: string;
  /** The session as a store keeps it, JSON. */
  session: string;
}

/** Begins a login. */
export async function begin(strategy: PassportStrategy): Promise<Begun> {
  const session = {};
  const { type, value } = await authenticate(strategy, request('/login', {}, session));
  if (type !== 'redirect') throw new Error(`no redirect: ${describe(value)}`);
  const state = new URL(String(value)).searchParams.get('state') ?? '';
  return { state, session: JSON.stringify(session) };
}

/** The request with which the person comes back. */
export function comeBack({ state, session }: Begun): Request {
  const path = `/auth/callback?code=${CODE}&state=${encodeURIComponent(state)}`;
  return request(path, { code: CODE, state }, JSON.parse(session));
}

export function describe(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
