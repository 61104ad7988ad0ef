import { readFileSync } from 'node:fs';

export const TOKEN_URL = 'https://api.fitbit.com/oauth2/token';
export const PROFILE_URL = 'https://api.fitbit.com/1/user/-/profile.json';
export const INTROSPECTION_URL = 'https://api.fitbit.com/1.1/oauth2/introspect';
export const REVOCATION_URL = 'https://api.fitbit.com/oauth2/revoke';

/** Base64 of `CID:s3cret`. */
export const BASIC = 'Basic Q0lEOnMzY3JldA==';

export const client = { clientID: 'CID', clientSecret: 's3cret' };

/** A recorded body in `test/fixtures/fitbit`. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/fitbit/${name}`, import.meta.url), 'utf8');
}
