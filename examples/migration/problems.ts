const STATE =
  'This was already finished, or you signed in or out meanwhile. Nothing was changed; please start again.';

/** The texts for failed sign-ins and connections, by code. */
const PROBLEMS: Record<string, string> = {
  access_denied: 'You did not allow access, so nothing was changed.',
  account_not_linked:
    'This Google account has no Google Health or Fitbit profile. Choose the account that your device uses.',
  missing_scope: 'We can’t recognize you without your Google Health profile. Please select it.',
  account_conflict:
    'Your account here is connected to another Google account of yours. Sign in with that one.',
  account_not_migrated:
    'Your Fitbit account has not been moved to Google yet. Move it in the Fitbit or Google Health app and finish the setup, then try again.',
  profile_not_ready:
    'Your Google Health profile is not ready yet. Finish the setup in the Google Health app, then try again.',
  admin_policy_enforced:
    'The administrator of your Google account does not allow this. Choose another account, or ask your administrator.',
  permission_denied:
    'Google does not share your Google Health data with us. Check in the Google Health app that the setup is finished, then try again.',
  signed_out: 'You have been signed out. Sign in to continue.',
  state_missing: STATE,
  state_mismatch: STATE,
  state_expired: 'That took more than ten minutes. Please start again.',
  gone: 'Fitbit’s sign-in has been shut down. Continue with Google Health.',
};

/** The text for the code in a link. The code itself is never shown, because anyone can change it. */
export function problemFor(code: unknown): string | undefined {
  if (typeof code !== 'string') return undefined;
  return (Object.hasOwn(PROBLEMS, code) && PROBLEMS[code]) || 'That did not work. Please try again.';
}
