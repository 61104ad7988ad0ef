import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { readBasic } from './http.ts';
import type { Provider } from './ledger.ts';

/** The endpoints of the providers, by the names that faults and the request log use. */
export type Endpoint = 'authorize' | 'token' | 'introspect' | 'revoke' | 'profile' | 'identity' | 'userinfo';

/** The names of all endpoints. */
export const endpoints: readonly Endpoint[] = [
  'authorize',
  'token',
  'introspect',
  'revoke',
  'profile',
  'identity',
  'userinfo',
];

/**
 * A request that came in. Codes, tokens, secrets and verifiers are replaced by `[redacted:xxxxxxxx]`;
 * the same secret gets the same eight digits within one simulator, so that a test can see that two
 * requests carried the same refresh token.
 */
export interface LoggedRequest {
  readonly provider: Provider;
  readonly endpoint: Endpoint;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
  /** When it came, on the simulator's clock. */
  readonly time: Date;
  /** The status of the answer; undefined when there was none (yet). */
  readonly status: number | undefined;
  /** The fault that struck it. */
  readonly fault: string | undefined;
  /** What was wrong with it, in plain words. */
  readonly note: string | undefined;
}

const secretParameters = new Set([
  'client_secret',
  'code',
  'code_verifier',
  'token',
  'access_token',
  'refresh_token',
  'assertion',
]);

/** How many requests are kept. */
const limit = 1000;

/** The requests that came in, oldest first, at most the last thousand. */
export class RequestLog {
  readonly #key = randomBytes(32);
  #entries: LoggedRequest[] = [];

  list(): readonly LoggedRequest[] {
    return [...this.#entries];
  }

  clear(): void {
    this.#entries = [];
  }

  /** Writes a request down; the function that it returns fills in how it was answered. */
  add(
    request: Pick<LoggedRequest, 'provider' | 'endpoint' | 'method' | 'path' | 'time'> & {
      readonly query: URLSearchParams;
      readonly form: URLSearchParams;
      readonly headers: IncomingHttpHeaders;
    },
  ): (outcome: Partial<Pick<LoggedRequest, 'status' | 'fault' | 'note'>>) => void {
    const { query, form, headers, ...rest } = request;
    let entry: LoggedRequest = {
      ...rest,
      query: this.#parameters(query),
      headers: this.#headers(headers),
      body: this.#parameters(form),
      status: undefined,
      fault: undefined,
      note: undefined,
    };
    this.#entries = [...this.#entries.slice(1 - limit), entry];
    return (outcome) => {
      const index = this.#entries.indexOf(entry);
      entry = { ...entry, ...outcome };
      if (index >= 0) this.#entries[index] = entry;
    };
  }

  /** What stands in the log in a secret's place. */
  redacted(secret: string): string {
    return `[redacted:${createHmac('sha256', this.#key).update(secret).digest('hex').slice(0, 8)}]`;
  }

  #parameters(parameters: URLSearchParams): Record<string, string> {
    return Object.fromEntries(
      [...parameters].map(([name, value]) => [
        name,
        secretParameters.has(name) ? this.redacted(value) : value,
      ]),
    );
  }

  #headers(headers: IncomingHttpHeaders): Record<string, string> {
    const copy: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers)) {
      const text = String(value);
      if (name === 'authorization') copy[name] = this.#authorization(text);
      else copy[name] = name === 'cookie' ? this.redacted(text) : text;
    }
    return copy;
  }

  /** Keeps the scheme and, for Basic, the client id: they say how the app proved itself. */
  #authorization(value: string): string {
    const basic = readBasic(value);
    if (basic !== undefined) return `Basic ${basic.user}:${this.redacted(basic.password)}`;
    const [scheme = '', ...rest] = value.split(' ');
    // Without a scheme the whole header may be a secret.
    return rest.length === 0 ? this.redacted(value) : `${scheme} ${this.redacted(rest.join(' '))}`;
  }
}
