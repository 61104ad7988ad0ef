import { type OAuthError, ResponseError } from '../client/errors.ts';

const PAUSE = 30_000; // ms
const MAX_PAUSE = 3_600_000; // ms; limits what a provider asks for
const SWEEP_AT = 1_000; // users

interface Failure {
  /** The token set whose refresh failed. */
  tokensID: string;
  error: OAuthError;
  until: number;
}

/** Remembers failed refreshes for a while, so that many calls of a user don't become many requests. */
export class CoolDown {
  readonly #failures = new Map<string, Failure>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  start(userID: string, tokensID: string, error: OAuthError): void {
    const asked = error instanceof ResponseError ? (error.retryAfter ?? 0) * 1000 : 0;
    const until = this.#now() + Math.min(Math.max(PAUSE, asked), MAX_PAUSE);
    if (this.#failures.size >= SWEEP_AT) this.#sweep();
    this.#failures.set(userID, { tokensID, error, until });
  }

  end(userID: string): void {
    this.#failures.delete(userID);
  }

  /** The error of the last refresh of a token set, if that was recently. */
  get(userID: string, tokensID: string): OAuthError | undefined {
    const failure = this.#failures.get(userID);
    if (failure === undefined) return undefined;
    if (failure.until > this.#now() && failure.tokensID === tokensID) return failure.error;
    this.#failures.delete(userID);
    return undefined;
  }

  #sweep(): void {
    for (const [userID, { until }] of this.#failures) {
      if (until <= this.#now()) this.#failures.delete(userID);
    }
  }
}

/** Whether the provider would refuse the same request again. */
export function isRefusal(error: OAuthError): boolean {
  return error instanceof ResponseError && (!error.retryable || error.code === 'rate_limited');
}
