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
  /** The parts of the name. One of them may be empty. */
  name?: { familyName: string; givenName: string };
  /** Pictures, the largest first. */
  photos?: { value: string }[];
}

/** The callback of `userProfile`, with passport-oauth2's types: an override may return a profile of any type. */
export type ProfileCallback = Parameters<OAuth2Strategy['userProfile']>[1];

/** A user's name and pictures from a provider. Each value may be missing, empty or of a wrong type. */
interface Appearance {
  displayName: unknown;
  familyName: unknown;
  givenName: unknown;
  /** The largest first. */
  photos: unknown[];
}

/** Adds the normalized name and pictures to a profile. Missing values are omitted. */
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
