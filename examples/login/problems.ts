import { OAuthError } from 'passport-fitbit-strategy';

/** A message that a page shows. */
export interface Notice {
  kind: 'info' | 'warning';
  title: string;
  text: string;
}

const AGAIN = 'Please try again in a moment.';
const START_AGAIN = 'Please start a new one here.';
const OUR_MISTAKE = 'That is our mistake, not yours. We are looking into it.';

const FINISHED = ['warning', 'That sign-in was already finished', START_AGAIN] as const;
const ASK_FIRST = ['info', '% has a question first', 'Please sign in again, and answer it there.'] as const;
const NOT_SET_UP = ['warning', 'Sign-in is not set up correctly', OUR_MISTAKE] as const;
const AWAY = ['warning', '% has a problem right now', AGAIN] as const;

/** By code. `%` stands for the provider. */
export const NOTICES: Record<string, readonly [kind: Notice['kind'], title: string, text: string]> = {
  // The user's decisions
  signed_out: ['info', 'You are signed out', 'See you soon.'],
  revoked: ['info', 'Disconnected', 'You are signed out, and Daywalk no longer has access to your % data.'],
  sign_in: ['info', 'Please sign in', 'You are not signed in on this browser, or your session has ended.'],
  access_denied: [
    'info',
    'You didn’t allow access to %',
    'Nothing was shared with Daywalk. You can try again at any time.',
  ],
  missing_scope: [
    'warning',
    'One permission is missing',
    'Daywalk needs to know who you are. Please sign in again, and select at least your % profile.',
  ],
  interaction_required: ASK_FIRST,
  login_required: ASK_FIRST,
  consent_required: ASK_FIRST,
  immediate_failed: ASK_FIRST,

  // The user's account
  account_not_linked: [
    'warning',
    'This Google account has no Google Health profile',
    'Sign in with the Google account that your tracker uses, or set up Google Health for this one.',
  ],
  account_not_migrated: [
    'warning',
    'Your Fitbit account is not on Google yet',
    'Open the Fitbit or Google Health app, move your account to Google and finish the setup. Then sign in here.',
  ],
  profile_not_ready: [
    'warning',
    'Google Health is not set up yet',
    'Open the Google Health app and finish the setup. Then sign in here.',
  ],
  account_conflict: [
    'warning',
    'This Fitbit account is linked to another Google account',
    'Please sign in with that one.',
  ],
  admin_policy_enforced: [
    'warning',
    'Your administrator does not allow this',
    'Sign in with another Google account, or ask your administrator to allow Daywalk.',
  ],
  org_internal: [
    'warning',
    'Only members of one organization can sign in here',
    'Please choose your Google account of that organization.',
  ],
  user_refused: ['warning', 'This account can’t sign in here', 'Please choose another account.'],

  // The callback did not match a login
  state_missing: [
    'warning',
    'We could not match that sign-in to your browser',
    'Please start again. If it keeps happening, allow cookies for this site.',
  ],
  state_mismatch: FINISHED,
  state_expired: [
    'warning',
    'That sign-in took too long',
    'You have ten minutes to sign in. Please start again here.',
  ],
  invalid_callback: ['warning', 'That sign-in link is damaged', START_AGAIN],
  invalid_grant: ['warning', 'That sign-in is no longer valid', START_AGAIN],

  // The consent is gone: see `reauthorize`
  reauthorize: ['warning', 'Your connection to % has ended', 'Please sign in again to renew it.'],
  gone: [
    'warning',
    'Fitbit’s own sign-in has been shut down',
    'Please continue with Google Health: it has your Fitbit account, your devices and your data.',
  ],

  // Failures of the provider
  rate_limited: ['warning', '% is very busy', 'Please try again in a few minutes.'],
  timeout: ['warning', '% did not respond in time', AGAIN],
  connection: ['warning', '% can’t be reached', AGAIN],
  server_error: AWAY,
  temporarily_unavailable: AWAY,

  // Failures of the app
  invalid_client: NOT_SET_UP,
  deleted_client: NOT_SET_UP,
  disabled_client: NOT_SET_UP,
  unauthorized_client: NOT_SET_UP,
  redirect_uri_mismatch: NOT_SET_UP,
  invalid_scope: NOT_SET_UP,
  service_disabled: NOT_SET_UP,
  disallowed_oauth_scopes: NOT_SET_UP,
  permission_denied: ['warning', '% does not let us in', OUR_MISTAKE],
};

const OTHER = ['warning', '% sent a response that we don’t understand', AGAIN] as const;

/** The text for a code. */
export function noticeFor(code: string, providerLabel: string): Notice {
  const [kind, title, text] = (Object.hasOwn(NOTICES, code) && NOTICES[code]) || OTHER;
  const fill = (line: string) => line.replaceAll('%', providerLabel);
  return { kind, title: fill(title), text: fill(text) };
}

/** The code for the start page when a call failed and only a new consent helps. */
export function reauthorizeCode(error: unknown): string | undefined {
  if (!(error instanceof OAuthError) || !error.reauthorize) return undefined;
  return error.code === 'gone' ? 'gone' : 'reauthorize';
}
