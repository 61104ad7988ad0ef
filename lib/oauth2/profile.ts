import { isText } from './arguments.ts';

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

/** What people are shown by, as a provider has it: each value may be missing, empty or of a wrong type. */
interface Appearance {
  displayName: unknown;
  familyName: unknown;
  givenName: unknown;
  /** The largest first. */
  photos: unknown[];
}

/** Adds the name and the pictures, normalised, to a profile; what is not there is left out. */
export function addAppearance(
  profile: Profile,
  { displayName, familyName, givenName, photos }: Appearance,
): void {
  if (isText(displayName)) profile.displayName = displayName;
  const name: Profile['name'] = {};
  if (isText(familyName)) name.familyName = familyName;
  if (isText(givenName)) name.givenName = givenName;
  if (name.familyName !== undefined || name.givenName !== undefined) profile.name = name;
  const pictures = photos.filter(isText);
  if (pictures.length > 0) profile.photos = pictures.map((value) => ({ value }));
}
