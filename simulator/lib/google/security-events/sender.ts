import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../../world/clock.ts';
import type { Grant, Ledger, RefreshToken } from '../../world/ledger.ts';
import type { Directory } from '../../world/people.ts';
import type { GoogleAccount } from '../../world/person.ts';
import type { SwitchBoard } from '../../world/switches.ts';
import { Deliveries } from '../deliveries.ts';
import { isSignInScope } from '../scopes.ts';
import { eventAliases, eventTypes, type SecurityEventType, unknownEventType } from './event-types.ts';
import { ServiceAccount } from './service-account.ts';
import { EventSigningKeys } from './signing-keys.ts';

/** Where an app gets its events. */
export interface EventStream {
  readonly url: string;
  /** The URIs of the requested types, without unknown ones. */
  readonly types: readonly string[];
  enabled: boolean;
}

/** How long Google repeats a token, in milliseconds. The real limit is not published. */
const keptFor = 3_600_000;

interface Surroundings {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly people: Directory;
  readonly switches: SwitchBoard;
  readonly url: string;
}

/** Sends security event tokens (RFC 8417) to the app when a consent ends or something happens to an account. */
export class SecurityEventSender {
  readonly keys = new EventSigningKeys();
  readonly serviceAccount = new ServiceAccount();
  readonly deliveries: Deliveries;
  stream: EventStream | undefined;
  readonly #world: Surroundings;

  constructor(world: Surroundings) {
    this.#world = world;
    this.deliveries = new Deliveries(world.clock);
  }

  /** The issuer in the configuration document. */
  get issuer(): string {
    return `${this.#world.url}/google/`;
  }

  /** Reports to the app that a user removed its access: one event for all tokens, and one for each refresh token. */
  async consentEnded(grant: Grant, refreshTokens: readonly RefreshToken[]): Promise<void> {
    const account = this.#world.people.get(grant.personID)?.google;
    if (account === undefined || !this.#concerns(grant)) return;
    await this.#send(grant.clientID, 'tokens-revoked', { subject: this.#subject(account) });
    for (const { value } of refreshTokens) {
      await this.#send(grant.clientID, 'token-revoked', { subject: this.#tokenSubject(value) });
    }
  }

  /** Reports an event of an account to every app that the user signed in to. */
  async accountChanged(personID: string, type: SecurityEventType, details: object): Promise<void> {
    const account = this.#world.people.get(personID)?.google;
    if (account === undefined) return;
    const grants = this.#world.ledger.grants().filter((grant) => grant.personID === personID);
    for (const grant of grants.filter((one) => one.provider === 'google-health' && this.#concerns(one))) {
      await this.#send(grant.clientID, type, { subject: this.#subject(account), ...details });
    }
  }

  /** Sends the event with which an app tests its receiver. */
  verify(clientID: string, state: string): Promise<void> {
    return this.#send(clientID, 'verification', { state });
  }

  /** Events come only for users who granted an OpenID scope. */
  #concerns({ scope }: Grant): boolean {
    return this.#world.switches.values.googleEventHealthOnly || [...scope].some(isSignInScope);
  }

  async #send(clientID: string, type: SecurityEventType, event: object): Promise<void> {
    const { stream } = this;
    const { googleEventAlias, googleEventUnknownType, googleEventDuplicate } = this.#world.switches.values;
    if (stream === undefined || !stream.enabled || !stream.types.includes(eventTypes[type])) return;
    const uri = (googleEventAlias ? eventAliases[type] : undefined) ?? eventTypes[type];
    const token = this.#token(clientID, { [uri]: event });
    const unknown = googleEventUnknownType ? [this.#token(clientID, { [unknownEventType]: event })] : [];
    for (const one of [...unknown, token, ...(googleEventDuplicate ? [token] : [])]) {
      await this.deliveries.add({
        url: stream.url,
        about: `Security event ${type}`,
        body: one,
        keepFor: keptFor,
        headers: () => ({ 'content-type': 'application/secevent+jwt', accept: 'application/json' }),
        outcomeOf(status) {
          if (status === 202) return 'delivered';
          return status === 400 ? 'dropped' : 'again'; // RFC 8935: 400 is final
        },
      });
    }
  }

  #token(clientID: string, events: object): string {
    const { googleEventIssuer, googleEventAudience, googleEventToken } = this.#world.switches.values;
    const iat = this.#world.clock.seconds();
    const common = {
      iss: googleEventIssuer === 'slash' ? this.issuer : this.issuer.slice(0, -1),
      aud: googleEventAudience === 'list' ? [clientID] : clientID,
      iat,
    };
    if (googleEventToken === 'id-token') {
      return this.keys.sign({ ...common, sub: '100000000000000000000', exp: iat + 3600 }, 'JWT');
    }
    return this.keys.sign({ ...common, jti: randomUUID(), events }, 'secevent+jwt');
  }

  #subject({ sub, email }: GoogleAccount): object {
    return this.#world.switches.values.googleEventSubject === 'iss-sub'
      ? { subject_type: 'iss-sub', iss: this.issuer, sub }
      : { subject_type: 'id_token_claims', iss: this.issuer, sub, email };
  }

  #tokenSubject(token: string): object {
    const alg = this.#world.switches.values.googleEventTokenAlg;
    const common = { subject_type: 'oauth_token', token_type: 'refresh_token' };
    if (alg === 'prefix') return { ...common, token_identifier_alg: 'prefix', token: token.slice(0, 16) };
    const once = createHash('sha512').update(token).digest();
    const identifier = createHash('sha512').update(once).digest(alg);
    return { ...common, token_identifier_alg: 'hash_base64_sha512_sha512', token: identifier };
  }
}
