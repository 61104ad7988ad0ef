// Checks of what callers pass in. A wrong argument is a TypeError that names it. If a mistyped option
// were ignored, a test could pass for the wrong reason.

/** Throws a TypeError with `name` in its message if the value is wrong. */
export type Check = (value: unknown, name: string) => void;

/**
 * Accepts only an object whose fields are all known and valid. An undefined field counts as absent.
 *
 * @param prefix the start of the fields' names in messages: `clock.` makes `"clock.startAt"`
 */
export function checkFields<T extends object>(
  value: T,
  name: string,
  checks: Readonly<Record<keyof T, Check>>,
  prefix = '',
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object`);
  }
  const known = new Map<string, Check>(Object.entries(checks));
  for (const [key, field] of Object.entries(value)) {
    const check = known.get(key);
    if (check === undefined) {
      throw new TypeError(`${name} has no field "${key}"; its fields are: ${[...known.keys()].join(', ')}`);
    }
    if (field !== undefined) check(field, `${prefix}${key}`);
  }
}

/** A non-empty string. */
export function text(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`"${name}" must be a non-empty string`);
}

/** An array of non-empty strings. */
export function texts(value: unknown, name: string): asserts value is readonly string[] {
  if (!Array.isArray(value)) throw new TypeError(`"${name}" must be an array of strings`);
  for (const one of value) text(one, `${name}[]`);
}

/** `true` or `false`. */
export function boolean(value: unknown, name: string): asserts value is boolean {
  if (typeof value !== 'boolean') throw new TypeError(`"${name}" must be true or false`);
}

/** A number from `min` to `max`. */
export function number({ min = 0, max = Number.MAX_SAFE_INTEGER, integer = true }): Check {
  return (value, name) => {
    const fits = typeof value === 'number' && value >= min && value <= max;
    if (!fits || (integer && !Number.isInteger(value))) {
      throw new TypeError(`"${name}" must be ${integer ? 'an integer' : 'a number'} from ${min} to ${max}`);
    }
  };
}

/** One of the listed values. */
export function oneOf(values: readonly unknown[]): Check {
  return (value, name) => {
    if (values.includes(value)) return;
    throw new TypeError(`"${name}" must be one of ${values.map((one) => JSON.stringify(one)).join(', ')}`);
  };
}

/** A date such as 1990-12-31. */
export function date(value: unknown, name: string): void {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value) || Number.isNaN(Date.parse(value))) {
    throw new TypeError(`"${name}" must be a date such as 1990-12-31`);
  }
}

/** A scope: an array, or text with spaces in between. */
export function scope(value: unknown, name: string): void {
  if (typeof value !== 'string') texts(value, name);
}

/** Any value, which is checked elsewhere. */
export function anything(): void {}

/** The scopes of an array, or of text with spaces in between, each once. */
export function splitScope(given: string | readonly string[]): string[] {
  return [...new Set(typeof given === 'string' ? given.split(/\s+/).filter(Boolean) : given)];
}
