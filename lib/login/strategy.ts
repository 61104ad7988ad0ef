import type { Request } from 'express';
import type { StrategyFailure } from 'passport';
import { Strategy as OAuth2Strategy } from 'passport-oauth2';
import { malformed } from '../client/error-response.ts';
import { type Failure, OAuthError } from '../client/errors.ts';
import type { Profile, ProfileCallback } from '../client/profile.ts';
import type { ResolvedClient } from '../client/provider.ts';
import type { TokenSet } from '../client/token-set.ts';
import { SessionStateStore } from '../state/session.ts';
import type { StateStore } from '../state/store.ts';
import { toDone } from '../util/to-done.ts';
import { login } from './login.ts';
import type { NodeOAuth2 } from './node-oauth.ts';
import {
  type AnyForm,
  type AuthenticateOptions,
  checkStrategyOptions,
  type StrategyOptions,
  toRequestOptions,
  toScopeList,
  toScopes,
  usesPKCE,
} from './options.ts';
import { parseErrorResponse } from './passport-oauth2.ts';
import type { AnyVerify } from './verify.ts';

/**
 * passport-oauth2's strategy with its own login flow, client and state store. Constructor, members and hooks are the
 * same, so that subclasses and code that uses its members work.
 *
 * Passport calls `authenticate` on `Object.create(strategy)`, where private (#) members would throw. No data of a
 * request is written to the strategy.
 */
export abstract class BaseStrategy extends OAuth2Strategy {
  // Members of passport-oauth2, which its types leave out or keep protected; login.ts reads them.
  /** @internal */
  declare _oauth2: NodeOAuth2;
  /** @internal */
  declare _callbackURL?: string | undefined;
  /** @internal */
  declare _scope: string | string[];
  /** @internal */
  declare _scopeSeparator: string;
  /** @internal */
  declare _pkceMethod: 'S256' | undefined;
  /** @internal */
  declare _stateStore: StateStore;
  /** @internal */
  declare _trustProxy: boolean | undefined;
  /** @internal */
  declare _skipUserProfile: StrategyOptions['skipUserProfile'];
  /** @internal */
  declare _passReqToCallback: boolean;
  /** Passport's form of `verify`, if the app gave that. @internal */
  declare _verify: AnyVerify | undefined;

  /** The option `verify`, if the app gave that. @internal */
  readonly _verifyLogin: AnyVerify | undefined;
  /** Whether a state is kept and checked; otherwise passport-oauth2's store accepts any. @internal */
  readonly _keepsState: boolean;
  /** @internal */
  readonly _issuer: string;
  /** @internal */
  readonly _requiredScope: readonly string[];

  /**
   * @param client the provider and the settings of the client
   * @param OAuth2 the class of `_oauth2`
   * @param own the names of the options that only this strategy has, and the scopes, with its defaults
   * @throws TypeError naming the option and the remedy
   */
  constructor(
    client: ResolvedClient<'authorizationURL' | 'tokenURL'>,
    OAuth2: new (...args: ConstructorParameters<typeof NodeOAuth2>) => NodeOAuth2,
    options: AnyForm<StrategyOptions>,
    verify: AnyVerify | undefined,
    own: { options: readonly string[]; scope: unknown; requiredScope?: unknown },
  ) {
    const { provider, clientID, clientSecret = '' } = client;
    checkStrategyOptions(options, verify, [...Object.keys(provider.endpoints), ...own.options]);
    const { authorizationURL, tokenURL } = client.endpoints;
    const { callbackURL, scopeSeparator, customHeaders, skipUserProfile, proxy } = options;
    const scope = toScopeList(own.scope);
    super(
      {
        authorizationURL,
        tokenURL,
        clientID,
        clientSecret,
        callbackURL,
        scope,
        scopeSeparator,
        skipUserProfile,
        proxy,
      },
      () => {},
    );
    this.name = provider.name;
    this._verify = verify;
    this._verifyLogin = options.verify;
    this._passReqToCallback = options.passReqToCallback ?? false;
    this._issuer = options.issuer ?? provider.issuer;
    this._requiredScope = toScopes(own.requiredScope ?? options.requiredScope ?? []);

    this._keepsState = options.state !== false;
    if (this._keepsState) {
      this._stateStore =
        (options.store as StateStore | undefined) ??
        new SessionStateStore(options.sessionKey ?? `oauth2:${provider.name}`);
      this._pkceMethod = usesPKCE(options.pkce, this._stateStore) ? 'S256' : undefined;
    }

    this._oauth2 = new OAuth2(clientID, clientSecret, '', authorizationURL, tokenURL, customHeaders);
    this._oauth2.timeout = client.timeout;
    this._oauth2.setAgent(client.agent);
    this._oauth2.refused = (response) => parseErrorResponse(this, response);
  }

  /** Handles a login or a callback request; called by Passport. */
  override authenticate(req: Request, options: object = {}): void {
    // Read now: Passport may replace them on the same object for the next request.
    const { success, fail, redirect, error } = this;
    const run = async () => {
      try {
        const result = await login(this, req, options);
        if ('redirect' in result) redirect.call(this, result.redirect);
        else if ('user' in result) success.call(this, result.user, result.info);
        else fail.call(this, result.failure as StrategyFailure, result.status);
      } catch (reason) {
        // The login failed, or the app threw while it handled the outcome.
        error.call(this, reason || noReason());
      }
    };
    run().catch((thrown: unknown) =>
      process.nextTick(() => {
        throw thrown;
      }),
    );
  }

  /** The options of one request, checked: a new object. @internal */
  requestOptions(options: AuthenticateOptions): AuthenticateOptions {
    return toRequestOptions(options, this._keepsState);
  }

  /** Turns an error of a login into a failure, if the user can resolve it. @internal */
  toFailure(error: OAuthError): Failure | undefined {
    return this._oauth2.provider.toFailure?.(error);
  }

  /** Makes the profile of a login that loaded none: only the id. @internal */
  async bareProfile(tokens: TokenSet): Promise<Profile> {
    const { provider } = this._oauth2;
    if (!tokens.userID) throw malformed(provider, 'code_exchange', '"user_id" is missing');
    return { provider: provider.name, id: tokens.userID, displayName: '' };
  }

  /** Loads the profile; `undefined` if the user granted none. @internal */
  abstract fetchProfile(accessToken: string, tokens?: TokenSet): Promise<Profile | undefined>;

  /** Whether a subclass or a test has its own `userProfile`. @internal */
  get overridesUserProfile(): boolean {
    return this.userProfile !== BaseStrategy.prototype.userProfile;
  }

  /**
   * Loads what the granted scopes allow of the profile. Subclasses may override it, as in passport-oauth2.
   *
   * @param tokens the token response, which passport-oauth2 does not give
   */
  override userProfile(accessToken: string, done: ProfileCallback, tokens?: TokenSet): void {
    toDone(this.fetchProfile(accessToken, tokens), done);
  }
}

function noReason(): OAuthError {
  return new OAuthError(
    'The login failed without a reason: "verify" or a hook of the strategy passed an empty value instead of an Error',
    {
      code: 'unknown',
      operation: 'authorization',
    },
  );
}
