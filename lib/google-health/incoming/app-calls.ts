/** Calls an app's functions. Nothing that they throw goes further than the app's `onError`. */
export class AppCalls<Item> {
  readonly #onError: (error: unknown, item?: Item) => unknown;
  readonly #warn: (error: unknown) => void;

  /**
   * @param onError without it, errors are process warnings
   * @param anybodyCanCause which errors are left out of the warnings, so that nobody can fill a log with them
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

  /** Calls a function of the app's and reports what it throws. */
  async attempt(item: Item, call: () => unknown): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.report(error, item);
    }
  }
}
