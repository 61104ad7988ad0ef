import type { Request } from 'express';

/** Where the stand-in provider listens; which of its manners it shows is in the path. */
export interface Provider {
  /** `http://127.0.0.1:…`, with the path of a manner behind it. */
  base: string;
}

/** What Passport does with a strategy: it makes an object from it and puts the outcome functions there. */
export interface PassportStrategy {
  name?: string;
  authenticate(req: Request, options?: object): void;
}

/** A package, or a piece of code, that signs users in. */
export interface Contender {
  /** A Passport strategy that keeps a state in the session and fetches the profile. */
  strategy(provider: Provider): PassportStrategy;
  /** Refreshes a token in the way that the package's users do. */
  refresh?(provider: Provider): (refreshToken: string) => Promise<unknown>;
}

export interface User {
  id: string;
}

/** Passport's form of `verify`, for all contenders that take it. */
export function verify(
  _accessToken: string,
  _refreshToken: string,
  profile: User,
  done: (error: unknown, user?: User) => void,
): void {
  done(null, { id: profile.id });
}

/** The app that is registered with the stand-in provider. */
export const app = {
  clientID: '22CQ7B',
  clientSecret: '6e2a7a1f4c0f4f0d8b1d5a9c3e7f1b2d',
  callbackURL: 'http://127.0.0.1/auth/callback',
  scope: ['activity', 'profile'],
};
