import { checkTimeout } from '../oauth2/arguments.ts';
import type { CallOptions } from '../oauth2/client.ts';
import type { OAuthError } from '../oauth2/errors.ts';
import type { TokenSet } from '../oauth2/tokens.ts';
import { checkFunction, checkIsObject } from './arguments.ts';
import { MemoryTokenStore } from './memory.ts';
import type { TokenStore } from './store.ts';
import { timedStore } from './timed-store.ts';

/** Settings of a `TokenManager`. */
export interface TokenManagerOptions {
  /**
   * Gets new tokens for a refresh token: `(token, options) => refresh(client, token, options)`, with the `refresh`
   * of the user's provider. It must heed `options.signal`: the lock of the user is held until it is done.
   */
  refresh: (refreshToken: string, options: CallOptions) => Promise<TokenSet>;
  /**
   * Where the tokens are kept.
   * @default a MemoryTokenStore
   */
  store?: TokenStore | undefined;
  /**
   * Seals the tokens in the store with a secret of at least 32 characters. Of a list, the first one seals and all of
   * them open: put a new one in front to rotate.
   */
  seal?: string | readonly string[] | undefined;
  /**
   * An access token is refreshed when less than this is left of it, ms. Where a refresh brings tokens that live
   * shorter than twice this, half of their lifetime counts.
   * @default 60_000
   */
  refreshMargin?: number | undefined;
  /**
   * How long a refresh may take with all its tries before it is given up, ms. Keep it below the lease of the store's
   * lock.
   * @default 45_000
   */
  refreshTimeout?: number | undefined;
  /**
   * How long one read or write of the store may take, ms.
   * @default 10_000
   */
  storeTimeout?: number | undefined;
  /**
   * The time, ms since the epoch: for tests and simulators with a clock of their own. Token sets count from the
   * system's clock; the manager moves their `expiresAt` to this one.
   * @default Date.now
   */
  now?: (() => number) | undefined;
  /** Called by the process that refreshed a user's tokens, when they are stored or kept to be stored later. */
  onRefreshed?: ((event: RefreshedEvent) => unknown) | undefined;
  /** Called once when a refresh shows that a user's consent is gone: time to tell the person. */
  onReauthorize?: ((event: ReauthorizeEvent) => unknown) | undefined;
  /**
   * Called when fresh tokens could not be stored, at each try. They are kept in memory, served from there and stored
   * as soon as that works; a process that ends before loses them (see `flush`).
   */
  onUnsaved?: ((event: UnsavedEvent) => unknown) | undefined;
}

/** Tells of a refresh. */
export interface RefreshedEvent {
  userID: string;
  /** The new tokens. */
  tokens: TokenSet;
}

/** Tells of a user who has to sign in again. */
export interface ReauthorizeEvent {
  userID: string;
  /** The provider's answer. */
  error: OAuthError;
}

/** Tells of tokens that are in memory only. */
export interface UnsavedEvent {
  userID: string;
  /** Code `store`; `cause` is what the store reports. */
  error: OAuthError;
}

/** Settings of `remove`. */
export interface RemoveOptions {
  /**
   * Withdraws the consent before the tokens are deleted: `(token) => revoke(client, token)`. Without it, the tokens
   * are deleted only.
   */
  revoke?: ((token: string) => Promise<unknown>) | undefined;
}

/** Settings of `recover`. */
export interface RecoverOptions {
  /**
   * Only refreshes that began longer ago than this, ms: younger ones are most likely under way.
   * @default 15_000
   */
  olderThan?: number | undefined;
  /**
   * How many users at most, the longest interrupted first.
   * @default 100
   */
  limit?: number | undefined;
}

/** What `recover` did. */
export interface Recovery {
  /** The users whose interrupted refresh has been brought to an end. */
  recovered: string[];
  /** The users for whom that failed, with the error. */
  failed: { userID: string; error: unknown }[];
}

type Listener = 'onRefreshed' | 'onReauthorize' | 'onUnsaved';

/** The settings with their defaults. */
export interface Settings extends Pick<TokenManagerOptions, 'refresh' | Listener> {
  /** With the `storeTimeout`, and errors of the package. */
  store: TokenStore;
  now: () => number;
  refreshMargin: number;
  refreshTimeout: number;
}

const STORE_METHODS = ['get', 'set', 'replace', 'delete', 'lock', 'interrupted'] as const;

/** @throws TypeError naming what is wrong */
export function checkOptions(options: TokenManagerOptions): Settings {
  checkIsObject(options, 'options');
  const { store = new MemoryTokenStore(), now = Date.now, refresh } = options;
  const { refreshMargin = 60_000, refreshTimeout = 45_000, storeTimeout = 10_000 } = options;
  checkFunction(refresh, 'refresh');
  checkFunction(now, 'now');
  if (!STORE_METHODS.every((method) => typeof store?.[method] === 'function')) {
    throw new TypeError(`"store" must be a TokenStore: an object with ${STORE_METHODS.join(', ')}`);
  }
  if (!(typeof refreshMargin === 'number' && refreshMargin >= 0 && Number.isFinite(refreshMargin))) {
    throw new TypeError('"refreshMargin" must be a number of milliseconds, 0 or more');
  }
  checkTimeout(refreshTimeout, 'refreshTimeout');
  checkTimeout(storeTimeout, 'storeTimeout');
  const { onRefreshed, onReauthorize, onUnsaved } = options;
  for (const [name, listener] of Object.entries({ onRefreshed, onReauthorize, onUnsaved })) {
    if (listener !== undefined) checkFunction(listener, name);
  }
  return {
    store: timedStore(store, storeTimeout),
    now,
    refresh,
    refreshMargin,
    refreshTimeout,
    onRefreshed,
    onReauthorize,
    onUnsaved,
  };
}
