// Every entry of the package.

import { type Simulator, startSimulator } from 'fitbit-simulator';
import * as fitbit from 'passport-fitbit-strategy';
import * as google from 'passport-fitbit-strategy/google-health';
import {
  FileTokenStore,
  MemoryTokenStore,
  TokenManager,
  type TokenStore,
} from 'passport-fitbit-strategy/token-manager';
import { tokenStoreConformance } from 'passport-fitbit-strategy/token-manager/conformance';
import { PostgresTokenStore } from 'passport-fitbit-strategy/token-manager/postgres';
import { RedisTokenStore } from 'passport-fitbit-strategy/token-manager/redis';

const client = { clientID: 'id', clientSecret: 'secret' };

export const strategies = [
  fitbit.Strategy,
  google.Strategy,
  fitbit.FitbitStrategy,
  google.GoogleHealthStrategy,
];
export const stores: TokenStore[] = [new MemoryTokenStore(), new FileTokenStore('tokens')];
export const classes = [PostgresTokenStore, RedisTokenStore];
export const manager = new TokenManager({ refresh: (token, call) => fitbit.refresh(client, token, call) });
export const checks = tokenStoreConformance(() => new MemoryTokenStore());
export const started: Promise<Simulator> = startSimulator();
export const tokens: Promise<fitbit.TokenSet> = google.refresh(client, 'token');
