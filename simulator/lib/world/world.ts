import { randomBytes } from 'node:crypto';
import { GoogleProject } from '../google/project.ts';
import { SecurityEventSender } from '../google/security-events/sender.ts';
import { WebhookSender } from '../google/webhooks/webhooks.ts';
import { Apps, isLoopback } from './apps.ts';
import { PendingRequests } from './authorize-request.ts';
import { Clock, type ClockSettings } from './clock.ts';
import { Faults } from './faults.ts';
import { Ledger } from './ledger.ts';
import { Directory } from './people.ts';
import type { Provider } from './provider.ts';
import { RateLimits } from './rate-limits.ts';
import { RequestLog } from './request-log.ts';
import { SwitchBoard, type Switches } from './switches.ts';
import { Walks } from './walks.ts';

/** The state of a running simulator. */
export class World {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly rateLimits: RateLimits;
  readonly switches: SwitchBoard;
  readonly apps = new Apps();
  readonly people = new Directory();
  readonly faults = new Faults();
  readonly requests = new RequestLog();
  readonly pending = new PendingRequests();
  readonly walks = new Walks();
  readonly googleProject = new GoogleProject();
  readonly webhooks: WebhookSender;
  readonly securityEvents: SecurityEventSender;
  /** Proves that a form of the control page came from the control page. */
  readonly controlToken = randomBytes(24).toString('base64url');
  /** Signs the access tokens. */
  readonly signingKey = randomBytes(32);
  /** Whether Fitbit's endpoints have been shut down. */
  fitbitIsShutDown = false;
  /** Where the simulator listens; set once it does. */
  url = '';
  #appURL: string | undefined;

  constructor(clock: ClockSettings | undefined, switches: Partial<Switches> | undefined) {
    this.clock = new Clock(clock);
    this.ledger = new Ledger(this.clock);
    this.rateLimits = new RateLimits(this.clock);
    this.switches = new SwitchBoard(switches);
    this.webhooks = new WebhookSender(this);
    this.securityEvents = new SecurityEventSender(this);
  }

  /** Adds steps for a user, up to now; resolves after the first attempts to notify the app. */
  async walk(personID: string, count: number): Promise<void> {
    const walk = this.walks.add(personID, count, this.clock.now());
    await this.webhooks.dataChanged(personID, 'steps', 'UPSERT', walk);
  }

  /** Deletes a user's accounts, which ends every consent; resolves after the first attempts to notify the apps. */
  async deleteAccount(personID: string): Promise<void> {
    const event = this.switches.values.googleEventDeletion;
    const by = event === 'tokens-revoked' ? 'user' : 'deletion';
    const grants = this.ledger.grants().filter((grant) => grant.personID === personID);
    const told = [
      event === 'account-disabled'
        ? this.securityEvents.accountChanged(personID, 'account-disabled', {})
        : undefined,
      ...grants.map(({ provider, clientID }) => this.endConsent(provider, clientID, personID, by)),
    ];
    this.people.remove(personID);
    await Promise.all(told);
  }

  /** Ends a consent; resolves after the first attempts to notify the app. */
  async endConsent(
    provider: Provider,
    clientID: string,
    personID: string,
    by: 'user' | 'app' | 'deletion',
  ): Promise<void> {
    const grant = this.ledger.grantOf(provider, clientID, personID);
    const tokens = this.ledger.refreshTokensOf(provider, clientID, personID);
    this.ledger.revoke(provider, clientID, personID);
    if (grant === undefined || provider !== 'google-health') return;
    const tells = by === 'user' || (by === 'app' && this.switches.values.googleEventOwnRevocation);
    await Promise.all([
      this.webhooks.consentEnded(grant),
      tells ? this.securityEvents.consentEnded(grant, tokens) : undefined,
    ]);
  }

  /** The URL of the last app on this computer; the control page links back to it. */
  get appURL(): string | undefined {
    return this.#appURL;
  }

  /** Remembers a URL of the app, unless it is on another machine or the simulator itself. */
  sawApp(url: string): void {
    if (!isLoopback(url)) return;
    const { origin } = new URL(url);
    if (origin !== this.url) this.#appURL = `${origin}/`;
  }
}
