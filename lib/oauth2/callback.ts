import type { Request } from 'express';
import { isObject } from './arguments.ts';

/** The longest parameter of a callback that is looked at, characters. */
export const MAX_PARAMETER = 4096;

/**
 * Names the parameter of a callback that is not one plain value: given twice (RFC 6749, section 3.1), as an
 * array or object, empty, or too long. Both of Express's query parsers are covered: one makes `code[]=a` an
 * array under `code`, the other a string under `code[]`.
 */
export function invalidParameter({ query, body }: Request): string | undefined {
  return wrongIn(query) ?? (isObject(body) && 'code' in body ? wrongIn(body) : undefined);
}

const NAME = /^(?:code|state|error)(?=\[|$)/;

function wrongIn(params: unknown): string | undefined {
  if (!isObject(params)) return undefined;
  for (const key in params) {
    const name = NAME.exec(key)?.[0];
    if (name === undefined) continue;
    const value = params[key];
    if (name !== key || typeof value !== 'string' || value === '' || value.length > MAX_PARAMETER)
      return name;
  }
  return undefined;
}
