import { setTimeout as sleep } from 'node:timers/promises';
import {
  MemoryTokenStore,
  TokenManager,
  type TokenManagerOptions,
  type TokenRecord,
  type TokenStore,
  type Unfinished,
} from 'passport-fitbit-strategy/token-manager';
import type { TokenSet } from '../../lib/client/token-set.ts';

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

type Method = keyof TokenStore;

/** A store whose methods fail, or do something first or afterwards, on demand. */
export class FaultyStore extends MemoryTokenStore {
  /** Called before each method; what it throws is what the method rejects with. */
  before: (method: Method, record?: TokenRecord) => unknown = () => {};
  /** Called when a method has taken effect; what it throws is what the method rejects with. */
  after: (method: Method, record?: TokenRecord) => unknown = () => {};

  override read(userID: string) {
    return this.#run('read', undefined, () => super.read(userID));
  }
  override insert(userID: string, record: TokenRecord) {
    return this.#run('insert', record, () => super.insert(userID, record));
  }
  override replace(userID: string, version: string, record: TokenRecord) {
    return this.#run('replace', record, () => super.replace(userID, version, record));
  }
  override delete(userID: string, version: string) {
    return this.#run('delete', undefined, () => super.delete(userID, version));
  }
  override listUnfinished(before: number, limit: number, after?: Unfinished) {
    return this.#run('listUnfinished', undefined, () => super.listUnfinished(before, limit, after));
  }

  /** What is stored, past all faults. */
  peek(userID: string): Promise<TokenRecord | undefined> {
    return super.read(userID);
  }

  /** Changes what is stored, past all faults. */
  async poke(userID: string, changes: Partial<TokenRecord>): Promise<void> {
    const record = await super.read(userID);
    if (record === undefined) throw new Error('nothing is stored');
    await super.replace(userID, record.version, { ...record, version: `poked${counter++}`, ...changes });
  }

  async #run<T>(method: Method, record: TokenRecord | undefined, work: () => Promise<T>): Promise<T> {
    await this.before(method, record);
    const result = await work();
    await this.after(method, record);
    return result;
  }
}

let counter = 0;

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

/** A note of a refresh that another process began the given time ago, ms, and whose lease is over. */
export function interrupted(age: number) {
  const since = Date.now() - age;
  return { refresh: { since, by: 'another process', until: Math.min(since + 10_000, Date.now() - 1) } };
}

/** The stored record of a user, changed in place. */
export async function change(
  store: TokenStore,
  userID: string,
  changes: Partial<TokenRecord>,
): Promise<void> {
  const record = await store.read(userID);
  if (record === undefined) throw new Error('nothing is stored');
  const changed = { ...record, version: `changed${counter++}`, ...changes };
  if (!(await store.replace(userID, record.version, changed))) throw new Error('changed meanwhile');
}
