import { isObject } from '../../util/arguments.ts';

/** The part of a TokenManager that checks whether a consent is gone. */
export interface ConsentTokens {
  /** Refreshes a user's tokens now, even if they are still valid, and notifies the app if the consent is gone. */
  refresh(userID: string): Promise<unknown>;
}

/** A refresh in progress, and the next one, which later calls wait for. */
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
   * Resolves when it is known whether the consent is gone; in that case, the tokens' `onReauthorize` has been called.
   *
   * @throws the error of `refresh`, if it is still unknown
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
      // The consent is gone, or the user has no tokens.
      if (!(isObject(error) && error.reauthorize === true)) throw error;
    }
  }
}

const ignore = () => {};
