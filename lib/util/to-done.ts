/**
 * Passes a promise's outcome to a Node callback, in a tick of its own: what the callback throws must not become a
 * rejection.
 */
export function toDone<T>(
  promise: Promise<T | undefined>,
  done: (error: Error | null, value?: T) => void,
): void {
  promise.then(
    (value) => process.nextTick(done, null, value),
    (error: Error) => process.nextTick(done, error),
  );
}
