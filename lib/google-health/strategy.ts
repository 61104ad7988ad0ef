import { malformed } from '../client/error-response.ts';
import type { OAuthError } from '../client/errors.ts';
import { type ResolvedClient, resolveClient } from '../client/provider.ts';
import { parseObject } from '../client/requests.ts';
import type { TokenSet } from '../client/token-set.ts';
import { NodeOAuth2 } from '../login/node-oauth.ts';
import {
  type AnyForm,
  type AuthenticateOptions,
  type StrategyOptions,
  toScopeList,
  toScopes,
  type WithRequest,
  type WithVerify,
} from '../login/options.ts';
import { fetchResource } from '../login/passport-oauth2.ts';
import { BaseStrategy } from '../login/strategy.ts';
import type {
  AnyVerify,
  ShortVerifyFunction,
  ShortVerifyFunctionWithRequest,
  VerifyFunction,
  VerifyFunctionWithRequest,
} from '../login/verify.ts';
import { checkBoolean } from '../util/arguments.ts';
import { type AuthorizationOptions, toAuthorizationParams } from './authorization.ts';
import { type GoogleHealthClient, type GoogleHealthEndpoint, googleHealth } from './endpoints.ts';
import { disallowedScopes, missingScope } from './errors.ts';
import { type GoogleHealthProfile, parseProfile } from './identity.ts';
import {
  type GoogleHealthScopeName,
  isOpenIDScope,
  otherScopes,
  PROFILE_SCOPE,
  readsIdentity,
  toFullScopes,
} from './scopes.ts';

/** The options of {@link GoogleHealthStrategy}. */
export interface GoogleHealthStrategyOptions
  extends GoogleHealthClient,
    AuthorizationOptions,
    Omit<StrategyOptions, 'skipUserProfile'> {
  /**
   * The scopes to ask for, by their full or short names: an array, or a string with spaces between them. At least
   * one must read Health data other than `location`: otherwise Google does not identify the user.
   * With `openid`, `profile` or `email` the profile has name, picture and e-mail address, too.
   * @default ['profile.readonly']
   */
  scope?: GoogleHealthScopeName | readonly GoogleHealthScopeName[] | undefined;
  /**
   * Whether scopes of other Google APIs may be requested. The Health API refuses tokens that have one, so that no
   * login succeeds; use another Google Cloud project for them. `true` leaves the decision to Google.
   * @default false
   */
  allowOtherScopes?: boolean | undefined;
  /**
   * Whether to skip userinfo and the Health profile: `profile` then has the ids only, which are always fetched. A
   * function may decide, as in passport-oauth2.
   * @default false
   */
  skipUserProfile?: StrategyOptions['skipUserProfile'];
  /**
   * Whether to fetch the Health profile (age, membership start date, stride lengths) into `profile._json.profile`, if
   * the scope `profile.readonly` was granted.
   * @default false
   */
  healthProfile?: boolean | undefined;
}

/** The options that `passport.authenticate('google-health', options)` overrides for one request. */
export interface GoogleHealthAuthenticateOptions
  extends Omit<AuthenticateOptions, 'prompt'>,
    Omit<AuthorizationOptions, 'prompt'> {
  /** Which pages Google shows. */
  prompt?: AuthorizationOptions['prompt'] | AuthenticateOptions['prompt'];
}

/** The options of {@link GoogleHealthStrategy} with a second argument that gets the request first. */
export type GoogleHealthStrategyOptionsWithRequest = WithRequest<GoogleHealthStrategyOptions>;

/** The options of {@link GoogleHealthStrategy} with `verify` among them, and no second argument. */
export type GoogleHealthStrategyOptionsWithVerify = WithVerify<
  GoogleHealthStrategyOptions,
  GoogleHealthProfile
>;

const OWN_OPTIONS = [
  'prompt',
  'accessType',
  'includeGrantedScopes',
  'loginHint',
  'hostedDomain',
  'display',
  'healthProfile',
  'allowOtherScopes',
];

class GoogleOAuth2 extends NodeOAuth2 {
  readonly provider = googleHealth;
}

