/** What a page says of a login that did not work, by its code. */
const PROBLEMS: Record<string, string> = {
  access_denied: 'You said no, and nothing was changed.',
  account_not_linked:
    'This Google account has no Google Health or Fitbit profile. Choose the account that your device uses.',
  missing_scope:
    'Without a look at your Google Health profile we can’t tell who you are. Leave that box selected.',
  account_conflict: 'Your account here belongs to another Google account of yours. Sign in with that one.',
  account_not_migrated:
    'Your Fitbit account has not been moved to Google yet. Move it in the Fitbit or Google Health app and finish the setup, then sign in again.',
  profile_not_ready:
    'Your Google Health profile is not ready yet. Finish the setup in the Google Health app.',
  permission_denied: 'Google does not let us see your Google Health data. We are looking into it.',
  reconnect: 'Your connection had ended. Sign in again to renew it.',
};

/** The text for a code out of a link. What anybody may have written into the link is never shown itself. */
export function problemFor(code: unknown): string | undefined {
  if (typeof code !== 'string') return undefined;
  return (Object.hasOwn(PROBLEMS, code) && PROBLEMS[code]) || 'That did not work. Please try again.';
}
