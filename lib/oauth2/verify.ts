import type { Request } from 'express';
import type { Profile } from './profile.ts';
import type { TokenSet } from './tokens.ts';

/** What a completed login brought. */
export interface Login<P extends Profile = Profile> {
  tokens: TokenSet;
  profile: P;
  /** The callback request. */
  req: Request;
}

type User = Express.User | false | null | undefined;

/** Finds or creates the app's user. What it resolves to is signed in; `false` refuses the login. */
export type VerifyLogin<P extends Profile = Profile> = (login: Login<P>) => Promise<User> | User;

/** Passport's callback: `done(error)`, `done(null, user, info?)` or `done(null, false, info?)`. */
export type VerifyDone = (error?: unknown, user?: User, info?: object) => void;

/** Passport's form of `verify`. `params` is the token response without the refresh token. */
export type VerifyCallback<P extends Profile = Profile> =
  | ((accessToken: string, refreshToken: string, profile: P, done: VerifyDone) => unknown)
  | ((
      accessToken: string,
      refreshToken: string,
      params: Record<string, unknown>,
      profile: P,
      done: VerifyDone,
    ) => unknown);

/** Passport's form of `verify` under `passReqToCallback: true`. */
export type VerifyCallbackWithRequest<P extends Profile = Profile> =
  | ((req: Request, accessToken: string, refreshToken: string, profile: P, done: VerifyDone) => unknown)
  | ((
      req: Request,
      accessToken: string,
      refreshToken: string,
      params: Record<string, unknown>,
      profile: P,
      done: VerifyDone,
    ) => unknown);

/** Any form of `verify`, as it is called: how many parameters it declares decides. */
export type Verify = (...args: never[]) => unknown;

/** A login with what Passport's forms of `verify` get beside it. */
interface CompletedLogin extends Login {
  refreshToken: string | undefined;
  params: Record<string, unknown>;
}

/**
 * Calls the app's `verify` in the form that it declares and passes its outcomes to `done`, which takes the first.
 *
 * One parameter: the login. Otherwise as passport-oauth2 does, where a function of rest parameters (length 0)
 * gets the shortest call. A promise that rejects, in any form, is an error.
 */
export function callVerify(
  verify: Verify,
  passReqToCallback: boolean,
  { tokens, profile, req, refreshToken, params }: CompletedLogin,
  done: VerifyDone,
): void {
  // What comes after the outcome throws for itself: it is neither `verify`'s failure nor a rejected promise.
  const end: VerifyDone = (error, user, info) => {
    try {
      done(error, user, info);
    } catch (thrown) {
      process.nextTick(() => {
        throw thrown;
      });
    }
  };
  const failed = (reason: unknown) =>
    end(reason || new Error('The verify function failed without giving a reason', { cause: reason }));
  const call = verify as (...args: unknown[]) => unknown;

  try {
    if (verify.length === 1) {
      Promise.resolve(call({ tokens, profile, req })).then(
        (user) => end(null, (user || false) as User, user ? undefined : { ...REFUSED }),
        failed,
      );
      return;
    }
    const args: unknown[] = [tokens.accessToken, refreshToken, profile, done];
    if (verify.length === (passReqToCallback ? 6 : 5)) args.splice(2, 0, params);
    if (passReqToCallback) args.unshift(req);
    const result = call(...args);
    if (result instanceof Promise) {
      result.then((user) => {
        // `async () => user`: it has no `done` to call, and the login would never end.
        if (verify.length === 0 && user !== undefined) failed(new TypeError(NO_PARAMETER));
      }, failed);
    }
  } catch (error) {
    failed(error);
  }
}

const REFUSED = { message: 'This account may not sign in.', code: 'user_refused' };

const NO_PARAMETER =
  '"verify" must declare a parameter for its result to be signed in: ({ tokens, profile }) => …';
