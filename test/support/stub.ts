import { FitbitStrategy, type FitbitStrategyOptions } from 'passport-fitbit-strategy';

type TokenCallback = (
  error: unknown,
  accessToken?: string,
  refreshToken?: string,
  results?: Record<string, unknown>,
) => void;

/** What is behind `strategy._oauth2`, as others reach into it. */
export interface OAuth2 {
  getOAuthAccessToken(code: string, params: Record<string, string>, callback: TokenCallback): void;
  get(url: string, accessToken: string, callback: (error: unknown, body?: string) => void): void;
  setAgent(agent: unknown): void;
}

/** The `_oauth2` of a strategy, which its type keeps to itself. */
export function oauth2Of(strategy: object): OAuth2 {
  return Reflect.get(strategy, '_oauth2') as OAuth2;
}

/** One code exchange that a strategy asked for. */
export interface Exchange {
  code: string;
  params: Record<string, string>;
}

/**
 * A strategy whose code exchanges are recorded and succeed, without a network. The user's tokens are made of
 * the code, so that mixed-up logins show.
 */
export function stubbedStrategy(options: Partial<FitbitStrategyOptions> = {}) {
  const strategy = new FitbitStrategy({
    clientID: 'CID',
    clientSecret: 's3cret',
    skipUserProfile: true,
    ...options,
    verify: async ({ tokens }) => ({ tokens }),
  });
  return { strategy, exchanges: stubExchanges(strategy) };
}

/** Lets the code exchanges of any strategy succeed, without a network, and records them. */
export function stubExchanges(strategy: object): Exchange[] {
  const exchanges: Exchange[] = [];
  oauth2Of(strategy).getOAuthAccessToken = (code, params, callback) => {
    exchanges.push({ code, params });
    setImmediate(() => callback(null, `access-${code}`, `refresh-${code}`, { user_id: `user-${code}` }));
  };
  return exchanges;
}
