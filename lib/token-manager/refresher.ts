import { randomUUID } from 'node:crypto';
import { OAuthError, TransportError } from '../client/errors.ts';
import { type TokenSet, withRaw } from '../client/token-set.ts';
import { sleep, within } from './clock.ts';
import { type CoolDown, isRefusal } from './cool-down.ts';
import {
  consentGone,
  malformedAnswer,
  noRefreshToken,
  noTokens,
  notSent,
  refreshFailed,
  refreshTimeout,
  storeContention,
} from './errors.ts';
import { LEASE_TIME, Lease } from './lease.ts';
import type { Settings } from './options.ts';
import { type Content, type Entry, type RecordCodec, readTokens, shiftTimes } from './record.ts';
import type { RefreshNote } from './store.ts';
import { MAX_PAUSE, type Unsaved } from './unsaved.ts';

// Fitbit repeats its answer to an identical request for two minutes.
// https://dev.fitbit.com/build/reference/web-api/authorization/refresh-token/
const REPEAT_WINDOW = 120_000; // ms

// For clocks that differ and for a request that is slow to arrive.
const WINDOW_MARGIN = 20_000; // ms

// What was read from the store this long ago is read again before the token is sent.
const STALE_AFTER = 5_000; // ms

// Time for a process that holds an answer in memory to store it: a try may take MAX_PAUSE, and the pause to the next one.
export const HOLDER_TIME = 2 * MAX_PAUSE + 1_000; // ms

const FIRST_WAIT = 50; // ms between two looks at a lease of another process; grows
const MAX_WAIT = 1_000; // ms

/** What is known of an attempt to refresh before its request. */
interface Attempt {
  /** When the provider may have received the refresh token for the first time, ms since the epoch. */
  since: number;
  /** When the lifetime of the new tokens begins, ms since the epoch. */
  expiryFrom: number;
  /** Whether the provider's refusal is final: there is no earlier request whose answer it may still repeat. */
  first: boolean;
  /** ms since the epoch. */
  deadline: number;
}

interface RefresherDeps {
  settings: Settings;
  codec: RecordCodec;
  unsaved: Unsaved;
  coolDown: CoolDown;
  isLive(entry: Entry): boolean;
  /** What is stored, without what is kept in memory. */
  readStored(userID: string): Promise<Entry | undefined>;
  onRefreshed(userID: string, entry: Entry, before: Entry): void;
}

/**
 * Takes a user's tokens from one set to the next: once for concurrent calls, in this process and in others, and in
 * an order of writes that survives the death of the process at any moment (docs/token-manager.md).
 */
export class Refresher {
  readonly #deps: RefresherDeps;
  // By user and token set, for as long as the refresh is in progress.
  readonly #flights = new Map<string, Promise<Entry>>();

  constructor(deps: RefresherDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves with tokens newer than `seen`: by a refresh, or those that another process has stored meanwhile.
   *
   * @param waited whether processes that may hold an answer to `seen` have had time to store it
   */
  refresh(userID: string, seen: Entry, waited = false): Promise<Entry> {
    const key = JSON.stringify([userID, seen.tokensID]);
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      flight = this.#refresh(userID, seen, waited).finally(() => this.#flights.delete(key));
      this.#flights.set(key, flight);
    }
    return flight;
  }

