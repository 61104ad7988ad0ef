import { checkBoolean } from '../oauth2/arguments.ts';
import type { AuthenticateOptions } from '../oauth2/authenticate-options.ts';
import type { OAuthError } from '../oauth2/errors.ts';
import { NodeOAuth2 } from '../oauth2/node-oauth.ts';
import type { Failure } from '../oauth2/outcome.ts';
import { toCallback, toPromise } from '../oauth2/promise.ts';
import { type Client, resolveClient } from '../oauth2/provider.ts';
import { malformed } from '../oauth2/response.ts';
import { BaseStrategy, type FetchedObject } from '../oauth2/strategy.ts';
import { type StrategyOptions, toScopeList } from '../oauth2/strategy-options.ts';
import type { TokenSet } from '../oauth2/tokens.ts';
import type { Verify, VerifyCallback, VerifyCallbackWithRequest, VerifyLogin } from '../oauth2/verify.ts';
import { type AuthorizationOptions, toAuthorizationParams } from './authorization.ts';
import { type GoogleHealthClient, type GoogleHealthEndpoint, googleHealth } from './endpoints.ts';
import { missingScope, toFailure } from './errors.ts';
import { type GoogleHealthProfile, parseProfile } from './identity.ts';
import {
  type GoogleHealthScopeName,
  isOpenIDScope,
  PROFILE_SCOPE,
  readsIdentity,
  toFullScopes,
} from './scopes.ts';

/** The options of {@link GoogleHealthStrategy}. */
export interface GoogleHealthStrategyOptions
  extends GoogleHealthClient,
    AuthorizationOptions,
    Omit<StrategyOptions, 'sessionKey' | 'skipUserProfile'> {
  /**
   * The scopes to ask for, by their full or short names: an array, or a string with spaces between them. At least
   * one must read Health data other than `location` and `nutrition`: without it nobody can tell who the user is.
   * With `openid`, `profile` or `email` the login brings name, picture and address, too.
   * @default ['profile.readonly']
   */
  scope?: GoogleHealthScopeName | readonly GoogleHealthScopeName[] | undefined;
  /**
   * The session's property that the default store uses.
   * @default 'oauth2:google-health'
   */
  sessionKey?: string | undefined;
  /**
   * Whether to do without userinfo and the Health profile: `profile` then has the ids only. The call for these is
   * always made. A function may decide, as in passport-oauth2.
   * @default false
   */
  skipUserProfile?: StrategyOptions['skipUserProfile'];
  /**
   * Whether to fetch the Health profile (age, member since, stride lengths) into `profile._json.profile`, if the
   * scope `profile.readonly` was granted.
   * @default false
   */
  healthProfile?: boolean | undefined;
}

class GoogleOAuth2 extends NodeOAuth2 {
  protected readonly _provider = googleHealth;
}

/**
 * Signs users in with the Google account that their Fitbit or other device is linked to (authorization code grant,
 * RFC 6749, section 4.1, with PKCE).
 *
 * Failures that a person can mend reach Passport's `fail` as `{ message, code }`: denied, expired, replayed, and
 * - `account_not_linked`: the Google account has no Google Health profile;
 * - `missing_scope`: no scope was granted by which the user can be told.
 *
 * Everything else is an `OAuthError` for the app's error handler. Userinfo and the Health profile are an addition:
 * where they fail, the login goes on without them, and `profile._errors` says why. All calls are made at the same
 * time and have the same deadline.
 *
 * `tokens.refreshToken` is undefined if Google gave none: after `accessType: 'online'`, or without `prompt:
 * 'consent'` for a user who consented before. A login with the defaults brings one.
 *
 * @see https://developers.google.com/identity/protocols/oauth2/web-server
 * @see https://developers.google.com/health/reference/rest/v4/users/getIdentity
 * @example
 * passport.use(new GoogleHealthStrategy(
 *   { clientID, clientSecret, callbackURL: 'https://app.example/auth/google-health/callback', scope: ['profile.readonly', 'sleep.readonly'] },
 *   async ({ tokens, profile }) => users.findOrCreate(profile.id, tokens),
 * ));
 */
export class GoogleHealthStrategy extends BaseStrategy<GoogleHealthProfile> {
  declare protected readonly _client: Client<GoogleHealthEndpoint>;
  /** passport-oauth2's own. */
  declare protected readonly _scope: readonly string[];
  private readonly _authorization: AuthorizationOptions;
  private readonly _healthProfile: boolean;

