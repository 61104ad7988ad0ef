import { OAuthError } from 'passport-fitbit-strategy';
import { DataError } from './steps.ts';

/**
 * Remembers that a provider answered 410 Gone. From then on the app sends nobody there: its page would be a dead end.
 */
export class Shutdown {
  #wasSeen = false;
  readonly #isSimulated: (() => boolean) | undefined;

  /** @param isSimulated asks the simulator, which can undo the shutdown */
  constructor(isSimulated?: () => boolean) {
    this.#isSimulated = isSimulated;
  }

  get isOver(): boolean {
    return this.#isSimulated?.() ?? this.#wasSeen;
  }

  /** Looks at an error of the provider's. */
  see(error: unknown): void {
    if (isGone(error)) this.#wasSeen = true;
  }

  /** Looks at the error of a call, and passes it on. */
  async watch<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      this.see(error);
      throw error;
    }
  }
}

/** Whether an error is a provider's 410 Gone. */
export function isGone(error: unknown): boolean {
  return (
    (error instanceof OAuthError && error.code === 'gone') ||
    (error instanceof DataError && error.status === 410)
  );
}
