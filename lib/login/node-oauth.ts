import type { Agent, OutgoingHttpHeaders } from 'node:http';
import { type ParsedUrlQuery, parse, stringify } from 'node:querystring';
import { type dataCallback, OAuth2, type oauth2tokenCallback } from 'oauth';
import { responseError } from '../client/error-response.ts';
import { type HttpResponse, request } from '../client/http.ts';
import { type Client, DEFAULT_TIMEOUT, type Provider } from '../client/provider.ts';
import { DEFAULT_HEADERS, type FormParams, secretsOf } from '../client/requests.ts';
import { requestTokens } from '../client/token-endpoint.ts';
import type { TokenSet } from '../client/token-set.ts';
import { checkAgent } from '../util/arguments.ts';

// node-oauth calls back with null where there is no error, which its types leave out.
const NO_ERROR = null as never;

/**
 * The object behind `strategy._oauth2`: node-oauth's `OAuth2` on this package's transport, which is also the client
 * of the strategy's own requests.
 *
 * Other code relies on its members: tests replace its methods, strategies call `_request` and `buildAuthHeader`, and
 * passport-oauth2-refresh constructs another one. Errors are an `OAuthError`, or a `TypeError` for a wrong URL, never
 * node-oauth's `{ statusCode, data }`.
 *
 * @see https://github.com/ciaranj/node-oauth
 */
export abstract class NodeOAuth2 extends OAuth2 implements Client {
  abstract readonly provider: Provider;

  // Protected in node-oauth's types, but other code reads and sets them.
  declare _clientId: string;
  declare _clientSecret: string;
  declare _baseSite: string;
  declare _authorizeUrl: string;
  declare _accessTokenUrl: string;
  declare _customHeaders: OutgoingHttpHeaders;
  declare _agent: Agent | boolean;
  override _useAuthorizationHeaderForGET = true;

  /** The deadline of one request, ms. */
  timeout: number = DEFAULT_TIMEOUT;
  /** Replaces the usual error for an error response of the token endpoint. */
  refused: ((response: HttpResponse) => Error | undefined) | undefined;

  get clientID(): string {
    return this._clientId;
  }

  /** `undefined` for a public client, which node-oauth gives an empty secret. */
  get clientSecret(): string | undefined {
    return this._clientSecret || undefined;
  }

  get agent(): Agent | undefined {
    return typeof this._agent === 'object' ? this._agent : undefined;
  }

  get headers(): OutgoingHttpHeaders {
    return this._customHeaders;
  }

  /**
   * Sets the agent of all further requests; `undefined` restores Node's default agent.
   *
   * @throws TypeError it is not an agent
   */
  override setAgent(agent: Agent | boolean | undefined): void {
    if (agent !== undefined) checkAgent(agent);
    this._agent = agent ?? false;
  }

  /**
   * Accepts only `access_token`, which is the name of tokens in URLs: this package never sends a token in a URL.
   *
   * @throws TypeError any other name
   */
  override setAccessTokenName(name: string): void {
    if (name === 'access_token') return;
    throw new TypeError(
      '"setAccessTokenName" accepts only "access_token": the token is sent in the Authorization header, where it has no name. Remove the call',
    );
  }

  /**
   * Accepts only `true`: this package never sends a token in a URL.
   *
   * @throws TypeError `false`
   */
  override useAuthorizationHeaderforGET(use: boolean): void {
    if (use) return;
    throw new TypeError(
      '"useAuthorizationHeaderforGET" accepts only true: access tokens are never sent in a URL. Remove the call',
    );
  }

  /** The URL of an authorization request with these parameters and the client id. */
  override getAuthorizeUrl(params: Record<string, unknown> = {}): string {
    const [base, ...query] = (this._baseSite + this._authorizeUrl).split('?');
    return `${base}?${stringify({ ...parse(query.join('?')), ...params, client_id: this._clientId } as NodeJS.Dict<string>)}`;
  }

  /** The URL of the token endpoint. */
  override _getAccessTokenUrl(): string {
    return this._baseSite + this._accessTokenUrl;
  }

  /**
   * Whether a test or an app replaced one of these methods: then a login has to call it.
   *
   * @internal
   */
  isReplaced(...names: ('getOAuthAccessToken' | 'get' | '_request')[]): boolean {
    return names.some((name) => this[name] !== NodeOAuth2.prototype[name]);
  }

  /** Exchanges a code or a refresh token, whichever the form has. @internal */
  requestTokens(form: FormParams, operation: 'code_exchange' | 'refresh'): Promise<TokenSet> {
    return requestTokens(this, this._getAccessTokenUrl(), form, operation, {}, this.refused);
  }

