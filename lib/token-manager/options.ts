import type { OAuthError } from '../client/errors.ts';
import type { CallOptions } from '../client/requests.ts';
import type { TokenSet } from '../client/token-set.ts';
import { checkFunction, checkTimeout } from '../util/arguments.ts';
import { checkIsObject } from './arguments.ts';
import { systemTimers, type Timers } from './clock.ts';
import { MemoryTokenStore } from './memory.ts';
import type { TokenInput } from './record.ts';
import type { TokenStore } from './store.ts';
import { timedStore } from './timed-store.ts';

/** What `refresh` and `revoke` of a `TokenManager` are called with. */
export interface ProviderCallOptions extends CallOptions {
  /** Aborts when the manager gives up the call. */
  signal: AbortSignal;
  /** The provider that was given to `save`. */
  provider?: string;
}

/** Settings of a `TokenManager`. */
export interface TokenManagerOptions {
  /**
   * Gets new tokens for a refresh token: `(token, options) => refresh(client, token, options)`, with the `refresh` of
   * the user's provider (`options.provider`). It should follow `options.signal`.
   *
   * If it makes the request itself, it should call `options.beforeSend` immediately before the request is sent, and
   * send nothing if that throws: the process may have been frozen in the meantime.
   *
   * If it repeats a request that got no answer and is then refused, its error must have the earlier
   * `OAuthError` as its `cause`, as the errors of this package's `refresh` have: the earlier request may have taken effect.
   */
  refresh: (refreshToken: string, options: ProviderCallOptions) => Promise<TokenInput>;
  /**
   * Where the tokens are kept.
   * @default a MemoryTokenStore
   */
  store?: TokenStore | undefined;
  /**
   * Seals the tokens in the store with a secret of at least 32 characters. With a list, the first one seals and all of
   * them open. To rotate: add the new one at the end in every process, then move it to the front.
   */
  seal?: string | readonly string[] | undefined;
  /**
   * How long before its expiry an access token is refreshed, ms. For tokens that are valid for less than twice this
   * time, half of their lifetime is used instead.
   * @default 60_000
   */
  refreshMargin?: number | undefined;
  /**
   * How long before the end of a consent `onConsentEnding` is called, ms.
   * @default 86_400_000
   */
  consentMargin?: number | undefined;
  /**
   * How long a refresh may take, including the wait for another process, ms.
   * @default 45_000
   */
  refreshTimeout?: number | undefined;
  /**
   * How long one operation of the store may take, ms.
   * @default 10_000
   */
  storeTimeout?: number | undefined;
  /**
   * The time, ms since the epoch: for tests and simulators with a clock of their own. Token sets count from the
   * system's clock; the manager moves their `expiresAt` to this one.
   * @default Date.now
   */
  now?: (() => number) | undefined;
  /**
   * The timers, for tests in virtual time.
   * @default Node's
   */
  timers?: Timers | undefined;
  /** Called by the process that refreshed a user's tokens, when they are stored or kept to be stored later. */
  onRefreshed?: ((event: RefreshedEvent) => unknown) | undefined;
  /** Called once when a refresh shows that a user's consent is gone, by the process that stored this: tell the user. */
  onReauthorize?: ((event: ReauthorizeEvent) => unknown) | undefined;
  /**
   * Called once before a consent ends, if the provider says when (`refreshTokenExpiresAt`): at the first refresh within
   * the `consentMargin`, by the process that refreshed. Ask the user to sign in again.
   */
  onConsentEnding?: ((event: ConsentEndingEvent) => unknown) | undefined;
  /**
   * Called when fresh tokens could not be stored, at each try. They are kept in memory, served from there and stored
   * as soon as that works; a process that ends before loses them (see `flush`).
   */
  onUnsaved?: ((event: UnsavedEvent) => unknown) | undefined;
}

/** Reports a refresh. */
export interface RefreshedEvent {
  userID: string;
  /** The new tokens. */
  tokens: TokenSet;
}

/** Reports a user who has to sign in again. */
export interface ReauthorizeEvent {
  userID: string;
  /** The provider's answer. */
  error: OAuthError;
}

/** Reports a consent that ends soon. */
export interface ConsentEndingEvent {
  userID: string;
  /** When the refresh token expires. */
  endsAt: Date;
}

