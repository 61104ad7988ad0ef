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
    callbackURL: `${baseURL}/auth/google-health/callback`,
    scope: ['openid', 'profile', 'profile.readonly'],
    store: new CookieStateStore({ secret, secure }),
    // Find or create your user here.
    verify: async ({ profile }) => ({ id: profile.id, name: profile.displayName }),
  });
}

/** Begins a login, and completes it at the callback. */
export async function signIn(request: Request): Promise<Response> {
  try {
    strategy ??= await createStrategy();
    const { redirect, failure, status, user, headers } = await authenticateRequest(strategy, request);
    if (redirect) return new Response(null, { status: 302, headers });
    if (failure) return new Response(failure.message, { status, headers });
    const session = await getSession();
    session.user = user;
    await session.save();
    headers.set('Location', '/');
    return new Response(null, { status: 302, headers });
  } catch (error) {
    // An error that the user can't resolve, such as a provider that does not respond.
    console.error(error);
    const retryable = error instanceof OAuthError && error.retryable;
    const text = `Signing in failed. ${retryable ? 'Please try again in a minute.' : ''}`;
    return new Response(text, { status: retryable ? 503 : 500 });
  }
}
