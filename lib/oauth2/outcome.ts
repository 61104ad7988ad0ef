import type OAuth2Strategy from 'passport-oauth2';

/** The functions that Passport puts on a strategy for a request; one of them ends it. */
export type Outcomes = Pick<OAuth2Strategy, 'success' | 'fail' | 'redirect' | 'pass' | 'error'>;

/**
 * Takes Passport's functions as they are now (for the next request it may put others on the same object) and lets
 * only the first call of any of them count.
 *
 * What the app does with an outcome may throw. That is no failed login: it goes to the error handler as it is.
 */
export function firstOutcome(strategy: Outcomes): Outcomes {
  const { success, fail, redirect, pass, error: report } = strategy;
  let over = false;
  let escaped: unknown;
  const tell = (error: unknown) => {
    try {
      report.call(strategy, error);
    } catch (thrown) {
      escaped = thrown;
      throw thrown;
    }
  };
  const once =
    <Args extends unknown[]>(act: (...args: Args) => void) =>
    (...args: Args): void => {
      if (over) return;
      over = true;
      try {
        act.apply(strategy, args);
      } catch (error) {
        tell(error);
      }
    };
  return {
    success: once(success),
    fail: once(fail),
    redirect: once(redirect),
    pass: once(pass),
    error(error) {
      // The error handler itself threw: passport-oauth2 catches that and hands it back to here. It must not get lost.
      if (escaped !== undefined && error === escaped) throw error;
      if (over) return;
      over = true;
      tell(error);
    },
  };
}
