import type { IncomingMessage, ServerResponse } from 'node:http';
import { getIronSession, type IronSession } from 'iron-session';
import { secret, secure } from './config.ts';

export interface Session {
  user?: { id: string; name: string };
}

/** The session of the request: encrypted, in a cookie. */
export function getSession(req: IncomingMessage, res: ServerResponse): Promise<IronSession<Session>> {
  return getIronSession<Session>(req, res, {
    cookieName: 'session',
    password: secret,
    cookieOptions: { secure, sameSite: 'lax' },
  });
}
