import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Contender } from './contender.ts';

/** The name of this package in the tables, where `--dist` gives no other. */
export const PACKAGE = 'passport-fitbit-strategy';

/** The packages that this one is compared with. */
const PACKAGES = {
  'passport-fitbit-oauth2': async () => (await import('./passport-oauth2.ts')).fitbitOAuth2(),
  'passport-google-oauth20': async () => (await import('./passport-oauth2.ts')).googleOAuth20(),
  'passport-oauth2': async () => (await import('./passport-oauth2.ts')).passportOAuth2(),
  'openid-client': async () => (await import('./openid-client.ts')).openidClient(),
} satisfies Record<string, () => Promise<Contender>>;

export type RivalPackage = keyof typeof PACKAGES;
export const RIVAL_PACKAGES = Object.keys(PACKAGES) as RivalPackage[];

const WITH_PKCE = 'passport-oauth2 with PKCE';

/** The hand-written code that no package can be faster than. */
interface Floor {
  role: 'floor';
  name: 'floor';
}

/** A build of this package. */
export interface Build {
  role: 'build';
  name: string;
  /** The absolute path of the folder that contains `package.json` and `dist/`. */
  folder: string;
}

/** A package that this one is compared with. */
export interface Rival {
  role: 'rival';
  name: RivalPackage | typeof WITH_PKCE;
}

/** What is measured: plain data, because it is sent to child processes. */
export type Runner = Floor | Build | Rival;

export const FLOOR: Floor = { role: 'floor', name: 'floor' };
export const RIVALS: readonly Rival[] = RIVAL_PACKAGES.map((name) => ({ role: 'rival', name }));
/** passport-oauth2 with state and PKCE, which this package always uses. */
export const PASSPORT_OAUTH2_WITH_PKCE: Rival = { role: 'rival', name: WITH_PKCE };

/** The file that `import 'passport-fitbit-strategy'` loads from a build. */
export function entryOf({ folder }: Pick<Build, 'folder'>): string {
  return join(folder, 'dist/index.mjs');
}

/** Loads the code of a build or a rival. */
export async function loadContender(runner: Build | Rival): Promise<Contender> {
  if (runner.role === 'build') return (await import('./ours.ts')).ours(pathToFileURL(entryOf(runner)).href);
  if (runner.name === WITH_PKCE) return (await import('./passport-oauth2.ts')).passportOAuth2({ pkce: true });
  return PACKAGES[runner.name]();
}
