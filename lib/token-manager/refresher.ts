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

// Fitbit repeats its response to an identical request for two minutes.
// https://dev.fitbit.com/build/reference/web-api/authorization/refresh-token/
const REPEAT_WINDOW = 120_000; // ms

// For differing clocks and slow requests.
const WINDOW_MARGIN = 20_000; // ms

// A lease that was written longer ago than this is written again before the token is sent.
const STALE_AFTER = 5_000; // ms

// Time for a process that has a response in memory to store it: an attempt and the pause before it take MAX_PAUSE each.
export const HOLDER_TIME = 2 * MAX_PAUSE + 1_000; // ms

const FIRST_WAIT = 50; // ms between two reads while another process has the lease; grows
const MAX_WAIT = 1_000; // ms

/** What is known about an attempt to refresh before its request. */
interface Attempt {
  /** When the provider may have received the refresh token for the first time, ms since the epoch. */
  since: number;
  /** When the lifetime of the new tokens begins, ms since the epoch. */
  expiryFrom: number;
  /** Whether the provider's refusal is final: there is no earlier request whose response it may still repeat. */
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
  /** Reads the stored tokens, even if newer ones are in memory. */
  readStored(userID: string): Promise<Entry | undefined>;
  onRefreshed(userID: string, entry: Entry, before: Entry): void;
}

/**
 * Refreshes users' tokens: once for concurrent calls, in this process and in others, and with an order of writes that
 * loses nothing if the process dies at any moment (docs/token-manager.md).
 */
export class Refresher {
  readonly #deps: RefresherDeps;
  // By user and token set, for as long as the refresh is in progress.
  readonly #flights = new Map<string, Promise<Entry>>();

  constructor(deps: RefresherDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves with newer tokens than `seen`: refreshes them, or returns those that another process has stored.
   *
   * @param waited whether other processes have had time to store a response for `seen` that they have in memory
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

  /** Waits until the refreshes in progress have succeeded or failed. */
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
      // 1. Read. Tokens in memory are stored first: a new refresh token isn't used until it is stored.
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

      // 2. Wait for the process that holds an active lease.
      if (record.refresh !== undefined && others.mayWork(record.version, record.refresh)) {
        await others.pause(settings, deadline);
        entry = undefined;
        continue;
      }

      // 3. If the provider may no longer repeat its response, give a process that has the only copy time to store it.
      if (isOld(record.refresh, now()) && waitedFor !== record.version) {
        waitedFor = record.version;
        await sleep(settings.timers, HOLDER_TIME);
        entry = undefined;
        continue;
      }

      // 4. Claim the lease: replace the record that was read with one that has a note.
      const claimed = now();
      const inherited = isOld(record.refresh, claimed) ? undefined : record.refresh;
      const refresh = { since: inherited?.since ?? claimed, by: randomUUID(), until: claimed + LEASE_TIME };
      const claim = codec.encode(userID, entry, { refresh });
      if (!(await store.replace(userID, record.version, claim.record))) {
        entry = undefined;
        continue;
      }
      const lease = new Lease(settings, codec, userID, claim, claimed);

      // 5. Check the lease; 6. send the request; 7. store the response; 8. release the lease.
      const outcome = await this.#useLease(userID, entry, refreshToken, lease, {
        since: refresh.since,
        expiryFrom: expiryStart(record.refresh, claimed),
        // If another attempt may have sent a request, a refusal of this one isn't final.
        first: inherited === undefined,
        deadline,
      });
      if (outcome !== undefined) return outcome;
      entry = undefined;
    }
  }

  /** @returns the new tokens; `undefined` if the stored ones have changed and must be read again */
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
    // If a request may have been sent, by this attempt or an earlier one, the note stays.
    const leave = async () => {
      lease.stopRenewing();
      const leaving = guard.sent || entry.record.refresh !== undefined ? lease.release() : lease.withdraw();
      await leaving.catch(() => {}); // Otherwise it expires.
    };
    let tokens: TokenSet;
    try {
      // If the process was frozen here, others may have used up the token long ago.
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
      // The provider has refused the only request, so there is nothing to finish.
      if (definite) await lease.withdraw().catch(() => {});
      else await lease.release().catch(() => {}); // Otherwise it expires.
      throw failure;
    }
    lease.stopRenewing();
    coolDown.end(userID);
    return this.#storeAnswer(userID, entry, this.#toContent(entry, tokens), lease.version);
  }

  /**
   * Requests new tokens, until the deadline. A later response is stored too.
   *
   * @param expiryFrom when the tokens' lifetime begins, ms since the epoch: the response may repeat an earlier one
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
          // The tokens in memory are from this response or a newer one.
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
    const { loginID, loginAt, provider } = old;
    const refreshedAt = Math.round(this.#deps.settings.now());
    return {
      tokens: merge(old.tokens, tokens),
      tokensID: randomUUID(),
      loginID,
      loginAt,
      provider,
      refreshedAt,
    };
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
      // The tokens may be in this process only. They are used, and stored as soon as that works.
      unsaved.retry(userID, error);
    }
    const fresh = {
      ...content,
      record: { version: '', data: '', expiresAt: content.tokens.expiresAt.getTime() },
    };
    onRefreshed(userID, fresh, old);
    return fresh;
  }

  /** Marks in the store that the consent is gone; resolves with `false` if something newer is stored. */
  async #markRefused(userID: string, entry: Entry, refused: OAuthError, lease: Lease): Promise<boolean> {
    const { unsaved } = this.#deps;
    if (unsaved.tokens(userID) !== undefined) return false; // The response to an earlier request has arrived after all.
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
    // The provider repeats its response to an identical request only for a while.
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

  /** Whether a lease is active. As clocks differ, an unchanged lease expires LEASE_TIME after it was first read. */
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

/** Whether a refresh began so long ago that the provider may no longer repeat its response. */
export function isOld(note: RefreshNote | undefined, now: number): boolean {
  return note !== undefined && now - note.since > REPEAT_WINDOW - WINDOW_MARGIN;
}

/** The provider still repeats the responses to requests since this time, ms since the epoch. */
export function windowStart(now: number): number {
  return now - (REPEAT_WINDOW - WINDOW_MARGIN);
}

/** When the lifetime of requested tokens may have begun: with the first request, whose response may be repeated. */
function expiryStart(note: RefreshNote | undefined, now: number): number {
  return note !== undefined && now - note.since <= REPEAT_WINDOW + WINDOW_MARGIN ? note.since : now;
}

/** Whether an error is the provider's response to the first request of a call of `refresh`. */
function isAnswer(error: unknown): boolean {
  if (!(error instanceof OAuthError) || error instanceof TransportError) return false;
  return !(error.cause instanceof OAuthError) && (error.reauthorize || isRefusal(error));
}

/** A response has only what has changed. Google's usually has no refresh token: the old one stays valid. */
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
