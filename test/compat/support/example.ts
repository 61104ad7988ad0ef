import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const START_TIMEOUT = 300_000; // ms; Next.js is built first
const STOP_TIMEOUT = 10_000; // ms

/** A command that runs an example in a folder, as a user would start it. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A running example. */
export class Example {
  readonly url: string;
  readonly #child: ChildProcess;
  #output = '';

  private constructor({ file, args, cwd, env }: Command, port: number) {
    this.url = `http://localhost:${port}`;
    // In a process group of its own: npm starts the app as a grandchild.
    this.#child = spawn(file, args, {
      cwd,
      env: { ...env, PORT: String(port), NEXT_TELEMETRY_DISABLED: '1' },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk) => {
        this.#output += chunk;
      });
    }
  }

  static async start(command: Command): Promise<Example> {
    return new Example(command, await freePort());
  }

  /** What it has printed. */
  get output(): string {
    return this.#output;
  }

  /** Waits until a condition holds; rejects if the example ends before. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    for (const end = Date.now() + START_TIMEOUT; !(await condition()); await sleep(200)) {
      if (this.#child.exitCode !== null) throw new Error(`It ended with ${this.#child.exitCode}`);
      if (Date.now() > end) throw new Error(`It was not ready after ${START_TIMEOUT} ms`);
    }
  }

  /** Waits until the app responds. */
  responds(): Promise<void> {
    return this.until(async () => (await fetch(this.url).catch(() => undefined))?.ok ?? false);
  }

  /** Ends it, as Ctrl-C or a process manager does; gives the exit code, which is null after a SIGKILL. */
  async stop(): Promise<number | null> {
    const { pid, exitCode } = this.#child;
    if (pid === undefined || exitCode !== null) return exitCode;
    const closed = once(this.#child, 'close');
    process.kill(-pid, 'SIGTERM');
    const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), STOP_TIMEOUT);
    const [code] = await closed;
    clearTimeout(timer);
    return code;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('There is no port');
  return address.port;
}
