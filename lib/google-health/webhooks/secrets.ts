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
    '"secret" must be the whole value of the Authorization header that you registered, such as "Bearer …", or a list of such values: visible ASCII characters, no space at either end',
  );
}

/** Whether a value is one of the secrets, in a time that depends on neither. */
export function isSecret(value: string, secrets: readonly string[]): boolean {
  // Digests have one length, whatever the values' is.
  const given = digest(value);
  let found = false;
  // All of them: stopping at the first would tell which one it is.
  for (const secret of secrets) found = timingSafeEqual(digest(secret), given) || found;
  return found;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
