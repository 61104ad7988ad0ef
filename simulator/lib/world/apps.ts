import { type Check, text, texts } from '../check.ts';
import type { Provider } from './provider.ts';

/** The settings of an app that both providers have. */
export interface AppSettings {
  /** The app's name on the consent page. @default 'Demo app' */
  readonly name?: string | undefined;
  /** @default the same id at every start */
  readonly clientID?: string | undefined;
  /** @default the same secret at every start */
  readonly clientSecret?: string | undefined;
  /**
   * The registered redirect URIs, matched exactly, trailing slash included.
   * @default none: any loopback URL is accepted, and the code exchange must repeat it exactly
   */
  readonly redirectURIs?: readonly string[] | undefined;
}

/** The checks of {@link AppSettings}. */
export const appChecks: Readonly<Record<keyof AppSettings, Check>> = {
  name: text,
  clientID: text,
  clientSecret: text,
  redirectURIs: texts,
};

/** A registered app. */
export interface App {
  readonly provider: Provider;
  readonly name: string;
  readonly clientID: string;
  /** Absent for a public client. */
  readonly clientSecret: string | undefined;
  readonly redirectURIs: readonly string[] | undefined;
  readonly type: 'server' | 'client' | 'personal';
  /** The scopes that the app may write. */
  readonly writable: ReadonlySet<string>;
  /** The id of the person whose account a personal app may see. */
  readonly owner: string;
  /** Fitbit: the app is approved. Google: the API is enabled for the project. */
  readonly enabled: boolean;
  /** Google: the Workspace domain to which the app's users are limited; undefined for any user. */
  readonly organization: string | undefined;
}

/** The registered apps of both providers. */
export class Apps {
  readonly #apps = new Map<string, App>();

  /** How many are registered: the number in the next app's default id. */
  get size(): number {
    return this.#apps.size;
  }

  find(provider: Provider, clientID: string): App | undefined {
    const app = this.#apps.get(clientID);
    return app?.provider === provider ? app : undefined;
  }

  list(): App[] {
    return [...this.#apps.values()];
  }

  add(app: App): App {
    for (const uri of app.redirectURIs ?? []) checkRedirectURI(uri, app.provider);
    if (this.#apps.has(app.clientID)) throw new TypeError(`"clientID" ${app.clientID} is already registered`);
    this.#apps.set(app.clientID, app);
    return app;
  }
}

/** Why a redirect URI is not accepted; undefined if it is. */
export function redirectProblem(app: App, uri: string): string | undefined {
  if (!isPrintable(uri)) return `redirect_uri ${uri} must be percent-encoded ASCII`;
  if (app.redirectURIs === undefined ? isLoopback(uri) : app.redirectURIs.includes(uri)) return undefined;
  const known = app.redirectURIs?.join(', ') ?? 'any http(s) URL on localhost';
  return `redirect_uri ${uri} is not registered (exact match); registered: ${known}`;
}

function checkRedirectURI(uri: string, provider: Provider): void {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url === undefined || uri.includes('#')) {
    throw new TypeError(`"redirectURIs": ${uri} must be an absolute URL without a fragment`);
  }
  if (!isPrintable(uri)) throw new TypeError(`"redirectURIs": ${uri} must be percent-encoded ASCII`);
  // Google: https, or http on localhost. Fitbit also registers plain http and an app's own scheme.
  if (provider === 'google-health' && url.protocol !== 'https:' && !isLoopback(uri)) {
    throw new TypeError(`"redirectURIs": ${uri} must be https, or http on localhost`);
  }
}

/** Whether a URI can be sent in a Location header as it is (RFC 3986, section 2). */
function isPrintable(uri: string): boolean {
  return /^[\x21-\x7e]+$/.test(uri);
}

/** Whether a URI is an http(s) URL on this computer. */
export function isLoopback(uri: string): boolean {
  if (!URL.canParse(uri) || uri.includes('#')) return false;
  const { protocol, hostname } = new URL(uri);
  const local = hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return local && (protocol === 'http:' || protocol === 'https:');
}
