import type { NextApiRequest, NextApiResponse } from 'next';
import {
  authenticateRequest,
  CookieStateStore,
  GoogleHealthStrategy,
  OAuthError,
} from 'passport-fitbit-strategy/google-health';
import { baseURL, getClient, secret, secure } from './config.ts';
import { getSession } from './session.ts';

declare global {
  namespace Express {
    interface User {
      id: string;
      name: string;
    }
  }
}

let strategy: GoogleHealthStrategy | undefined; // created at the first request, because `next build` has no secrets

async function createStrategy(): Promise<GoogleHealthStrategy> {
  return new GoogleHealthStrategy({
    ...(await getClient()),
    callbackURL: `${baseURL}/api/auth/google-health/callback`,
    scope: ['openid', 'profile', 'profile.readonly'],
    store: new CookieStateStore({ secret, secure }),
    // Find or create your user here.
    verify: async ({ profile }) => ({ id: profile.id, name: profile.displayName }),
  });
}

/** Begins a login, and completes it at the callback. */
export async function signIn(req: NextApiRequest, res: NextApiResponse): Promise<void> {
  try {
    strategy ??= await createStrategy();
    const { redirect, failure, status, user, headers } = await authenticateRequest(strategy, req);
    for (const cookie of headers.getSetCookie()) res.appendHeader('Set-Cookie', cookie);
    if (redirect) return void res.redirect(302, redirect.href);
    if (failure) return res.status(status).send(failure.message);
    const session = await getSession(req, res);
    session.user = user;
    await session.save();
    res.redirect(302, '/');
  } catch (error) {
    // An error that the user can't resolve, such as a provider that does not respond.
    console.error(error);
    const retryable = error instanceof OAuthError && error.retryable;
    res
      .status(retryable ? 503 : 500)
      .send(`Signing in failed. ${retryable ? 'Please try again in a minute.' : ''}`);
  }
}
