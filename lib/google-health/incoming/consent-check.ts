import { isObject } from '../../util/arguments.ts';

/** The part of a TokenManager that finds out whether a consent is gone. */
export interface ConsentTokens {
  /** Refreshes a user's tokens now, whatever is left of them, and tells the app if the consent is gone. */
  refresh(userID: string): Promise<unknown>;
}

/** A refresh in progress, and the one that calls since then wait for. */
interface Running {
  now: Promise<void>;
  next?: Promise<void>;
}

/**
 * Refreshes a user's tokens to find out whether the consent is gone. Calls for one user share refreshes: each call
 * waits for one that began after it, and only one is in progress at a time.
 */
export class ConsentCheck {
  readonly #tokens: ConsentTokens;
  readonly #running = new Map<string, Running>();

  constructor(tokens: ConsentTokens) {
    this.#tokens = tokens;
  }

  /**
   * Resolves when the answer is known; the tokens' own `onReauthorize` has told the app.
   *
   * @throws what `refresh` rejected with, if that leaves the question open
   */
  check(userID: string): Promise<void> {
    const running = this.#running.get(userID);
    if (running === undefined) return this.#start(userID);
    running.next ??= running.now.then(ignore, ignore).then(() => this.#start(userID));
    return running.next;
  }

  #start(userID: string): Promise<void> {
    const running: Running = { now: this.#refresh(userID) };
    this.#running.set(userID, running);
    const forget = () => {
      if (running.next === undefined) this.#running.delete(userID);
    };
    running.now.then(forget, forget);
    return running.now;
  }

  async #refresh(userID: string): Promise<void> {
    try {
      await this.#tokens.refresh(userID);
    } catch (error) {
      // The answer that was looked for, or a user without tokens.
      if (!(isObject(error) && error.reauthorize === true)) throw error;
    }
  }
}

const ignore = () => {};
