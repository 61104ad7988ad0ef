/**
 * Compiled by `npm run typecheck`, never run: what the types allow and what they refuse.
 */
import type { Request } from 'express';
import passport from 'passport';
import {
  type FitbitProfile,
  type FitbitScope,
  FitbitStrategy,
  type FitbitStrategyOptions,
  type FitbitTokenInfo,
  introspect,
  OAuthError,
  ResponseError,
  refresh,
  revoke,
  type TokenSet,
  TransportError,
  type VerifyCallback,
} from 'passport-fitbit-strategy';
import type OAuth2Strategy from 'passport-oauth2';

const client = { clientID: 'CID', clientSecret: 's3cret' };
const options = { ...client, callbackURL: '/callback' };

/** Fails to compile unless both types are the same. */
function same<A, B>(..._proof: [A] extends [B] ? ([B] extends [A] ? [] : [never]) : [never]): void {}

// `verify` as an option gets the login object, typed, without an annotation.
new FitbitStrategy({
  ...options,
  verify: async ({ tokens, profile, state, req }) => {
    same<typeof tokens, TokenSet>();
    same<typeof profile, FitbitProfile>();
    same<typeof profile.gender, 'male' | 'female' | undefined>();
    same<typeof state, unknown>();
    same<typeof req, Request>();
    same<typeof tokens.expiresAt, Date>();
    return { id: profile.id, token: tokens.accessToken };
  },
});

// Passport's forms: test/compat/types/consumers has them all, compiled in many ways.
new FitbitStrategy(options, (accessToken, _refreshToken, profile, done) => {
  same<typeof accessToken, string>();
  same<typeof profile, FitbitProfile>();
  same<typeof done, VerifyCallback>();
  done(null, { id: profile.id });
});
new FitbitStrategy(options, async (...args: unknown[]) => args.length > 3 && {});

// Options.
export const all: FitbitStrategyOptions = {
  ...client,
  callbackURL: 'https://app.example/callback',
  scope: ['activity', 'profile', 'a_scope_of_tomorrow'],
  prompt: 'login consent',
  expiresIn: 28_800,
  state: true,
  pkce: 'S256',
  skipUserProfile: (accessToken: string, done: (error: unknown, skip?: boolean) => void) =>
    done(null, accessToken === ''),
  passReqToCallback: false,
  proxy: true,
  sessionKey: 'fitbit',
  timeout: 5000,
  agent: undefined,
  authorizationURL: 'http://localhost:4000/oauth2/authorize',
  tokenURL: undefined,
};
export const scopes: FitbitScope[] = ['electrocardiogram', 'irregular_rhythm_notifications'];
export const readonlyScopes: FitbitStrategyOptions = { ...client, scope: ['sleep', 'weight'] as const };
// @ts-expect-error not one of the 15
export const unknownScope: FitbitScope = 'mood';
// @ts-expect-error not one of Fitbit's four
export const badPrompt: FitbitStrategyOptions = { ...client, prompt: 'select_account' };
// @ts-expect-error a number of seconds
export const badLifetime: FitbitStrategyOptions = { ...client, expiresIn: '28800' };
// @ts-expect-error "plain" protects nothing
export const plain: FitbitStrategyOptions = { ...client, pkce: 'plain' };
// @ts-expect-error the client id is needed
export const nobody: FitbitStrategyOptions = { clientSecret: 's3cret' };

// With Passport.
const strategy = new FitbitStrategy({ ...options, verify: async ({ profile }) => ({ id: profile.id }) });
passport.use(strategy);
passport.use('fitbit-work', strategy);
export const base: OAuth2Strategy = strategy;
export const middleware = [
  passport.authenticate('fitbit'),
  passport.authenticate('fitbit', { scope: ['sleep'], prompt: 'consent' }),
  passport.authenticate('fitbit', { state: { returnTo: '/' } }),
  passport.authenticate('fitbit', { state: { returnTo: '/' }, callbackURL: '/link/callback' }),
  passport.authenticate('fitbit', { successRedirect: '/', failureRedirect: '/login', session: false }),
  passport.authenticate(['fitbit', 'google-health'], { state: { returnTo: '/' } }),
  passport.authenticate('fitbit', { state: { returnTo: '/' } }, (error: unknown, user: unknown) => {
    if (error instanceof OAuthError && error.reauthorize) return user;
  }),
];

// The helpers.
export async function helpers(): Promise<unknown> {
  const tokens = await refresh(client, 'old', { signal: AbortSignal.timeout(1000), timeout: 500 });
  same<typeof tokens, TokenSet>();
  same<typeof tokens.refreshToken, string | undefined>();
  const info = await introspect({ clientID: 'public' }, tokens.accessToken, { token: 'other' });
  same<typeof info, FitbitTokenInfo>();
  // @ts-expect-error only an active token has scopes
  info.scope;
  const access = info.active ? info.scope.activity : undefined;
  same<typeof access, 'read' | 'write' | undefined>();
  same<Awaited<ReturnType<typeof revoke>>, void>();
  // @ts-expect-error read only
  tokens.raw = {};
  // @ts-expect-error a client, not its id
  await revoke('CID', tokens.accessToken);
  // @ts-expect-error no such option
  return refresh(client, 'old', { retries: 5 });
}

// Errors.
export function explain(error: unknown): string {
  if (error instanceof TransportError) {
    same<typeof error.code, 'timeout' | 'aborted' | 'connection' | 'too_large' | 'malformed' | 'redirect'>();
    return error.code;
  }
  if (error instanceof ResponseError)
    return `${error.httpStatus} ${error.rateLimit?.reset} ${error.errors[0]?.code}`;
  return error instanceof OAuthError ? `${error.operation} ${error.retryable}` : 'unknown';
}
