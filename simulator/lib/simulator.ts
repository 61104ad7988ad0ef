import { isIP } from 'node:net';
import type { App, FitbitAppSettings, GoogleHealthAppSettings } from './apps.ts';
import { checkBoolean, checkNumber, checkObject, checkText, checkTexts } from './check.ts';
import type { ClockSettings, Duration } from './clock.ts';
import { type Consent, type ConsentOptions, consentTo, denyTo } from './consent.ts';
import {
  type FitbitEndpoints,
  fitbitEndpoints,
  type GoogleHealthEndpoints,
  googleHealthEndpoints,
} from './endpoints.ts';
import type { Fault, FaultOptions } from './faults.ts';
import type { Grant } from './ledger.ts';
import type { People } from './people.ts';
import type { LoggedRequest } from './requests.ts';
import { SimulatorServer } from './server.ts';
import { State } from './state.ts';
import type { Switches } from './switches.ts';

/** How a simulator starts. Everything may be left out. */
export interface SimulatorOptions {
  /** The port to listen on; 0 for a free one. @default 0 */
  readonly port?: number | undefined;
  /** Where to listen: a loopback address, unless `allowRemote` is set. @default '127.0.0.1' */
  readonly host?: string | undefined;
  /**
   * Lets `host` be an address that other machines can reach. Anybody who reaches the simulator can sign
   * in as anybody and see its control page: never do so on a network that you don't trust.
   * @default false
   */
  readonly allowRemote?: boolean | undefined;
  /** Names by which requests may call the simulator, besides localhost, addresses and `host`. @default [] */
  readonly allowedHosts?: readonly string[] | undefined;
  /** The redirect URIs of both apps. @default any URL on localhost */
  readonly redirectURIs?: readonly string[] | undefined;
  /** The app that is registered with Fitbit from the start. */
  readonly fitbit?: FitbitAppSettings | undefined;
  /** The app that is registered with Google from the start. */
  readonly googleHealth?: GoogleHealthAppSettings | undefined;
  /** What is not known of the providers, decided. @default see {@link Switches} */
  readonly switches?: Partial<Switches> | undefined;
  /** The simulator's clock. @default the real time, running */
  readonly clock?: ClockSettings | undefined;
}

/** A running simulator of Fitbit and Google Health. */
export interface Simulator {
  /** Where it listens, without a trailing slash; the control page is there. */
  readonly url: string;
  /** Client id, secret and every endpoint of Fitbit: spread it into the strategy's options. */
  readonly fitbit: FitbitEndpoints;
  /** Client id, secret and every endpoint of Google: spread it into the strategy's options. */
  readonly googleHealth: GoogleHealthEndpoints;
  readonly people: People;
  /** Registers one more app with Fitbit. */
  registerFitbitApp(settings?: FitbitAppSettings): FitbitEndpoints;
  /** Registers one more app with Google. */
  registerGoogleHealthApp(settings?: GoogleHealthAppSettings): GoogleHealthEndpoints;
  /**
   * Consents in a person's name, without a browser: every check is the one of the consent page.
   * Rejects with an {@link AuthorizeRefusal} where the page would show an error.
   */
  consent(options: ConsentOptions): Promise<Consent>;
  /** Denies in a person's name: gives the URL that the browser would be sent to. */
  deny(options: Omit<ConsentOptions, 'person' | 'granted'>): Promise<{ readonly redirectTo: string }>;
  /** The present instant on the simulator's clock. */
  now(): Date;
  /** Lets time pass on the simulator's clock. */
  advance(duration: Duration): void;
  /** Makes something go wrong. */
  fail(options: FaultOptions): Fault;
  /** Takes back every fault that has not run out. */
  clearFaults(): void;
  /** From now on every endpoint of Fitbit answers 410. */
  shutDownFitbit(): void;
  /** Undoes the shutdown. */
  reopenFitbit(): void;
  /** The switches as they stand. */
  readonly switches: Readonly<Switches>;
  /** Changes switches. */
  set(switches: Partial<Switches>): void;
  /** The consents that hold. */
  readonly grants: readonly Grant[];
  /** The requests that came to the providers' endpoints, oldest first, without secrets. */
  readonly requests: readonly LoggedRequest[];
  /** Forgets the requests. */
  clearRequests(): void;
  /** Stops it and ends every connection. May be called twice. */
  close(): Promise<void>;
}

