import type { Request } from 'express';
import type { Profile } from '../client/profile.ts';
import type { TokenSet } from '../client/token-set.ts';

/** A completed login, as the option `verify` gets it. */
export interface Login<P extends Profile = Profile> {
  tokens: TokenSet;
  profile: P;
  /** The app's own data, given as `state` to `passport.authenticate`. */
  state: unknown;
  /** The callback request. */
  req: Request;
  /**
   * The other parameters of the callback, such as `scope` and the provider's own parameters. The user can change them:
   * never use them to decide who may sign in.
   */
  callback: Readonly<Record<string, string>>;
}

type User = Express.User | false | null | undefined;

/** The option `verify`: finds or creates the app's user, who is then signed in; `false` refuses the login. */
export type VerifyLogin<P extends Profile = Profile> = (login: Login<P>) => Promise<User> | User;

/** Passport's callback: `done(error)`, `done(null, user, info?)` or `done(null, false, info?)`. */
export type VerifyCallback = (error?: unknown, user?: User, info?: object) => void;

/** Passport's form of `verify` without `params`. */
export type ShortVerifyFunction<P extends Profile = Profile> = (
  accessToken: string,
  refreshToken: string,
  profile: P,
  done: VerifyCallback,
) => unknown;

/**
 * Passport's form of `verify`, the second argument of a strategy, with or without `params`: the token response
 * without the refresh token.
 *
 * An app annotates `params` with the fields that it reads: a parameter of type `never` accepts any annotation.
 */
export type VerifyFunction<P extends Profile = Profile, Params = never> =
  | ShortVerifyFunction<P>
  | ((
      accessToken: string,
      refreshToken: string,
      params: Params,
      profile: P,
      done: VerifyCallback,
    ) => unknown);

/** Passport's form of `verify` without `params`, under `passReqToCallback: true`. */
export type ShortVerifyFunctionWithRequest<P extends Profile = Profile> = (
  req: Request,
  accessToken: string,
  refreshToken: string,
  profile: P,
  done: VerifyCallback,
) => unknown;

/** Passport's form of `verify` under `passReqToCallback: true`, with or without `params`. */
export type VerifyFunctionWithRequest<P extends Profile = Profile, Params = never> =
  | ShortVerifyFunctionWithRequest<P>
  | ((
      req: Request,
      accessToken: string,
      refreshToken: string,
      params: Params,
      profile: P,
      done: VerifyCallback,
    ) => unknown);

/** Any form of `verify`. For Passport's forms, the number of declared parameters decides how they are called. */
export type AnyVerify = (...args: never[]) => unknown;
