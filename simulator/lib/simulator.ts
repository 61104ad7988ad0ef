import { isIP } from 'node:net';
import { anything, boolean, checkFields, number, oneOf, text, texts } from './check.ts';
import type { Consent } from './consent/authorization.ts';
import {
  type AuthorizeOptions,
  type AuthorizeURL,
  type ConsentOptions,
  type ConsentURLOptions,
  consentTo,
  denyTo,
} from './consent/direct.ts';
import { type FitbitAppSettings, registerFitbitApp } from './fitbit/app.ts';
import { type FitbitEndpoints, fitbitEndpoints } from './fitbit/endpoints.ts';
import { type GoogleHealthAppSettings, registerGoogleHealthApp } from './google/app.ts';
import { type GoogleHealthEndpoints, googleHealthEndpoints } from './google/endpoints.ts';
import { type SecurityEvents, securityEventsOf } from './google/security-events/security-events-api.ts';
import { type Webhooks, webhooksOf } from './google/webhooks/webhooks-api.ts';
import { SimulatorServer } from './server/server.ts';
import type { ClockSettings, Duration } from './world/clock.ts';
import type { Fault, FaultOptions } from './world/faults.ts';
import type { Grant } from './world/ledger.ts';
import type { People } from './world/people.ts';
import { type Provider, providers } from './world/provider.ts';
import type { LoggedRequest } from './world/request-log.ts';
import type { Switches } from './world/switches.ts';
import { World } from './world/world.ts';

/** The options of a simulator. All are optional. */
export interface SimulatorOptions {
  /** The port to listen on; 0 for a free one. @default 0 */
  readonly port?: number | undefined;
  /** Where to listen: a loopback address, unless `allowRemote` is set. @default '127.0.0.1' */
  readonly host?: string | undefined;
  /**
   * Lets `host` be an address that other machines can reach. Anyone who reaches the simulator can sign in as any
   * user and see its control page: never use this on a network that you don't trust.
   * @default false
   */
  readonly allowRemote?: boolean | undefined;
  /** Host names that requests may use, besides localhost, IP addresses and `host`. @default [] */
  readonly allowedHosts?: readonly string[] | undefined;
  /** The redirect URIs of both apps. @default any URL on localhost */
  readonly redirectURIs?: readonly string[] | undefined;
  /** The app that is registered with Fitbit from the start. */
  readonly fitbit?: FitbitAppSettings | undefined;
  /** The app that is registered with Google from the start. */
  readonly googleHealth?: GoogleHealthAppSettings | undefined;
  /** Undocumented or variable behavior of the providers. @default see {@link Switches} */
  readonly switches?: Partial<Switches> | undefined;
  /** The simulator's clock. @default the real time, running */
  readonly clock?: ClockSettings | undefined;
}

/** Steps that a user takes. */
export interface Walk {
  /** The simulator's own id of the person. */
  readonly person: string;
  /** How many, in the last ten minutes. */
  readonly steps: number;
}

/** An access to remove. */
export interface RemovedAccess {
  /** The simulator's own id of the person. */
  readonly person: string;
  /** @default both providers */
  readonly provider?: Provider | undefined;
  /** @default every app */
  readonly clientID?: string | undefined;
}

/** An account to delete. */
export interface DeletedAccount {
  /** The simulator's own id of the person. */
  readonly person: string;
}

