import type OAuth2Strategy from 'passport-oauth2';

/** What Passport's `fail` gets, and so `info` in a custom callback and `req.session.messages`. */
export interface Failure {
  /** For people. */
  message: string;
  /** To branch on. */
  code: string;
}

/** The functions that Passport puts on a strategy for a request; one of them ends it. `pass` is of no use here. */
export type Outcomes = Pick<OAuth2Strategy, 'success' | 'fail' | 'redirect' | 'error'>;

/**
 * Takes Passport's functions as they are now (for the next request it may put others on the same object) and lets
 * only the first call of any of them count.
 *
 * What the app does with an outcome may throw. That is no failed login: it goes to the error handler as it is.
 */
export class FirstOutcome implements Outcomes {
  readonly #strategy: Outcomes;
  readonly #given: Outcomes;
  #over = false;
  #escaped: unknown;

  constructor(strategy: Outcomes) {
    const { success, fail, redirect, error } = strategy;
    this.#strategy = strategy;
    this.#given = { success, fail, redirect, error };
  }

  success(...args: Parameters<Outcomes['success']>): void {
    this.#end(this.#given.success, args);
  }

  fail(...args: [challenge: unknown, status?: number]): void {
    this.#end(this.#given.fail, args);
  }

  redirect(...args: Parameters<Outcomes['redirect']>): void {
    this.#end(this.#given.redirect, args);
  }

  error(error: unknown): void {
    // The error handler itself threw: passport-oauth2 catches that and hands it back to here. It must not get lost.
    if (this.#escaped !== undefined && error === this.#escaped) throw error;
    if (this.#over) return;
    this.#over = true;
    this.#tell(error);
  }

  #end(act: (...args: never[]) => void, args: readonly unknown[]): void {
    if (this.#over) return;
    this.#over = true;
    try {
      Reflect.apply(act, this.#strategy, args);
    } catch (error) {
      this.#tell(error);
    }
  }

  #tell(error: unknown): void {
    try {
      this.#given.error.call(this.#strategy, error);
    } catch (thrown) {
      this.#escaped = thrown;
      throw thrown;
    }
  }
}