/**
 * Signs users in with the Google account that their Fitbit or other device is linked to (authorization code grant,
 * RFC 6749, section 4.1, with PKCE).
 *
 * Failures that the user can resolve reach Passport's `fail` as `{ message, code, hint? }`: denied, expired,
 * replayed, and
 * - `account_not_linked`: the Google account has no Google Health profile; `link`, if there is one, is where to sign
 *   up;
 * - `account_not_migrated`: the Fitbit account has not been moved to this Google account;
 * - `profile_not_ready`: the Google Health setup is not finished;
 * - `missing_scope`: no granted scope identifies the user;
 * - `admin_policy_enforced`, `org_internal`: an administrator or the project's audience does not admit the account;
 * - `interaction_required`, `login_required`, `consent_required`, `immediate_failed`: `prompt: 'none'` was not enough.
 *
 * Everything else is an `OAuthError` for the app's error handler. Userinfo and the Health profile are optional: if
 * they fail, the login continues without them, and `profile._errors` says why. All calls run in parallel, each with
 * its own deadline.
 *
 * `tokens.refreshToken` is undefined if Google gave none: after `accessType: 'online'`, or without `prompt:
 * 'consent'` for a user who consented before. With the defaults there is one.
 *
 * @see https://developers.google.com/identity/protocols/oauth2/web-server
 * @see https://developers.google.com/health/reference/rest/v4/users/getIdentity
 * @example
 * passport.use(new GoogleHealthStrategy({
 *   clientID,
 *   clientSecret,
 *   callbackURL: 'https://app.example/auth/google-health/callback',
 *   scope: ['profile.readonly', 'sleep.readonly'],
 *   verify: async ({ tokens, profile }) => users.findOrCreate(profile.id, tokens),
 * }));
 */
export class GoogleHealthStrategy extends BaseStrategy {
  private readonly _endpoints: ResolvedClient<GoogleHealthEndpoint>['endpoints'];
  private readonly _authorization: AuthorizationOptions;
  private readonly _healthProfile: boolean;
  private readonly _allowOtherScopes: boolean;

  /** @throws TypeError naming the option and the remedy */
  constructor(options: GoogleHealthStrategyOptionsWithVerify);
  // The order matters: TypeScript takes the types of a function's parameters from the first overload whose options
  // fit, whatever the function's length. The short form has to be first for its parameters to be inferred, and the
  // form with `params` has to be annotated, as in other strategies.
  constructor(options: GoogleHealthStrategyOptions, verify: ShortVerifyFunction<GoogleHealthProfile>);
  constructor(options: GoogleHealthStrategyOptions, verify: VerifyFunction<GoogleHealthProfile>);
  constructor(
    options: GoogleHealthStrategyOptionsWithRequest,
    verify: ShortVerifyFunctionWithRequest<GoogleHealthProfile>,
  );
  constructor(
    options: GoogleHealthStrategyOptionsWithRequest,
    verify: VerifyFunctionWithRequest<GoogleHealthProfile>,
  );
  constructor(options: AnyForm<GoogleHealthStrategyOptions>, verify?: AnyVerify) {
    const client = resolveClient(googleHealth, options, 'options');
    const { prompt, accessType, includeGrantedScopes, loginHint, hostedDomain, display } = options;
    const { healthProfile = false, allowOtherScopes = false } = options;
    checkBoolean(healthProfile, 'healthProfile');
    checkBoolean(allowOtherScopes, 'allowOtherScopes');
    const authorization = { prompt, accessType, includeGrantedScopes, loginHint, hostedDomain, display };
    toAuthorizationParams(authorization);
    const scope = toFullScopes(toScopeList(options.scope ?? PROFILE_SCOPE));
    checkScopes(scope, { includeGrantedScopes, allowOtherScopes });
    const requiredScope = toFullScopes(toScopeList(options.requiredScope ?? [], 'requiredScope'));
    super(client, GoogleOAuth2, options, verify, { options: OWN_OPTIONS, scope, requiredScope });
    this._endpoints = client.endpoints;
    this._authorization = authorization;
    this._healthProfile = healthProfile;
    this._allowOtherScopes = allowOtherScopes;
  }

  /** Google's own parameters of the authorization request. */
  override authorizationParams(options: object): object {
    const {
      prompt = this._authorization.prompt,
      accessType = this._authorization.accessType,
      includeGrantedScopes = this._authorization.includeGrantedScopes,
      loginHint = this._authorization.loginHint,
      hostedDomain = this._authorization.hostedDomain,
      display = this._authorization.display,
    }: GoogleHealthAuthenticateOptions = options;
    return toAuthorizationParams({
      prompt,
      accessType,
      includeGrantedScopes,
      loginHint,
      hostedDomain,
      display,
    });
  }

  /** Fetches what the granted scopes allow, in parallel. @internal */
  override fetchProfile(accessToken: string, tokens?: TokenSet): Promise<GoogleHealthProfile> {
    return this._loadProfile(accessToken, tokens?.scope ?? [], true);
  }

