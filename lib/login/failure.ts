import type { Failure } from '../client/errors.ts';

/**
 * Ends a login with a failure. It is thrown inside a login and becomes a call of Passport's `fail`; apps never see it.
 */
export class LoginFailure extends Error {
  /** For Passport's `fail`: a {@link Failure}, or the value from the app or a state store. */
  readonly failure: unknown;
  /** The HTTP status; without one, Passport responds with 401. */
  readonly status: number | undefined;

  constructor(failure: Failure | unknown, status?: number) {
    super('The login failed');
    this.failure = failure;
    this.status = status;
  }
}

/** The failure of a login whose user `verify` refused. */
export function userRefused(): Failure {
  return { message: 'This account is not allowed to sign in.', code: 'user_refused' };
}
