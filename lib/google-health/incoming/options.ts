/** Refuses what is not a function. */
export function checkFunction(value: unknown, name: string): void {
  if (typeof value !== 'function') throw new TypeError(`"${name}" must be a function`);
}

/** Refuses what is not a whole number from 1. */
export function checkCount(value: unknown, name: string): void {
  if (!Number.isSafeInteger(value) || Number(value) < 1) {
    throw new TypeError(`"${name}" must be a whole number, 1 or more`);
  }
}

/** Refuses an object without the methods of an interface. */
export function checkMethod(value: unknown, name: string, method: string): void {
  if (typeof Object(value)[method] !== 'function') {
    throw new TypeError(`"${name}" must be an object with a method "${method}"`);
  }
}
