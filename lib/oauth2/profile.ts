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

/** Normalises name and pictures; what is not there is left out. */
export function toAppearance({
  displayName,
  familyName,
  givenName,
  photos,
}: Appearance): Pick<Profile, 'displayName' | 'name' | 'photos'> {
  const pictures = photos.filter(isText).map((value) => ({ value }));
  return {
    ...(isText(displayName) && { displayName }),
    ...((isText(familyName) || isText(givenName)) && {
      name: { ...(isText(familyName) && { familyName }), ...(isText(givenName) && { givenName }) },
    }),
    ...(pictures.length > 0 && { photos: pictures }),
  };
}
