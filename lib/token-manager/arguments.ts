import type { TokenSet } from '../client/token-set.ts';
import { checkObject, checkSignal } from '../util/arguments.ts';
import { readTokens, type TokenInput } from './record.ts';

/**
 * Reads a token set that the app passes.
 *
 * @throws TypeError naming the field that is wrong; the message never contains its value
 */
export function checkTokens(tokens: TokenInput): TokenSet {
  checkIsObject(tokens, 'tokens');
  return readTokens(tokens, (field) => new TypeError(`"tokens.${field}" ${EXPECTED[field] ?? 'is wrong'}`));
}

const EXPECTED: Record<string, string> = {
  accessToken: 'must be a token: a non-empty string of visible ASCII characters',
  refreshToken: 'must be a token: a non-empty string of visible ASCII characters',
  tokenType: 'must be a string',
  scope: 'must be an array of strings',
  userID: 'must be a string',
  expiresAt: 'must be a valid Date',
  refreshTokenExpiresAt: 'must be a valid Date',
};

/** Like `checkObject`, for a value that has a type. */
export function checkIsObject(value: object, name: string): void {
  checkObject(value, name);
}

/** Checks the options of a call. */
export function checkCall(options: { signal?: AbortSignal | undefined }): void {
  checkIsObject(options, 'options');
  if (options.signal !== undefined) checkSignal(options.signal);
}
