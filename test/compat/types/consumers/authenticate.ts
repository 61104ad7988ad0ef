// biome-ignore-all lint/suspicious/noExplicitAny: apps write it
// `passport.authenticate` and `passport.authorize`, with this package's options and without a change for others.
import type { PassportStatic } from 'passport';
import { FitbitStrategy } from 'passport-fitbit-strategy';

declare const passport: PassportStatic;
const strategy = new FitbitStrategy({ clientID: 'id', verify: async ({ profile }) => ({ id: profile.id }) });

export const middleware = [
  passport.authenticate('fitbit'),
  passport.authenticate('fitbit', { scope: ['sleep'], prompt: 'consent' }),
  passport.authenticate('fitbit', { scope: ['sleep', 'weight'] as const, callbackURL: '/link/callback' }),
  passport.authenticate('fitbit', { state: { returnTo: '/' } }),
  passport.authenticate('fitbit', { state: { returnTo: '/' }, session: false, failureRedirect: '/login' }),
  passport.authenticate('fitbit', { state: { returnTo: '/' } }, (error: unknown, user: unknown) => [
    error,
    user,
  ]),
  passport.authenticate(['fitbit', 'google-health'], { state: { returnTo: '/' } }),
  passport.authenticate(strategy, { state: { returnTo: '/' } }),
  passport.authorize('fitbit'),
  passport.authorize('fitbit', { state: { returnTo: '/' } }),
  passport.authorize(['fitbit', 'google-health'], { state: { returnTo: '/' } }, (error: unknown) => error),
];

// As before for other strategies.
export const others = [
  passport.authenticate('local', { failureRedirect: '/login', failureFlash: true, session: false }),
  passport.authenticate('other', { state: 'a string', scope: 'all', prompt: 'login' }),
  passport.authenticate('local', (error: any, user?: Express.User | false | null, info?: any) => [
    error,
    user,
    info,
  ]),
  passport.authorize('other', { state: 'a string' }),
  passport.session(),
];

// @ts-expect-error no such option
passport.authenticate('fitbit', { returnTo: '/' });
// @ts-expect-error not a list of scopes
passport.authenticate('fitbit', { scope: 5 });