  /** Waits for the refreshes in progress, whatever becomes of them. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#flights.values());
  }

  async #refresh(userID: string, seen: Entry, waited: boolean): Promise<Entry> {
    const { settings, unsaved, codec, isLive } = this.#deps;
    const { store, now, refreshTimeout: timeout } = settings;
    const deadline = now() + timeout;
    const others = new Observer(now);
    let waitedFor = waited ? seen.record.version : undefined;
    let entry: Entry | undefined = seen;

    for (let tries = 0; ; tries += 1) {
      // 1. Know what is stored. An answer in memory goes first: its successor is not asked for before it is stored.
      if (unsaved.tokens(userID) !== undefined) {
        await unsaved.save(userID);
        entry = undefined;
      }
      entry ??= await this.#deps.readStored(userID);
      if (entry === undefined) throw noTokens();
      if (entry.tokensID !== seen.tokensID && isLive(entry)) return entry;
      const { record } = entry;
      if (record.reauthorize !== undefined) throw consentGone(record.reauthorize);
      const { refreshToken } = entry.tokens;
      if (refreshToken === undefined) throw noRefreshToken();
      if (tries > 0 && now() >= deadline) throw storeContention();

      // 2. Leave it to the process that is at work on it.
      if (record.refresh !== undefined && others.mayWork(record.version, record.refresh)) {
        await others.pause(settings, deadline);
        entry = undefined;
        continue;
      }

      // 3. Where the provider may not repeat its answer any more, the only copy may be on its way to the store.
      if (isOld(record.refresh, now()) && waitedFor !== record.version) {
        waitedFor = record.version;
        await sleep(settings.timers, HOLDER_TIME);
        entry = undefined;
        continue;
      }

      // 4. Claim: the note with the lease, over exactly the record that was seen.
      const claimed = now();
      const inherited = isOld(record.refresh, claimed) ? undefined : record.refresh;
      const refresh = { since: inherited?.since ?? claimed, by: randomUUID(), until: claimed + LEASE_TIME };
      const claim = codec.encode(userID, entry, { refresh });
      if (!(await store.replace(userID, record.version, claim.record))) {
        entry = undefined;
        continue;
      }
      const lease = new Lease(settings, codec, userID, claim, claimed);

      // 5. Request, if the claim is still what is stored; 6. store the answer; 7. release.
      const outcome = await this.#useLease(userID, entry, refreshToken, lease, {
        since: refresh.since,
        expiryFrom: expiryStart(record.refresh, claimed),
        // Another attempt's request may have been lost: a refusal of ours says less than its answer would.
        first: inherited === undefined,
        deadline,
      });
      if (outcome !== undefined) return outcome;
      entry = undefined;
    }
  }

  /** @returns the new tokens; `undefined` if the stored ones have changed: look again */
  async #useLease(
    userID: string,
    entry: Entry,
    refreshToken: string,
    lease: Lease,
    { since, expiryFrom, first, deadline }: Attempt,
  ): Promise<Entry | undefined> {
    const { settings, coolDown } = this.#deps;
    const { now } = settings;
    const guard = new SendGuard(now, lease, since);
    // Where a request may have been sent, now or by an earlier attempt, the note stays.
    const leave = async () => {
      lease.stopRenewing();
      const leaving = guard.sent || entry.record.refresh !== undefined ? lease.release() : lease.withdraw();
      await leaving.catch(() => {}); // Otherwise it expires.
    };
    let tokens: TokenSet;
    try {
      // A process that was frozen here would send a token that others may have used up long ago.
      while (now() - lease.confirmedAt > STALE_AFTER) {
        if (now() < deadline && (await lease.renew())) continue;
        await leave();
        return undefined;
      }
      lease.startRenewing();
      tokens = await this.#request(userID, entry, refreshToken, guard, expiryFrom, deadline);
    } catch (error) {
      lease.stopRenewing();
      if (guard.refused) {
        await leave();
        return undefined;
      }
      const failure = error instanceof OAuthError ? error : refreshFailed(error);
      coolDown.start(userID, entry.tokensID, failure);
      const definite = first && isAnswer(error);
      if (definite && failure.reauthorize) {
        if (await this.#markRefused(userID, entry, failure, lease)) throw failure;
        return undefined;
      }
      // The provider has refused the only request that was made: there is nothing to finish.
      if (definite) await lease.withdraw().catch(() => {});
      else await lease.release().catch(() => {}); // Otherwise it ends on its own.
      throw failure;
    }
    lease.stopRenewing();
    coolDown.end(userID);
    return this.#storeAnswer(userID, entry, this.#toContent(entry, tokens), lease.version);
  }

  /**
   * Asks for new tokens, until the deadline. A later answer is not lost: it is offered to the store.
   *
   * @param expiryFrom when the tokens' lifetime begins, ms since the epoch: the answer may repeat an earlier one
   */
  #request(
    userID: string,
    entry: Entry,
    refreshToken: string,
    guard: SendGuard,
    expiryFrom: number,
    deadline: number,
  ): Promise<TokenSet> {
    const { refresh, timers, now, refreshTimeout: timeout } = this.#deps.settings;
    const abort = new AbortController();
    const left = Math.max(1, deadline - now());
    const late = () => {
      const error = refreshTimeout(timeout);
      abort.abort(error);
      answer.then(
        (tokens) => {
          // What is kept already is this answer or a newer one.
          if (this.#deps.unsaved.tokens(userID) !== undefined) return;
          void this.#storeAnswer(userID, entry, this.#toContent(entry, tokens)).catch(() => {});
        },
        () => {},
      );
      return error;
    };
    const ask = async () => {
      const { provider } = entry;
      const answered = await refresh(refreshToken, {
        signal: abort.signal,
        beforeSend: guard.check,
        ...(provider !== undefined && { provider }),
      });
      if (typeof answered !== 'object' || answered === null) throw malformedAnswer('value');
      const tokens = readTokens(answered, malformedAnswer);
      return shiftTimes(tokens, expiryFrom - Date.now());
    };
    const answer = ask();
    return within(timers, answer, left, late);
  }

  #toContent(old: Entry, tokens: TokenSet): Content {
    const { loginID, provider } = old;
    const refreshedAt = Math.round(this.#deps.settings.now());
    return { tokens: merge(old.tokens, tokens), tokensID: randomUUID(), loginID, provider, refreshedAt };
  }

  /** Stores new tokens, or keeps them in memory if that fails; `undefined` if something newer is stored. */
  async #storeAnswer(
    userID: string,
    old: Entry,
    content: Content,
    version?: string,
  ): Promise<Entry | undefined> {
    const { unsaved, onRefreshed } = this.#deps;
    unsaved.keep(userID, { replaces: old.tokensID, content });
    try {
      if (!(await unsaved.save(userID, version))) return undefined;
    } catch (error) {
      // The tokens may be in this process only. They are served, and stored as soon as that works.
      unsaved.retry(userID, error);
    }
    const fresh = {
      ...content,
      record: { version: '', data: '', expiresAt: content.tokens.expiresAt.getTime() },
    };
    onRefreshed(userID, fresh, old);
    return fresh;
  }

  /** Notes that the consent is gone; resolves with `false` if something newer is stored. */
  async #markRefused(userID: string, entry: Entry, refused: OAuthError, lease: Lease): Promise<boolean> {
    const { unsaved } = this.#deps;
    if (unsaved.tokens(userID) !== undefined) return false; // The answer to an earlier request has come after all.
    unsaved.keep(userID, { replaces: entry.tokensID, content: entry, refused });
    try {
      return await unsaved.save(userID, lease.version);
    } catch (error) {
      unsaved.retry(userID, error);
      return true;
    }
  }
}

