import type { Request } from 'express';
import OAuth2Strategy from 'passport-oauth2';
import { isObject } from './arguments.ts';
import { Attempt, type Attempted } from './attempt.ts';
import type { AuthenticateOptions } from './authenticate-options.ts';
import { OAuthError } from './errors.ts';
import type { NodeOAuth2 } from './node-oauth.ts';
import type { Failure } from './outcome.ts';
import type { Profile } from './profile.ts';
import type { Client } from './provider.ts';
import { malformed, parseObject, responseError } from './response.ts';
import { SessionStateStore } from './session-state.ts';
import type { StateStore } from './state.ts';
import {
  checkStrategyOptions,
  type StrategyOptions,
  toRequestOptions,
  toScopeList,
  usesPKCE,
} from './strategy-options.ts';
import type { TokenSet } from './tokens.ts';
import type { Verify } from './verify.ts';

/** An answer, as it came and parsed. */
export interface FetchedObject {
  raw: string;
  json: Record<string, unknown>;
}

type StrategyClient = Client<'authorizationURL' | 'tokenURL' | 'userProfileURL'>;

/**
 * passport-oauth2's strategy with the parts replaced that break: transport and client, state store, errors, and
 * `authenticate`, whose steps and hooks are the same.
 *
 * Passport calls `authenticate` on `Object.create(strategy)`, where private (#) members would throw; and nothing
 * that belongs to one request is ever written to the strategy: each call makes an attempt.
 */
export abstract class BaseStrategy<P extends Profile> extends OAuth2Strategy {
  protected readonly _client: StrategyClient;
  private readonly _keepsState: boolean;

  // passport-oauth2's own, which its types leave out.
  declare protected _callbackURL?: string;
  declare protected _stateStore: StateStore;
  declare protected _verify: Verify;
  declare protected _passReqToCallback: boolean;

  /** @throws TypeError naming the option and the remedy */
  constructor(
    client: StrategyClient,
    OAuth2: new (...args: ConstructorParameters<typeof NodeOAuth2>) => NodeOAuth2,
    options: StrategyOptions & { scope: string | readonly string[] },
    verify: Verify,
  ) {
    checkStrategyOptions(options, verify);
    const { authorizationURL, tokenURL } = client.endpoints;
    const key = options.sessionKey ?? `oauth2:${new URL(authorizationURL).hostname}`;
    const store = options.state === false ? undefined : (options.store ?? new SessionStateStore(key));
    super(
      {
        authorizationURL,
        tokenURL,
        clientID: client.clientID,
        clientSecret: '', // `_oauth2` below has it
        callbackURL: options.callbackURL,
        scope: toScopeList(options.scope),
        // The type of passport-oauth2's stores knows neither the verifier nor the app's state.
        store: store as unknown as OAuth2Strategy.StateStore,
        state: store !== undefined,
        pkce: usesPKCE(options.pkce, store),
        skipUserProfile: options.skipUserProfile,
        proxy: options.proxy,
      },
      verify as OAuth2Strategy.VerifyFunction,
    );
    this.name = client.provider.name;
    this._client = client;
    this._keepsState = store !== undefined; // else passport-oauth2 has a store that accepts any state
    this._passReqToCallback = options.passReqToCallback ?? false;

    const oauth2 = new OAuth2(client.clientID, client.clientSecret, '', authorizationURL, tokenURL);
    oauth2._timeout = client.timeout;
    oauth2.setAgent(client.agent);
    // The type of node-oauth's class has protected members, which no other class can satisfy.
    this._oauth2 = oauth2 as unknown as typeof this._oauth2;
  }

  /** Handles a login or a callback request; called by Passport. */
  override authenticate(req: Request, options: AuthenticateOptions = {}): void {
    // What an attempt uses is `protected` here, and an interface can't name such members.
    new Attempt(this as unknown as Attempted, req).run(options);
  }

  /** The options of one request, checked: a new object. */
  protected requestOptions(options: AuthenticateOptions): AuthenticateOptions {
    return toRequestOptions(options, this._keepsState);
  }

  /** The failure that an error really is, if the person can mend it; otherwise it goes to the error handler. */
  protected failure(_error: unknown): Failure | undefined {
    return undefined;
  }

  /** The profile of a login for which none was fetched: it still has the id. */
  protected bareProfile(tokens: TokenSet): P | Profile | Promise<P | Profile> {
    if (!tokens.userID) throw malformed(this._client.provider, 'code_exchange', '"user_id" is missing');
    return { provider: this._client.provider.name, id: tokens.userID };
  }

  /** Fetches a JSON object with the access token, as a part of the profile. */
  protected fetchObject(
    url: string,
    token: string,
    callback: (error: OAuthError | null, answer?: FetchedObject) => void,
  ): void {
    this._oauth2.get(url, token, (error: unknown, body) => {
      let answer: FetchedObject;
      try {
        if (error) throw this.toOAuthError(error, 'profile', [token]);
        const raw = String(body);
        answer = { raw, json: parseObject(this._client.provider, 'profile', raw) };
      } catch (thrown) {
        return callback(thrown as OAuthError);
      }
      callback(null, answer);
    });
  }

  /**
   * Any error of `_oauth2` as this package reports it: others may have put a node-oauth function there.
   *
   * @param secrets what was sent, to be removed from the provider's text
   */
  protected toOAuthError(
    error: unknown,
    operation: 'code_exchange' | 'profile',
    secrets: readonly (string | undefined)[],
  ): OAuthError {
    if (error instanceof OAuthError) return error;
    if (isObject(error) && typeof error.statusCode === 'number') {
      const response = { status: error.statusCode, headers: {}, body: String(error.data) };
      return responseError(this._client, operation, response, secrets);
    }
    return new OAuthError(`The ${operation} failed: see \`cause\``, {
      code: 'unknown',
      operation,
      cause: error,
    });
  }
}
