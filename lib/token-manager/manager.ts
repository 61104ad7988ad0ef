import { randomUUID } from 'node:crypto';
import { OAuthError } from '../client/errors.ts';
import { type TokenSet, withRaw } from '../client/token-set.ts';
import { checkFunction, checkString } from '../util/arguments.ts';
import { untilAborted } from '../util/until-aborted.ts';
import { checkCall, checkTokens } from './arguments.ts';
import { sleep, within } from './clock.ts';
import { CoolDown, isRefusal } from './cool-down.ts';
import {
  aborted,
  noTokens,
  refreshTimeout,
  refreshUnfinished,
  storeContention,
  storeFailed,
} from './errors.ts';
import {
  checkOptions,
  type RecoverOptions,
  type Recovery,
  type RemoveOptions,
  type SaveOptions,
  type Settings,
  type TokenCallOptions,
  type TokenManagerOptions,
} from './options.ts';
import {
  createCodec,
  type Entry,
  isPlaceholder,
  placeholder,
  type RecordCodec,
  shiftTimes,
  type TokenInput,
} from './record.ts';
import { recover } from './recover.ts';
import { Refresher } from './refresher.ts';
import type { TokenRecord } from './store.ts';
import { discard, isUnauthorizedError, isUnauthorizedResponse } from './unauthorized.ts';
import { Unsaved } from './unsaved.ts';

const MAX_TRIES = 20; // of a write, if other processes keep changing the record
const PATIENCE = 5_000; // ms; the wait for a refresh while the old token is still valid
const ABANDONED_AFTER = 15_000; // ms; a refresh that began longer ago is most likely no longer in progress
const RECENT = 30_000; // ms; if the API refuses a token that is younger than this, a new one won't help

/**
 * Stores users' tokens and refreshes them before they expire. Concurrent calls share one refresh, in one process or
 * many, and no token is lost when a process or the database dies.
 *
 * All methods reject with errors of the package:
 * - `no_tokens`: nothing is stored for the user (`reauthorize`);
 * - `invalid_grant`, `gone`: the consent is gone (`reauthorize`); later calls fail without a request, until `save`;
 * - `no_refresh_token`: the access token has expired and there is no refresh token (`reauthorize`);
 * - `store_failed`: the store failed (`retryable`), with its error as `cause`;
 * - `store_contention`: other processes kept changing the tokens (`retryable`);
 * - `unreadable`: the stored tokens can't be decrypted with the `seal` secrets; a login replaces them;
 * - `malformed`: `refresh` resolved with something that is not a token set;
 * - `refresh_failed`: `refresh` rejected with an error that is not an `OAuthError`, which is the `cause` (`retryable`);
 * - `refresh_unfinished`: `remove` can't revoke yet (`retryable`);
 * - `aborted`: the call's `signal` aborted;
 * - the errors that `refresh` rejects with.
 *
 * Without a `signal`, a call settles within the `refreshTimeout` and a few times the `storeTimeout`.
 *
 * @example
 * const tokens = new TokenManager({ store, refresh: (token, options) => refresh(client, token, options) });
 * await tokens.save(userID, tokenSet);
 * const accessToken = await tokens.accessToken(userID);
 */
export class TokenManager {
  readonly #settings: Settings;
  readonly #codec: RecordCodec;
  readonly #unsaved: Unsaved;
  readonly #coolDown: CoolDown;
  readonly #refresher: Refresher;

