import type { Contender } from './contender.ts';

/** What is compared, each under the name that the tables have. */
export const CONTENDERS = {
  'passport-fitbit-strategy': async () => (await import('./ours.ts')).ours(),
  'passport-fitbit-oauth2': async () => (await import('./passport-oauth2.ts')).fitbitOAuth2(),
  'passport-google-oauth20': async () => (await import('./passport-oauth2.ts')).googleOAuth20(),
  'passport-oauth2': async () => (await import('./passport-oauth2.ts')).passportOAuth2(),
  'openid-client': async () => (await import('./openid-client.ts')).openidClient(),
} satisfies Record<string, () => Promise<Contender>>;

export type ContenderName = keyof typeof CONTENDERS;

export const OURS: ContenderName = 'passport-fitbit-strategy';
export const RIVALS: readonly ContenderName[] = (Object.keys(CONTENDERS) as ContenderName[]).filter(
  (name) => name !== OURS,
);

/** The hand-written code that no package can be faster than. */
export const FLOOR = 'floor';
export type Runner = ContenderName | typeof FLOOR;
export const RUNNERS: readonly Runner[] = [FLOOR, OURS, ...RIVALS];
