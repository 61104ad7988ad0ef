import { OAuthError, revoke as revokeFitbit } from 'passport-fitbit-strategy';
import { revoke as revokeGoogle } from 'passport-fitbit-strategy/google-health';
import type { Config } from './app.ts';

/** Withdraws consents without delaying requests: after its shutdown, Fitbit responds with 410 or not at all. */
export class Revocation {
  readonly #config: Config;

  constructor(config: Config) {
    this.#config = config;
  }

  /** Withdraws the consent that a token belongs to. Google withdraws all consents of that user for the project. */
  inBackground(provider: 'fitbit' | 'google', token: string): void {
    const { simulator, log } = this.#config;
    const [label, done] =
      provider === 'fitbit'
        ? ['Fitbit', revokeFitbit(simulator.fitbit, token)]
        : ['Google', revokeGoogle(simulator.googleHealth, token)];
    done.then(
      () => log(`The consent at ${label} was withdrawn`),
      (error: unknown) => {
        const code = error instanceof OAuthError ? error.code : 'unknown';
        log(`The consent at ${label} could not be withdrawn: ${code}`);
      },
    );
  }
}