const optionNames = [
  'port',
  'host',
  'allowRemote',
  'allowedHosts',
  'redirectURIs',
  'fitbit',
  'googleHealth',
  'switches',
  'clock',
] as const;

/**
 * Starts a simulator of Fitbit's and Google's OAuth endpoints on this computer. What it answers follows
 * the providers' documentation and captured answers; docs/simulator.md lists every fact with its source.
 *
 * @throws TypeError for a wrong option, by name; Node's own error when the port is taken.
 * @example
 * const simulator = await startSimulator();
 * passport.use(new FitbitStrategy({ ...simulator.fitbit, callbackURL }, verify));
 * await simulator.close();
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  checkObject(options, 'the options', optionNames);
  const { port = 0, host = '127.0.0.1', allowRemote = false, allowedHosts = [], redirectURIs } = options;
  checkNumber(port, 'port', { max: 65_535 });
  checkHost(host, allowRemote);
  checkTexts(allowedHosts, 'allowedHosts');

  const state = new State(options.clock, options.switches);
  const { fitbit = {}, googleHealth = {} } = options;
  checkObject(fitbit, '"fitbit"', Object.keys(fitbit));
  checkObject(googleHealth, '"googleHealth"', Object.keys(googleHealth));
  const fitbitApp = state.apps.addFitbit({ redirectURIs, ...fitbit });
  const googleApp = state.apps.addGoogleHealth({ redirectURIs, ...googleHealth });
  const server = new SimulatorServer(state, [host, ...allowedHosts]);
  state.url = urlOf(host, await server.listen(port, host));
  return face(state, server, fitbitApp, googleApp);
}

function face(state: State, server: SimulatorServer, fitbitApp: App, googleApp: App): Simulator {
  return {
    url: state.url,
    fitbit: fitbitEndpoints(state, fitbitApp),
    googleHealth: googleHealthEndpoints(state, googleApp),
    people: state.people,
    registerFitbitApp: (settings = {}) => fitbitEndpoints(state, state.apps.addFitbit(settings)),
    registerGoogleHealthApp: (settings = {}) =>
      googleHealthEndpoints(state, state.apps.addGoogleHealth(settings)),
    consent: async (options) => consentTo(state, options),
    deny: async (options) => denyTo(state, options),
    now: () => new Date(state.clock.now()),
    advance: (duration) => state.clock.advance(duration),
    fail: (options) => state.faults.add(options),
    clearFaults: () => state.faults.clear(),
    shutDownFitbit: () => {
      state.fitbitIsShutDown = true;
    },
    reopenFitbit: () => {
      state.fitbitIsShutDown = false;
    },
    get switches() {
      return state.switches.values;
    },
    set: (switches) => state.switches.set(switches),
    get grants() {
      return state.ledger.grants();
    },
    get requests() {
      return state.requests.list();
    },
    clearRequests: () => state.requests.clear(),
    close: () => server.close(),
  };
}

function checkHost(host: unknown, allowRemote: unknown): void {
  checkText(host, 'host');
  checkBoolean(allowRemote, 'allowRemote');
  // A name other than localhost could resolve to anything.
  const loopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  if (!loopback && !allowRemote) {
    throw new TypeError(
      `"host" ${host} can be reached from other machines, which then can sign in as anybody; set "allowRemote" if that is what you want`,
    );
  }
}

function urlOf(host: string, port: number): string {
  // A wildcard is no address to go to.
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${isIP(name) === 6 ? `[${name}]` : name}:${port}`;
}
