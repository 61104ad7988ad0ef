import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** A clock that several processes share through a file: all of them see at once that a test has put it forward. */
export class SharedClock {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  now(): number {
    return Date.now() + Number(readFileSync(this.path, 'utf8'));
  }

  /** @param ms how far the clock is ahead of the system's */
  set(ms: number): void {
    // In one step: a reader must not find half of it.
    writeFileSync(`${this.path}.new`, String(ms));
    renameSync(`${this.path}.new`, this.path);
  }
}
