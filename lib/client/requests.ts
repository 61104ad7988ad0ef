import type { OutgoingHttpHeaders } from 'node:http';
import { stringify } from 'node:querystring';
import { checkFunction, checkObject, checkSignal, checkTimeout, isObject } from '../util/arguments.ts';
import { malformed, responseError } from './error-response.ts';
import type { RequestOperation } from './errors.ts';
import { type HttpResponse, request } from './http.ts';
import type { Client, Provider } from './provider.ts';

/** Settings of one call, which override those of the client. */
export interface CallOptions {
  /** Aborts the call: it rejects with a `TransportError`, code `aborted`. */
  signal?: AbortSignal | undefined;
  /** The deadline of each request, ms. */
  timeout?: number | undefined;
  /**
   * Called before each request of the call, when the connection is ready and nothing has been sent. If it throws, the
   * request is not sent, and the call rejects with that error; a `retryable` one is treated like a network failure.
   * It must not be async. Of concurrent refreshes with the same token, only the first one's is called.
   */
  beforeSend?: (() => void) | undefined;
}

/** Refuses wrong settings of a call, by name. */
export function checkCallOptions(options: CallOptions): void {
  checkObject(options, 'options');
  if (options.signal !== undefined) checkSignal(options.signal);
  if (options.timeout !== undefined) checkTimeout(options.timeout);
  if (options.beforeSend !== undefined) checkFunction(options.beforeSend, 'beforeSend');
}

/** The parameters of a form; a hook of the app may give any values. */
export type FormParams = Record<string, string | number>;

/** The authentication of a form request. */
export type Authentication = 'client' | 'none' | { bearer: string };

/** Headers of every request; those of the client and of the request take precedence. */
export const DEFAULT_HEADERS = { Accept: 'application/json', 'User-Agent': 'passport-fitbit-strategy' };

// Parameters that are not secret: error texts need their values. All others are removed from errors.
const PUBLIC = new Set(['grant_type', 'redirect_uri', 'expires_in', 'client_id', 'scope']);

/** A form request, authenticated (RFC 6749, section 2.3). */
function toFormRequest(client: Client, params: FormParams, authentication: Authentication) {
  const { clientID, clientSecret, provider } = client;
  const headers: OutgoingHttpHeaders = Object.assign({}, DEFAULT_HEADERS, client.headers);
  headers['Content-Type'] = 'application/x-www-form-urlencoded';
  let form = params;
  if (authentication === 'client') {
    if (clientSecret === undefined) form = Object.assign({}, params, { client_id: clientID });
    else if (provider.clientAuthentication === 'client_secret_post') {
      form = Object.assign({}, params, { client_id: clientID, client_secret: clientSecret });
    } else headers.Authorization = basicAuthorization(clientID, clientSecret);
  } else if (authentication !== 'none') {
    headers.Authorization = `Bearer ${authentication.bearer}`;
  }
  return { headers, body: stringify(form) };
}

/** HTTP Basic credentials (RFC 7617) of the id and secret as they are, not form-encoded first. */
function basicAuthorization(clientID: string, clientSecret: string): string {
  return `Basic ${Buffer.from(`${clientID}:${clientSecret}`).toString('base64')}`;
}

/** The values of a form that have to be removed from errors. They may be of any type: a hook of the app gave them. */
export function secretsOf(params: object): string[] {
  return Object.entries(params)
    .flatMap(([name, value]): unknown => (PUBLIC.has(name) ? [] : value))
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .map(String);
}

/**
 * Sends a form to one of the provider's endpoints; resolves with the success response.
 *
 * @param refused replaces the usual error for an error response
 * @throws ResponseError the provider refused
 * @throws TransportError there is no usable response
 */
export async function postForm(
  client: Client,
  url: string,
  params: FormParams,
  authentication: Authentication,
  operation: RequestOperation,
  { timeout = client.timeout, signal, beforeSend }: CallOptions = {},
  refused?: (response: HttpResponse) => Error | undefined,
): Promise<HttpResponse> {
  const { headers, body } = toFormRequest(client, params, authentication);
  const { agent } = client;
  const response = await request({
    method: 'POST',
    url,
    headers,
    body,
    operation,
    timeout,
    signal,
    agent,
    beforeSend,
  });
  if (response.status < 400) return response;
  const secrets = secretsOf(params);
  if (typeof authentication === 'object') secrets.push(authentication.bearer);
  throw refused?.(response) ?? responseError(client, operation, response, secrets);
}

/** The JSON object in a success response; rejects any other body. */
export function parseObject(
  provider: Provider,
  operation: RequestOperation,
  body: string,
): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // The parser's message is dropped: it quotes the body.
  }
  if (isObject(value)) return value;
  throw malformed(provider, operation, 'it is not a JSON object');
}
