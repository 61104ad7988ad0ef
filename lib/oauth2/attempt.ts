import type { Request } from 'express';
import type { NodeOAuth2, TokenCallback } from './node-oauth.ts';
import { type Failure, FirstOutcome, type Outcomes } from './outcome.ts';
import type { Profile } from './profile.ts';
import { toCallback } from './promise.ts';
import type { Provider } from './provider.ts';
import { SessionStateStore } from './session-state.ts';
import type { StateStore } from './state.ts';
import { type TokenSet, toTokenSet } from './tokens.ts';
import { callVerify, type Verify, type VerifyDone } from './verify.ts';

/** What an attempt needs of its strategy. */
interface Attempted extends Outcomes {
  readonly _client: { readonly provider: Provider };
  readonly _stateStore: StateStore;
  readonly _oauth2: NodeOAuth2;
  readonly _verify: Verify;
  readonly _passReqToCallback: boolean;
  failure(error: unknown): Failure | undefined;
  bareProfile(tokens: TokenSet): Profile | Promise<Profile>;
}

interface Attempt extends Attempted {
  _strategy: Attempted;
  _req: Request;
  _outcome: FirstOutcome;
  /** The token response, once it is there. */
  _tokens?: TokenSet;
}

/** `_oauth2` of an attempt. */
interface AttemptOAuth2 extends NodeOAuth2 {
  _attempt: Attempt;
}

/**
 * Makes the object that one request runs on: a copy of the strategy, with the request, and with functions in the
 * place of Passport's, of `verify` and of the code exchange that know them.
 *
 * A copy: with the strategy as its prototype, V8 would make a hidden class for each request, which costs a callback
 * 20 µs. And with functions that all attempts share: new ones for each request cost a login 30 µs more.
 */
export function makeAttempt<S extends Outcomes>(strategy: S, req: Request): S {
  // What is lent is `protected` in the class, and an interface can't name such members.
  const given = strategy as unknown as Attempted;
  const attempt: Attempt = Object.assign(Object.create(Object.getPrototypeOf(given)), given);
  attempt._strategy = given;
  attempt._req = req;
  attempt._outcome = new FirstOutcome(given);
  const oauth2: AttemptOAuth2 = Object.create(given._oauth2, OAUTH2);
  oauth2._attempt = attempt;
  Object.assign(attempt, ATTEMPT, { _oauth2: oauth2 });
  return attempt as unknown as S; // it has all of the strategy, by copy and prototype
}

const ATTEMPT = {
  success(this: Attempt, user: Express.User, info?: object): void {
    if (this._stateStore instanceof SessionStateStore) this._stateStore.keepOverLogin(this._req);
    this._outcome.success(user, info);
  },
  fail(this: Attempt, ...args: Parameters<FirstOutcome['fail']>): void {
    this._outcome.fail(...args);
  },
  redirect(this: Attempt, ...args: Parameters<Outcomes['redirect']>): void {
    this._outcome.redirect(...args);
  },
  pass(this: Attempt): void {
    this._outcome.pass();
  },
  error(this: Attempt, error: unknown): void {
    const failure = this.failure(error);
    if (failure === undefined) this._outcome.error(error);
    else this._outcome.fail(failure, 403);
  },
  _passReqToCallback: false, // passport-oauth2 calls the function below, which has the request
  // Five parameters: then passport-oauth2 gives the token response, too.
  _verify(
    this: Attempt,
    _accessToken: string,
    refreshToken: string | undefined,
    params: Record<string, unknown>,
    profile: Profile | undefined,
    done: VerifyDone,
  ): void {
    const tokens = this._tokens as TokenSet;
    const verify = (known: Profile) => {
      tokens.userID ??= known.id;
      const { _verify, _passReqToCallback } = this._strategy;
      callVerify(
        _verify,
        _passReqToCallback,
        { tokens, profile: known, req: this._req, refreshToken, params },
        done,
      );
    };
    if (profile) return verify(profile);
    const bare = Promise.resolve(tokens).then((given) => this.bareProfile(given));
    toCallback(bare, (error, known) => (known ? verify(known) : this.error(error)));
  },
};

const OAUTH2 = {
  getOAuthAccessToken: {
    /** The code exchange, which leaves the token set on the attempt. */
    value(this: AttemptOAuth2, code: string, params: Record<string, string>, callback: TokenCallback): void {
      const attempt = this._attempt;
      const received: TokenCallback = (error, accessToken, refreshToken, results, tokens) =>
        guard(attempt, () => {
          if (!error) attempt._tokens = tokens ?? readTokens(attempt, accessToken, refreshToken, results);
          callback(error, accessToken, refreshToken, results);
        });
      guard(attempt, () => attempt._strategy._oauth2.getOAuthAccessToken(code, params, received));
    },
  },
};

/** For what is the app's own, such as skipUserProfile: passport-oauth2 calls it outside of any `try`. */
function guard(attempt: Attempt, act: () => void): void {
  try {
    act();
  } catch (error) {
    attempt.error(error);
  }
}

/** The token set of a code exchange that somebody else's function made. */
function readTokens(
  { _client: { provider } }: Attempt,
  access_token: unknown,
  refresh_token: unknown,
  results: object = {},
): TokenSet {
  return toTokenSet(provider, 'code_exchange', { ...results, access_token, refresh_token });
}
