const SLICE = 5; // ms

let end = 0;
let turn: Promise<void> | undefined;

/**
 * Runs work when the process has time for it. A burst of requests becomes ready in one turn of the event loop. Their
 * work takes at most 5 ms of each turn, so that timers and other requests are not delayed.
 */
export async function inTimeSlice<T>(work: () => T): Promise<Awaited<T>> {
  while (turn !== undefined && performance.now() >= end) await turn;
  if (turn === undefined) {
    end = performance.now() + SLICE;
    turn = new Promise((resolve) => {
      setImmediate(() => {
        turn = undefined;
        resolve();
      });
    });
  }
  // In the same task as the check, so that the time of this work counts for others that wait.
  return await work();
}
