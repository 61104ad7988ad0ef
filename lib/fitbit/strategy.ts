import { checkOneOf } from '../oauth2/arguments.ts';
import type { AuthenticateOptions } from '../oauth2/authenticate-options.ts';
import { ResponseError } from '../oauth2/errors.ts';
import { NodeOAuth2 } from '../oauth2/node-oauth.ts';
import { resolveClient } from '../oauth2/provider.ts';
import { malformed } from '../oauth2/response.ts';
import { BaseStrategy } from '../oauth2/strategy.ts';
import type { StrategyOptions } from '../oauth2/strategy-options.ts';
import type { TokenSet } from '../oauth2/tokens.ts';
import type { Verify, VerifyCallback, VerifyCallbackWithRequest, VerifyLogin } from '../oauth2/verify.ts';
import { type FitbitClient, fitbit } from './endpoints.ts';
import { type FitbitProfile, parseProfile } from './profile.ts';
import type { FitbitScopeName } from './scopes.ts';

const PROMPTS = ['none', 'consent', 'login', 'login consent'] as const;

/**
 * Which pages Fitbit shows: `none` is its normal behaviour (it is not OpenID Connect's `none`), `consent` asks
 * again, `login` lets the user change accounts.
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
   * The life of the access tokens to ask for, seconds: Fitbit documents 28800.
   * @default left to Fitbit
   */
  expiresIn?: number | undefined;
}

class FitbitOAuth2 extends NodeOAuth2 {
  protected readonly _provider = fitbit;
}

/**
 * Signs users in with their Fitbit account (authorization code grant, RFC 6749, section 4.1, with PKCE).
 *
 * Failures that a person can mend (denied, expired, replayed) reach Passport's `fail` as `{ message, code }`;
 * everything else is an `OAuthError` for the app's error handler.
 *
 * @see https://dev.fitbit.com/build/reference/web-api/developer-guide/authorization/
 * @example
 * passport.use(new FitbitStrategy(
 *   { clientID, clientSecret, callbackURL: 'https://app.example/auth/fitbit/callback', scope: ['activity', 'profile'] },
 *   async ({ tokens, profile }) => users.findOrCreate(profile.id, tokens),
 * ));
 */
export class FitbitStrategy extends BaseStrategy<FitbitProfile> {
  private readonly _prompt: FitbitPrompt | undefined;
  private readonly _expiresIn: number | undefined;

  /** @throws TypeError naming the option and the remedy */
  constructor(options: FitbitStrategyOptions, verify: VerifyLogin<FitbitProfile>);
  constructor(
    options: FitbitStrategyOptions & { passReqToCallback: true },
    verify: VerifyCallbackWithRequest<FitbitProfile>,
  );
  constructor(
    options: FitbitStrategyOptions & { passReqToCallback?: false | undefined },
    verify: VerifyCallback<FitbitProfile>,
  );
  constructor(options: FitbitStrategyOptions, verify: Verify) {
    const client = resolveClient(fitbit, options);
    const { scope = ['profile'], prompt, expiresIn } = options;
    if (prompt !== undefined) checkOneOf(prompt, 'prompt', PROMPTS);
    if (expiresIn !== undefined && !(Number.isSafeInteger(expiresIn) && expiresIn > 0)) {
      throw new TypeError('"expiresIn" must be a positive integer: seconds, such as 28800');
    }
    super(client, FitbitOAuth2, { ...options, scope }, verify);
    this._prompt = prompt;
    this._expiresIn = expiresIn;
  }

  /** Fitbit's own parameters of the authorization request. */
  override authorizationParams(options: AuthenticateOptions): object {
    const { prompt = this._prompt, callbackURL = this._callbackURL } = options;
    if (prompt === undefined) return {};
    checkOneOf(prompt, 'prompt', PROMPTS);
    if (!callbackURL)
      throw new TypeError('"callbackURL" must be set when "prompt" is: Fitbit asks for it then');
    return { prompt };
  }

  /** Fitbit's own parameters of the code exchange. */
  override tokenParams(): object {
    return this._expiresIn === undefined ? {} : { expires_in: this._expiresIn };
  }

  /**
   * Fetches the profile, if the `profile` scope was granted; otherwise there is nothing to fetch, and the id
   * comes from the token response.
   *
   * @param tokens the token response, of which passport-oauth2 gives the access token only
   */
  override userProfile(
    accessToken: string,
    done: (error?: unknown, profile?: FitbitProfile | undefined) => void,
    tokens?: TokenSet,
  ): void {
    const said = tokens !== undefined && tokens.scope.length > 0;
    if (said && !tokens.scope.includes('profile')) return done(null);

    this.fetchObject(this._client.endpoints.userProfileURL, accessToken, (error, answer) => {
      if (answer === undefined) {
        const denied = error instanceof ResponseError && error.code === 'insufficient_scope';
        // The token response left the scope out: then this tells that it was not granted.
        return denied && tokens !== undefined && !said ? done(null) : done(error);
      }
      const profile = parseProfile(answer.json);
      if (profile === undefined) return done(malformed(fitbit, 'profile', '"user.encodedId" is missing'));
      profile._raw = answer.raw;
      done(null, profile);
    });
  }
}
