import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** A clock that several processes share through a file: a test sets it forward for all of them at once. */
export class SharedClock {
  readonly path: string;
  #ahead = 0;

  constructor(path: string) {
    this.path = path;
  }

  now(): number {
    return Date.now() + Number(readFileSync(this.path, 'utf8'));
  }

  /** Sets the clock forward. Only one process may do so; with 0, it creates the file. */
  advance(ms: number): void {
    this.#ahead += ms;
    // In one step: a reader must not find half of it.
    writeFileSync(`${this.path}.new`, String(this.#ahead));
    renameSync(`${this.path}.new`, this.path);
  }
}
