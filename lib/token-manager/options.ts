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

/** The options that a `TokenManager` passes to `refresh` and `revoke`. */
export interface ProviderCallOptions extends CallOptions {
  /** Aborts when the manager stops waiting for the call. */
  signal: AbortSignal;
  /** The provider that was given to `save`. */
  provider?: string;
}

/** Settings of a `TokenManager`. */
export interface TokenManagerOptions {
  /**
   * Gets new tokens for a refresh token: `(token, options) => refresh(client, token, options)`, with the `refresh` of
   * the user's provider (`options.provider`). It should stop when `options.signal` aborts.
   *
   * If it makes the request itself, it should call `options.beforeSend` immediately before the request is sent, and
   * send nothing if that throws: the process may have been frozen in the meantime.
   *
   * If it repeats a request that got no response and the repeated one is refused, its error must have the error of the
   * first request, an `OAuthError`, as its `cause`: the first request may have taken effect. This package's `refresh`
   * does so.
   */
  refresh: (refreshToken: string, options: ProviderCallOptions) => Promise<TokenInput>;
  /**
   * Where the tokens are stored.
   * @default a MemoryTokenStore
   */
  store?: TokenStore | undefined;
  /**
   * Encrypts the stored tokens with a secret of at least 32 characters. With several secrets, the first one encrypts and
   * all can decrypt. To rotate, add the new secret at the end in every process, then move it to the front.
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
   * The time, ms since the epoch, for tests and simulators with their own clock. The times of token sets are based on the
   * system's clock; the manager shifts them to this clock.
   * @default Date.now
   */
  now?: (() => number) | undefined;
  /**
   * The timers, for tests in virtual time.
   * @default Node's
   */
  timers?: Timers | undefined;
  /** Called in the process that refreshed a user's tokens, when they are stored, or in memory if the store failed. */
  onRefreshed?: ((event: RefreshedEvent) => unknown) | undefined;
  /** Called once when a refresh shows that a user's consent is gone, in the process that stored this: notify the user. */
  onReauthorize?: ((event: ReauthorizeEvent) => unknown) | undefined;
  /**
   * Called once before a consent ends, if the provider says when (`refreshTokenExpiresAt`): at the first refresh within
   * the `consentMargin`, in the process that made it. Ask the user to sign in again.
   */
  onConsentEnding?: ((event: ConsentEndingEvent) => unknown) | undefined;
  /**
   * Called each time fresh tokens could not be stored. They are kept in memory, used from there, and stored as soon as
   * that works. If the process ends before, they are lost (see `flush`).
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
  /** The provider's response. */
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
  /** Code `store_failed`; its `cause` is the store's error. */
  error: OAuthError;
}

/** Settings of one call of a `TokenManager`. */
export interface TokenCallOptions {
  /**
   * Ends the wait: the call rejects with a `TransportError`, code `aborted`. A refresh that has begun continues, because
   * other calls may need it.
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
   * are only deleted. It may be called again with a newer token if the tokens changed in the meantime.
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
   * How many users are handled at the same time. If the provider responds in 200 ms, 20 are about 5,000 users a minute.
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
  storeTimeout: number;
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
    storeTimeout,
    onRefreshed,
    onReauthorize,
    onConsentEnding,
    onUnsaved,
  };
}
