import { checkString } from '../oauth2/arguments.ts';
import { OAuthError } from '../oauth2/errors.ts';
import { type TokenSet, withRaw } from '../oauth2/tokens.ts';
import { checkFunction, checkIsObject, checkTokenSet } from './arguments.ts';
import { contended, noTokens, storeError } from './errors.ts';
import { Semaphore } from './mutex.ts';
import {
  checkOptions,
  type RecoverOptions,
  type Recovery,
  type RemoveOptions,
  type Settings,
  type TokenManagerOptions,
} from './options.ts';
import { createCodec, type Entry, type RecordCodec } from './record.ts';
import { Refresher } from './refresher.ts';
import type { LockedRecord, TokenRecord } from './store.ts';
import { discard, isUnauthorizedError, isUnauthorizedResponse } from './unauthorized.ts';
import { Unsaved } from './unsaved.ts';

const MAX_TRIES = 5;
const INTERRUPTED_AFTER = 15_000; // ms; a refresh that began longer ago is most likely not under way any more
const RECOVERIES = 5; // at the same time

/**
 * Keeps users' tokens alive: stores them, refreshes them in time, once however many ask, on one process or many, and
 * loses none when a process or the database dies.
 *
 * All methods reject with errors of the package:
 * - `no_tokens`: nothing is stored for the user (`reauthorize`);
 * - `invalid_grant`, `gone`: the consent is gone (`reauthorize`); from then on without a request, until `save`;
 * - `no_refresh_token`: the access token has expired and there is no refresh token (`reauthorize`);
 * - `store`: the store failed (`retryable`), with its error as `cause`;
 * - `unreadable`: the stored tokens do not open with the `seal` secrets;
 * - `conflict`: they changed again and again (`retryable`);
 * - and what `refresh` rejects with.
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
  readonly #refresher: Refresher;

  /** @throws TypeError naming the option that is wrong */
  constructor(options: TokenManagerOptions) {
    this.#settings = checkOptions(options);
    this.#codec = createCodec(options.seal);
    const { store, onRefreshed, onReauthorize, onUnsaved } = this.#settings;
    this.#unsaved = new Unsaved(
      (userID, version, { record }) => store.replace(userID, version, record),
      (userID, error) => notify(onUnsaved, { userID, error: storeError(error) }),
    );
    this.#refresher = new Refresher({
      settings: this.#settings,
      codec: this.#codec,
      unsaved: this.#unsaved,
      isLive: (entry) => this.#isLive(entry),
      encode: (userID, tokens) => this.#encode(userID, tokens, this.#settings.now()),
      onRefreshed: (userID, { tokens }) => notify(onRefreshed, { userID, tokens }),
      onReauthorize: (userID, error) => notify(onReauthorize, { userID, error }),
    });
  }

  /**
   * Stores the tokens of a login in place of whatever is stored. A token set without a refresh token keeps the one
   * that is stored, if it is not known to be dead: Google sends one only with the consent.
   *
   * @param userID the app's or the provider's id of the user, not empty
   */
  async save(userID: string, tokens: TokenSet): Promise<void> {
    checkString(userID, 'userID');
    checkTokenSet(tokens);
    const { store } = this.#settings;
    if (tokens.refreshToken !== undefined) {
      const { record } = await this.#encode(userID, tokens);
      await store.set(userID, record);
      this.#unsaved.drop(userID);
      return;
    }
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const old = await this.#find(userID);
      const refreshToken = old?.record.reauthorize === undefined ? old?.tokens.refreshToken : undefined;
      const merged = refreshToken === undefined ? tokens : withRaw({ ...tokens, refreshToken }, tokens.raw);
      const { record } = await this.#encode(userID, merged);
      const write = async () => {
        if (old !== undefined) return store.replace(userID, old.record.version, record);
        await store.set(userID, record);
        return true;
      };
      await this.#unsaved.save(userID);
      if (await write()) return;
    }
    throw contended();
  }

  /**
   * Gives an access token that is good for a request: the stored one (one read of the store), or, when less than
   * the `refreshMargin` is left of it, a new one.
   */
  async accessToken(userID: string): Promise<string> {
    return (await this.tokens(userID)).accessToken;
  }

  /** As `accessToken`, but gives the whole token set. Its `raw` is empty if it was read from the store. */
  async tokens(userID: string): Promise<TokenSet> {
    return (await this.#current(userID)).tokens;
  }

  /**
   * Calls an API with an access token. If it answers 401, the token is refreshed (or the one that somebody else has
   * stored meanwhile is taken) and the call made once more.
   *
   * A 401 is: an error with the `status` or `statusCode` 401 or a `response` with that `status`, or a returned
   * object with the `status` 401 and `ok: false`, such as fetch's `Response`.
   *
   * @returns what `call` returns; the second answer also if it is a 401 again
   */
  async use<T>(userID: string, call: (accessToken: string) => T | PromiseLike<T>): Promise<Awaited<T>> {
    checkFunction(call, 'call');
    const entry = await this.#current(userID);
    try {
      const result = await call(entry.tokens.accessToken);
      if (!isUnauthorizedResponse(result)) return result;
      await discard(result);
    } catch (error) {
      if (!isUnauthorizedError(error)) throw error;
    }
    const now = await this.#read(userID);
    const newer = now.record.version !== entry.record.version && this.#isLive(now);
    const { tokens } = newer ? now : await this.#refresher.refresh(userID, now);
    return await call(tokens.accessToken);
  }

  /**
   * Deletes a user's tokens; with `revoke`, withdraws the consent first, with the newest token there is.
   *
   * When `revoke` rejects, the tokens stay, so that the call can be made again; but an error with `reauthorize`
   * (`gone`: the provider's endpoint is no more) counts as revoked.
   */
  async remove(userID: string, options: RemoveOptions = {}): Promise<void> {
    checkString(userID, 'userID');
    checkIsObject(options, 'options');
    const { revoke } = options;
    const { store } = this.#settings;
    if (revoke === undefined) {
      await store.delete(userID);
    } else {
      checkFunction(revoke, 'revoke');
      // A refresh that was interrupted has used up the stored token: the consent hangs on what came of it.
      await this.#recover(userID).catch(() => {});
      await this.#unsaved.save(userID);
      let failed: { error: unknown } | undefined;
      const work = async (locked: LockedRecord) => {
        // Not thrown: the store would not tell it from a failure of its own.
        failed = await this.#revoke(userID, locked, revoke);
      };
      await store.lock(userID, work);
      if (failed !== undefined) throw failed.error;
    }
    this.#unsaved.drop(userID);
  }

  /**
   * Takes up refreshes that a process began and did not end, because it died or got no answer. Fitbit repeats its
   * answer for two minutes: call this when the app starts and every half minute or so, and what a crash has
   * interrupted is not lost even if the user does not come back in time.
   */
  async recover(options: RecoverOptions = {}): Promise<Recovery> {
    checkIsObject(options, 'options');
    const { olderThan = INTERRUPTED_AFTER, limit = 100 } = options;
    const { store, now } = this.#settings;
    const userIDs = await store.interrupted(now() - olderThan, limit);
    const recovery: Recovery = { recovered: [], failed: [] };
    const semaphore = new Semaphore(RECOVERIES);
    const recoverOne = async (userID: string) => {
      try {
        await this.#recover(userID);
        recovery.recovered.push(userID);
      } catch (error) {
        recovery.failed.push({ userID, error });
      }
    };
    await Promise.all(userIDs.map((userID) => semaphore.run(() => recoverOne(userID))));
    return recovery;
  }

  /**
   * Stores the tokens that are in memory only because the store has failed: call it before the process ends.
   *
   * @throws OAuthError `store`: some could not be stored; they are tried again for as long as the process lives
   */
  async flush(): Promise<void> {
    await this.#unsaved.saveAll();
  }

  async #current(userID: string): Promise<Entry> {
    checkString(userID, 'userID');
    const entry = await this.#read(userID);
    const { reauthorize } = entry.record;
    if (reauthorize === undefined && this.#isLive(entry)) return entry;
    try {
      return await this.#refresher.refresh(userID, entry);
    } catch (error) {
      // What is left of it is better than nothing, while the provider or the store is away.
      const valid = entry.tokens.expiresAt.getTime() > this.#settings.now();
      if (reauthorize === undefined && valid && error instanceof OAuthError && error.retryable) return entry;
      throw error;
    }
  }

  /** @throws OAuthError `no_tokens` */
  async #read(userID: string): Promise<Entry> {
    const entry = await this.#find(userID);
    if (entry === undefined) throw noTokens();
    return entry;
  }

  /** What is stored, or kept in its place. */
  async #find(userID: string): Promise<Entry | undefined> {
    const { store, now } = this.#settings;
    const kept = this.#unsaved.get(userID);
    let record: TokenRecord | undefined;
    try {
      record = await store.get(userID);
    } catch (error) {
      if (kept !== undefined && kept.entry.record.expiresAt > now()) return kept.entry;
      throw error;
    }
    if (kept !== undefined && kept.replaces === record?.version) return kept.entry;
    return record && this.#codec.decode(userID, record);
  }

  /** Whether there is nothing to do before the tokens are used. */
  #isLive({ tokens, refreshedAt, record }: Entry): boolean {
    const { refreshMargin } = this.#settings;
    const now = this.#settings.now();
    // A refresh before its time (after a 401) was interrupted: waiting for the expiry would lose what came of it.
    if (record.refreshingSince !== undefined && record.refreshingSince < now - INTERRUPTED_AFTER)
      return false;
    const expiresAt = tokens.expiresAt.getTime();
    // Where tokens live no longer than the margin, it would have them refreshed at every call.
    const half = refreshedAt === undefined ? Number.POSITIVE_INFINITY : (expiresAt - refreshedAt) / 2;
    return now < expiresAt - Math.min(refreshMargin, half);
  }

  #encode(userID: string, tokens: TokenSet, refreshedAt?: number): Promise<Entry> {
    const expiresAt = new Date(tokens.expiresAt.getTime() - Date.now() + this.#settings.now());
    return this.#codec.encode(userID, withRaw({ ...tokens, expiresAt }, tokens.raw), refreshedAt);
  }

  async #recover(userID: string): Promise<void> {
    const entry = await this.#find(userID);
    if (entry?.record.refreshingSince !== undefined) await this.#refresher.refresh(userID, entry);
  }

  async #revoke(
    userID: string,
    locked: LockedRecord,
    revoke: (token: string) => Promise<unknown>,
  ): Promise<{ error: unknown } | undefined> {
    const record = await locked.get();
    if (record === undefined) return undefined;
    try {
      const { tokens } = await this.#codec.decode(userID, record);
      await revoke(tokens.refreshToken ?? tokens.accessToken);
    } catch (error) {
      if (!(error instanceof OAuthError && error.reauthorize)) return { error };
    }
    await locked.delete();
    return undefined;
  }
}

/** Calls a listener; what it throws, or rejects with, is not the refresh's business. */
function notify<Event>(listener: ((event: Event) => unknown) | undefined, event: Event): void {
  const call = async () => listener?.(event);
  call().catch((error: unknown) => process.emitWarning(error instanceof Error ? error : String(error)));
}
