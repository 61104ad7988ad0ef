import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Address } from './databases.ts';

/** What a worker is started with. */
export interface Start {
  /** Its name, which it gives to the provider as its client id. */
  name: string;
  database: Address;
  providerURL: string;
}

/** What a worker is told to do; `clock` is how far its clock is ahead, ms. */
export type Command = { id: number; clock: number } & ({ op: 'tokens'; users: string[] } | { op: 'recover' });

type Distribute<T> = T extends unknown ? Omit<T, 'id'> : never;

/** What a worker tells. */
export type Message =
  | { ready: true }
  | { begun: string }
  | { saved: string }
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
      else this.#waiting.get(message.id)?.(message.result);
    });
  }

  ready(): Promise<void> {
    return this.#ready;
  }

  /** Asks for access tokens; `undefined` if the process died meanwhile. */
  tokens(users: string[], clock: number): Promise<TokenResult[] | undefined> {
    return this.#call({ op: 'tokens', users, clock }) as Promise<TokenResult[] | undefined>;
  }

  recover(clock: number): Promise<unknown> {
    return this.#call({ op: 'recover', clock });
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
