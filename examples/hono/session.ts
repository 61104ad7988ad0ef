import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { sign, verify } from 'hono/jwt';
import { secure, sessionSecret } from './config.ts';

const COOKIE = 'session';
const LIFETIME = 7 * 24 * 3600; // seconds

/** Signs a user in: the session is a signed token in a cookie. */
export async function createSession(c: Context, { id, name }: Express.User): Promise<void> {
  const exp = Math.floor(Date.now() / 1000) + LIFETIME;
  const token = await sign({ sub: id, name, exp }, sessionSecret, 'HS256');
  setCookie(c, COOKIE, token, { httpOnly: true, sameSite: 'Lax', secure, path: '/', maxAge: LIFETIME });
}

/** The user who is signed in. */
export async function readSession(c: Context): Promise<Express.User | undefined> {
  const token = getCookie(c, COOKIE);
  if (token === undefined) return undefined;
  try {
    const { sub, name } = await verify(token, sessionSecret, 'HS256');
    return { id: String(sub), name: String(name) };
  } catch {
    return undefined; // expired, or not ours
  }
}

export function endSession(c: Context): void {
  deleteCookie(c, COOKIE, { path: '/', secure });
}