  /** Fetches a protected resource; resolves with the body. @internal */
  async fetchResource(url: string, accessToken: string): Promise<string> {
    const headers: OutgoingHttpHeaders = Object.assign({}, DEFAULT_HEADERS, this._customHeaders);
    headers.Authorization = this.buildAuthHeader(accessToken);
    const { timeout, agent } = this;
    const response = await request({ method: 'GET', url, headers, operation: 'profile', timeout, agent });
    if (response.status < 400) return response.body;
    throw responseError(this, 'profile', response, [accessToken]);
  }

  /**
   * Exchanges a code, or with `grant_type: 'refresh_token'` a refresh token (RFC 6749, sections 4.1.3 and 6).
   *
   * @param params further parameters of the token request; the object is not changed
   */
  override getOAuthAccessToken(
    code: string,
    params: object | oauth2tokenCallback,
    callback?: oauth2tokenCallback,
  ): void {
    if (typeof params === 'function')
      return this.getOAuthAccessToken(code, {}, params as oauth2tokenCallback);
    const form: Record<string, string> = {};
    Object.assign(form, params);
    const refresh = form.grant_type === 'refresh_token';
    form[refresh ? 'refresh_token' : 'code'] = code;
    this.requestTokens(form, refresh ? 'refresh' : 'code_exchange').then(
      (tokens) => {
        const { refresh_token, ...results } = tokens.raw;
        callback?.(NO_ERROR, tokens.accessToken, tokens.refreshToken, results);
      },
      (error: Error) => callback?.(error),
    );
  }

  /**
   * Fetches a protected resource with the access token in the `Authorization` header, even if the custom headers have
   * one.
   */
  override get(url: string | URL, accessToken: string, callback: dataCallback): void {
    const headers = { Authorization: this.buildAuthHeader(accessToken) };
    this._request('GET', url, headers, null, accessToken, callback);
  }

  /** node-oauth's old name of `get`. */
  override getProtectedResource(url: string | URL, accessToken: string, callback: dataCallback): void {
    this.get(url, accessToken, callback);
  }

  /**
   * Sends one request. `Host` and `Content-Length` are derived from the URL and the body.
   *
   * @param url an absolute http(s) URL; with any other, it calls back with a TypeError
   * @param headers take precedence over the custom headers
   * @param accessToken is sent in the `Authorization` header, unless there is one already
   */
  override _request(
    method: string,
    url: string | URL,
    headers: OutgoingHttpHeaders | null | undefined,
    body: string | Uint8Array | null | undefined,
    accessToken: string | null | undefined,
    callback: dataCallback,
  ): void {
    const href = typeof url === 'string' ? url : url.href;
    const sent: OutgoingHttpHeaders = {};
    for (const each of [DEFAULT_HEADERS, this._customHeaders, headers]) addHeaders(sent, each);
    if (accessToken) sent.authorization ??= this.buildAuthHeader(accessToken);
    const operation =
      href !== this._getAccessTokenUrl()
        ? 'profile'
        : toForm(body).grant_type === 'refresh_token'
          ? 'refresh'
          : 'code_exchange';
    // node-oauth's types leave out the errors of this package.
    const done = (...outcome: unknown[]) => Reflect.apply(callback, undefined, outcome);
    const { timeout, agent } = this;
    request({ method, url: href, headers: sent, body: body || undefined, operation, timeout, agent }).then(
      (response) => {
        const { status, headers, body: received } = response;
        const secrets = () => [accessToken ?? '', credentialsOf(sent), ...secretsOf(toForm(body))];
        const error = status < 400 ? null : responseError(this, operation, response, secrets());
        done(error, received, { statusCode: status, headers });
      },
      done,
    );
  }
}

/** Adds headers under their names in lower case, so that they replace those of the same name. */
function addHeaders(sent: OutgoingHttpHeaders, headers: OutgoingHttpHeaders | null | undefined): void {
  for (const name in headers) sent[name.toLowerCase()] = headers[name];
}

/** The part of the `Authorization` header after the scheme, such as `Bearer`. */
function credentialsOf({ authorization = '' }: OutgoingHttpHeaders): string {
  const [, ...credentials] = String(authorization).split(' ');
  return credentials.join(' ');
}

/** The parameters of a form body. For any other body, the names have no meaning. */
function toForm(body: string | Uint8Array | null | undefined): ParsedUrlQuery {
  return parse(Buffer.from(body ?? '').toString());
}
