import { OAuthError } from 'passport-fitbit-strategy';
import { DataError } from './steps.ts';

/**
 * Remembers that a provider responded 410 Gone. The app then no longer sends users to the provider's page.
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

  /** Checks an error from the provider. */
  see(error: unknown): void {
    if (isGone(error)) this.#wasSeen = true;
  }

  /** Checks the error of a call, and throws it again. */
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
