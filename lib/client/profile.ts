import type { Profile as PassportProfile } from 'passport';
import type { Strategy as OAuth2Strategy } from 'passport-oauth2';
import { isText } from '../util/arguments.ts';

/** Passport's normalized profile (https://www.passportjs.org/reference/normalized-profile/). */
export interface Profile extends PassportProfile {
  /** The name of the provider, which is also that of the strategy. */
  provider: string;
  /** The user's id at the provider: stable, and always present. */
  id: string;
  /** The name to show; empty if the provider did not give one. */
  displayName: string;
  /** The parts of the name, of which one may be empty. */
  name?: { familyName: string; givenName: string };
  /** Pictures, the largest first. */
  photos?: { value: string }[];
}

/** What `userProfile` calls back, as passport-oauth2 types it: an override may give a profile of any type. */
export type ProfileCallback = Parameters<OAuth2Strategy['userProfile']>[1];

/** How a provider presents a user: each value may be missing, empty or of a wrong type. */
interface Appearance {
  displayName: unknown;
  familyName: unknown;
  givenName: unknown;
  /** The largest first. */
  photos: unknown[];
}

/** Adds name and pictures, normalized, to a profile; what is missing is left out. */
export function addAppearance(
  profile: Profile,
  { displayName, familyName, givenName, photos }: Appearance,
): void {
  if (isText(displayName)) profile.displayName = displayName;
  const name = {
    familyName: isText(familyName) ? familyName : '',
    givenName: isText(givenName) ? givenName : '',
  };
  if (name.familyName || name.givenName) profile.name = name;
  const pictures = photos.filter(isText);
  if (pictures.length > 0) profile.photos = pictures.map((value) => ({ value }));
}
