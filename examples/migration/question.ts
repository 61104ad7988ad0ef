import type { Account, Accounts, GoogleAccount } from './accounts.ts';

/** The question before a Google account is connected. */
export type Question =
  /** The Google account is new here, and not the one of this account or of its Fitbit account. */
  | { kind: 'unfamiliar' }
  /** The Google account, or its Fitbit account, belongs to another account here. The user can switch to it. */
  | { kind: 'switch'; owner: Account }
  /** Its Fitbit account belongs to another account here, which has another Google account. */
  | { kind: 'taken' };

/** The question before a Google account is connected to an account; none if both clearly belong to the same user. */
export function questionFor(
  account: Account,
  google: GoogleAccount,
  accounts: Accounts,
): Question | undefined {
  const owner = accounts.ownerOf(google);
  const fits = ({ healthUserId }: Account) => healthUserId === null || healthUserId === google.healthUserId;
  if (owner === undefined) return { kind: 'unfamiliar' };
  if (owner.id === account.id) return fits(account) ? undefined : { kind: 'unfamiliar' };
  return fits(owner) ? { kind: 'switch', owner } : { kind: 'taken' };
}
