import { CommandError, type CommandOptions, flagged, readArguments, usage } from './command-arguments.ts';
import { type Simulator, startSimulator } from './simulator.ts';

/** The command's input and output: the part of `process` that it uses. */
export interface CommandIO {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** The package's version. */
  readonly version: string;
  /** Sets the function to call on SIGINT and SIGTERM. */
  readonly onStop: (stop: () => void) => void;
}

/**
 * Runs the command line: `fitbit-simulator --port 8400`.
 *
 * @returns the exit code, once the simulator has ended: 0, 1 when it cannot start, 2 for wrong arguments.
 */
export async function runCommand(args: readonly string[], io: CommandIO): Promise<number> {
  let simulator: Simulator;
  let options: CommandOptions;
  try {
    options = readArguments(args);
    if (options.help || options.version) {
      io.stdout.write(options.help ? usage : `${io.version}\n`);
      return 0;
    }
    simulator = await startSimulator(options.start);
  } catch (error) {
    const { message, exitCode } = explain(error);
    const hint = exitCode === 2 ? 'Options: fitbit-simulator --help\n' : '';
    io.stderr.write(`fitbit-simulator: ${message}\n${hint}`);
    return exitCode;
  }
  for (const fault of options.faults) simulator.fail(fault);
  // Before the table is printed, because a signal may arrive immediately after it.
  const stopped = new Promise<void>((resolve) => io.onStop(resolve));
  io.stdout.write(table(simulator, io.version));
  await stopped;
  await simulator.close();
  return 0;
}

/** The message for an error, in terms of the command's options, and the exit code. */
function explain(error: unknown): { message: string; exitCode: 1 | 2 } {
  if (error instanceof CommandError) return { message: error.message, exitCode: 2 };
  if (error instanceof TypeError) return { message: flagged(error.message), exitCode: 2 };
  if (!(error instanceof Error)) return { message: String(error), exitCode: 1 };
  const { code, port, address }: Error & { code?: string; port?: number; address?: string } = error;
  if (code === 'EADDRINUSE') {
    return {
      message: `port ${port} is taken by another program; choose another with --port, or a free one with --port 0`,
      exitCode: 1,
    };
  }
  if (code === 'EACCES') {
    return { message: `port ${port} is reserved for the system; choose another with --port`, exitCode: 1 };
  }
  if (code === 'EADDRNOTAVAIL') {
    return { message: `--host ${address} is not an address of this computer`, exitCode: 1 };
  }
  return { message: `the simulator cannot start: ${error.message}`, exitCode: 1 };
}

/** The options to paste into an app's code, and who can sign in. */
function table(simulator: Simulator, version: string): string {
  const options = (endpoints: object) =>
    Object.entries(endpoints)
      .map(([name, value]) => `  ${name}: '${value}',`)
      .join('\n');
  const people = simulator.people.list().map(({ id, about }) => `  ${id.padEnd(8)} ${about}`);
  return `fitbit-simulator ${version}: not Fitbit, not Google; people and data are made up.

Control page  ${simulator.url}/

Options of GoogleHealthStrategy
${options(simulator.googleHealth)}
  // ${simulator.apiURL.googleHealth} replaces https://health.googleapis.com

Options of FitbitStrategy
${options(simulator.fitbit)}
  // ${simulator.apiURL.fitbit} replaces https://api.fitbit.com

People
${people.join('\n')}

Press Ctrl+C to stop.
`;
}
