import type { Agent } from 'node:http';
import { checkAgent, checkObject, checkString, checkTimeout, checkURL } from './arguments.ts';
import type { ProviderError, RequestOperation } from './errors.ts';

/** How a client proves who it is at the token endpoint (RFC 7591's names). Without a secret it is `none`. */
export type ClientAuthentication = 'client_secret_basic' | 'client_secret_post';

/** What one provider does in its own way, as far as the shared code has to know it. */
export interface Provider<Endpoint extends string = string> {
  /** The strategy's name and `profile.provider`. */
  readonly name: string;
  /** For messages. */
  readonly label: string;
  readonly clientAuthentication: ClientAuthentication;
  /** The life of an access token whose answer does not say, seconds. */
  readonly accessTokenLifetime: number;
  /** The provider's own URLs, each under the name of the option that overrides it. */
  readonly endpoints: Readonly<Record<Endpoint, string>>;
  /** Reads the errors out of an answer's JSON object, untouched; an unknown shape is an empty list. */
  parseErrors(body: Record<string, unknown>): ProviderError[];
  /** What to do about an error, a sentence for the developer. */
  remedy(code: string, operation: RequestOperation): string | undefined;
}

/** The settings that both providers' clients share. */
export interface ClientOptions {
  /** The client id, from the registration of the app. */
  clientID: string;
  /** The client secret. Left out: a public client (RFC 6749, section 2.1), which PKCE protects. */
  clientSecret?: string | undefined;
  /**
   * The time limit of one request, over connect, headers and body, ms.
   * @default 10000
   */
  timeout?: number | undefined;
  /** An `http.Agent` or `https.Agent`, for a proxy or certificates of your own. */
  agent?: Agent | undefined;
}

/** A client whose settings were checked and completed. */
export interface Client<Endpoint extends string = string> {
  readonly provider: Provider<Endpoint>;
  readonly clientID: string;
  readonly clientSecret: string | undefined;
  readonly timeout: number;
  readonly agent: Agent | undefined;
  readonly endpoints: Readonly<Record<Endpoint, string>>;
}

export const DEFAULT_TIMEOUT = 10_000;

/**
 * Checks a client's settings and fills in the provider's endpoints.
 *
 * @throws TypeError naming the setting and the remedy
 */
export function resolveClient<Endpoint extends string>(
  provider: Provider<Endpoint>,
  options: ClientOptions & { [key in NoInfer<Endpoint>]?: string | undefined },
): Client<Endpoint> {
  checkObject(options, 'client');
  const { clientID, clientSecret, timeout, agent } = options;
  checkString(clientID, 'clientID', `the client id of your app, as registered with ${provider.label}`);
  if (clientSecret !== undefined) {
    checkString(clientSecret, 'clientSecret', 'leave it out altogether if the app is a public client');
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
