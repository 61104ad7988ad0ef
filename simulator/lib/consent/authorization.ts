import { createHash } from 'node:crypto';
import type { App } from '../world/apps.ts';
import type { AuthorizeRequest } from '../world/authorize-request.ts';
import type { Code } from '../world/ledger.ts';
import type { Person } from '../world/person.ts';
import type { World } from '../world/world.ts';

/** A bad authorize request: the user sees a page, and the app gets no response. */
export interface Refusal {
  readonly status: number;
  /** The provider's words. */
  readonly text: string;
  /** What is wrong, in plain words. */
  readonly note: string;
}

/** Either a request to ask the user about, or a refusal. */
export type Reading = { readonly request: AuthorizeRequest } | { readonly refusal: Refusal };

/** The result of a consent. */
export interface Consent {
  /** The authorization code; empty if the callback carries an error, such as an administrator's refusal. */
  readonly code: string;
  /** Where the browser is sent: the app's callback with code and state. */
  readonly redirectTo: string;
}

/** How the providers' authorize endpoints differ. */
export interface Authorization {
  /** Reads an authorize request. */
  read(world: World, query: URLSearchParams): Reading;
  /** The user allows some of the scopes. */
  allow(world: World, request: AuthorizeRequest, person: Person, scope: readonly string[]): Consent;
  /** The user denies: returns the URL to redirect to. */
  deny(world: World, request: AuthorizeRequest): string;
  /** Refuses a user who must not consent, with a redirect or the provider's page; undefined for other users. */
  refuse?(world: World, request: AuthorizeRequest, person: Person): string | Refusal | undefined;
  /** The redirect of a request that needs no page; undefined for a request that gets a page. */
  silent?(world: World, request: AuthorizeRequest, signedIn: Person | undefined): string | undefined;
}

/** The lifetime of a code, in milliseconds. */
const codeLifetime = 600_000;

/** Issues a code, with everything that its exchange has to match. */
export function addCode(
  world: World,
  request: AuthorizeRequest,
  person: Person,
  code: Pick<Code, 'value' | 'scope' | 'newRefreshToken'>,
): void {
  const { provider, app, redirectURI, redirectURIGiven, state, challenge, offline } = request;
  const issuedAt = world.clock.now();
  world.ledger.addCode({
    ...code,
    provider,
    clientID: app.clientID,
    personID: person.id,
    issuedAt,
    expiresAt: issuedAt + codeLifetime,
    redirectURI,
    redirectURIGiven,
    state,
    challenge,
    offline,
    used: false,
  });
}

/** A redirect URI with parameters added to its query; parameters without a value are left out. */
export function appendQuery(uri: string, entries: Readonly<Record<string, string | undefined>>): string {
  return `${uri}${uri.includes('?') ? '&' : '?'}${queryOf(entries)}`;
}

/** The parameters that have a value. */
export function queryOf(entries: Readonly<Record<string, string | undefined>>): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(entries)) if (value !== undefined) query.set(name, value);
  return query;
}

/** Whether a code verifier belongs to the challenge of the authorize request (RFC 7636, section 4.6). */
export function verifierFits(challenge: Code['challenge'], verifier: string | null): boolean {
  if (challenge === undefined) return true;
  if (verifier === null || !/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  if (challenge.method === 'plain') return verifier === challenge.value;
  return createHash('sha256').update(verifier).digest('base64url') === challenge.value;
}

/** The people who can sign in to an app. */
export function peopleFor(world: World, app: App): Person[] {
  const people = world.people.list();
  if (app.provider === 'google-health') return people.filter((person) => person.google !== undefined);
  const all = people.filter((person) => person.fitbit !== undefined);
  return app.type === 'personal' ? all.filter((person) => person.id === app.owner) : all;
}
