import { randomBytes } from 'node:crypto';
import type { App } from './apps.ts';
import type { Code } from './ledger.ts';
import type { Provider } from './provider.ts';

/** A valid authorize request that waits for the user's decision. */
export interface AuthorizeRequest {
  readonly provider: Provider;
  readonly app: App;
  readonly redirectURI: string;
  /** False if the request had none and the app's only registered one is used. */
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

/** Consent pages that wait for the user, by a random id that works once. */
export class PendingRequests {
  readonly #requests = new Map<string, AuthorizeRequest>();

  add(request: AuthorizeRequest): string {
    const id = randomBytes(24).toString('base64url');
    this.#requests.set(id, request);
    // Abandoned pages must not fill the memory of a simulator that runs for weeks.
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
