import { malformed } from '../client/error-response.ts';
import { ResponseError } from '../client/errors.ts';
import { resolveClient } from '../client/provider.ts';
import { parseObject } from '../client/requests.ts';
import type { TokenSet } from '../client/token-set.ts';
import { NodeOAuth2 } from '../login/node-oauth.ts';
import type {
  AnyForm,
  AuthenticateOptions,
  StrategyOptions,
  WithRequest,
  WithVerify,
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
import { checkOneOf } from '../util/arguments.ts';
import { type FitbitClient, fitbit } from './endpoints.ts';
import { type FitbitProfile, parseProfile } from './profile.ts';
import type { FitbitScopeName } from './scopes.ts';

const PROMPTS = ['none', 'consent', 'login', 'login consent'] as const;

/**
 * Which pages Fitbit shows: `none` is its default behavior (not OpenID Connect's `none`), `consent` asks again,
 * `login` lets the user change accounts.
 */
export type FitbitPrompt = (typeof PROMPTS)[number];

/** The options of {@link FitbitStrategy}. */
export interface FitbitStrategyOptions extends FitbitClient, StrategyOptions {
  /**
   * The scopes to ask for: an array, or a string with spaces between them.
   * @default ['profile']
   */
  scope?: FitbitScopeName | readonly FitbitScopeName[] | undefined;
  /** Which pages Fitbit shows; needs a `callbackURL`. */
  prompt?: FitbitPrompt | undefined;
  /**
   * The lifetime to request for access tokens, seconds. Fitbit documents 28800.
   * @default left to Fitbit
   */
  expiresIn?: number | undefined;
}

/** The options of {@link FitbitStrategy} with a second argument that gets the request first. */
export type FitbitStrategyOptionsWithRequest = WithRequest<FitbitStrategyOptions>;

/** The options of {@link FitbitStrategy} with `verify` among them, and no second argument. */
export type FitbitStrategyOptionsWithVerify = WithVerify<FitbitStrategyOptions, FitbitProfile>;

const OWN_OPTIONS = ['prompt', 'expiresIn'];

class FitbitOAuth2 extends NodeOAuth2 {
  readonly provider = fitbit;
}

/**
 * Signs users in with their Fitbit account (authorization code grant, RFC 6749, section 4.1, with PKCE).
 *
 * Failures that the user can resolve (denied, expired, replayed) reach Passport's `fail` as
 * `{ message, code, hint? }`; everything else is an `OAuthError` for the app's error handler.
 *
 * @see https://dev.fitbit.com/build/reference/web-api/developer-guide/authorization/
 * @example
 * passport.use(new FitbitStrategy({
 *   clientID,
 *   clientSecret,
 *   callbackURL: 'https://app.example/auth/fitbit/callback',
 *   scope: ['activity', 'profile'],
 *   verify: async ({ tokens, profile }) => users.findOrCreate(profile.id, tokens),
 * }));
 */
export class FitbitStrategy extends BaseStrategy {
  private readonly _userProfileURL: string;
  private readonly _prompt: FitbitPrompt | undefined;
  private readonly _expiresIn: number | undefined;

  /** @throws TypeError naming the option and the remedy */
  constructor(options: FitbitStrategyOptionsWithVerify);
  // The order matters: TypeScript takes the types of a function's parameters from the first overload whose options
  // fit, whatever the function's length. The short form has to be first for its parameters to be inferred, and the
  // form with `params` has to be annotated, as in other strategies.
  constructor(options: FitbitStrategyOptions, verify: ShortVerifyFunction<FitbitProfile>);
  constructor(options: FitbitStrategyOptions, verify: VerifyFunction<FitbitProfile>);
  constructor(
    options: FitbitStrategyOptionsWithRequest,
    verify: ShortVerifyFunctionWithRequest<FitbitProfile>,
  );
  constructor(options: FitbitStrategyOptionsWithRequest, verify: VerifyFunctionWithRequest<FitbitProfile>);
  constructor(options: AnyForm<FitbitStrategyOptions>, verify?: AnyVerify) {
    const client = resolveClient(fitbit, options, 'options');
    const { scope = ['profile'], prompt, expiresIn } = options;
    if (prompt !== undefined) checkOneOf(prompt, 'prompt', PROMPTS);
    if (expiresIn !== undefined && !(Number.isSafeInteger(expiresIn) && expiresIn > 0)) {
      throw new TypeError('"expiresIn" must be a positive integer: seconds, such as 28800');
    }
    super(client, FitbitOAuth2, options, verify, { options: OWN_OPTIONS, scope });
    this._userProfileURL = client.endpoints.userProfileURL;
    this._prompt = prompt;
    this._expiresIn = expiresIn;
  }

  /** Fitbit's own parameters of the authorization request. */
  override authorizationParams(options: object): object {
    const { prompt = this._prompt, callbackURL = this._callbackURL }: AuthenticateOptions = options;
    if (prompt === undefined) return {};
    checkOneOf(prompt, 'prompt', PROMPTS);
    if (!callbackURL) {
      throw new TypeError('"callbackURL" must be set together with "prompt": Fitbit requires it');
    }
    return { prompt };
  }

  /** Fitbit's own parameters of the code exchange. */
  override tokenParams(_options: object): object {
    return this._expiresIn === undefined ? {} : { expires_in: this._expiresIn };
  }

  /**
   * Loads the profile, if the `profile` scope was granted. Otherwise the id comes from the token response.
   *
   * @internal
   */
  override async fetchProfile(accessToken: string, tokens?: TokenSet): Promise<FitbitProfile | undefined> {
    const granted = tokens?.scope ?? [];
    if (granted.length > 0 && !granted.includes('profile')) return undefined;
    let body: string;
    try {
      body = await fetchResource(this, this._userProfileURL, accessToken);
    } catch (error) {
      // The token response had no scope, so this is the first sign that the user did not grant `profile`.
      const refused = error instanceof ResponseError && error.code === 'insufficient_scope';
      if (refused && tokens !== undefined && granted.length === 0) return undefined;
      throw error;
    }
    const profile = parseProfile(parseObject(fitbit, 'profile', body));
    if (profile === undefined) throw malformed(fitbit, 'profile', '"user.encodedId" is missing');
    if (tokens?.userID !== undefined && tokens.userID !== profile.id) {
      throw malformed(fitbit, 'profile', '"user.encodedId" is not the "user_id" of the token response');
    }
    profile._raw = body;
    return profile;
  }
}
