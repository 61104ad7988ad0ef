import { createHash, randomBytes } from 'node:crypto';
import { parse, stringify } from 'node:querystring';
import type { Request } from 'express';
import { redactor } from '../client/redact.ts';
import type { AuthenticateOptions } from './authenticate-options.ts';
import { callbackURLOf, invalidParameter, MAX_PARAMETER } from './callback.ts';
import { OAuthError } from './errors.ts';
import type { NodeOAuth2 } from './node-oauth.ts';
import { type Failure, FirstOutcome, type Outcomes } from './outcome.ts';
import type { Profile } from './profile.ts';
import { toCallback } from './promise.ts';
import type { Client } from './provider.ts';
import { errorCode } from './response.ts';
import { SessionStateStore } from './session-state.ts';
import { type StateMeta, type StateStore, storeState, verifyState } from './state.ts';
import type { StrategyOptions } from './strategy-options.ts';
import { type TokenSet, toTokenSet } from './tokens.ts';
import { callVerify, type Verify, type VerifyDone } from './verify.ts';

/** What an attempt uses of its strategy: passport-oauth2's members and hooks, and this package's. */
export interface Attempted extends Outcomes {
  readonly _client: Client;
  readonly _keepsState: boolean;
  readonly _callbackURL?: string | undefined;
  readonly _scope: string | readonly string[];
  readonly _scopeSeparator: string;
  readonly _pkceMethod?: string | boolean | undefined;
  readonly _trustProxy?: boolean | undefined;
  readonly _skipUserProfile: StrategyOptions['skipUserProfile'];
  readonly _stateStore: StateStore;
  readonly _oauth2: NodeOAuth2;
  readonly _verify: Verify;
  readonly _passReqToCallback: boolean;
  requestOptions(options: AuthenticateOptions): AuthenticateOptions;
  authorizationParams(options: AuthenticateOptions): object;
  tokenParams(options: AuthenticateOptions): object;
  userProfile(
    accessToken: string,
    done: (error?: unknown, profile?: Profile) => void,
    tokens: TokenSet,
  ): void;
  bareProfile(tokens: TokenSet): Profile | Promise<Profile>;
  failure(error: unknown): Failure | undefined;
  toOAuthError(
    error: unknown,
    operation: 'code_exchange',
    secrets: readonly (string | undefined)[],
  ): OAuthError;
}

/**
 * One request on its way through a strategy: to the provider, or back from there.
 *
 * The steps and the hooks are those of passport-oauth2's `authenticate`, with three differences: what belongs to the
 * request is kept here and never on the strategy; whatever throws, on whoever's call, ends the attempt and not the
 * process; and it ends once.
 */
export class Attempt {
  readonly #strategy: Attempted;
  readonly #req: Request;
  readonly #outcome: FirstOutcome;
  #options: AuthenticateOptions = {};
  #callbackURL: string | undefined;

  constructor(strategy: Attempted, req: Request) {
    this.#strategy = strategy;
    this.#req = req;
    this.#outcome = new FirstOutcome(strategy);
  }

  /** @param options as the app gave them, not checked yet */
  run(options: AuthenticateOptions): void {
    try {
      const { query, body } = this.#req; // once: Express 5 parses the query at each look
      const wrong = invalidParameter(query, body);
      if (wrong !== undefined) {
        const message = `The callback's parameter "${wrong}" must stand there once, not empty, with at most ${MAX_PARAMETER} characters. Start the login again.`;
        return this.#outcome.fail({ message, code: 'invalid_callback' }, 400);
      }
      const { _callbackURL, _trustProxy } = this.#strategy;
      this.#options = this.#strategy.requestOptions(options);
      this.#callbackURL = callbackURLOf(this.#req, this.#options.callbackURL ?? _callbackURL, _trustProxy);
      // From one of them, both: only where a code is, the state beside it was checked.
      const { code, state } = (query?.code ? query : body) ?? {};
      if (query?.error !== undefined) this.#refused(query);
      else if (code) this.#complete(code, state);
      else this.#begin();
    } catch (error) {
      this.#error(error);
    }
  }

  /** Sends the browser to the provider (RFC 6749, section 4.1.1; RFC 7636, section 4.3). */
  #begin(): void {
    const { _scope, _scopeSeparator, _pkceMethod, _stateStore } = this.#strategy;
    const scope = this.#options.scope || _scope;
    const params: Record<string, unknown> = {};
    Object.assign(params, this.#strategy.authorizationParams(this.#options)); // whose object stays as it is
    params.response_type = 'code';
    if (this.#callbackURL) params.redirect_uri = this.#callbackURL;
    if (scope.length > 0) params.scope = typeof scope === 'string' ? scope : scope.join(_scopeSeparator);
    let verifier: string | undefined;
    if (_pkceMethod) {
      verifier = randomBytes(32).toString('base64url');
      params.code_challenge = createHash('sha256').update(verifier).digest('base64url');
      params.code_challenge_method = 'S256';
    }
    // A string is the app's own: it can only be given where none is kept.
    const { state } = this.#options;
    if (typeof state === 'string') return this.#redirect(params, state);
    storeState(_stateStore, this.#req, verifier, state, this.#meta(), (error, made) => {
      if (error) this.#error(error);
      else this.#try(() => this.#redirect(params, made));
    });
  }

