import { OAuthError } from 'passport-fitbit-strategy';

/** What the start page says. */
export interface Notice {
  kind: 'info' | 'warning';
  title: string;
  text: string;
}

const AGAIN = 'Please try again in a moment.';

/** By code. `%` stands for the provider. */
const NOTICES: Record<string, readonly [kind: Notice['kind'], title: string, text: string]> = {
  // The user's decisions
  signed_out: ['info', 'You are signed out', 'See you soon.'],
  revoked: ['info', 'Disconnected', 'You are signed out, and Daywalk no longer has access to your % data.'],
  sign_in: ['info', 'Please sign in', 'This page is yours alone, so we need to know who you are.'],
  access_denied: [
    'info',
    'You said no, and that is fine',
    'Nothing was shared with Daywalk. Change your mind at any time.',
  ],
  missing_scope: [
    'warning',
    'One permission is missing',
    'To sign you in, Daywalk has to know who you are. Please select at least the box for your % profile.',
  ],
  account_not_linked: [
    'warning',
    'No health data in this account',
    'This Google account does not have a Google Health profile yet. Set one up, or choose another account.',
  ],

  account_conflict: [
    'warning',
    'This Fitbit account belongs to another Google account here',
    'Please sign in with that one.',
  ],
  account_not_migrated: [
    'warning',
    'Your Fitbit account is not on Google yet',
    'Move it to your Google account in the Fitbit or Google Health app and finish the setup. Then sign in here.',
  ],
  profile_not_ready: [
    'warning',
    'Your Google Health profile is not ready yet',
    'Open the Google Health app and finish the setup. Then sign in here.',
  ],
  admin_policy_enforced: [
    'warning',
    'Your administrator does not allow this',
    'Sign in with another Google account, or ask your administrator to allow Daywalk.',
  ],
  permission_denied: [
    'warning',
    '% does not let us in',
    'That is our mistake, not yours. We are looking into it.',
  ],

  // The login did not come back as it left
  state_missing: [
    'warning',
    'We could not match that sign-in to your browser',
    'Please start again. If it keeps happening, allow cookies for this site.',
  ],
  state_mismatch: ['warning', 'That sign-in was used already', 'Please start again from here.'],
  state_expired: [
    'warning',
    'That took a little too long',
    'A sign-in is open for ten minutes. Please start again.',
  ],
  invalid_callback: ['warning', 'That link is not complete', 'Please start again from here.'],
  invalid_grant: ['warning', 'That sign-in is no longer valid', 'Please start again from here.'],

  // The consent is gone: see `reauthorize`
  reauthorize: ['warning', 'Your connection to % has ended', 'Please sign in again to renew it.'],
  gone: [
    'warning',
    'Fitbit’s own sign-in has been shut down',
    'Continue with Google Health: your Fitbit account lives on there.',
  ],

  // The provider's faults
  rate_limited: ['warning', '% is very busy', 'It asks us to wait. Please try again a little later.'],
  timeout: ['warning', '% did not answer in time', AGAIN],
  connection: ['warning', '% can’t be reached', AGAIN],
  server_error: ['warning', '% has a problem right now', AGAIN],
  temporarily_unavailable: ['warning', '% has a problem right now', AGAIN],
  invalid_client: [
    'warning',
    'Sign-in is not set up correctly',
    'That is our mistake, not yours. We are looking into it.',
  ],
};

const OTHER = ['warning', '% gave an answer that we do not understand', AGAIN] as const;

/** The text for a code. */
export function noticeFor(code: string, providerLabel: string): Notice {
  const [kind, title, text] = (Object.hasOwn(NOTICES, code) && NOTICES[code]) || OTHER;
  const fill = (line: string) => line.replaceAll('%', providerLabel);
  return { kind, title: fill(title), text: fill(text) };
}

/** The code to send along when a call of a signed-in person failed for good, and only a new consent helps. */
export function reauthorizeCode(error: unknown): string | undefined {
  if (!(error instanceof OAuthError) || !error.reauthorize) return undefined;
  return error.code === 'gone' ? 'gone' : 'reauthorize';
}
