import { getIronSession, type IronSession } from 'iron-session';
import { cookies } from 'next/headers';
import { secret, secure } from './config.ts';

export interface Session {
  user?: { id: string; name: string };
}

/** The session of the request: encrypted, in a cookie. */
export async function getSession(): Promise<IronSession<Session>> {
  return getIronSession<Session>(await cookies(), {
    cookieName: 'session',
    password: secret,
    cookieOptions: { secure, sameSite: 'lax' },
  });
}