/** Reports tokens that are in memory only. */
export interface UnsavedEvent {
  userID: string;
  /** Code `store_failed`; `cause` is what the store reports. */
  error: OAuthError;
}

/** Settings of one call of a `TokenManager`. */
export interface TokenCallOptions {
  /**
   * Gives up waiting; the call rejects with a `TransportError`, code `aborted`. Work that has begun goes on: a refresh
   * may serve others.
   */
  signal?: AbortSignal | undefined;
}

/** Settings of `save`. */
export interface SaveOptions extends TokenCallOptions {
  /** The app's name for the provider that the tokens come from. `refresh` and `revoke` receive it. */
  provider?: string | undefined;
}

/** Settings of `remove`. */
export interface RemoveOptions extends TokenCallOptions {
  /**
   * Withdraws the consent before the tokens are deleted: `(token) => revoke(client, token)`. Without it, the tokens
   * are deleted only. It may be called again with a newer token if the tokens changed meanwhile.
   */
  revoke?: ((token: string, options: ProviderCallOptions) => Promise<unknown>) | undefined;
}

/** Settings of `recover`. */
export interface RecoverOptions extends TokenCallOptions {
  /**
   * Only refreshes that began longer ago than this, ms: younger ones are most likely in progress.
   * @default 15_000
   */
  olderThan?: number | undefined;
  /**
   * How many users at the same time. With a provider that answers in 200 ms, 20 are 6 000 users a minute.
   * @default 20
   */
  concurrency?: number | undefined;
}

/** What `recover` did. */
export interface Recovery {
  /** The users who have no unfinished refresh any more. */
  recovered: string[];
  /** The users for whom that failed, with the error. */
  failed: { userID: string; error: unknown }[];
}

type Listener = 'onRefreshed' | 'onReauthorize' | 'onConsentEnding' | 'onUnsaved';

/** The settings with their defaults. */
export interface Settings extends Pick<TokenManagerOptions, 'refresh' | Listener> {
  /** With the `storeTimeout`, and errors of the package. */
  store: TokenStore;
  now: () => number;
  timers: Timers;
  refreshMargin: number;
  consentMargin: number;
  refreshTimeout: number;
}

const STORE_METHODS = ['read', 'insert', 'replace', 'delete', 'listUnfinished'] as const;

/** @throws TypeError naming what is wrong */
export function checkOptions(options: TokenManagerOptions): Settings {
  checkIsObject(options, 'options');
  const { store = new MemoryTokenStore(), now = Date.now, timers = systemTimers, refresh } = options;
  const { refreshMargin = 60_000, consentMargin = 86_400_000 } = options;
  const { refreshTimeout = 45_000, storeTimeout = 10_000 } = options;
  checkFunction(refresh, 'refresh');
  checkFunction(now, 'now');
  checkFunction(timers?.setTimeout, 'timers.setTimeout');
  checkFunction(timers?.clearTimeout, 'timers.clearTimeout');
  if (!STORE_METHODS.every((method) => typeof store?.[method] === 'function')) {
    throw new TypeError(`"store" must be a TokenStore: an object with ${STORE_METHODS.join(', ')}`);
  }
  for (const [name, margin] of Object.entries({ refreshMargin, consentMargin })) {
    if (!(typeof margin === 'number' && margin >= 0 && Number.isFinite(margin))) {
      throw new TypeError(`"${name}" must be a number of milliseconds, 0 or more`);
    }
  }
  checkTimeout(refreshTimeout, 'refreshTimeout');
  checkTimeout(storeTimeout, 'storeTimeout');
  const { onRefreshed, onReauthorize, onConsentEnding, onUnsaved } = options;
  for (const [name, listener] of Object.entries({ onRefreshed, onReauthorize, onConsentEnding, onUnsaved })) {
    if (listener !== undefined) checkFunction(listener, name);
  }
  return {
    store: timedStore(store, storeTimeout, timers),
    now,
    timers,
    refresh,
    refreshMargin,
    consentMargin,
    refreshTimeout,
    onRefreshed,
    onReauthorize,
    onConsentEnding,
    onUnsaved,
  };
}