  /** @throws TypeError naming the option that is wrong */
  constructor(options: TokenManagerOptions) {
    const settings = checkOptions(options);
    const { store, now, timers, consentMargin, onRefreshed, onReauthorize, onConsentEnding, onUnsaved } =
      settings;
    const codec = createCodec(options.seal);
    this.#settings = settings;
    this.#codec = codec;
    this.#coolDown = new CoolDown(now);
    this.#unsaved = new Unsaved({
      store,
      codec,
      timers,
      now,
      onFailure: (userID, { refused }, error) => {
        if (refused === undefined) notify(onUnsaved, { userID, error: storeFailed(error) });
      },
      onStored: (userID, { refused }) => {
        if (refused !== undefined) notify(onReauthorize, { userID, error: refused });
      },
    });
    this.#refresher = new Refresher({
      settings,
      codec,
      unsaved: this.#unsaved,
      coolDown: this.#coolDown,
      isLive: (entry) => this.#isLive(entry),
      readStored: (userID) => this.#readStored(userID),
      onRefreshed: (userID, { tokens }, before) => {
        notify(onRefreshed, { userID, tokens });
        const endsAt = tokens.refreshTokenExpiresAt;
        if (endsAt === undefined) return;
        // Only at the first refresh within the margin: before later ones, the tokens were refreshed within it too.
        const from = endsAt.getTime() - consentMargin;
        const isFirst = before.refreshedAt === undefined || before.refreshedAt < from;
        if (now() >= from && isFirst) notify(onConsentEnding, { userID, endsAt });
      },
    });
  }

  /**
   * Stores the tokens of a login in place of whatever is stored. If the token set has no refresh token, the stored one
   * is kept if it is from the same provider and not known to be invalid: Google returns one only with the consent.
   *
   * To import existing tokens, `accessToken`, `refreshToken` and `expiresAt` are enough.
   *
   * @param userID the user's id in the app or with the provider; not empty
   * @throws TypeError naming a field that is wrong
   */
  async save(userID: string, tokens: TokenInput, options: SaveOptions = {}): Promise<void> {
    checkString(userID, 'userID');
    const checked = checkTokens(tokens);
    checkCall(options);
    if (options.provider !== undefined) checkString(options.provider, 'provider');
    await this.#settle(this.#save(userID, checked, options.provider), options);
  }

  /**
   * Returns a valid access token: the stored one (with one read of the store), or a new one if the stored one expires
   * within the `refreshMargin`.
   */
  async accessToken(userID: string, options?: TokenCallOptions): Promise<string> {
    return (await this.#current(userID, options)).tokens.accessToken;
  }

  /** Like `accessToken`, but returns the whole token set. Its `raw` is empty if it was read from the store. */
  async tokens(userID: string, options?: TokenCallOptions): Promise<TokenSet> {
    return (await this.#current(userID, options)).tokens;
  }

  /**
   * Calls an API with an access token. If the API responds with 401, the token is refreshed (unless another process has
   * stored a newer one) and the call is repeated once, but not if the token is less than 30 seconds old.
   *
   * A 401 is either an error whose `status`, `statusCode` or `response.status` is 401, or a returned object with the
   * `status` 401 and `ok: false`, such as the `Response` of `fetch`.
   *
   * @returns what `call` returns; after a second 401, that result
   */
  async use<T>(
    userID: string,
    call: (accessToken: string) => T | PromiseLike<T>,
    options: TokenCallOptions = {},
  ): Promise<Awaited<T>> {
    checkFunction(call, 'call');
    const entry = await this.#current(userID, options);
    try {
      const result = await call(entry.tokens.accessToken);
      if (!isUnauthorizedResponse(result)) return result;
      if (this.#isRecent(entry)) return result;
      await discard(result);
    } catch (error) {
      if (!isUnauthorizedError(error) || this.#isRecent(entry)) throw error;
    }
    const { tokens } = await this.#settle(this.#newer(userID, entry), options);
    return await call(tokens.accessToken);
  }

  /**
   * Refreshes a user's tokens, even if the access token is still valid.
   *
   * @returns the new tokens; if another process is refreshing them, its tokens
   */
  async refresh(userID: string, options: TokenCallOptions = {}): Promise<TokenSet> {
    checkString(userID, 'userID');
    checkCall(options);
    const refresh = async () => this.#forceRefresh(userID, await this.#read(userID));
    return (await this.#settle(refresh(), options)).tokens;
  }

  /**
   * Deletes a user's tokens. With `revoke`, withdraws the consent first, with the newest token. A login that is saved in
   * the meantime stays.
   *
   * If `revoke` rejects, the tokens stay, so that the call can be repeated. An error with `reauthorize`, such as `gone`
   * (the provider's endpoint has been shut down), counts as revoked. An unfinished refresh is finished first.
   */
  async remove(userID: string, options: RemoveOptions = {}): Promise<void> {
    checkString(userID, 'userID');
    checkCall(options);
    const { revoke } = options;
    if (revoke !== undefined) checkFunction(revoke, 'revoke');
    await this.#settle(this.#remove(userID, revoke), options);
  }

  /**
   * Finishes refreshes that a process began but did not complete, because it died or got no response. Fitbit repeats its
   * response for two minutes: call this when the app starts and every 30 seconds. Then a token that a crash
   * interrupted isn't lost, even if the user doesn't return in time.
   *
   * Begins with the refreshes whose response the provider still repeats.
   */
  async recover(options: RecoverOptions = {}): Promise<Recovery> {
    checkCall(options);
    const { olderThan = ABANDONED_AFTER, concurrency = 20, signal } = options;
    if (!Number.isFinite(olderThan)) throw new TypeError('"olderThan" must be a number of milliseconds');
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new TypeError('"concurrency" must be a whole number of users, at least 1');
    }
    const { store, now, timers } = this.#settings;
    const finish = async (userID: string, waited: boolean) => {
      const entry = await this.#find(userID);
      if (entry === undefined || !isUnfinished(entry.record)) return true;
      // Another process is working on it.
      if (entry.record.refresh.until > now()) return false;
      await this.#refresher.refresh(userID, entry, waited);
      return true;
    };
    const work = recover({
      store,
      finish,
      now,
      pause: (ms) => sleep(timers, ms),
      olderThan,
      concurrency,
      signal,
    });
    return this.#settle(work, options);
  }

  /**
   * Waits for refreshes in progress, then stores the tokens that are in memory only because the store failed. Call it
   * before the process ends.
   *
   * @throws OAuthError `store_failed`: some could not be stored; the process keeps trying until it ends
   */
  async flush(options: TokenCallOptions = {}): Promise<void> {
    checkCall(options);
    const flush = async () => {
      await this.#refresher.settle();
      await this.#unsaved.saveAll();
    };
    await this.#settle(flush(), options);
  }

  /** Waits for work, or for the caller's signal. */
  #settle<T>(work: Promise<T>, { signal }: TokenCallOptions): Promise<T> {
    return untilAborted(work, signal, aborted);
  }

  async #save(userID: string, given: TokenSet, provider: string | undefined): Promise<void> {
    const { store, now } = this.#settings;
    const tokens = shiftTimes(given, now() - Date.now());
    const content = { tokens, tokensID: randomUUID(), loginID: randomUUID(), loginAt: now(), provider };
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      let record = await store.read(userID);
      if (record === undefined) {
        record = placeholder();
        if (!(await store.insert(userID, record))) continue;
      }
      const inherited =
        tokens.refreshToken === undefined ? this.#inherited(userID, record, provider) : undefined;
      const merged = { ...inherited, ...tokens };
      const next = this.#codec.encode(userID, { ...content, tokens: withRaw(merged, given.raw) }).record;
      if (await store.replace(userID, record.version, next)) {
        this.#unsaved.drop(userID);
        this.#coolDown.end(userID);
        return;
      }
    }
    throw storeContention();
  }

  /** The stored refresh token and its expiry, for a login that has none. */
  #inherited(
    userID: string,
    record: TokenRecord,
    provider?: string,
  ): Pick<TokenSet, 'refreshToken' | 'refreshTokenExpiresAt'> | undefined {
    if (isPlaceholder(record)) return undefined;
    let entry: Entry;
    try {
      entry = this.#withUnsaved(userID, this.#codec.decode(userID, record));
    } catch {
      return undefined; // A record that can't be read is replaced.
    }
    const usable = entry.record.reauthorize === undefined && entry.provider === provider;
    if (!usable) return undefined;
    const { refreshToken, refreshTokenExpiresAt } = entry.tokens;
    return {
      ...(refreshToken !== undefined && { refreshToken }),
      ...(refreshTokenExpiresAt !== undefined && { refreshTokenExpiresAt }),
    };
  }

  async #current(userID: string, options: TokenCallOptions = {}): Promise<Entry> {
    checkString(userID, 'userID');
    checkCall(options);
    const entry = await this.#settle(this.#read(userID), options);
    const { reauthorize } = entry.record;
    if (reauthorize === undefined && this.#isLive(entry) && !this.#isAbandoned(entry)) return entry;
    return this.#settle(this.#renewed(userID, entry), options);
  }

  /** Refreshes tokens that are due. A token that is still valid is returned even if the refresh fails. */
  async #renewed(userID: string, entry: Entry): Promise<Entry> {
    const { now, timers } = this.#settings;
    const isGood = () => entry.record.reauthorize === undefined && entry.tokens.expiresAt.getTime() > now();
    const failed = this.#coolDown.get(userID, entry.tokensID);
    if (failed !== undefined) {
      if (isGood() && !failed.reauthorize) return entry;
      if (isRefusal(failed)) throw failed;
    }
    const refreshing = this.#refresher.refresh(userID, entry);
    if (isGood() && this.#isAbandoned(entry)) {
      refreshing.catch(() => {}); // It continues without this call; a failure is kept in the record or in the cool-down.
      return entry;
    }
    try {
      if (!isGood()) return await refreshing;
      return await within(timers, refreshing, PATIENCE, () => refreshTimeout(PATIENCE));
    } catch (error) {
      if (isGood() && error instanceof OAuthError && !error.reauthorize) return entry;
      // The token has expired during the wait, so the result of the refresh counts.
      return refreshing;
    }
  }

  /** Returns newer tokens than those that the API has refused. */
  async #newer(userID: string, refused: Entry): Promise<Entry> {
    const now = await this.#read(userID);
    if (now.tokensID !== refused.tokensID && this.#isLive(now)) return now;
    return this.#forceRefresh(userID, now);
  }

  #forceRefresh(userID: string, entry: Entry): Promise<Entry> {
    const failed = this.#coolDown.get(userID, entry.tokensID);
    if (failed !== undefined && isRefusal(failed)) throw failed;
    return this.#refresher.refresh(userID, entry);
  }

  async #remove(userID: string, revoke: RemoveOptions['revoke']): Promise<void> {
    const { store, now, storeTimeout } = this.#settings;
    // A `save` that has timed out may still write its login during this call. That login is older than this time.
    const newest = now() - storeTimeout;
    let loginID: string | undefined;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      if (revoke !== undefined) await this.#finish(userID);
      const record = await store.read(userID);
      const entry = hasTokens(record)
        ? this.#decodeToRemove(userID, record, revoke !== undefined)
        : undefined;
      // A login during this call stays.
      if (tries > 0 && entry !== undefined && entry.loginID !== loginID && entry.loginAt > newest) return;
      loginID = entry?.loginID;
      // Another refresh has begun in the meantime.
      if (revoke !== undefined && isUnfinished(record)) continue;
      if (revoke !== undefined && entry !== undefined) await this.#revoke(entry, revoke);
      const deleted = record === undefined || (await store.delete(userID, record.version));
      if (deleted) {
        this.#unsaved.drop(userID);
        this.#coolDown.end(userID);
        return;
      }
    }
    throw storeContention();
  }

  /** Without `revoke`, a record that can't be read can be deleted. */
  #decodeToRemove(userID: string, record: TokenRecord, strict: boolean): Entry | undefined {
    try {
      return this.#codec.decode(userID, record);
    } catch (error) {
      if (strict) throw error;
      return undefined;
    }
  }

  /** Finishes an unfinished refresh: if it has used up the stored token, only the new one can be revoked. */
  async #finish(userID: string): Promise<void> {
    await this.#unsaved.save(userID);
    const entry = await this.#readStored(userID);
    if (entry === undefined || !isUnfinished(entry.record)) return;
    try {
      await this.#refresher.refresh(userID, entry);
    } catch (error) {
      // A refresh that showed that the consent is gone is finished too.
      const after = await this.#settings.store.read(userID);
      if (isUnfinished(after)) throw refreshUnfinished(error);
    }
    await this.#unsaved.save(userID);
  }

  async #revoke(entry: Entry, revoke: NonNullable<RemoveOptions['revoke']>): Promise<void> {
    const { timers, refreshTimeout: timeout } = this.#settings;
    const { tokens, provider } = entry;
    const abort = new AbortController();
    const late = () => {
      const error = new Error(`"revoke" did not settle within ${timeout} ms`);
      abort.abort(error);
      return error;
    };
    const work = async () =>
      revoke(tokens.refreshToken ?? tokens.accessToken, {
        signal: abort.signal,
        ...(provider !== undefined && { provider }),
      });
    try {
      await within(timers, work(), timeout, late);
    } catch (error) {
      if (!(error instanceof OAuthError && error.reauthorize)) throw error;
    }
  }

  /** @throws OAuthError `no_tokens` */
  async #read(userID: string): Promise<Entry> {
    const entry = await this.#find(userID);
    if (entry === undefined) throw noTokens();
    return entry;
  }

  /** The stored tokens, or newer ones in memory. */
  async #find(userID: string): Promise<Entry | undefined> {
    let entry: Entry | undefined;
    try {
      entry = this.#decode(userID, await this.#settings.store.read(userID));
    } catch (error) {
      const content = this.#unsaved.tokens(userID)?.content;
      if (content === undefined || content.tokens.expiresAt.getTime() <= this.#settings.now()) throw error;
      return { ...content, record: { version: '', data: '', expiresAt: content.tokens.expiresAt.getTime() } };
    }
    return entry && this.#withUnsaved(userID, entry);
  }

  async #readStored(userID: string): Promise<Entry | undefined> {
    return this.#decode(userID, await this.#settings.store.read(userID));
  }

  #decode(userID: string, record: TokenRecord | undefined): Entry | undefined {
    return hasTokens(record) ? this.#codec.decode(userID, record) : undefined;
  }

  /** Returns the newer tokens if some are in memory because they could not be stored. */
  #withUnsaved(userID: string, entry: Entry): Entry {
    const kept = this.#unsaved.tokens(userID);
    if (kept === undefined || kept.replaces !== entry.tokensID) return entry;
    const { version, data, expiresAt } = entry.record;
    return { ...kept.content, record: { version, data, expiresAt } };
  }

  /** Whether the tokens can be used without a refresh. */
  #isLive({ tokens, refreshedAt }: Entry): boolean {
    const { refreshMargin, now } = this.#settings;
    const expiresAt = tokens.expiresAt.getTime();
    // Otherwise tokens whose lifetime is shorter than the margin would be refreshed at every call.
    const half = refreshedAt === undefined ? Number.POSITIVE_INFINITY : (expiresAt - refreshedAt) / 2;
    return now() < expiresAt - Math.min(refreshMargin, half);
  }

  /** Whether a refresh was interrupted. Its response would be lost if the next one waited for the token's expiry. */
  #isAbandoned({ record: { refresh } }: Entry): boolean {
    const now = this.#settings.now();
    return refresh !== undefined && refresh.until <= now && refresh.since < now - ABANDONED_AFTER;
  }

  #isRecent({ refreshedAt }: Entry): boolean {
    return refreshedAt !== undefined && this.#settings.now() - refreshedAt < RECENT;
  }
}

function hasTokens(record: TokenRecord | undefined): record is TokenRecord {
  return record !== undefined && !isPlaceholder(record);
}

function isUnfinished(
  record: TokenRecord | undefined,
): record is TokenRecord & { refresh: NonNullable<TokenRecord['refresh']> } {
  return record?.refresh !== undefined && record.reauthorize === undefined;
}

/** Calls a listener. If it throws or rejects, the refresh is not affected. */
function notify<Event>(listener: ((event: Event) => unknown) | undefined, event: Event): void {
  const call = async () => listener?.(event);
  call().catch((error: unknown) => process.emitWarning(error instanceof Error ? error : String(error)));
}
