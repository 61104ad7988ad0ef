/** Calls an app's functions. Their exceptions only reach the app's `onError`. */
export class AppCalls<Item> {
  readonly #onError: (error: unknown, item?: Item) => unknown;
  readonly #warn: (error: unknown) => void;

  /**
   * @param onError without it, errors are process warnings
   * @param anybodyCanCause whether an error is left out of the warnings, so that attackers can't fill the log
   */
  constructor(
    onError: ((error: unknown, item?: Item) => unknown) | undefined,
    anybodyCanCause: (error: unknown) => boolean,
  ) {
    this.#warn = (error) => {
      if (!anybodyCanCause(error)) process.emitWarning(error instanceof Error ? error : String(error));
    };
    this.#onError = onError ?? this.#warn;
  }

  /** Gives an error to the app. */
  report(error: unknown, item?: Item): void {
    const tell = async () => this.#onError(error, item);
    tell().catch(this.#warn);
  }

  /** Calls a function of the app and reports its exception. */
  async attempt(item: Item, call: () => unknown): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.report(error, item);
    }
  }
}
