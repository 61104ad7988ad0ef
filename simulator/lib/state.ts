import { randomBytes } from 'node:crypto';
import { Apps } from './apps.ts';
import type { AuthorizeRequest } from './authorize.ts';
import { Clock, type ClockSettings } from './clock.ts';
import { Faults } from './faults.ts';
import { Ledger } from './ledger.ts';
import { Directory } from './people.ts';
import { RateLimits } from './rate-limits.ts';
import { RequestLog } from './requests.ts';
import { SwitchBoard, type Switches } from './switches.ts';

/** Everything that one running simulator knows. */
export class State {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly rateLimits: RateLimits;
  readonly switches: SwitchBoard;
  readonly apps = new Apps();
  readonly people = new Directory();
  readonly faults = new Faults();
  readonly requests = new RequestLog();
  readonly pending: Pending;
  /** Proves that a form of the control page came from the control page. */
  readonly controlToken = randomBytes(24).toString('base64url');
  /** Signs the access tokens. */
  readonly signingKey = randomBytes(32);
  /** Whether Fitbit's endpoints have been shut down. */
  fitbitIsShutDown = false;
  /** Where the simulator listens; set once it does. */
  url = '';

  constructor(clock: ClockSettings | undefined, switches: Partial<Switches> | undefined) {
    this.clock = new Clock(clock);
    this.ledger = new Ledger(this.clock);
    this.rateLimits = new RateLimits(this.clock);
    this.switches = new SwitchBoard(switches);
    this.pending = new Pending();
  }
}

/** Consent pages that were shown and not answered yet, by an id that nobody can guess and that works once. */
export class Pending {
  readonly #requests = new Map<string, AuthorizeRequest>();

  add(request: AuthorizeRequest): string {
    const id = randomBytes(24).toString('base64url');
    this.#requests.set(id, request);
    // Pages that nobody answers must not fill the memory of a simulator that runs for weeks.
    const [oldest] = this.#requests.keys();
    if (this.#requests.size > 1000 && oldest !== undefined) this.#requests.delete(oldest);
    return id;
  }

  take(id: string): AuthorizeRequest | undefined {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    return request;
  }
}
