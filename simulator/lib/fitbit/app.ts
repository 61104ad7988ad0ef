import { boolean, checkFields, oneOf, text, texts } from '../check.ts';
import { type App, type AppSettings, appChecks } from '../world/apps.ts';
import type { World } from '../world/world.ts';
import { fitbitScopes } from './scopes.ts';

/** An app as registered with Fitbit. */
export interface FitbitAppSettings extends AppSettings {
  /**
   * `server` has a secret; `client` is public: no secret, PKCE; `personal`, with or without a secret, sees only its
   * owner.
   * @default 'server'
   */
  readonly type?: 'server' | 'client' | 'personal' | undefined;
  /** Read-only, read and write, or the list of scopes that may be written. @default 'read' */
  readonly access?: 'read' | 'write' | readonly string[] | undefined;
  /** The id of the person whose account a personal app may see. @default 'tomas' */
  readonly owner?: string | undefined;
  /** Whether Fitbit has approved the app for its data; otherwise the profile endpoint responds 403. @default true */
  readonly approved?: boolean | undefined;
}

/** Registers an app with Fitbit. */
export function registerFitbitApp({ apps }: World, settings: FitbitAppSettings): App {
  checkFields(settings, 'the Fitbit app', {
    ...appChecks,
    type: oneOf(['server', 'client', 'personal']),
    access: checkAccess,
    owner: text,
    approved: boolean,
  });
  const { type = 'server', access = 'read', owner = 'tomas', approved = true } = settings;
  if (type === 'client' && settings.clientSecret !== undefined) {
    throw new TypeError('"clientSecret" must be left out for an app of type "client"');
  }
  const number = apps.size;
  // A secret of Fitbit's shape (32 hex digits), the same at every start.
  const secret = settings.clientSecret ?? `5117a0c0ffee5eed5117a0c0ffee${String(number).padStart(4, '0')}`;
  return apps.add({
    provider: 'fitbit',
    name: settings.name ?? 'Demo app',
    clientID: settings.clientID ?? `23SIM${number}`,
    clientSecret: type === 'client' ? undefined : secret,
    redirectURIs: settings.redirectURIs,
    type,
    writable: new Set(access === 'read' ? [] : access === 'write' ? fitbitScopes : access),
    owner,
    enabled: approved,
    organization: undefined,
  });
}

function checkAccess(value: unknown, name: string): void {
  if (value === 'read' || value === 'write') return;
  texts(value, name);
  for (const one of value) oneOf(fitbitScopes)(one, `${name}[]`);
}
