import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A setting in the environment can't be used. The message says which one, and what to set. */
export class SettingError extends Error {
  override name = 'SettingError';
}

const DEFAULT_PORT = 3000;

/** What to do about an error of the operating system when a server can't listen. */
const PROBLEMS: Record<string, string> = {
  EADDRINUSE: 'The port is in use: set PORT to another one.',
  EACCES: 'This port needs more rights than you have: set PORT to a number above 1023.',
  EADDRNOTAVAIL: 'HOST is not an address of this computer: leave it out, or set it to one that is.',
  ENOTFOUND: 'HOST is not an address of this computer: leave it out, or set it to one that is.',
};

/**
 * Lets a server listen on `HOST` and `PORT`; by default on port 3000 of this computer only.
 *
 * @returns the port; with `PORT=0`, any free one
 * @throws SettingError
 */
export async function listen(server: Server, { PORT, HOST }: NodeJS.ProcessEnv): Promise<number> {
  const port = readPort(PORT);
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => {
      const problem = PROBLEMS[error.code ?? ''];
      reject(problem === undefined ? error : new SettingError(problem, { cause: error }));
    };
    server.once('error', refuse).listen(port, HOST ?? '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  const problem = text === '' ? 'PORT is empty' : `PORT is "${text}", which is not a port`;
  throw new SettingError(
    `${problem}: set it to a number from 0 to 65535, or leave it out for ${DEFAULT_PORT}.`,
  );
}

/** Ends the process with an error: a sentence for a wrong setting, the whole error for any other. */
export function exitAfter(error: unknown): never {
  console.error(error instanceof SettingError ? error.message : error);
  process.exit(1);
}
