import { createHash, timingSafeEqual } from 'node:crypto';
import { isToken } from '../../util/arguments.ts';

/**
 * Checks the values of the `Authorization` header that an app accepts.
 *
 * @throws TypeError if one is unusable
 */
export function toSecrets(secret: string | readonly string[]): readonly string[] {
  const list = typeof secret === 'string' ? [secret] : secret;
  const isUsable = (each: unknown) => isToken(each) && each.trim() === each;
  if (Array.isArray(list) && list.length > 0 && list.every(isUsable)) return list;
  throw new TypeError(
    '"secret" must be the whole value of the Authorization header that you registered, such as "Bearer …", or a list of such values: printable ASCII characters, no space at either end',
  );
}

/** Whether a value is one of the secrets, in constant time. */
export function isSecret(value: string, secrets: readonly string[]): boolean {
  // Digests have the same length, even if the values don't.
  const given = digest(value);
  let found = false;
  // Compares all of them: the time of stopping early would reveal which one matched.
  for (const secret of secrets) found = timingSafeEqual(digest(secret), given) || found;
  return found;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
