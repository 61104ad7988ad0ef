import type { CallOptions, TokenInfo, TokenSet } from 'passport-fitbit-strategy';
import * as fitbitTokens from 'passport-fitbit-strategy';
import * as googleTokens from 'passport-fitbit-strategy/google-health';
import { FileTokenStore, MemoryTokenStore, TokenManager } from 'passport-fitbit-strategy/token-manager';
import type { Config } from './config.ts';
import { Shutdown } from './shutdown.ts';
import { type DaySteps, fitbitSteps, googleSteps } from './steps.ts';

/** The operations on a provider's tokens, which both modules of the package have under the same names. */
interface Verbs {
  /** The strategy's name. */
  name: 'fitbit' | 'google-health';
  label: string;
  /** Whether the provider is simulated. */
  simulated: boolean;
  refresh(refreshToken: string, options?: CallOptions): Promise<TokenSet>;
  introspect(accessToken: string): Promise<TokenInfo<string[] | Record<string, string>>>;
  revoke(token: string): Promise<void>;
  /** Reads the steps of the last seven days, oldest first. */
  steps(accessToken: string): Promise<DaySteps[]>;
}

/** A refresh and its access token. With another access token, the entry is outdated. */
export interface Refresh {
  at: Date;
  accessToken: string;
}

/** A provider. */
export interface Provider extends Verbs {
  /** Keeps the tokens of this provider's users, by the id of the account, and refreshes them in time. */
  tokens: TokenManager;
  /** The last automatic refresh of each account. */
  refreshed: Map<string, Refresh>;
  /** Whether the provider has been shut down. */
  shutdown: Shutdown;
  /** The time on the provider's clock, because the simulator has its own. */
  now(): Date;
}

/** The providers, in the order of the start page's buttons. */
export function createProviders(config: Config): Provider[] {
  const { fitbit, googleHealth, simulator } = config;
  const simulatedGoogle = googleHealth.clientID === simulator?.googleHealth.clientID ? simulator : undefined;
  const simulatedFitbit = fitbit.clientID === simulator?.fitbit.clientID ? simulator : undefined;
  const googleAPI = simulatedGoogle?.apiURL.googleHealth ?? 'https://health.googleapis.com';
  const fitbitAPI = simulatedFitbit?.apiURL.fitbit ?? 'https://api.fitbit.com';
  return [
    withTokens(config, {
      name: 'google-health',
      label: 'Google Health',
      simulated: simulatedGoogle !== undefined,
      refresh: (token, options) => googleTokens.refresh(googleHealth, token, options),
      introspect: (token) => googleTokens.introspect(googleHealth, token),
      revoke: (token) => googleTokens.revoke(googleHealth, token),
      steps: (token) => googleSteps(googleAPI, token, simulatedGoogle?.now().getTime() ?? Date.now()),
    }),
    withTokens(config, {
      name: 'fitbit',
      label: 'Fitbit',
      simulated: simulatedFitbit !== undefined,
      refresh: (token, options) => fitbitTokens.refresh(fitbit, token, options),
      introspect: (token) => fitbitTokens.introspect(fitbit, token),
      revoke: (token) => fitbitTokens.revoke(fitbit, token),
      steps: (token) => fitbitSteps(fitbitAPI, token),
    }),
  ];
}

function withTokens({ simulator, secret, dataFolder }: Config, verbs: Verbs): Provider {
  const simulated = verbs.simulated ? simulator : undefined;
  const refreshed = new Map<string, Refresh>();
  const shutdown = new Shutdown(simulated && (() => verbs.name === 'fitbit' && simulated.fitbitIsShutDown));
  const now = () => simulated?.now() ?? new Date();
  const tokens = new TokenManager({
    // One store for each provider, so that recover() refreshes with the right one. With several processes, use
    // PostgresTokenStore or RedisTokenStore.
    store: dataFolder ? new FileTokenStore(`${dataFolder}/${verbs.name}.json`) : new MemoryTokenStore(),
    seal: secret,
    refresh: (token, options) => shutdown.watch(verbs.refresh(token, options)),
    onRefreshed: ({ userID, tokens: { accessToken } }) => refreshed.set(userID, { at: now(), accessToken }),
    now: () => now().getTime(),
  });
  return {
    ...verbs,
    introspect: (token) => shutdown.watch(verbs.introspect(token)),
    revoke: (token) => shutdown.watch(verbs.revoke(token)),
    steps: (token) => shutdown.watch(verbs.steps(token)),
    tokens,
    refreshed,
    shutdown,
    now,
  };
}

/** The provider of an account or a profile. */
export function findProvider(providers: readonly Provider[], name: string): Provider {
  const provider = providers.find((one) => one.name === name);
  if (provider === undefined) throw new Error(`There is no provider ${name}`);
  return provider;
}
