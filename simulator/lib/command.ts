import { parseArgs } from 'node:util';
import { type Simulator, startSimulator } from './simulator.ts';

/** What the command prints to and listens on; a process has all of it. */
export interface CommandIO {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Called with what is to happen on SIGINT and SIGTERM. */
  readonly onStop: (stop: () => void) => void;
}

const usage = `Usage: fitbit-simulator [options]

Plays Fitbit and Google Health on this computer, for trying out and testing logins.

Options:
  --port <number>          port to listen on (default 8410; 0 for a free one)
  --host <address>         loopback address to listen on (default 127.0.0.1)
  --allow-remote           let --host be an address that other machines can reach
  --redirect-uri <url>     a registered redirect URI; may be repeated (default: any URL on localhost)
  --type <type>            type of the Fitbit app: server, client or personal (default server)
  --write                  give the Fitbit app read and write access
  --help                   print this
`;

/**
 * Runs the command line: `fitbit-simulator --port 8410`.
 *
 * @returns the exit code, once the simulator has ended: 0, 1 when it cannot start, 2 for wrong arguments.
 */
export async function runCommand(args: readonly string[], io: CommandIO): Promise<number> {
  let settings: Settings;
  try {
    settings = readArguments(args);
  } catch (error) {
    io.stderr.write(`${messageOf(error)}\n\n${usage}`);
    return 2;
  }
  if (settings.help) {
    io.stdout.write(usage);
    return 0;
  }
  let simulator: Simulator;
  try {
    simulator = await startSimulator(settings.options);
  } catch (error) {
    io.stderr.write(`The simulator cannot start: ${messageOf(error)}\n`);
    return error instanceof TypeError ? 2 : 1;
  }
  // Listen for signals first: who reads the banner may send one at once.
  const stopped = new Promise<void>((resolve) => io.onStop(resolve));
  io.stdout.write(banner(simulator));
  await stopped;
  await simulator.close();
  return 0;
}

interface Settings {
  readonly help: boolean;
  readonly options: Parameters<typeof startSimulator>[0];
}

function readArguments(args: readonly string[]): Settings {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '8410' },
      host: { type: 'string' },
      'allow-remote': { type: 'boolean', default: false },
      'redirect-uri': { type: 'string', multiple: true },
      type: { type: 'string', default: 'server' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (positionals[0] !== undefined) throw new TypeError(`Unexpected argument "${positionals[0]}"`);
  if (!/^\d+$/.test(values.port)) throw new TypeError(`--port must be a number, not "${values.port}"`);
  const type = (['server', 'client', 'personal'] as const).find((one) => one === values.type);
  if (type === undefined)
    throw new TypeError(`--type must be server, client or personal, not "${values.type}"`);
  return {
    help: values.help,
    options: {
      port: Number(values.port),
      host: values.host,
      allowRemote: values['allow-remote'],
      redirectURIs: values['redirect-uri'],
      fitbit: { type, access: values.write ? 'write' : 'read' },
    },
  };
}

function banner(simulator: Simulator): string {
  const list = (endpoints: object) =>
    Object.entries(endpoints)
      .map(([name, value]) => `  ${name.padEnd(17)} ${value}\n`)
      .join('');
  return `This is a SIMULATOR of Fitbit and Google Health: people and data are made up.

Control page: ${simulator.url}/

Fitbit
${list(simulator.fitbit)}
Google Health
${list(simulator.googleHealth)}
People: ${simulator.people
    .list()
    .map(({ id }) => id)
    .join(', ')}

Press Ctrl+C to stop.
`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
