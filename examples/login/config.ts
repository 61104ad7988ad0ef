import type { Simulator } from 'fitbit-simulator';
import type { FitbitClient } from 'passport-fitbit-strategy';
import type { GoogleHealthClient } from 'passport-fitbit-strategy/google-health';

/** The settings of the webhook. */
export interface WebhookConfig {
  /** The whole `Authorization` header that Google sends. */
  secret: string;
  /** The URL of the public keys. @default Google's */
  keysURL?: string | undefined;
}

/** The settings of the app. */
export interface Config {
  /** The app's URL in browsers, without a trailing slash. The callback URLs begin with it. */
  baseURL: string;
  /** Signs the session cookie and seals the stored tokens: at least 32 characters. */
  secret: string;
  fitbit: FitbitClient;
  googleHealth: GoogleHealthClient;
  /** Receives Google Health's notifications. Without it, the page is not updated automatically. */
  webhook?: WebhookConfig | undefined;
  /** The simulator, if a provider is simulated. */
  simulator?: Simulator | undefined;
  /** The folder for accounts, sessions and tokens. Without one, they are lost when the process ends. */
  dataFolder?: string | undefined;
  /** Receives log lines, which contain no secrets. */
  log: (line: string) => void;
}
