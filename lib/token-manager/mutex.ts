/** Locks by name within this process; who asks first is served first. */
export class Mutex {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `work` when all that was asked for under the same name before has ended. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(name);
    const promise = before === undefined ? work() : before.then(work);
    const tail = promise.catch(() => {});
    this.#tails.set(name, tail);
    try {
      return await promise;
    } finally {
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    }
  }
}

/** Lets a limited number of tasks run at the same time; who asks first is served first. */
export class Semaphore {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(size: number) {
    this.#free = size;
  }

  /**
   * @param timeout how long to wait for a place, ms
   * @throws Error no place in time; `work` is not called then
   */
  async run<T>(work: () => Promise<T>, timeout?: number): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(timeout);
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  #wait(timeout: number | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const next = () => {
        clearTimeout(timer);
        this.#waiting.delete(next);
        resolve();
      };
      this.#waiting.add(next);
      if (timeout === undefined) return;
      timer = setTimeout(() => {
        this.#waiting.delete(next);
        reject(new Error(`Too many refreshes are under way: no place for another one within ${timeout} ms`));
      }, timeout);
    });
  }
}
