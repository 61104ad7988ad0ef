import { setTimeout as sleep } from 'node:timers/promises';
import {
  type LockedRecord,
  MemoryTokenStore,
  TokenManager,
  type TokenManagerOptions,
  type TokenRecord,
  type TokenStore,
} from 'passport-fitbit-strategy/token-manager';
import type { TokenSet } from '../../lib/oauth2/tokens.ts';

export const HOUR = 3_600_000;
export const SECRET = 'a secret of the app, 32 characters';

/** A token set that is good for the given time, ms. */
export function tokenSet(n: number | string, lifetime = HOUR, changes: Partial<TokenSet> = {}): TokenSet {
  return {
    accessToken: `access${n}`,
    refreshToken: `refresh${n}`,
    tokenType: 'Bearer',
    scope: ['activity', 'profile'],
    expiresAt: new Date(Date.now() + lifetime),
    userID: 'provider-id',
    raw: { from: 'the provider' },
    ...changes,
  };
}

/** A token set without a refresh token. */
export function withoutRefreshToken(tokens: TokenSet): TokenSet {
  const { refreshToken: _, ...rest } = tokens;
  return rest;
}

/** A provider that gives numbered tokens, and what it was asked. */
export function numberedProvider() {
  const asked: string[] = [];
  const refresh = async (refreshToken: string): Promise<TokenSet> => {
    asked.push(refreshToken);
    await sleep(2);
    return tokenSet(`-of-${refreshToken}`);
  };
  return { asked, refresh };
}

/** A manager on a numbered provider, with what happens recorded. */
export function setUp(options: Partial<TokenManagerOptions> = {}) {
  const provider = numberedProvider();
  const store = options.store ?? new MemoryTokenStore();
  const events: [name: string, userID: string, detail: unknown][] = [];
  const tokens = new TokenManager({
    refresh: provider.refresh,
    onRefreshed: ({ userID, tokens: { accessToken } }) => events.push(['refreshed', userID, accessToken]),
    onReauthorize: ({ userID, error }) => events.push(['reauthorize', userID, error.code]),
    onUnsaved: ({ userID, error }) => events.push(['unsaved', userID, error.code]),
    ...options,
    store,
  });
  return { tokens, store, events, asked: provider.asked };
}

type Method = 'get' | 'set' | 'replace' | 'delete' | 'lock' | 'interrupted';

/** A store whose methods fail, or do something first, on demand. */
export class FaultyStore extends MemoryTokenStore {
  /** Called before each method; what it throws is what the method rejects with. */
  before: (method: Method | 'locked.get' | 'locked.replace', record?: TokenRecord) => unknown = () => {};
  /** Called when the work under a lock is done, as a COMMIT would be. */
  commit: () => unknown = () => {};

  override async get(userID: string) {
    await this.before('get');
    return super.get(userID);
  }
  override async set(userID: string, record: TokenRecord) {
    await this.before('set', record);
    return super.set(userID, record);
  }
  override async replace(userID: string, version: string, record: TokenRecord) {
    await this.before('replace', record);
    return super.replace(userID, version, record);
  }
  override async delete(userID: string) {
    await this.before('delete');
    return super.delete(userID);
  }
  override async interrupted(before: number, limit: number) {
    await this.before('interrupted');
    return super.interrupted(before, limit);
  }
  override async lock<T>(userID: string, work: (record: LockedRecord) => Promise<T>): Promise<T> {
    await this.before('lock');
    const result = await super.lock(userID, () =>
      work({
        get: async () => {
          await this.before('locked.get');
          return super.get(userID);
        },
        replace: async (version, record) => {
          await this.before('locked.replace', record);
          return super.replace(userID, version, record);
        },
        delete: () => super.delete(userID),
      }),
    );
    await this.commit();
    return result;
  }
}

/** What a promise rejects with. */
export async function rejection(
  promise: Promise<unknown>,
): Promise<Error & { code?: string; [key: string]: unknown }> {
  try {
    await promise;
  } catch (error) {
    return error as Error & { code?: string; [key: string]: unknown };
  }
  throw new Error('It did not reject');
}

/** The stored record of a user, changed in place. */
export async function change(
  store: TokenStore,
  userID: string,
  changes: Partial<TokenRecord>,
): Promise<void> {
  const record = await store.get(userID);
  if (record === undefined) throw new Error('nothing is stored');
  await store.set(userID, { ...record, ...changes });
}

/** Reaches a faulty store's memory past its faults. */
export const quiet: ProxyHandler<FaultyStore> = {
  get: (target, name) =>
    Reflect.get(MemoryTokenStore.prototype, name, target)?.bind?.(target) ?? Reflect.get(target, name),
};
