const SLICE = 5; // ms

let end = 0;
let turn: Promise<void> | undefined;

/**
 * Runs work when the process has time for it. A burst of requests becomes ready in one turn of the event loop; no more
 * than 5 ms of each turn go to their work, so that timers and other requests are not held up.
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
  // In the same task as the check: whoever waits as well counts what this takes.
  return await work();
}
