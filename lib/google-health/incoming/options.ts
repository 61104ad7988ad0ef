import { checkFunction, checkTimeout } from '../../util/arguments.ts';

/** Refuses any value but a whole number from 1. */
function checkCount(value: unknown, name: string): void {
  if (!Number.isSafeInteger(value) || Number(value) < 1) {
    throw new TypeError(`"${name}" must be a whole number, 1 or more`);
  }
}

/** Refuses an object without the methods of an interface. */
function checkMethod(value: unknown, name: string, method: string): void {
  if (typeof Object(value)[method] !== 'function') {
    throw new TypeError(`"${name}" must be an object with a method "${method}"`);
  }
}

/** Checks the options that webhooks and security events share. */
export function checkSharedOptions(options: {
  onError?: unknown;
  tokens?: unknown;
  userID?: unknown;
  seen?: unknown;
  concurrency?: unknown;
  maxPending?: unknown;
  bodyTimeout?: number | undefined;
}): void {
  for (const name of ['onError', 'userID'] as const) {
    if (options[name] !== undefined) checkFunction(options[name], name);
  }
  for (const name of ['concurrency', 'maxPending'] as const) {
    if (options[name] !== undefined) checkCount(options[name], name);
  }
  if (options.tokens !== undefined) checkMethod(options.tokens, 'tokens', 'refresh');
  if (options.seen !== undefined) checkMethod(options.seen, 'seen', 'add');
  if (options.bodyTimeout !== undefined) checkTimeout(options.bodyTimeout, 'bodyTimeout');
}
