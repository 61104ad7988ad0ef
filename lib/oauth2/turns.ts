type Task = (end: () => void) => void;

// Who waits, by session id.
const turns = new Map<string, Task[]>();

/** The longest turn, ms: a store whose answer got lost must not lock the browser out for good. */
const MAX_TURN = 10_000;

/** Runs a task when the tasks before it have ended; those of other sessions don't matter. */
export function takeTurn(id: string | undefined, task: Task): void {
  if (id === undefined) return task(() => {});
  const run = (next: Task) => {
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      const following = turns.get(id)?.shift();
      if (following === undefined) turns.delete(id);
      else queueMicrotask(() => run(following)); // what it throws is not the affair of the request that ends
    };
    const timer = setTimeout(end, MAX_TURN);
    timer.unref?.(); // jsdom's timers are numbers
    try {
      next(end);
    } catch (error) {
      end();
      throw error;
    }
  };
  const waiting = turns.get(id);
  if (waiting !== undefined) waiting.push(task);
  else {
    turns.set(id, []);
    run(task);
  }
}
