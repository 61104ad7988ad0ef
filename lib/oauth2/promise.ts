/**
 * Hands a promise's outcome to a Node callback, in a task of its own: what the callback throws is its own, and
 * neither rejects the promise nor gets lost.
 */
export function toCallback<T>(promise: Promise<T>, callback: (error: Error | null, value?: T) => void): void {
  promise.then(
    (value) => queueMicrotask(() => callback(null, value)),
    (error: Error) => queueMicrotask(() => callback(error)),
  );
}
