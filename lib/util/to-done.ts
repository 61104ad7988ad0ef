/** Passes a promise's outcome to a Node callback. An exception of the callback becomes an unhandled rejection. */
export function toDone<T>(
  promise: Promise<T | undefined>,
  done: (error: Error | null, value?: T) => void,
): void {
  promise.then((value) => done(null, value), done);
}