  /** @internal */
  override requestOptions(options: GoogleHealthAuthenticateOptions): AuthenticateOptions {
    const checked = super.requestOptions(options);
    if (checked.scope == null && options.includeGrantedScopes === undefined) return checked;
    const scope = toFullScopes(checked.scope ?? this._scope);
    checkScopes(scope, {
      includeGrantedScopes: options.includeGrantedScopes ?? this._authorization.includeGrantedScopes,
      allowOtherScopes: this._allowOtherScopes,
    });
    return checked.scope == null ? checked : { ...checked, scope };
  }

  /** Loads only the ids, which the token response does not have. @internal */
  override bareProfile({ accessToken, scope }: TokenSet): Promise<GoogleHealthProfile> {
    return this._loadProfile(accessToken, scope, false);
  }

  private async _loadProfile(
    accessToken: string,
    granted: readonly string[],
    whole: boolean,
  ): Promise<GoogleHealthProfile> {
    const others = this._allowOtherScopes ? [] : otherScopes(granted);
    if (others.length > 0) throw disallowedScopes(others);
    // If the token response has no scope, each call is tried.
    const may = (fits: (scope: string) => boolean) => granted.length === 0 || granted.some(fits);
    if (!may(readsIdentity)) throw this._missingScope();

    const { identityURL, userinfoURL, userProfileURL } = this._endpoints;
    const errors: NonNullable<GoogleHealthProfile['_errors']> = {};
    const fetchObject = async (url: string) =>
      parseObject(googleHealth, 'profile', await fetchResource(this, url, accessToken));
    const optional = async (name: keyof typeof errors, url: string, wanted: boolean) => {
      if (!wanted) return undefined;
      try {
        return { [name]: await fetchObject(url) };
      } catch (error) {
        errors[name] = error as OAuthError;
        return undefined;
      }
    };
    const readsProfile = may((scope) => scope === PROFILE_SCOPE);
    const [identity, userinfo, profile] = await Promise.all([
      fetchObject(identityURL),
      optional('userinfo', userinfoURL, whole && may(isOpenIDScope)),
      optional('profile', userProfileURL, whole && this._healthProfile && readsProfile),
    ]).catch((error: OAuthError) => {
      throw error.code === 'missing_scope' ? this._missingScope(error) : error;
    });
    const parsed = parseProfile({ identity, ...userinfo, ...profile });
    if (parsed === undefined) throw malformed(googleHealth, 'profile', '"healthUserId" is missing');
    return Object.keys(errors).length > 0 ? { ...parsed, _errors: errors } : parsed;
  }

  private _missingScope(cause?: OAuthError): OAuthError {
    const asked = toScopes(this._scope).filter(readsIdentity);
    return missingScope(asked.length > 0 ? asked : [PROFILE_SCOPE], cause);
  }
}

function checkScopes(
  scope: readonly string[],
  options: { includeGrantedScopes: boolean | undefined; allowOtherScopes: boolean },
): void {
  const { includeGrantedScopes, allowOtherScopes } = options;
  const [other] = otherScopes(scope);
  if (other !== undefined && !allowOtherScopes) {
    throw new TypeError(
      `"scope" must not contain "${other}": the Health API refuses tokens that have scopes of other Google APIs. Use another Google Cloud project for it, or set "allowOtherScopes" to request it anyway`,
    );
  }
  if (other !== undefined && includeGrantedScopes) {
    throw new TypeError(
      `"includeGrantedScopes" can't be combined with the scope "${other}": all later tokens would have this scope, and the Health API would refuse them`,
    );
  }
  // With it, scopes that were granted at an earlier login also count.
  if (includeGrantedScopes || scope.some(readsIdentity)) return;
  throw new TypeError(
    '"scope" must have at least one scope that reads Health data other than location, such as "profile.readonly": without one, Google does not identify the user',
  );
}

declare module 'passport' {
  // The names in here are those of @types/passport, hence the imports.
  interface Authenticator<InitializeRet, AuthenticateRet, AuthorizeRet, AuthorizeOptions> {
    authenticate(
      strategy: string | string[] | import('passport').Strategy,
      options: import('./strategy.ts').GoogleHealthAuthenticateOptions,
      // biome-ignore lint/suspicious/noExplicitAny: as in the signature of @types/passport that this adds to
      callback?: (...args: any[]) => any,
    ): AuthenticateRet;
    authorize(
      strategy: string | string[],
      options: import('./strategy.ts').GoogleHealthAuthenticateOptions,
      // biome-ignore lint/suspicious/noExplicitAny: as in the signature of @types/passport that this adds to
      callback?: (...args: any[]) => any,
    ): AuthorizeRet;
  }
}