/** A running simulator of Fitbit and Google Health. */
export interface Simulator {
  /** Where it listens, without a trailing slash; the control page is there. */
  readonly url: string;
  /** Client id, secret and every endpoint of Fitbit: spread it into the strategy's options. */
  readonly fitbit: FitbitEndpoints;
  /** Client id, secret and every endpoint of Google: spread it into the strategy's options. */
  readonly googleHealth: GoogleHealthEndpoints;
  /** The URLs that replace `https://api.fitbit.com` and `https://health.googleapis.com`. */
  readonly apiURL: { readonly fitbit: string; readonly googleHealth: string };
  /** The made-up users. */
  readonly people: People;
  /** Google Health's webhooks. */
  readonly webhooks: Webhooks;
  /** Google's security events (RISC). */
  readonly securityEvents: SecurityEvents;
  /** Adds steps for a user and notifies the webhooks; resolves after the first attempts. */
  walk(walk: Walk): Promise<void>;
  /**
   * Removes an app's access, as a user can on the account page; resolves after the first attempts to notify the app.
   */
  removeAccess(access: RemovedAccess): Promise<void>;
  /**
   * Deletes a person's accounts at both providers, as a user can on the account page: all access ends, and this person
   * can't sign in. Resolves after the first attempts to notify the apps.
   */
  deleteAccount(account: DeletedAccount): Promise<void>;
  /** Registers one more app with Fitbit. */
  registerFitbitApp(settings?: FitbitAppSettings): FitbitEndpoints;
  /** Registers one more app with Google. */
  registerGoogleHealthApp(settings?: GoogleHealthAppSettings): GoogleHealthEndpoints;
  /**
   * Consents as a person, without a browser: to the app's own request (`url`), or to a request in parts. It runs the
   * checks of the consent page, and rejects with an {@link AuthorizeRefusal} if the page would show an error.
   *
   * @example
   * const response = await fetch('http://localhost:3000/auth/fitbit', { redirect: 'manual' });
   * const url = response.headers.get('location') ?? '';
   * const { redirectTo } = await simulator.consent({ url, person: 'zoe' });
   */
  consent(options: ConsentOptions | ConsentURLOptions): Promise<Consent>;
  /** Denies a request; returns the URL that the browser would be redirected to. */
  deny(options: AuthorizeOptions | AuthorizeURL): Promise<{ readonly redirectTo: string }>;
  /** The current time on the simulator's clock. */
  now(): Date;
  /** Lets time pass on the simulator's clock. */
  advance(duration: Duration): void;
  /** Sets a fault. */
  fail(options: FaultOptions): Fault;
  /** Clears every fault that has not run out. */
  clearFaults(): void;
  /** From now on, every endpoint of Fitbit responds 410. */
  shutDownFitbit(): void;
  /** Undoes the shutdown. */
  reopenFitbit(): void;
  /** Whether Fitbit is shut down, by `shutDownFitbit()` or on the control page. */
  readonly fitbitIsShutDown: boolean;
  /** The current values of the switches. */
  readonly switches: Readonly<Switches>;
  /** Changes switches. */
  set(switches: Partial<Switches>): void;
  /** The consents that were not revoked. */
  readonly grants: readonly Grant[];
  /** The requests that came to the providers' endpoints, oldest first, without secrets. */
  readonly requests: readonly LoggedRequest[];
  /** Forgets the requests. */
  clearRequests(): void;
  /** Stops the simulator and closes every connection. May be called twice. */
  close(): Promise<void>;
}

