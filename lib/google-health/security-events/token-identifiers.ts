import { createHash } from 'node:crypto';
import { checkToken } from '../../util/arguments.ts';

/**
 * Returns the two identifiers by which Google refers to a refresh token in a `token-revoked` event. To match events
 * with tokens, store both beside the tokens.
 *
 * @returns `prefix`: the first 16 characters; `hash`: base64 of the SHA-512 of the SHA-512
 */
export function tokenIdentifiers(refreshToken: string): { prefix: string; hash: string } {
  checkToken(refreshToken, 'refreshToken');
  const once = createHash('sha512').update(refreshToken).digest();
  return {
    prefix: refreshToken.slice(0, 16),
    hash: createHash('sha512').update(once).digest('base64'),
  };
}
