import type { OAuthError } from '../client/errors.ts';
import { type Timers, within } from './clock.ts';
import { storeFailed } from './errors.ts';
import { type Content, isPlaceholder, type RecordCodec } from './record.ts';
import type { TokenStore } from './store.ts';

const FIRST_PAUSE = 250; // ms; doubles with each try

/** The longest pause between two attempts to store a response, and the longest wait for one attempt, ms. */
export const MAX_PAUSE = 2_000;

const MAX_TRIES = 10;

/** A provider's response to a refresh. */
export interface Answer {
  /** The token set that was refreshed: the response replaces only this one. */
  replaces: string;
  /** The new tokens; with `refused`, the old ones. */
  content: Content;
  /** Set if the user has to consent again. */
  refused?: OAuthError | undefined;
}

interface Kept extends Answer {
  /** The versions of all attempted writes; any of them may have taken effect. */
  readonly versions: Set<string>;
  pause: number;
  timer?: unknown;
}

interface UnsavedDeps {
  store: TokenStore;
  codec: RecordCodec;
  timers: Timers;
  now(): number;
  /** Called after each failed attempt. */
  onFailure(userID: string, answer: Answer, error: unknown): void;
  /** Called when a response is stored. */
  onStored(userID: string, answer: Answer): void;
}

/**
 * The provider's responses that are not stored yet, by user. There may be no other copy of them: they stay here until
 * they, or newer tokens, are stored.
 */
export class Unsaved {
  readonly #kept = new Map<string, Kept>();
  readonly #deps: UnsavedDeps;

  constructor(deps: UnsavedDeps) {
    this.#deps = deps;
  }

  /** The tokens of a user that are not stored yet. */
  tokens(userID: string): Answer | undefined {
    const kept = this.#kept.get(userID);
    return kept?.refused === undefined ? kept : undefined;
  }

  keep(userID: string, answer: Answer): void {
    this.drop(userID);
    this.#kept.set(userID, { ...answer, versions: new Set(), pause: FIRST_PAUSE });
  }

  /** Forgets the response for a user. */
  drop(userID: string): void {
    const kept = this.#kept.get(userID);
    if (kept === undefined) return;
    this.#deps.timers.clearTimeout(kept.timer);
    this.#kept.delete(userID);
  }

  /**
   * Stores the response for a user.
   *
   * @param expected the version that the record most likely has; it saves a read
   * @returns whether there was a response and it is stored
   */
  async save(userID: string, expected?: string): Promise<boolean> {
    const kept = this.#kept.get(userID);
    if (kept === undefined) return false;
    const stored = await this.#store(userID, kept, expected);
    if (this.#kept.get(userID) === kept) {
      this.drop(userID);
      if (stored) this.#deps.onStored(userID, kept);
    }
    return stored;
  }

  /** Reports that the store failed, and tries again after a pause, until it succeeds. */
  retry(userID: string, error: unknown): void {
    const kept = this.#kept.get(userID);
    if (kept === undefined) return;
    const { timers, onFailure } = this.#deps;
    timers.clearTimeout(kept.timer);
    // An attempt that hangs, for example on a half-open connection, must not delay the next one.
    const late = () => storeFailed(new Error(`The tokens were not stored within ${MAX_PAUSE} ms`));
    // Not unref'd: an idle process must not end while it has the only copy.
    kept.timer = timers.setTimeout(() => {
      within(timers, this.save(userID), MAX_PAUSE, late).catch((again: unknown) => {
        if (this.#kept.get(userID) === kept) this.retry(userID, again);
      });
    }, kept.pause);
    kept.pause = Math.min(kept.pause * 2, MAX_PAUSE);
    onFailure(userID, kept, error);
  }

  /** Tries to store all responses, then rejects with the first failure. */
  async saveAll(): Promise<void> {
    const results = await Promise.allSettled([...this.#kept.keys()].map((userID) => this.save(userID)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** @returns whether the response is stored; `false` if something newer is stored, or the user was removed */
  async #store(userID: string, kept: Kept, expected?: string): Promise<boolean> {
    const { store, codec, now } = this.#deps;
    const { content, refused, versions } = kept;
    const write = async (version: string) => {
      const { record } = codec.encode(userID, content, { reauthorize: refused?.code });
      versions.add(record.version);
      return store.replace(userID, version, record);
    };
    if (expected !== undefined && (await write(expected))) return true;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const record = await store.read(userID);
      if (record === undefined || isPlaceholder(record)) return false;
      if (versions.has(record.version)) return true; // An earlier write has taken effect after all.
      const current = codec.decode(userID, record);
      if (current.tokensID !== kept.replaces) return current.tokensID === content.tokensID;
      // Another process has stored the refusal, or is about to get its own response.
      const { refresh, reauthorize } = record;
      if (refused && (reauthorize !== undefined || (refresh !== undefined && refresh.until > now())))
        return false;
      if (await write(record.version)) return true;
    }
    return false;
  }
}