/**
 * Starts a simulator of Fitbit's and Google's OAuth endpoints on this computer. It follows the providers' documentation
 * and recorded responses; the package's docs/facts.md lists every fact with its source.
 *
 * @throws TypeError for a wrong option, by name; Node's own error when the port is taken.
 * @example
 * const simulator = await startSimulator();
 * passport.use(new FitbitStrategy({ ...simulator.fitbit, callbackURL, verify }));
 * await simulator.close();
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  checkFields(options, 'the options', {
    port: number({ max: 65_535 }),
    host: text,
    allowRemote: boolean,
    allowedHosts: texts,
    redirectURIs: texts,
    fitbit: object,
    googleHealth: object,
    switches: anything,
    clock: anything,
  });
  const { port = 0, host = '127.0.0.1', allowRemote = false, allowedHosts = [], redirectURIs } = options;
  if (!allowRemote) checkLoopback(host);

  const world = new World(options.clock, options.switches);
  const fitbitApp = registerFitbitApp(world, { redirectURIs, ...options.fitbit });
  const googleApp = registerGoogleHealthApp(world, { redirectURIs, ...options.googleHealth });
  const server = new SimulatorServer(world, [host, ...allowedHosts]);
  world.url = urlOf(host, await server.listen(port, host));
  return {
    url: world.url,
    fitbit: fitbitEndpoints(world, fitbitApp),
    googleHealth: googleHealthEndpoints(world, googleApp),
    apiURL: { fitbit: `${world.url}/fitbit`, googleHealth: `${world.url}/google` },
    people: world.people,
    webhooks: webhooksOf(world),
    securityEvents: securityEventsOf(world),
    walk: (given) => walk(world, given),
    removeAccess: (given) => removeAccess(world, given),
    deleteAccount: (given) => deleteAccount(world, given),
    registerFitbitApp: (settings = {}) => fitbitEndpoints(world, registerFitbitApp(world, settings)),
    registerGoogleHealthApp: (settings = {}) =>
      googleHealthEndpoints(world, registerGoogleHealthApp(world, settings)),
    consent: async (given) => consentTo(world, given),
    deny: async (given) => denyTo(world, given),
    now: () => new Date(world.clock.now()),
    advance: (duration) => world.clock.advance(duration),
    fail: (fault) => world.faults.add(fault),
    clearFaults: () => world.faults.clear(),
    shutDownFitbit: () => {
      world.fitbitIsShutDown = true;
    },
    reopenFitbit: () => {
      world.fitbitIsShutDown = false;
    },
    get fitbitIsShutDown() {
      return world.fitbitIsShutDown;
    },
    get switches() {
      return world.switches.values;
    },
    set: (switches) => world.switches.set(switches),
    get grants() {
      return world.ledger.grants();
    },
    get requests() {
      return world.requests.list();
    },
    clearRequests: () => world.requests.clear(),
    async close() {
      await Promise.all([
        server.close(),
        world.webhooks.deliveries.close(),
        world.securityEvents.deliveries.close(),
      ]);
    },
  };
}

async function walk(world: World, given: Walk): Promise<void> {
  checkFields(given, 'the walk', { person: text, steps: number({ min: 1, max: 100_000 }) });
  if (world.people.get(given.person) === undefined) throw noPerson(given.person);
  await world.walk(given.person, given.steps);
}

async function removeAccess(world: World, given: RemovedAccess): Promise<void> {
  checkFields(given, 'the access', { person: text, provider: oneOf(providers), clientID: text });
  const { person, provider, clientID } = given;
  if (world.people.get(person) === undefined) throw noPerson(person);
  const grants = world.ledger
    .grants()
    .filter(
      (grant) =>
        grant.personID === person &&
        grant.provider === (provider ?? grant.provider) &&
        grant.clientID === (clientID ?? grant.clientID),
    );
  await Promise.all(
    grants.map((grant) => world.endConsent(grant.provider, grant.clientID, grant.personID, 'user')),
  );
}

async function deleteAccount(world: World, given: DeletedAccount): Promise<void> {
  checkFields(given, 'the account', { person: text });
  if (world.people.get(given.person) === undefined) throw noPerson(given.person);
  await world.deleteAccount(given.person);
}

function noPerson(id: string): TypeError {
  return new TypeError(`"person": there is no ${id}; simulator.people.list() has them all`);
}

function object(value: unknown, name: string): void {
  if (typeof value !== 'object' || value === null) throw new TypeError(`"${name}" must be an object`);
}

function checkLoopback(host: string): void {
  // A name other than localhost could resolve to anything.
  if (host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))) return;
  throw new TypeError(
    `"host" ${host} can be reached from other machines, which could then sign in as any user: to allow that, set "allowRemote"`,
  );
}

function urlOf(host: string, port: number): string {
  // A browser can't open a wildcard address.
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${isIP(name) === 6 ? `[${name}]` : name}:${port}`;
}
