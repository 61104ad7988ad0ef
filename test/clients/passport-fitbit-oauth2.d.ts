declare module 'passport-fitbit-oauth2' {
  import type OAuth2Strategy from 'passport-oauth2';

  interface FitbitProfile {
    provider: 'fitbit';
    id: string;
    displayName: string;
    _json: unknown;
  }

  export class FitbitOAuth2Strategy extends OAuth2Strategy {
    constructor(
      options: Partial<OAuth2Strategy.StrategyOptions>,
      verify: (
        accessToken: string,
        refreshToken: string,
        profile: FitbitProfile,
        done: OAuth2Strategy.VerifyCallback,
      ) => void,
    );
  }
}
