// Checks of what callers pass in. A wrong argument is refused at the edge, by name, as a TypeError:
// a simulator that quietly ignores a mistyped option makes a test pass for the wrong reason.

/** Refuses anything but a plain object whose keys are all known. */
export function checkObject(value: unknown, name: string, keys: readonly string[]): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object`);
  }
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`${name} has no field "${unknown}"; it has: ${keys.join(', ')}`);
  }
}

/** Refuses anything but a non-empty string. */
export function checkText(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`"${name}" must be a non-empty string`);
}

/** Refuses anything but `true` and `false`. */
export function checkBoolean(value: unknown, name: string): asserts value is boolean {
  if (typeof value !== 'boolean') throw new TypeError(`"${name}" must be true or false`);
}

/** Refuses anything but a finite number from `min` to `max`. */
export function checkNumber(
  value: unknown,
  name: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER, integer = true } = {},
): asserts value is number {
  const fits = typeof value === 'number' && value >= min && value <= max && Number.isFinite(value);
  if (!fits || (integer && !Number.isInteger(value))) {
    throw new TypeError(`"${name}" must be ${integer ? 'an integer' : 'a number'} from ${min} to ${max}`);
  }
}

/** Refuses anything that is not one of the listed values. */
export function checkOneOf<T>(value: unknown, name: string, values: readonly T[]): asserts value is T {
  if (!values.some((one) => one === value)) {
    throw new TypeError(`"${name}" must be one of ${values.map((one) => JSON.stringify(one)).join(', ')}`);
  }
}

/** Refuses anything but an array of non-empty strings. */
export function checkTexts(value: unknown, name: string): asserts value is readonly string[] {
  if (!Array.isArray(value)) throw new TypeError(`"${name}" must be an array of strings`);
  for (const one of value) checkText(one, `${name}[]`);
}

/** Splits a scope given as an array or as space separated text. */
export function checkScope(value: unknown, name: string): string[] {
  if (typeof value === 'string') return value.split(/\s+/).filter(Boolean);
  checkTexts(value, name);
  return [...value];
}
