// What a strict app writes with each entry; compiled as ESM and as CommonJS by check.mjs.
import type { Request } from 'express';
import { type Simulator, startSimulator } from 'fitbit-simulator';
import type { PassportStatic } from 'passport';
import {
  CookieStateStore,
  FitbitStrategy,
  type FitbitStrategyOptions,
  introspect,
  OAuthError,
  type Profile,
  ResponseError,
  refresh,
  revoke,
  Strategy,
  type TokenSet,
  TransportError,
  type VerifyCallback,
} from 'passport-fitbit-strategy';
import * as google from 'passport-fitbit-strategy/google-health';
import { MemoryTokenStore, TokenManager, type TokenStore } from 'passport-fitbit-strategy/token-manager';
import { tokenStoreConformance } from 'passport-fitbit-strategy/token-manager/conformance';
import { PostgresTokenStore } from 'passport-fitbit-strategy/token-manager/postgres';
import { RedisTokenStore } from 'passport-fitbit-strategy/token-manager/redis';
import { Pool } from 'pg';
import { createClient } from 'redis';

declare const passport: PassportStatic;

interface User {
  id: string;
  tokens: TokenSet;
}

const client = { clientID: 'id', clientSecret: 'secret' };
const options: FitbitStrategyOptions = {
  ...client,
  callbackURL: '/callback',
  scope: ['activity', 'profile'],
};

passport.use(
  new FitbitStrategy({
    ...options,
    verify: async ({ tokens, profile }): Promise<User> => ({ id: profile.id, tokens }),
  }),
);
// Passport's own forms.
passport.use(
  'callback',
  new Strategy(
    { ...client, callbackURL: '/callback', pkce: true },
    (accessToken, refreshToken, profile, done) => {
      done(null, { id: profile.id + accessToken.length + refreshToken.length });
    },
  ),
);
passport.use(
  'request',
  new FitbitStrategy(
    { ...client, passReqToCallback: true },
    (
      req: Request,
      _access: string,
      _refresh: string,
      params: object,
      profile: Profile,
      done: VerifyCallback,
    ) => {
      done(null, { id: profile.id, path: req.path, params });
    },
  ),
);
passport.use(
  new google.GoogleHealthStrategy({
    ...client,
    callbackURL: '/callback',
    store: new CookieStateStore({ secret: 'x'.repeat(32) }),
    verify: async ({ profile, req }) => (req.path === '/' ? false : { id: profile.id }),
  }),
);
passport.authenticate('fitbit', { scope: ['activity'], state: { returnTo: '/week' } });
passport.authenticate('fitbit', { successRedirect: '/', failureRedirect: '/login' });
passport.authenticate('fitbit', { session: false }, (error: unknown, user: Express.User | false) => [
  error,
  user,
]);

export async function useTokens(tokens: TokenSet): Promise<string[]> {
  const fresh = await refresh(client, tokens.refreshToken ?? '', { timeout: 1000 });
  const info = await introspect(client, fresh.accessToken);
  if (!info.active) return [];
  const access: 'read' | 'write' | undefined = info.scope.activity;
  await revoke(client, fresh.accessToken);
  const { scope } = await google.refresh(client, fresh.refreshToken ?? '');
  return [...scope, access ?? '', info.expiresAt.toISOString()];
}

export function codeOf(error: unknown): string {
  if (error instanceof ResponseError) return `${error.httpStatus} ${error.code}`;
  if (error instanceof TransportError) return error.code;
  return error instanceof OAuthError && error.reauthorize ? error.operation : 'unknown';
}

export const stores: TokenStore[] = [
  new MemoryTokenStore(),
  new PostgresTokenStore(new Pool()),
  new RedisTokenStore(createClient()),
];
export const managers = stores.map(
  (store) => new TokenManager({ store, refresh: (token, call) => refresh(client, token, call) }),
);
export const names = (profile: Profile): string => profile.displayName ?? profile.id;

export async function signInOffline(): Promise<TokenSet> {
  const simulator: Simulator = await startSimulator({ port: 0 });
  const strategy = new FitbitStrategy({ ...simulator.fitbit, callbackURL: '/', verify: async () => ({}) });
  await simulator.close();
  return Reflect.get(strategy, 'tokens');
}

/** A store of the app's own, shown to keep the rules. */
export async function checkStore(makeStore: () => TokenStore): Promise<void> {
  for (const { name, run } of tokenStoreConformance(makeStore)) {
    await run().catch((cause) => {
      throw new Error(name, { cause });
    });
  }
}
