import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

/** The first of the paths that exists; an error that says what to install if none does. */
export function program(paths: readonly string[], remedy: string): string {
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${paths.join(' or ')} is missing: ${remedy}`);
  return found;
}

/** The ids of a user of the system. */
export function idsOf(user: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** A server that a test starts and stops. */
export class Daemon {
  #child: ChildProcess | undefined;
  #output = '';
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #options: SpawnOptions;
  readonly #ready: () => Promise<unknown>;

  /** @param ready rejects for as long as the server is not ready */
  constructor(
    command: string,
    args: readonly string[],
    options: SpawnOptions,
    ready: () => Promise<unknown>,
  ) {
    this.#command = command;
    this.#args = args;
    this.#options = options;
    this.#ready = ready;
  }

  async start(): Promise<void> {
    const child = spawn(this.#command, this.#args, { ...this.#options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const collect = (chunk: Buffer) => {
      this.#output = (this.#output + chunk).slice(-4000);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    process.once('exit', this.#killAtExit);
    for (const end = Date.now() + 30_000; ; ) {
      try {
        await this.#ready();
        return;
      } catch (error) {
        if (child.exitCode !== null || Date.now() > end) {
          throw new Error(`${this.#command} did not start:\n${this.#output}`, { cause: error });
        }
        await sleep(50);
      }
    }
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    process.removeListener('exit', this.#killAtExit);
    if (child === undefined || child.exitCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  readonly #killAtExit = () => {
    this.#child?.kill('SIGKILL');
  };
}
