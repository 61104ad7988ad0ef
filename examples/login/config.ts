import type { FitbitClient } from 'passport-fitbit-strategy';
import type { Simulator } from 'passport-fitbit-strategy/simulator';

/** What the app is started with. */
export interface Config {
  /** Where the browser finds the app, without a slash at the end: the callback URLs hang on it. */
  baseURL: string;
  /** Signs the session cookie. */
  sessionSecret: string;
  fitbit: FitbitClient;
  /** The simulator, if a provider is simulated. */
  simulator?: Simulator | undefined;
  /** Where log lines go. No line holds a secret. */
  log: (line: string) => void;
}