  /** @throws TypeError naming the option and the remedy */
  constructor(options: GoogleHealthStrategyOptions, verify: VerifyLogin<GoogleHealthProfile>);
  constructor(
    options: GoogleHealthStrategyOptions & { passReqToCallback: true },
    verify: VerifyCallbackWithRequest<GoogleHealthProfile>,
  );
  constructor(
    options: GoogleHealthStrategyOptions & { passReqToCallback?: false | undefined },
    verify: VerifyCallback<GoogleHealthProfile>,
  );
  constructor(options: GoogleHealthStrategyOptions, verify: Verify) {
    const client = resolveClient(googleHealth, options);
    const { prompt, accessType, includeGrantedScopes, loginHint, healthProfile = false } = options;
    checkBoolean(healthProfile, 'healthProfile');
    const authorization = { prompt, accessType, includeGrantedScopes, loginHint };
    toAuthorizationParams(authorization);
    const scope = toFullScopes(toScopeList(options.scope ?? PROFILE_SCOPE));
    checkIdentityScope(scope, includeGrantedScopes);
    // Not the one of the host: an app's other login with Google may use that.
    const { sessionKey = 'oauth2:google-health' } = options;
    super(client, GoogleOAuth2, { ...options, scope, sessionKey }, verify);
    this._authorization = authorization;
    this._healthProfile = healthProfile;
  }

  /** Google's own parameters of the authorization request. */
  override authorizationParams(options: AuthenticateOptions): object {
    const {
      prompt = this._authorization.prompt,
      accessType = this._authorization.accessType,
      includeGrantedScopes = this._authorization.includeGrantedScopes,
      loginHint = this._authorization.loginHint,
    } = options;
    return toAuthorizationParams({ prompt, accessType, includeGrantedScopes, loginHint });
  }

  /**
   * Fetches what the granted scopes allow, all at the same time.
   *
   * @param tokens the token response, of which passport-oauth2 gives the access token only
   */
  override userProfile(
    accessToken: string,
    done: (error?: unknown, profile?: GoogleHealthProfile) => void,
    tokens?: TokenSet,
  ): void {
    toCallback(this._loadProfile(accessToken, tokens?.scope ?? [], true), done);
  }

  protected override requestOptions(options: AuthenticateOptions): AuthenticateOptions {
    const checked = super.requestOptions(options);
    if (checked.scope === undefined) return checked;
    const scope = toFullScopes(checked.scope);
    checkIdentityScope(scope, options.includeGrantedScopes ?? this._authorization.includeGrantedScopes);
    return { ...checked, scope };
  }

  protected override failure(error: unknown): Failure | undefined {
    return toFailure(error);
  }

  /** The ids alone: the token response has none. */
  protected override bareProfile({ accessToken, scope }: TokenSet): Promise<GoogleHealthProfile> {
    return this._loadProfile(accessToken, scope, false);
  }

  private async _loadProfile(
    accessToken: string,
    granted: readonly string[],
    whole: boolean,
  ): Promise<GoogleHealthProfile> {
    // A response that leaves the scope out leaves one to try.
    const may = (fits: (scope: string) => boolean) => granted.length === 0 || granted.some(fits);
    if (!may(readsIdentity)) throw this._missingScope();

    const { identityURL, userinfoURL, userProfileURL } = this._client.endpoints;
    const errors: NonNullable<GoogleHealthProfile['_errors']> = {};
    const fetchObject = (url: string) =>
      toPromise<FetchedObject>((callback) => this.fetchObject(url, accessToken, callback));
    const optional = (name: keyof typeof errors, wanted: boolean, url: string) =>
      wanted &&
      fetchObject(url).then(
        ({ json }) => ({ [name]: json }),
        (error: OAuthError) => {
          errors[name] = error;
          return undefined;
        },
      );
    const readsProfile = may((scope) => scope === PROFILE_SCOPE);
    const [identity, userinfo, profile] = await Promise.all([
      fetchObject(identityURL),
      optional('userinfo', whole && may(isOpenIDScope), userinfoURL),
      optional('profile', whole && this._healthProfile && readsProfile, userProfileURL),
    ]).catch((error: OAuthError) => {
      throw error.code === 'access_token_scope_insufficient' ? this._missingScope() : error;
    });
    const parsed = parseProfile({ identity: identity.json, ...userinfo, ...profile });
    if (parsed === undefined) throw malformed(googleHealth, 'profile', '"healthUserId" is missing');
    return Object.keys(errors).length > 0 ? { ...parsed, _errors: errors } : parsed;
  }

  private _missingScope(): OAuthError {
    const asked = this._scope.filter(readsIdentity);
    return missingScope(asked.length > 0 ? asked : [PROFILE_SCOPE]);
  }
}

function checkIdentityScope(scope: readonly string[], includeGrantedScopes: boolean | undefined): void {
  // With it, what was granted at an earlier login counts as well.
  if (includeGrantedScopes || scope.some(readsIdentity)) return;
  throw new TypeError(
    '"scope" must have at least one scope that reads Health data other than location and nutrition, such as "profile.readonly": without it Google does not say who the user is',
  );
}
