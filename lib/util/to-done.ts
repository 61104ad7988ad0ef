/** Passes a promise's outcome to a Node callback. What the callback throws becomes an unhandled rejection. */
export function toDone<T>(
  promise: Promise<T | undefined>,
  done: (error: Error | null, value?: T) => void,
): void {
  promise.then((value) => done(null, value), done);
}