/** Decides, immediately before each request of an attempt, whether the refresh token may still be sent. */
class SendGuard {
  readonly #now: () => number;
  readonly #lease: Lease;
  readonly #since: number;
  #sent = false;
  #refused = false;

  /** @param since when the provider may have received the token for the first time, ms since the epoch */
  constructor(now: () => number, lease: Lease, since: number) {
    this.#now = now;
    this.#lease = lease;
    this.#since = since;
  }

  /** Whether a request of the attempt was allowed. */
  get sent(): boolean {
    return this.#sent;
  }

  /** Whether the last request was not allowed. */
  get refused(): boolean {
    return this.#refused;
  }

  /** @throws TransportError the request must not be sent */
  readonly check = (): void => {
    const now = this.#now();
    // The provider repeats its answer to an identical request, but only for a while.
    const inTime = this.#sent
      ? now - this.#since <= REPEAT_WINDOW - WINDOW_MARGIN
      : now - this.#lease.confirmedAt <= STALE_AFTER;
    this.#refused = !(inTime && this.#lease.active);
    if (this.#refused) throw notSent();
    this.#sent = true;
  };
}

/** Watches leases of other processes. */
class Observer {
  readonly #now: () => number;
  #version = '';
  #since = 0;
  #wait = FIRST_WAIT;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether a lease is not over. Where the clocks of two machines disagree, it ends a lease's time after it was seen. */
  mayWork(version: string, { until }: RefreshNote): boolean {
    const now = this.#now();
    if (version !== this.#version) {
      this.#version = version;
      this.#since = now;
    }
    return until > now && now - this.#since < LEASE_TIME;
  }

  async pause({ timers, now }: Settings, deadline: number): Promise<void> {
    const wait = this.#wait * (0.5 + Math.random() / 2);
    this.#wait = Math.min(this.#wait * 1.5, MAX_WAIT);
    await sleep(timers, Math.max(1, Math.min(wait, deadline - now())));
  }
}

/** Whether a refresh began so long ago that the provider may not repeat its answer any more. */
export function isOld(note: RefreshNote | undefined, now: number): boolean {
  return note !== undefined && now - note.since > REPEAT_WINDOW - WINDOW_MARGIN;
}

/** The time from which on the provider repeats answers, ms since the epoch. */
export function windowStart(now: number): number {
  return now - (REPEAT_WINDOW - WINDOW_MARGIN);
}

/** When the lifetime of tokens that are asked for now may have begun: with the first request that may be answered again. */
function expiryStart(note: RefreshNote | undefined, now: number): number {
  return note !== undefined && now - note.since <= REPEAT_WINDOW + WINDOW_MARGIN ? note.since : now;
}

/** Whether an error is the provider's answer to the first request that a `refresh` has made. */
function isAnswer(error: unknown): boolean {
  if (!(error instanceof OAuthError) || error instanceof TransportError) return false;
  return !(error.cause instanceof OAuthError) && (error.reauthorize || isRefusal(error));
}

/** An answer tells what has changed. Google's has no refresh token as a rule: the old one stays valid. */
function merge(old: TokenSet, answer: TokenSet): TokenSet {
  const refreshToken = answer.refreshToken ?? old.refreshToken;
  const keepsEnd = answer.refreshToken === undefined || answer.refreshToken === old.refreshToken;
  const refreshTokenExpiresAt =
    answer.refreshTokenExpiresAt ?? (keepsEnd ? old.refreshTokenExpiresAt : undefined);
  const userID = answer.userID ?? old.userID;
  const merged = {
    ...answer,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(refreshTokenExpiresAt !== undefined && { refreshTokenExpiresAt }),
    ...(userID !== undefined && { userID }),
    scope: answer.scope.length > 0 ? answer.scope : old.scope,
  };
  return withRaw(merged, answer.raw);
}
