import type { App } from './apps.ts';
import type { State } from './state.ts';

/** What an app needs to know to sign in with the simulated Fitbit. */
export interface FitbitEndpoints {
  readonly clientID: string;
  /** Absent for an app of type `client`. */
  readonly clientSecret?: string;
  readonly authorizationURL: string;
  readonly tokenURL: string;
  readonly introspectionURL: string;
  readonly revocationURL: string;
  readonly userProfileURL: string;
}

/** What an app needs to know to sign in with the simulated Google. */
export interface GoogleHealthEndpoints {
  readonly clientID: string;
  readonly clientSecret: string;
  readonly authorizationURL: string;
  readonly tokenURL: string;
  /** Google's tokeninfo. */
  readonly introspectionURL: string;
  readonly revocationURL: string;
  readonly identityURL: string;
  /** The Health profile. */
  readonly userProfileURL: string;
  /** OpenID's userinfo: name, picture and e-mail address. */
  readonly userinfoURL: string;
}

/** The endpoints of Fitbit for an app. */
export function fitbitEndpoints(state: State, app: App): FitbitEndpoints {
  const at = (path: string) => `${state.url}/fitbit${path}`;
  return {
    clientID: app.clientID,
    ...(app.clientSecret !== undefined && { clientSecret: app.clientSecret }),
    authorizationURL: at('/oauth2/authorize'),
    tokenURL: at('/oauth2/token'),
    introspectionURL: at('/1.1/oauth2/introspect'),
    revocationURL: at('/oauth2/revoke'),
    userProfileURL: at('/1/user/-/profile.json'),
  };
}

/** The endpoints of Google for an app. */
export function googleHealthEndpoints(state: State, app: App): GoogleHealthEndpoints {
  const at = (path: string) => `${state.url}/google${path}`;
  return {
    clientID: app.clientID,
    clientSecret: app.clientSecret ?? '',
    authorizationURL: at('/o/oauth2/v2/auth'),
    tokenURL: at('/token'),
    introspectionURL: at('/tokeninfo'),
    revocationURL: at('/revoke'),
    identityURL: at('/v4/users/me/identity'),
    userProfileURL: at('/v4/users/me/profile'),
    userinfoURL: at('/oauth2/v3/userinfo'),
  };
}
