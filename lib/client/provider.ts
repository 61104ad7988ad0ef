import type { Agent, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { checkAgent, checkObject, checkString, checkTimeout, checkURL } from '../util/arguments.ts';
import type { Failure, OAuthError, ProviderError, RateLimit, RequestOperation } from './errors.ts';

/** How a client proves who it is at the token endpoint (RFC 7591's names). Without a secret it is `none`. */
export type ClientAuthentication = 'client_secret_basic' | 'client_secret_post';

/** An error response, or an error in a callback. */
export interface Refusal {
  /** The error's code, unless the provider has a more precise one. */
  readonly code: string;
  readonly operation: RequestOperation;
  /** `undefined` in a callback. */
  readonly httpStatus: number | undefined;
  /** All errors of the response, redacted. */
  readonly errors: readonly ProviderError[];
}

/** A provider's knowledge about a refusal. For absent properties, the RFCs and the HTTP status decide. */
export interface Meaning {
  /** A more precise code. */
  code?: string;
  /** What to do: sentences for the developer. */
  remedy?: string | undefined;
  retryable?: boolean;
  reauthorize?: boolean;
}

/** The properties of a provider that differ between providers. */
export interface Provider<Endpoint extends string = string> {
  /** The strategy's name and `profile.provider`. */
  readonly name: string;
  /** The name in messages. */
  readonly label: string;
  /** The issuer identifier, compared with `iss` in a callback (RFC 9207). */
  readonly issuer: string;
  readonly clientAuthentication: ClientAuthentication;
  /** The lifetime of an access token whose token response has no `expires_in`, seconds. */
  readonly accessTokenLifetime: number;
  /** How long the provider gives the same response to an identical refresh request, ms. */
  readonly refreshRepeatWindow: number;
  /** The provider's own URLs, each under the name of the option that overrides it. */
  readonly endpoints: Readonly<Record<Endpoint, string>>;
  /** Reads the errors out of a response's JSON object, unredacted; none for an unknown shape. */
  parseErrors(body: Record<string, unknown>): ProviderError[];
  /** Reads the provider's rate-limit headers. */
  parseRateLimit?(headers: IncomingHttpHeaders): RateLimit | undefined;
  /** Explains a refusal, as far as the provider defines more than the RFCs. */
  explain(refusal: Refusal): Meaning;
  /** Turns an error of a login into a failure, if the user can resolve it. */
  toFailure?(error: OAuthError): Failure | undefined;
}

/** The settings that the clients of all providers share. */
export interface ClientOptions {
  /** The client id, from the registration of the app. */
  clientID: string;
  /** The client secret. Leave it out for a public client (RFC 6749, section 2.1), which PKCE protects. */
  clientSecret?: string | undefined;
  /**
   * The deadline of one request, over connect, headers and body, ms.
   * @default 10000
   */
  timeout?: number | undefined;
  /** An `http.Agent` or `https.Agent`, for a proxy or your own certificates. */
  agent?: Agent | undefined;
}

/** The client of a request to a provider. */
export interface Client {
  readonly provider: Provider;
  readonly clientID: string;
  readonly clientSecret: string | undefined;
  readonly timeout: number;
  readonly agent: Agent | undefined;
  /** Headers sent with every request. */
  readonly headers?: OutgoingHttpHeaders | undefined;
}

/** A client whose settings are checked and complete. */
export interface ResolvedClient<Endpoint extends string = string> extends Client {
  readonly provider: Provider<Endpoint>;
  readonly endpoints: Readonly<Record<Endpoint, string>>;
}

export const DEFAULT_TIMEOUT = 10_000;

/**
 * Checks a client's settings and fills in the provider's endpoints.
 *
 * @param argument the caller's name of the settings, for the error
 * @throws TypeError naming the setting and the remedy
 */
export function resolveClient<Endpoint extends string>(
  provider: Provider<Endpoint>,
  options: ClientOptions & { [key in NoInfer<Endpoint>]?: string | undefined },
  argument = 'client',
): ResolvedClient<Endpoint> {
  checkObject(options, argument);
  const { clientID, clientSecret, timeout, agent } = options;
  checkString(clientID, 'clientID', `the client id of your app, as registered with ${provider.label}`);
  if (clientSecret !== undefined) {
    checkString(clientSecret, 'clientSecret', 'leave it out if the app is a public client');
    if (provider.clientAuthentication === 'client_secret_basic' && clientID.includes(':')) {
      throw new TypeError('"clientID" must not contain ":", which ends it in HTTP Basic authentication');
    }
  }
  if (timeout !== undefined) checkTimeout(timeout);
  if (agent !== undefined) checkAgent(agent);

  const endpoints: Record<Endpoint, string> = { ...provider.endpoints };
  for (const name in endpoints) {
    const url: string | undefined = options[name];
    if (url === undefined) continue;
    checkURL(url, name);
    endpoints[name] = url;
  }
  return { provider, clientID, clientSecret, timeout: timeout ?? DEFAULT_TIMEOUT, agent, endpoints };
}
