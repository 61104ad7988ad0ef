import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { readBasic } from '../http/request.ts';
import type { Endpoint, Provider } from './provider.ts';

/**
 * A request that came in. Codes, tokens, secrets and verifiers are replaced by `[redacted:xxxxxxxx]`; the same secret
 * gets the same eight digits within one simulator, so that a test can see that two requests carried the same refresh
 * token. At most 4 kB of a body and of a query are kept.
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
  /** The status of the response; undefined if there is none (yet). */
  readonly status: number | undefined;
  /** The fault that affected it. */
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

const credentialHeaders = new Set(['authorization', 'proxy-authorization']);
const secretHeaders = new Set(['cookie', 'x-api-key']);

/** How many requests are kept, and how many characters of a body or a query. */
const requestLimit = 1000;
const textLimit = 4096;

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

  /** Records a request; the returned function records its response. */
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
    this.#entries = [...this.#entries.slice(1 - requestLimit), entry];
    return (outcome) => {
      const index = this.#entries.indexOf(entry);
      entry = { ...entry, ...outcome };
      if (index >= 0) this.#entries[index] = entry;
    };
  }

  /** The log's replacement of a secret. */
  redacted(secret: string): string {
    return `[redacted:${createHmac('sha256', this.#key).update(secret).digest('hex').slice(0, 8)}]`;
  }

  #parameters(parameters: URLSearchParams): Record<string, string> {
    const kept: [string, string][] = [];
    let left = textLimit;
    for (const [name, value] of parameters) {
      const text = secretParameters.has(name) ? this.redacted(value) : value;
      left -= name.length + text.length;
      if (left >= 0) kept.push([name, text]);
      else kept.push([name.slice(0, 64), '[cut: the log keeps 4 kB]']);
      if (left < 0) break;
    }
    return Object.fromEntries(kept);
  }

  #headers(headers: IncomingHttpHeaders): Record<string, string> {
    const entries = Object.entries(headers).map(([name, value]) => {
      const text = String(value);
      if (credentialHeaders.has(name)) return [name, this.#credentials(text)];
      return [name, secretHeaders.has(name) ? this.redacted(text) : text];
    });
    return Object.fromEntries(entries);
  }

  /** Keeps the scheme and, for Basic, the client id: they say how the app authenticated. */
  #credentials(header: string): string {
    const basic = readBasic(header);
    if (basic !== undefined) return `Basic ${basic.user}:${this.redacted(basic.password)}`;
    const [scheme = '', ...rest] = header.split(' ');
    // Without a scheme, the whole header may be a secret.
    return rest.length === 0 ? this.redacted(header) : `${scheme} ${this.redacted(rest.join(' '))}`;
  }
}
