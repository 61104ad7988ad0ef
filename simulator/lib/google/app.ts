import { boolean, checkFields, text } from '../check.ts';
import { type App, type AppSettings, appChecks } from '../world/apps.ts';
import type { World } from '../world/world.ts';

/** An app as registered in a Google project. */
export interface GoogleHealthAppSettings extends AppSettings {
  /** Whether the Google Health API is enabled for the project; otherwise it responds 403. @default true */
  readonly apiEnabled?: boolean | undefined;
  /**
   * The Google Workspace domain to which the app's users are limited: its audience is *Internal*.
   * @default none: any user may
   */
  readonly organization?: string | undefined;
}

/** Registers an app in a Google project. */
export function registerGoogleHealthApp({ apps }: World, settings: GoogleHealthAppSettings): App {
  checkFields(settings, 'the Google Health app', {
    ...appChecks,
    apiEnabled: boolean,
    organization: text,
  });
  const number = apps.size;
  return apps.add({
    provider: 'google-health',
    name: settings.name ?? 'Demo app',
    clientID: settings.clientID ?? `40741040000${number}-simulator.apps.googleusercontent.com`,
    clientSecret: settings.clientSecret ?? `GOCSPX-simulator-${number}-secret`,
    redirectURIs: settings.redirectURIs,
    type: 'server',
    writable: new Set(),
    owner: '',
    enabled: settings.apiEnabled ?? true,
    organization: settings.organization,
  });
}
