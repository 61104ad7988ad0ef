import type { App } from '../world/apps.ts';
import type { World } from '../world/world.ts';

/** The paths of Fitbit's endpoints: the real ones, after `/fitbit`. A part that begins with `:` is a parameter. */
export const fitbitPaths = {
  authorize: '/fitbit/oauth2/authorize',
  token: '/fitbit/oauth2/token',
  introspect: '/fitbit/1.1/oauth2/introspect',
  revoke: '/fitbit/oauth2/revoke',
  profile: '/fitbit/1/user/-/profile.json',
  activity: '/fitbit/1/user/:user/activities/date/:date.json',
  steps: '/fitbit/1/user/:user/activities/steps/date/:date/:period.json',
  heartRate: '/fitbit/1/user/:user/activities/heart/date/:date/:period.json',
  sleep: '/fitbit/1.2/user/:user/sleep/date/:date.json',
} as const;

/** The settings of an app that signs in with the simulated Fitbit. */
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

/** The endpoints of Fitbit for an app. */
export function fitbitEndpoints({ url }: World, app: App): FitbitEndpoints {
  return {
    clientID: app.clientID,
    ...(app.clientSecret !== undefined && { clientSecret: app.clientSecret }),
    authorizationURL: url + fitbitPaths.authorize,
    tokenURL: url + fitbitPaths.token,
    introspectionURL: url + fitbitPaths.introspect,
    revocationURL: url + fitbitPaths.revoke,
    userProfileURL: url + fitbitPaths.profile,
  };
}
