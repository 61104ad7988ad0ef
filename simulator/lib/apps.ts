import { checkBoolean, checkObject, checkOneOf, checkText, checkTexts } from './check.ts';
import { fitbitScopes } from './fitbit-scopes.ts';
import type { Provider } from './ledger.ts';

/** What both providers let a developer set for an app. */
export interface AppSettings {
  /** Stands on the consent page. @default 'Demo app' */
  readonly name?: string | undefined;
  /** @default the same id at every start */
  readonly clientID?: string | undefined;
  /** @default the same secret at every start */
  readonly clientSecret?: string | undefined;
  /**
   * The registered redirect URIs, matched exactly, trailing slash included.
   * @default none are registered: any loopback URL is taken, and the exchange must repeat it exactly
   */
  readonly redirectURIs?: readonly string[] | undefined;
}

/** An app as registered with Fitbit. */
export interface FitbitAppSettings extends AppSettings {
  /** `server` has a secret; `client` is public: no secret, PKCE; `personal` sees its owner only, either way. @default 'server' */
  readonly type?: 'server' | 'client' | 'personal' | undefined;
  /** Read-only, read and write, or the list of scopes that may be written. @default 'read' */
  readonly access?: 'read' | 'write' | readonly string[] | undefined;
  /** Whose account a personal app may see: a person's id. @default 'tomas' */
  readonly owner?: string | undefined;
  /** Whether Fitbit has approved the app for the data it reads; without, the profile answers 403. @default true */
  readonly approved?: boolean | undefined;
}

/** An app as registered in a Google project. */
export interface GoogleHealthAppSettings extends AppSettings {
  /** Whether the Google Health API is enabled for the project; without, it answers 403. @default true */
  readonly apiEnabled?: boolean | undefined;
}

/** A registered app. */
export interface App {
  readonly provider: Provider;
  readonly name: string;
  readonly clientID: string;
  /** Absent for a public client. */
  readonly clientSecret: string | undefined;
  readonly redirectURIs: readonly string[] | undefined;
  readonly type: 'server' | 'client' | 'personal';
  readonly writable: ReadonlySet<string>;
  readonly owner: string;
  readonly enabled: boolean;
}

const sharedKeys = ['name', 'clientID', 'clientSecret', 'redirectURIs'] as const;

/** The registered apps of both providers. */
export class Apps {
  readonly #apps = new Map<string, App>();

  find(provider: Provider, clientID: string): App | undefined {
    const app = this.#apps.get(clientID);
    return app?.provider === provider ? app : undefined;
  }

  list(): App[] {
    return [...this.#apps.values()];
  }

  /** Registers an app with Fitbit. */
  addFitbit(settings: FitbitAppSettings): App {
    checkObject(settings, 'the Fitbit app', [...sharedKeys, 'type', 'access', 'owner', 'approved']);
    const { type = 'server', access = 'read', owner = 'tomas', approved = true } = settings;
    const number = this.#apps.size;
    const { clientID = `23SIM${number}`, clientSecret = hexSecret(number) } = settings;
    checkOneOf(type, 'type', ['server', 'client', 'personal']);
    checkText(owner, 'owner');
    checkBoolean(approved, 'approved');
    if (type === 'client' && settings.clientSecret !== undefined) {
      throw new TypeError('"clientSecret": an app of type "client" has none');
    }
    if (access !== 'read' && access !== 'write') {
      checkTexts(access, 'access');
      for (const scope of access) checkOneOf<string>(scope, 'access[]', fitbitScopes);
    }
    const writable = access === 'read' ? [] : access === 'write' ? fitbitScopes : access;
    return this.#add('fitbit', settings, {
      clientID,
      clientSecret: type === 'client' ? undefined : clientSecret,
      type,
      writable: new Set(writable),
      owner,
      enabled: approved,
    });
  }

  /** Registers an app in a Google project. */
  addGoogleHealth(settings: GoogleHealthAppSettings): App {
    checkObject(settings, 'the Google Health app', [...sharedKeys, 'apiEnabled']);
    const { apiEnabled = true } = settings;
    const number = this.#apps.size;
    const { clientID = `40741040000${number}-simulator.apps.googleusercontent.com` } = settings;
    const { clientSecret = `GOCSPX-simulator-${number}-secret` } = settings;
    checkBoolean(apiEnabled, 'apiEnabled');
    const rest = { type: 'server', writable: new Set<string>(), owner: '', enabled: apiEnabled } as const;
    return this.#add('google-health', settings, { clientID, clientSecret, ...rest });
  }

  #add(
    provider: Provider,
    settings: AppSettings,
    rest: Omit<App, 'provider' | 'name' | 'redirectURIs'>,
  ): App {
    const { name = 'Demo app', redirectURIs } = settings;
    checkText(name, 'name');
    checkText(rest.clientID, 'clientID');
    if (rest.clientSecret !== undefined) checkText(rest.clientSecret, 'clientSecret');
    if (redirectURIs !== undefined) {
      checkTexts(redirectURIs, 'redirectURIs');
      for (const one of redirectURIs) checkRedirectURI(one, provider);
    }
    if (this.#apps.has(rest.clientID))
      throw new TypeError(`"clientID" ${rest.clientID} is registered already`);
    const app: App = { provider, name, redirectURIs, ...rest };
    this.#apps.set(app.clientID, app);
    return app;
  }
}

/** Whether the app may be sent back to this redirect URI. */
export function takesRedirectURI(app: App, uri: string): boolean {
  return app.redirectURIs === undefined ? isLoopback(uri) : app.redirectURIs.includes(uri);
}

function checkRedirectURI(uri: string, provider: Provider): void {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url === undefined || uri.includes('#')) {
    throw new TypeError(`"redirectURIs": ${uri} must be a whole URL without a fragment`);
  }
  // Google: https, or http on localhost. Fitbit also registers plain http and an app's own scheme.
  if (provider === 'google-health' && url.protocol !== 'https:' && !isLoopback(uri)) {
    throw new TypeError(`"redirectURIs": ${uri} must be https, or http on localhost`);
  }
}

function isLoopback(uri: string): boolean {
  if (!URL.canParse(uri) || uri.includes('#')) return false;
  const { protocol, hostname } = new URL(uri);
  const local = hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
  return local && (protocol === 'http:' || protocol === 'https:');
}

/** A secret of Fitbit's shape (32 hex digits), the same at every start. */
function hexSecret(number: number): string {
  return `5117a0c0ffee5eed5117a0c0ffee${String(number).padStart(4, '0')}`;
}
