import { checkObject, checkToken } from '../oauth2/arguments.ts';
import type { TokenSet } from '../oauth2/tokens.ts';

/** Refuses what is not a token set. */
export function checkTokenSet(tokens: TokenSet): void {
  checkIsObject(tokens, 'tokens');
  checkToken(tokens.accessToken, 'tokens.accessToken');
  if (tokens.refreshToken !== undefined) checkToken(tokens.refreshToken, 'tokens.refreshToken');
  if (!(tokens.expiresAt instanceof Date) || Number.isNaN(tokens.expiresAt.getTime())) {
    throw new TypeError('"tokens.expiresAt" must be a valid Date');
  }
}

/** As `checkObject`, for a value whose type is declared. */
export function checkIsObject(value: object, name: string): void {
  checkObject(value, name);
}

/** Refuses what is not a function. */
export function checkFunction(value: unknown, name: string): void {
  if (typeof value !== 'function') throw new TypeError(`"${name}" must be a function`);
}
