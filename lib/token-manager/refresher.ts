import { OAuthError, ResponseError } from '../oauth2/errors.ts';
import { type TokenSet, withRaw } from '../oauth2/tokens.ts';
import { consentGone, contended, noRefreshToken, noTokens } from './errors.ts';
import type { Settings } from './options.ts';
import type { Entry, RecordCodec } from './record.ts';
import type { LockedRecord, TokenRecord } from './store.ts';
import type { Unsaved } from './unsaved.ts';

const MAX_TRIES = 3;

/** What came of the work under a lock: tokens, an error, or a record that is not the one to refresh. */
type Outcome = { refreshed: Entry } | { error: unknown } | { other: TokenRecord };

interface RefresherDeps {
  settings: Settings;
  codec: RecordCodec;
  unsaved: Unsaved;
  isLive(entry: Entry): boolean;
  /** An entry of tokens that came just now. */
  encode(userID: string, tokens: TokenSet): Promise<Entry>;
  onReauthorize(userID: string, error: OAuthError): void;
  onRefreshed(userID: string, entry: Entry): void;
}

/**
 * Takes a user's tokens from one version to the next: once, however many ask, in this process and in others; and in
 * an order of writes that survives the death of the process at any moment (docs/token-manager.md).
 */
export class Refresher {
  readonly #deps: RefresherDeps;
  // By version, for as long as the refresh is under way.
  readonly #flights = new Map<string, Promise<Entry>>();

  constructor(deps: RefresherDeps) {
    this.#deps = deps;
  }

  /** Resolves with tokens newer than `seen`: by a refresh, or those that somebody else has stored meanwhile. */
  refresh(userID: string, seen: Entry): Promise<Entry> {
    const { version } = seen.record;
    let flight = this.#flights.get(version);
    if (flight === undefined) {
      flight = this.#refresh(userID, seen).finally(() => this.#flights.delete(version));
      this.#flights.set(version, flight);
    }
    return flight;
  }

  async #refresh(userID: string, seen: Entry): Promise<Entry> {
    const { unsaved, isLive, codec } = this.#deps;
    let entry = seen;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      if (entry.record.reauthorize !== undefined) throw consentGone(entry.record.reauthorize);
      if (entry.tokens.refreshToken === undefined) throw noRefreshToken();
      // The next refresh token may only be used up when this one is in the store.
      await unsaved.save(userID);

      const { version } = entry.record;
      const other = (await this.#mark(userID, entry.record)) ?? (await this.#tryLocked(userID, version));
      if ('tokens' in other) return other;
      entry = await codec.decode(userID, other);
      if (entry.record.version !== version && isLive(entry)) return entry;
    }
    throw contended();
  }

  /**
   * Notes in the store that a refresh begins, so that it can be taken up by another process if this one dies. The
   * note has to be there before the request goes out, and outside the lock: what is written under the lock may
   * become visible only when the lock is let go.
   *
   * @returns the record that is stored, if it has another version
   */
  async #mark(userID: string, record: TokenRecord): Promise<TokenRecord | undefined> {
    // The first note stays: it tells when the provider may have used up the token.
    if (record.refreshingSince !== undefined) return undefined;
    const { store, now } = this.#deps.settings;
    const marked = { ...record, refreshingSince: now() };
    if (await store.replace(userID, record.version, marked)) return undefined;
    const other = await store.get(userID);
    if (other === undefined) throw noTokens();
    return other;
  }

  /** Refreshes under the user's lock, unless the record is another one by then. */
  async #tryLocked(userID: string, version: string): Promise<Entry | TokenRecord> {
    const { settings, unsaved, onRefreshed } = this.#deps;
    let outcome: Outcome;
    let fresh: Entry | undefined;
    try {
      outcome = await settings.store.lock(userID, (locked) =>
        this.#underLock(userID, version, locked, (entry) => {
          fresh = entry;
        }),
      );
      if ('refreshed' in outcome) unsaved.drop(userID, outcome.refreshed);
    } catch (error) {
      if (fresh === undefined || unsaved.get(userID)?.entry !== fresh) throw error;
      // The answer is here, and it may be only here: it is served and stored as soon as that works.
      unsaved.retry(userID, fresh, error);
      outcome = { refreshed: fresh };
    }
    if ('error' in outcome) throw outcome.error;
    if ('other' in outcome) return outcome.other;
    onRefreshed(userID, outcome.refreshed);
    return outcome.refreshed;
  }

  /** Never rejects but for the store: a store may undo what was written when it does. */
  async #underLock(
    userID: string,
    version: string,
    locked: LockedRecord,
    onAnswer: (entry: Entry) => void,
  ): Promise<Outcome> {
    const { codec, unsaved, encode } = this.#deps;
    const read = () => locked.get();
    const replace = (record: TokenRecord) => locked.replace(version, record);

    const record = await read();
    if (record === undefined) return { error: noTokens() };
    // Without the note, another process has tried in vain and withdrawn it: it has to be made again.
    const { reauthorize, refreshingSince } = record;
    if (record.version !== version || reauthorize !== undefined || refreshingSince === undefined) {
      return { other: record };
    }

    let fresh: Entry;
    try {
      const { tokens } = await codec.decode(userID, record);
      fresh = await encode(userID, merge(tokens, await this.#request(tokens.refreshToken as string)));
    } catch (error) {
      return this.#refused(userID, record, error, replace, read);
    }
    unsaved.keep(userID, version, fresh);
    onAnswer(fresh);

    if (await replace(fresh.record)) return { refreshed: fresh };
    unsaved.drop(userID, fresh);
    const other = await read();
    if (other === undefined) return { error: noTokens() };
    return other.version === fresh.record.version ? { refreshed: fresh } : { other };
  }

  async #request(refreshToken: string): Promise<TokenSet> {
    const { refresh, refreshTimeout } = this.#deps.settings;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      abort.abort(new Error(`The refresh took longer than ${refreshTimeout} ms`));
    }, refreshTimeout);
    try {
      return await refresh(refreshToken, { signal: abort.signal });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Notes what a failed refresh says about the tokens. */
  async #refused(
    userID: string,
    record: TokenRecord,
    error: unknown,
    replace: (record: TokenRecord) => Promise<boolean>,
    read: () => Promise<TokenRecord | undefined>,
  ): Promise<Outcome> {
    const { refreshingSince: _, ...rest } = record;
    if (error instanceof OAuthError && error.reauthorize) {
      // Not if newer tokens have been stored: then it is the old ones that are dead, as they should be.
      if (await replace({ ...rest, reauthorize: error.code })) {
        this.#deps.onReauthorize(userID, error);
        return { error };
      }
      const other = await read();
      return other === undefined ? { error: noTokens() } : { other };
    }
    // The provider has certainly not used up the token: there is nothing to take up again.
    if (error instanceof ResponseError && !error.retryable) await replace(rest);
    return { error };
  }
}

/** An answer tells what has changed. Google's has no refresh token as a rule: the old one goes on. */
function merge(old: TokenSet, answer: TokenSet): TokenSet {
  const refreshToken = answer.refreshToken ?? old.refreshToken;
  const userID = answer.userID ?? old.userID;
  const merged = {
    ...answer,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(userID !== undefined && { userID }),
    scope: answer.scope.length > 0 ? answer.scope : old.scope,
  };
  return withRaw(merged, answer.raw);
}
