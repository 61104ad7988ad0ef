import type { Simulator } from 'fitbit-simulator';
import type { FitbitClient } from 'passport-fitbit-strategy';
import type { GoogleHealthClient } from 'passport-fitbit-strategy/google-health';

/** What the webhook is made with. */
export interface WebhookConfig {
  /** The whole `Authorization` header that Google sends. */
  secret: string;
  /** Where the keys are that sign notifications; left out, Google's. */
  keysURL?: string | undefined;
}

/** What the app is made with. */
export interface Config {
  /** Where the browser finds the app, without a slash at the end: the callback URLs hang on it. */
  baseURL: string;
  /** Signs the session cookie and seals the stored tokens: at least 32 characters. */
  secret: string;
  fitbit: FitbitClient;
  googleHealth: GoogleHealthClient;
  /** Receives Google Health's notifications; left out, the page is not updated automatically. */
  webhook?: WebhookConfig | undefined;
  /** The simulator, if a provider is simulated. */
  simulator?: Simulator | undefined;
  /** The folder for accounts, sessions and tokens. Without one they live as long as the process. */
  dataFolder?: string | undefined;
  /** Where log lines go. No line holds a secret. */
  log: (line: string) => void;
}
