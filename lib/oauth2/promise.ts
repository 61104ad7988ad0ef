/**
 * Hands a promise's outcome to a Node callback, in a task of its own: what the callback throws is its own, and
 * neither rejects the promise nor gets lost.
 */
export function toCallback<T>(promise: Promise<T>, callback: (error: Error | null, value?: T) => void): void {
  promise.then(
    (value) => process.nextTick(callback, null, value),
    (error: Error) => process.nextTick(callback, error),
  );
}

/** A promise of what a function calls back with. */
export function toPromise<T>(act: (callback: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    act((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}
