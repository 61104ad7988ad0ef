import type { Agent } from 'node:http';

// Visible ASCII and space (RFC 6749, appendix A), which are safe in a header or a form.
const VSCHAR = /^[\x20-\x7e]+$/;

const MAX_TIMEOUT = 2 ** 31 - 1; // the longest that a Node timer can wait, ms

/** Whether a value is an object that is not `null` and not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value can be a token (RFC 6749, appendix A.12): visible ASCII, not empty. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && VSCHAR.test(value);
}

/** Whether a value is a string that is not empty. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Refuses any value but a non-empty string. */
export function checkString(value: unknown, name: string, remedy = ''): asserts value is string {
  if (typeof value !== 'string' || value === '') {
    throw new TypeError(`"${name}" must be a non-empty string${remedy && `: ${remedy}`}`);
  }
}

/** Refuses a value that can't be a token. The message never contains the value. */
export function checkToken(value: unknown, name: string): asserts value is string {
  checkString(value, name);
  if (!isToken(value)) throw new TypeError(`"${name}" must be a token: printable ASCII characters only`);
}

/** Refuses any value but an absolute http(s) URL without credentials and fragment. */
export function checkURL(value: unknown, name: string): asserts value is string {
  checkString(value, name);
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new TypeError(`"${name}" must be an absolute URL such as https://provider.example/oauth2/token`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError(`"${name}" must not contain a user name or password`);
  }
  if (value.includes('#')) throw new TypeError(`"${name}" must not contain a fragment (#…)`);
}

/** Refuses any value but an absolute URL or a path on the app's own host. */
export function checkCallbackURL(value: unknown, name = 'callbackURL'): asserts value is string {
  checkString(value, name);
  const absolute = /^[a-z][a-z\d+.-]*:\/\/[^/?#]/i.test(value) && URL.canParse(value);
  const path = /^\/(?![/\\])/.test(value);
  // URL parsers drop tabs and line breaks: "/", a tab and "/evil.example" is another host.
  if ((!absolute && !path) || /[#\t\r\n]/.test(value)) {
    throw new TypeError(
      `"${name}" must be an absolute URL without a fragment, exactly as registered with the provider, or a path that starts with "/"; tabs and line breaks are not allowed`,
    );
  }
}

/** Refuses any value but a time limit in ms. */
export function checkTimeout(value: unknown, name = 'timeout'): asserts value is number {
  if (typeof value !== 'number' || !(value > 0 && value <= MAX_TIMEOUT)) {
    throw new TypeError(`"${name}" must be a positive number of milliseconds, at most ${MAX_TIMEOUT}`);
  }
}

/** Refuses any value but true and false. */
export function checkBoolean(value: unknown, name: string, others = ''): asserts value is boolean {
  if (typeof value !== 'boolean') throw new TypeError(`"${name}" must be true or false${others}`);
}

/** Refuses any value but the known ones. */
export function checkOneOf<T extends string>(
  value: unknown,
  name: string,
  known: readonly T[],
): asserts value is T {
  if (!known.some((each) => each === value)) {
    throw new TypeError(`"${name}" must be one of ${known.map((each) => `"${each}"`).join(', ')}`);
  }
}

/** Refuses any value but a function. */
export function checkFunction(value: unknown, name: string): void {
  if (typeof value !== 'function') throw new TypeError(`"${name}" must be a function`);
}

/** Refuses any value but an `AbortSignal`. */
export function checkSignal(value: unknown, name = 'signal'): asserts value is AbortSignal {
  if (!(value instanceof AbortSignal)) throw new TypeError(`"${name}" must be an AbortSignal`);
}

/** Refuses any value but an object with named settings. */
export function checkObject(value: unknown, name: string): asserts value is Record<string, unknown> {
  if (!isObject(value)) throw new TypeError(`"${name}" must be an object`);
}

/** Refuses a value that can't be an HTTP agent. */
export function checkAgent(value: unknown, name = 'agent'): asserts value is Agent {
  if (!isObject(value) || typeof value.addRequest !== 'function') {
    throw new TypeError(`"${name}" must be an http.Agent or https.Agent`);
  }
}
