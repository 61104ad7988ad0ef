import { createHash } from 'node:crypto';
import type { App } from './apps.ts';
import type { Code, Provider } from './ledger.ts';
import type { Person } from './people.ts';

/** An authorize request that was found good and now waits for the person's answer. */
export interface AuthorizeRequest {
  readonly provider: Provider;
  readonly app: App;
  readonly redirectURI: string;
  /** False when the redirect URI was left to the app's only registered one. */
  readonly redirectURIGiven: boolean;
  readonly scope: readonly string[];
  readonly state: string | undefined;
  readonly challenge: Code['challenge'];
  readonly prompt: readonly string[];
  /** `access_type=offline` (Google). */
  readonly offline: boolean;
  /** `include_granted_scopes=true` (Google). */
  readonly includeGranted: boolean;
  /** `login_hint` (Google). */
  readonly loginHint: string | undefined;
}

/** A bad authorize request: the person sees a page, and the app hears nothing. */
export interface Refusal {
  readonly status: number;
  /** The provider's words. */
  readonly text: string;
  /** What is wrong, in plain words. */
  readonly note: string;
}

/** Either a request to ask the person about, or a refusal. */
export type Reading = { readonly request: AuthorizeRequest } | { readonly refusal: Refusal };

/** Appends parameters to a redirect URI; a query that is there already stays. */
export function appendQuery(uri: string, parameters: URLSearchParams): string {
  return `${uri}${uri.includes('?') ? '&' : '?'}${parameters}`;
}

/** Parameters without those that have no value. */
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

/** The people who can sign in to an app of a provider. */
export function peopleFor(app: App, people: readonly Person[]): Person[] {
  if (app.provider === 'google-health') return people.filter((person) => person.google !== undefined);
  const all = people.filter((person) => person.fitbit !== undefined);
  return app.type === 'personal' ? all.filter((person) => person.id === app.owner) : all;
}
