import OAuth2Strategy from 'passport-oauth2';
import { AuthTokenRefresh } from 'passport-oauth2-refresh';
import { app, type Contender, type PassportStrategy, type Provider, type User, verify } from './contender.ts';

const options = ({ base }: Provider) => ({
  clientID: app.clientID,
  clientSecret: app.clientSecret,
  callbackURL: app.callbackURL,
  scope: app.scope,
  state: true,
  authorizationURL: `${base}/authorize`,
  tokenURL: `${base}/token`,
  userProfileURL: `${base}/userinfo`,
});

/** With passport-oauth2-refresh, which is what all of their users have. */
function contender(strategy: (provider: Provider) => PassportStrategy & { name: string }): Contender {
  return {
    strategy,
    refresh(provider) {
      const refresher = new AuthTokenRefresh();
      const made = strategy(provider);
      refresher.use(made);
      return (token) =>
        new Promise((resolve, reject) => {
          refresher.requestNewAccessToken(made.name, token, (error: unknown, accessToken?: string) =>
            error ? reject(error) : resolve(accessToken),
          );
        });
    },
  };
}

/** Plain passport-oauth2, with the `userProfile` that its README has the app write. */
export function passportOAuth2({ pkce = false } = {}): Contender {
  return contender((provider) => {
    const settings = { ...options(provider), pkce };
    class Strategy extends OAuth2Strategy {
      override userProfile(accessToken: string, done: (error?: unknown, profile?: User) => void): void {
        this._oauth2.useAuthorizationHeaderforGET(true);
        this._oauth2.get(settings.userProfileURL, accessToken, (error, body) => {
          if (error) return done(error);
          try {
            done(null, { id: JSON.parse(String(body)).user.encodedId });
          } catch (thrown) {
            done(thrown);
          }
        });
      }
    }
    return new Strategy(settings, verify);
  });
}

/**
 * passport-fitbit-oauth2, with what it takes to compare it: its options object is the parameters object, so that
 * with `state: true` all users get the state of the first; and the URL of the profile can't be set.
 */
export async function fitbitOAuth2(): Promise<Contender> {
  const { FitbitOAuth2Strategy } = await import('passport-fitbit-oauth2');
  return contender((provider) => {
    const settings = options(provider);
    class Strategy extends FitbitOAuth2Strategy {
      constructor() {
        super(settings, verify);
        const { _oauth2: oauth2 } = this;
        const { get } = oauth2;
        oauth2.get = (_url, accessToken, callback) =>
          get.call(oauth2, settings.userProfileURL, accessToken, callback);
      }
      override authorizationParams(requestOptions: object): object {
        return super.authorizationParams({ ...requestOptions });
      }
    }
    return new Strategy();
  });
}

export async function googleOAuth20(): Promise<Contender> {
  const { Strategy } = await import('passport-google-oauth20');
  return contender((provider) => new Strategy(options(provider), verify));
}
