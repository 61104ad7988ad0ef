/** Passes a promise's outcome to a Node callback. What the callback throws is an unhandled rejection, as in Node. */
export function toDone<T>(
  promise: Promise<T | undefined>,
  done: (error: Error | null, value?: T) => void,
): void {
  promise.then((value) => done(null, value), done);
}