  #redirect(params: Record<string, unknown>, state: string | undefined): void {
    const { _authorizeUrl, _clientId } = this.#strategy._oauth2;
    if (state) params.state = state;
    params.client_id = _clientId;
    const [base, ...query] = _authorizeUrl.split('?');
    this.#outcome.redirect(`${base}?${stringify(Object.assign(parse(query.join('?')), params))}`);
  }

  /** Uses the state up, then the code. */
  #complete(code: string, state: string | undefined): void {
    verifyState(this.#strategy._stateStore, this.#req, state, this.#meta(), (error, ok, info) => {
      if (error) this.#error(error);
      else if (!ok) this.#outcome.fail(info, 403);
      else this.#try(() => this.#exchange(code, ok, info));
    });
  }

  /** Exchanges the code (RFC 6749, section 4.1.3; RFC 7636, section 4.5). */
  #exchange(code: string, verifier: string | boolean, appState: unknown): void {
    const strategy = this.#strategy;
    const params: Record<string, string> = {};
    Object.assign(params, strategy.tokenParams(this.#options));
    params.grant_type = 'authorization_code';
    if (this.#callbackURL) params.redirect_uri = this.#callbackURL;
    if (typeof verifier === 'string') params.code_verifier = verifier;
    strategy._oauth2.getOAuthAccessToken(code, params, (error, access_token, refresh_token, results, known) =>
      this.#try(() => {
        if (error) throw strategy.toOAuthError(error, 'code_exchange', [code, params.code_verifier]);
        // Somebody else's function gives no token set.
        const tokens =
          known ??
          toTokenSet(strategy._client.provider, 'code_exchange', { ...results, access_token, refresh_token });
        this.#loadProfile({ tokens, refreshToken: refresh_token, params: results ?? {}, appState });
      }),
    );
  }

  #loadProfile(received: Received): void {
    const strategy = this.#strategy;
    const { tokens } = received;
    const { accessToken } = tokens;
    const loaded = (error?: unknown, profile?: Profile) =>
      this.#try(() => {
        if (error) throw error;
        if (profile) return this.#verify(received, profile);
        const bare = Promise.resolve(tokens).then((given) => strategy.bareProfile(given));
        toCallback(bare, (failed, known) => (known ? this.#verify(received, known) : this.#error(failed)));
      });
    const decide = (skip: boolean | undefined) =>
      skip ? loaded() : strategy.userProfile(accessToken, loaded, tokens);

    const { _skipUserProfile: skip } = strategy;
    if (typeof skip !== 'function') decide(skip);
    else if (skip.length < 2) decide(Reflect.apply(skip, strategy, []));
    else {
      const decided = (error: unknown, is?: boolean) => this.#try(() => (error ? loaded(error) : decide(is)));
      Reflect.apply(skip, strategy, [accessToken, decided]);
    }
  }

  #verify({ tokens, refreshToken, params, appState }: Received, profile: Profile): void {
    const { _verify, _passReqToCallback, _stateStore } = this.#strategy;
    tokens.userID ??= profile.id;
    const done: VerifyDone = (error, user, given) =>
      this.#try(() => {
        if (error) throw error;
        if (!user) return this.#outcome.fail(given);
        // A copy: the object is the app's.
        const info = typeof given === 'object' ? { ...given } : (given ?? {});
        if (appState) Object.assign(info, { state: appState });
        if (_stateStore instanceof SessionStateStore) _stateStore.keepOverLogin(this.#req);
        this.#outcome.success(user, info);
      });
    callVerify(_verify, _passReqToCallback, { tokens, profile, req: this.#req, refreshToken, params }, done);
  }

  /**
   * Ends the attempt: its callback brought an error (RFC 6749, section 4.1.2.1). The state is used up if it came
   * back; only with it is the text known to be the provider's, and not of whoever made up the link.
   */
  #refused({ error, error_description, state }: Request['query']): void {
    const code = errorCode(error) ?? 'authorization_error';
    const { _client, _keepsState, _stateStore } = this.#strategy;
    const { provider, clientSecret } = _client;

    const end = (_storeError?: unknown, verified?: unknown) => {
      const description =
        verified && typeof error_description === 'string'
          ? redactor([clientSecret])(error_description)
          : undefined;
      if (code === 'access_denied') {
        const message = description || `The request was denied at ${provider.label}.`;
        return this.#outcome.fail({ message, code }, 403);
      }
      const message = `${provider.label} refused the authorization request: ${code}`;
      this.#error(
        new OAuthError(description ? `${message}: ${description}` : message, {
          code,
          operation: 'authorization',
          retryable: code === 'server_error' || code === 'temporarily_unavailable',
        }),
      );
    };
    if (typeof state !== 'string' || !_keepsState) return end();
    verifyState(_stateStore, this.#req, state, this.#meta(), end);
  }

  #meta(): StateMeta {
    const { _authorizeUrl, _accessTokenUrl, _clientId } = this.#strategy._oauth2;
    return {
      authorizationURL: _authorizeUrl,
      tokenURL: _accessTokenUrl,
      clientID: _clientId,
      callbackURL: this.#callbackURL,
    };
  }

  #error(error: unknown): void {
    const failure = this.#strategy.failure(error);
    if (failure === undefined) this.#outcome.error(error);
    else this.#outcome.fail(failure, 403);
  }

  /** For what others call back: what is thrown there would reach nobody. */
  #try(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#error(error);
    }
  }
}

/** What a code exchange brought, and the data of the app's that the state store kept. */
interface Received {
  tokens: TokenSet;
  refreshToken: string | undefined;
  /** The answer without the refresh token. */
  params: Record<string, unknown>;
  appState: unknown;
}
