/** One piece of work. It must not reject. */
export type Job = () => Promise<void>;

/** Runs jobs in the order of their arrival, a limited number at a time, and queues a limited number. */
export class WorkQueue {
  readonly #concurrency: number;
  readonly #limit: number;
  readonly #waiting: Job[] = [];
  #running = 0;
  #idle: (() => void)[] = [];

  /**
   * @param concurrency how many jobs run at a time
   * @param limit how many jobs may wait or run
   */
  constructor(concurrency: number, limit: number) {
    this.#concurrency = concurrency;
    this.#limit = limit;
  }

  /**
   * Whether this many more jobs fit. An empty queue accepts any number: otherwise a batch above the limit would never
   * fit.
   */
  fits(count: number): boolean {
    const held = this.#waiting.length + this.#running;
    return held === 0 || held + count <= this.#limit;
  }

  /** Takes jobs and resolves when they are done. The first one starts in a later turn of the event loop. */
  async add(jobs: readonly Job[]): Promise<void> {
    const done = jobs.map(
      (job) =>
        new Promise<void>((resolve) => {
          this.#waiting.push(() => job().finally(resolve));
        }),
    );
    setImmediate(() => this.#start());
    await Promise.all(done);
  }

  /** Resolves when no job waits or runs. */
  async idle(): Promise<void> {
    if (this.#waiting.length + this.#running === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #start(): void {
    while (this.#running < this.#concurrency && this.#waiting.length > 0) {
      this.#running += 1;
      this.#work();
    }
  }

  async #work(): Promise<void> {
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      await job();
    }
    this.#running -= 1;
    if (this.#running > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
