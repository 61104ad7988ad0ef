import { parseArgs } from 'node:util';
import type { SimulatorOptions } from './simulator.ts';
import { type FaultOptions, faultKinds } from './world/faults.ts';
import { endpointNames, providers } from './world/provider.ts';
import { type Switches, switchNames, valuesOf } from './world/switches.ts';

/** A wrong argument; the message names the flag. */
export class CommandError extends Error {}

/** The parsed arguments. */
export interface CommandOptions {
  readonly help: boolean;
  readonly version: boolean;
  readonly start: SimulatorOptions;
  readonly faults: readonly FaultOptions[];
}

export const usage = `Usage: fitbit-simulator [options]

Plays Fitbit and Google Health on this computer, to try out and test sign-in.

Server
  --port <number>          port to listen on, 0 for a free one (8400)
  --host <address>         loopback address to listen on (127.0.0.1)
  --allow-remote           let --host be an address that other machines reach

Apps
  --redirect-uri <url>     registered redirect URI (any URL on localhost) *
  --type <type>            Fitbit app: server, client or personal (server)
  --write                  give the Fitbit app read and write access

Behavior
  --switch <name=value>    what a provider may do in more than one way *
  --fault <endpoint=what>  an endpoint's next response goes wrong *
      token=503                                 a status
      fitbit:token=hang,times=3                 or close, truncate, html
      google-health:profile=late,delay=2000     milliseconds
      token=close,after,times=all               after it took effect
  * may be repeated

Other
  --version                print the version
  --help, -h               print this
`;

/** The flags of options that have another name in the API. */
const flags: Readonly<Record<string, string>> = {
  port: '--port',
  host: '--host',
  allowRemote: '--allow-remote',
  redirectURIs: '--redirect-uri',
  'redirectURIs[]': '--redirect-uri',
  type: '--type',
};

/** A message of the API, with flags instead of option names. */
export function flagged(message: string): string {
  return message
    .replaceAll(/"switches\.(\w+)"/g, '--switch $1')
    .replaceAll(/"([\w[\]]+)"/g, (quoted, name: string) => flags[name] ?? quoted);
}

/** Reads the arguments. Throws a CommandError for a wrong one. */
export function readArguments(args: readonly string[]): CommandOptions {
  const values = parse(args);
  if (!/^\d+$/.test(values.port) || Number(values.port) > 65_535) {
    throw new CommandError(`--port must be a number from 0 to 65535, not "${values.port}"`);
  }
  const type = (['server', 'client', 'personal'] as const).find((one) => one === values.type);
  if (type === undefined) {
    throw new CommandError(`--type must be server, client or personal, not "${values.type}"`);
  }
  return {
    help: values.help,
    version: values.version,
    start: {
      port: Number(values.port),
      host: values.host,
      allowRemote: values['allow-remote'],
      redirectURIs: values['redirect-uri'],
      fitbit: { type, access: values.write ? 'write' : 'read' },
      switches: readSwitches(values.switch),
    },
    faults: values.fault.map(readFault),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '8400' },
        host: { type: 'string', default: '127.0.0.1' },
        'allow-remote': { type: 'boolean', default: false },
        'redirect-uri': { type: 'string', multiple: true },
        type: { type: 'string', default: 'server' },
        write: { type: 'boolean', default: false },
        switch: { type: 'string', multiple: true, default: [] },
        fault: { type: 'string', multiple: true, default: [] },
        version: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    // Node's advice about positional arguments doesn't apply here.
    const message = error instanceof Error ? error.message : String(error);
    throw new CommandError(message.split('. ')[0]);
  }
}

function readSwitches(given: readonly string[]): Partial<Switches> {
  const changes: Record<string, unknown> = {};
  for (const one of given) {
    const [key = '', value] = splitAt(one, '=');
    const name = switchNames.find((known) => known === key);
    if (name === undefined) {
      throw new CommandError(`--switch ${key}: no such switch; the switches are: ${switchNames.join(', ')}`);
    }
    const values = valuesOf(name);
    const found = values?.find((known) => String(known) === value);
    if (values !== undefined && found === undefined) {
      throw new CommandError(`--switch ${name} must be ${values.join(', ')}, not "${value ?? ''}"`);
    }
    if (values === undefined && !/^[1-9]\d*$/.test(value ?? '')) {
      throw new CommandError(`--switch ${name} must be a positive integer, not "${value ?? ''}"`);
    }
    changes[name] = found ?? Number(value);
  }
  return changes;
}

/** Reads `[provider:]endpoint=what[,times=3][,delay=2000][,after]`. */
function readFault(given: string): FaultOptions {
  const wrong = (problem: string) => new CommandError(`--fault ${given}: ${problem}`);
  const [target = '', rest = ''] = splitAt(given, '=');
  const [where = '', of] = splitAt(target, ':').reverse();
  const provider = providers.find((one) => one === of);
  if (of !== undefined && provider === undefined) {
    throw wrong(`the provider must be ${providers.join(' or ')}, not "${of}"`);
  }
  const names = endpointNames[provider ?? 'google-health'];
  const endpoint = names.find((one) => one === where);
  if (endpoint === undefined) throw wrong(`the endpoint must be one of ${names.join(', ')}, not "${where}"`);

  const [what = '', ...details] = rest.split(',');
  const kind = faultKinds.find((one) => one === what);
  const isStatus = /^[2-5]\d\d$/.test(what);
  if (kind === undefined && what !== 'late' && !isStatus) {
    throw wrong(
      `what happens must be ${faultKinds.join(', ')}, late or a status from 200 to 599, not "${what}"`,
    );
  }
  const fault = {
    endpoint,
    provider,
    with: isStatus ? { status: Number(what), body: { error: 'server_error' } } : kind,
    times: 1,
    delay: 0,
    after: false,
  };
  for (const detail of details) {
    const [name = '', value = ''] = splitAt(detail, '=');
    if (detail === 'after') fault.after = true;
    else if (name === 'times' && value === 'all') fault.times = Number.POSITIVE_INFINITY;
    else if (name === 'times' && /^[1-9]\d*$/.test(value)) fault.times = Number(value);
    else if (name === 'delay' && /^\d{1,9}$/.test(value)) fault.delay = Number(value);
    else throw wrong(`"${detail}" must be times=<number or all>, delay=<ms> or after`);
  }
  if (what === 'late' && fault.delay === 0)
    throw wrong('a late response needs a delay, as in late,delay=2000');
  return fault;
}

/** The text before and after the first separator; only the text itself if there is none. */
function splitAt(given: string, separator: string): [string, string?] {
  const index = given.indexOf(separator);
  return index < 0 ? [given] : [given.slice(0, index), given.slice(index + 1)];
}
