import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Address } from './databases.ts';

/** What a worker is started with. */
export interface Start {
  /** Its name, which it gives to the provider as its client id. */
  name: string;
  database: Address;
  providerURL: string;
  /** The file of the clock that all processes share. */
  clockPath: string;
}

/** After what a worker can pause: a read, a claim, or the last check before it hands the token to `refresh`. */
export type PauseMoment = 'read' | 'claim' | 'check';

/** What a worker is told to do. */
export type Command = { id: number } & (
  | { op: 'tokens' | 'refresh'; users: string[] }
  | { op: 'recover' }
  | { op: 'pause'; after: PauseMoment }
);

type Distribute<T> = T extends unknown ? Omit<T, 'id'> : never;

/** What a worker tells. */
export type Message =
  | { ready: true }
  | { begun: string }
  | { saved: string }
  | { paused: true }
  | { id: number; result: unknown };

/** An access token, or how getting it failed. */
export type TokenResult = string | { code: string; message: string };

/** A process that uses a `TokenManager`. */
export class Worker {
  readonly name: string;
  /** The users whose refresh this process has begun and not ended. */
  readonly underWay = new Set<string>();
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  readonly #gone: Promise<void>;
  readonly #ready: Promise<void>;
  #calls = 0;

  constructor(program: string, start: Start) {
    this.name = start.name;
    this.#child = fork(program, [JSON.stringify(start)]);
    let onReady = () => {};
    this.#ready = new Promise((resolve, reject) => {
      onReady = resolve;
      this.#child.once('exit', () => reject(new Error('The worker did not start')));
    });
    this.#ready.catch(() => {});
    this.#gone = once(this.#child, 'close').then(() => {
      for (const resolve of this.#waiting.values()) resolve(undefined);
    });
    this.#child.on('message', (message: Message) => {
      if ('ready' in message) onReady();
      else if ('begun' in message) this.underWay.add(message.begun);
      else if ('saved' in message) this.underWay.delete(message.saved);
      else if ('paused' in message) this.onPaused();
      else this.#waiting.get(message.id)?.(message.result);
    });
  }

  ready(): Promise<void> {
    return this.#ready;
  }

  /** Asks for access tokens; `undefined` if the process died meanwhile. */
  tokens(users: string[]): Promise<TokenResult[] | undefined> {
    return this.#call({ op: 'tokens', users }) as Promise<TokenResult[] | undefined>;
  }

  /** Refreshes tokens that are still good. */
  refresh(users: string[]): Promise<TokenResult[] | undefined> {
    return this.#call({ op: 'refresh', users }) as Promise<TokenResult[] | undefined>;
  }

  recover(): Promise<unknown> {
    return this.#call({ op: 'recover' });
  }

  /** Makes the process pause at a moment of its next refresh, before it does anything else. */
  async pauseAfter(after: PauseMoment): Promise<void> {
    await this.#call({ op: 'pause', after });
  }

  /** Called when the process pauses. */
  onPaused: () => void = () => {};

  /** Stops the process where it is; `thaw` lets it go on. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends the process as nothing can catch; resolves when all that it has told is here. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  #call(command: Distribute<Command>): Promise<unknown> {
    const id = this.#calls++;
    return new Promise((resolve) => {
      this.#waiting.set(id, (result) => {
        this.#waiting.delete(id);
        resolve(result);
      });
      this.#child.send({ ...command, id }, (error) => {
        if (error) this.#waiting.get(id)?.(undefined);
      });
    });
  }
}
