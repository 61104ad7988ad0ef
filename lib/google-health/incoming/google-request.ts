import type { Agent } from 'node:http';
import { responseError } from '../../client/error-response.ts';
import type { OAuthError, RequestOperation } from '../../client/errors.ts';
import { type HttpResponse, request } from '../../client/http.ts';
import type { Provider } from '../../client/provider.ts';
import { parseObject } from '../../client/requests.ts';
import { googleHealth } from '../endpoints.ts';

/** A request to Google outside of a login. */
export interface GoogleRequest {
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: string;
  operation: Extract<RequestOperation, 'keys' | 'subscriber'>;
  /** ms */
  timeout: number;
  agent: Agent | undefined;
  /** What was sent and must not be in an error. */
  secrets?: readonly string[];
}

/** A JSON object that Google sent. */
export interface GoogleResponse {
  json: Record<string, unknown>;
  headers: HttpResponse['headers'];
}

/**
 * Sends a request to Google and reads the JSON object of its response.
 *
 * @param remedy the remedy for an error code
 * @throws OAuthError if the response is an error or not a JSON object
 */
export async function requestGoogle(
  init: GoogleRequest,
  remedy: (code: string) => string | undefined = () => undefined,
): Promise<GoogleResponse> {
  const { method, url, body, operation, timeout, agent } = init;
  const headers = { Accept: 'application/json', 'User-Agent': 'passport-fitbit-strategy', ...init.headers };
  const response = await request({
    method,
    url,
    headers,
    ...(body !== undefined && { body }),
    operation,
    timeout,
    agent,
  });
  if (response.status >= 400) throw errorOf(init, response, remedy);
  return { json: parseObject(googleHealth, operation, response.body), headers: response.headers };
}

/** The error for an error response. */
export function errorOf(
  { operation, timeout, agent, secrets = [] }: GoogleRequest,
  response: HttpResponse,
  remedy: (code: string) => string | undefined,
): OAuthError {
  const provider: Provider = {
    ...googleHealth,
    explain: (refusal) => ({ remedy: remedy(refusal.code) ?? googleHealth.explain(refusal).remedy }),
  };
  const client = { provider, clientID: '', clientSecret: undefined, timeout, agent };
  return responseError(client, operation, response, secrets);
}
