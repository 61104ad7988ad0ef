import type { App } from '../world/apps.ts';
import type { World } from '../world/world.ts';

/** The paths of Google's endpoints: the real ones, after `/google`. A part that begins with `:` is a parameter. */
export const googlePaths = {
  authorize: '/google/o/oauth2/v2/auth',
  token: '/google/token',
  introspect: '/google/tokeninfo',
  revoke: '/google/revoke',
  identity: '/google/v4/users/:user/identity',
  profile: '/google/v4/users/:user/profile',
  userinfo: '/google/oauth2/v3/userinfo',
  dataPoints: '/google/v4/users/:user/dataTypes/:type/dataPoints',
  webhookKeys: '/google/googlehealthapi/webhooks/webhooks_public_keyset.json',
  subscribers: '/google/v4/projects/:project/subscribers',
  subscriber: '/google/v4/projects/:project/subscribers/:subscriber',
  subscriptions: '/google/v4/projects/:project/subscribers/:subscriber/subscriptions',
  subscription: '/google/v4/projects/:project/subscribers/:subscriber/subscriptions/:subscription',
  eventConfiguration: '/google/.well-known/risc-configuration',
  eventKeys: '/google/oauth2/v3/certs',
  eventStream: '/google/v1beta/stream',
  eventStreamUpdate: '/google/v1beta/stream:update',
  eventStreamStatus: '/google/v1beta/stream/status',
  eventStreamStatusUpdate: '/google/v1beta/stream/status:update',
  eventStreamVerify: '/google/v1beta/stream:verify',
} as const;

/** The settings of an app that signs in with the simulated Google. */
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

/** The endpoints of Google for an app. */
export function googleHealthEndpoints({ url }: World, app: App): GoogleHealthEndpoints {
  return {
    clientID: app.clientID,
    clientSecret: app.clientSecret ?? '',
    authorizationURL: url + googlePaths.authorize,
    tokenURL: url + googlePaths.token,
    introspectionURL: url + googlePaths.introspect,
    revocationURL: url + googlePaths.revoke,
    identityURL: `${url}${googlePaths.identity.replace(':user', 'me')}`,
    userProfileURL: `${url}${googlePaths.profile.replace(':user', 'me')}`,
    userinfoURL: url + googlePaths.userinfo,
  };
}
