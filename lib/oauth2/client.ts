import { stringify } from 'node:querystring';
import { checkObject, checkSignal, checkTimeout } from './arguments.ts';
import type { OAuthError, RequestOperation, TransportError } from './errors.ts';
import { type HttpResponse, request } from './http.ts';
import { toPromise } from './promise.ts';
import type { Client } from './provider.ts';
import { parseObject, responseError } from './response.ts';
import { type TokenSet, toTokenSet } from './tokens.ts';

/** Settings of one call, over those of the client. */
export interface CallOptions {
  /** Gives the call up; it rejects with a `TransportError`, code `aborted`. */
  signal?: AbortSignal | undefined;
  /** The time limit of each request, ms. */
  timeout?: number | undefined;
}

/** Refuses wrong settings of a call, by name. */
export function checkCallOptions(options: CallOptions): void {
  checkObject(options, 'options');
  if (options.signal !== undefined) checkSignal(options.signal);
  if (options.timeout !== undefined) checkTimeout(options.timeout);
}

type Params = Record<string, string | number>;

const USER_AGENT = 'passport-fitbit-strategy';

// Parameters that are no secret: their values are words that an error text needs. All others are.
const PUBLIC = new Set(['grant_type', 'redirect_uri', 'expires_in']);

/** Called once: with the success answer, or with the error. */
export type ResponseCallback = (error: OAuthError | null, response?: HttpResponse) => void;

/** How a form request shows on whose behalf it comes. */
export type Authentication = 'client' | 'none' | { bearer: string };

/** Sends a form to one of the provider's endpoints; resolves with the success answer. */
export function post(
  client: Client,
  url: string,
  params: Params,
  authentication: Authentication,
  operation: RequestOperation,
  options: CallOptions,
): Promise<HttpResponse> {
  return toPromise((callback) => sendForm(client, url, params, authentication, operation, options, callback));
}

function sendForm(
  client: Client,
  url: string,
  params: Params,
  authentication: Authentication,
  operation: RequestOperation,
  options: CallOptions,
  callback: ResponseCallback,
): void {
  const headers: Record<string, string> = {
    Accept: 'application/json',
    'Content-Type': 'application/x-www-form-urlencoded',
    'User-Agent': USER_AGENT,
  };
  let form = params;
  const { clientID, clientSecret } = client;
  if (authentication === 'client') {
    if (clientSecret === undefined) form = Object.assign({}, params, { client_id: clientID });
    else if (client.provider.clientAuthentication === 'client_secret_basic') {
      headers.Authorization = basicAuthorization(clientID, clientSecret);
    } else form = Object.assign({}, params, { client_id: clientID, client_secret: clientSecret });
  } else if (authentication !== 'none') {
    headers.Authorization = `Bearer ${authentication.bearer}`;
  }
  const body = stringify(form);

  const { timeout = client.timeout, signal } = options;
  const { agent } = client;
  request({ method: 'POST', url, headers, body, operation, timeout, signal, agent }, (error, response) => {
    if (response === undefined || response.status < 400) return callback(error, response);
    const bearer = typeof authentication === 'object' ? authentication.bearer : undefined;
    callback(responseError(client, operation, response, [bearer, ...secretsOf(params)]));
  });
}

/** What was sent and has to be removed from errors. A value may be anything: an app can override `tokenParams`. */
function secretsOf(params: Params): string[] {
  return Object.keys(params)
    .flatMap((name): unknown => (PUBLIC.has(name) ? [] : params[name]))
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .map(String);
}

/**
 * Fetches a protected resource; the token goes into the `Authorization` header, never into the URL. Calls back with
 * the success answer.
 */
export function get(
  client: Client,
  url: string,
  accessToken: string,
  operation: RequestOperation,
  callback: ResponseCallback,
): void {
  const headers = {
    Accept: 'application/json',
    Authorization: `Bearer ${accessToken}`,
    'User-Agent': USER_AGENT,
  };
  const { timeout, agent } = client;
  request({ method: 'GET', url, headers, operation, timeout, agent }, (error, response) => {
    if (response === undefined || response.status < 400) return callback(error, response);
    callback(responseError(client, operation, response, [accessToken]));
  });
}

/** Asks the token endpoint (RFC 6749, sections 4.1.3 and 6). */
export function requestToken(
  client: Client<'tokenURL'>,
  params: Params,
  operation: 'code_exchange' | 'refresh',
  options: CallOptions,
  callback: (error: OAuthError | null, tokens?: TokenSet) => void,
): void {
  const { provider, endpoints } = client;
  sendForm(client, endpoints.tokenURL, params, 'client', operation, options, (error, response) => {
    if (response === undefined) return callback(error);
    let tokens: TokenSet;
    try {
      tokens = toTokenSet(provider, operation, parseObject(provider, operation, response.body));
    } catch (thrown) {
      return callback(thrown as TransportError);
    }
    callback(null, tokens);
  });
}

/** HTTP Basic credentials (RFC 7617) of the id and secret as they are, which is how Fitbit reads them. */
export function basicAuthorization(clientID: string, clientSecret: string): string {
  if (basic.clientID !== clientID || basic.clientSecret !== clientSecret) {
    const credentials = Buffer.from(`${clientID}:${clientSecret}`).toString('base64');
    basic = { clientID, clientSecret, header: `Basic ${credentials}` };
  }
  return basic.header;
}

let basic = { clientID: '', clientSecret: '', header: 'Basic Og==' }; // the last one: an app has few clients
