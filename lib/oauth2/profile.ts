/** Passport's normalised profile (https://www.passportjs.org/reference/normalized-profile/). */
export interface Profile {
  /** The name of the provider: `fitbit` or `google-health`. */
  provider: string;
  /** The person's id with the provider: stable, and always there. */
  id: string;
  /** The name to show. */
  displayName?: string;
  /** The parts of the name. */
  name?: { familyName?: string; givenName?: string };
  /** Pictures, the largest first. */
  photos?: { value: string }[];
}
