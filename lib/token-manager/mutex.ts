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
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(size: number) {
    this.#free = size;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
