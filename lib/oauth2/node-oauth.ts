import type { Agent, IncomingHttpHeaders } from 'node:http';
import { get, requestToken } from './client.ts';
import { type Client, DEFAULT_TIMEOUT, type Provider } from './provider.ts';
import type { TokenSet } from './tokens.ts';

/** Called with what a code exchange or a refresh brought. */
export type TokenCallback = (
  error: Error | null,
  accessToken?: string,
  refreshToken?: string,
  results?: Record<string, unknown>,
  /** The answer as it was read. Not in node-oauth: whoever stubs the method need not give it. */
  tokens?: TokenSet,
) => void;

type DataCallback = (
  error: Error | null,
  body?: string,
  response?: { statusCode: number; headers: IncomingHttpHeaders },
) => void;

/**
 * The object behind `strategy._oauth2`: the interface of node-oauth's `OAuth2`, on this package's transport.
 *
 * Others reach into it: tests stub its methods, passport-oauth2-refresh constructs another one from its
 * `constructor` and copies `getOAuthAccessToken` onto it, proxies are set with `setAgent`.
 */
export abstract class NodeOAuth2 {
  protected abstract readonly _provider: Provider;

  _clientId: string;
  _clientSecret: string | undefined;
  _baseSite: string;
  _authorizeUrl: string;
  _accessTokenUrl: string;
  _agent: Agent | undefined;
  /** The time limit of one request, ms. */
  _timeout: number = DEFAULT_TIMEOUT;

  constructor(
    clientID: string,
    clientSecret: string | undefined,
    baseSite: string,
    authorizationURL: string,
    tokenURL: string,
  ) {
    this._clientId = clientID;
    this._clientSecret = clientSecret;
    this._baseSite = baseSite;
    this._authorizeUrl = authorizationURL;
    this._accessTokenUrl = tokenURL;
  }

  /** Sets the agent of all further requests. */
  setAgent(agent: Agent | undefined): void {
    this._agent = agent;
  }

  /** Does nothing: the token always goes into the header. Strategies that override `userProfile` call it. */
  useAuthorizationHeaderforGET(_use: boolean): void {}

  /** Exchanges a code, or with `grant_type: 'refresh_token'` a refresh token. `params` is not changed. */
  getOAuthAccessToken(code: string, params: Record<string, string>, callback: TokenCallback): void {
    const refresh = params.grant_type === 'refresh_token';
    const form = Object.assign({}, params);
    form[refresh ? 'refresh_token' : 'code'] = code;
    const operation = refresh ? 'refresh' : 'code_exchange';
    requestToken(this._client(), form, operation, {}, (error, tokens) => {
      if (tokens === undefined) return callback(error);
      const { refresh_token, ...results } = tokens.raw;
      callback(null, tokens.accessToken, tokens.refreshToken, results, tokens);
    });
  }

  /** Fetches a protected resource, the token in the `Authorization` header. */
  get(url: string, accessToken: string, callback: DataCallback): void {
    get(this._client(), url, accessToken, 'profile', (error, response) => {
      if (response === undefined) return callback(error);
      const { status, headers, body } = response;
      callback(null, body, { statusCode: status, headers });
    });
  }

  // Built at each call: the fields above may be set by others at any time.
  private _client(): Client<'tokenURL'> {
    return {
      provider: this._provider,
      clientID: this._clientId,
      clientSecret: this._clientSecret,
      timeout: this._timeout,
      agent: this._agent,
      endpoints: { tokenURL: this._baseSite + this._accessTokenUrl },
    };
  }
}
