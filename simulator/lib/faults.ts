import { checkBoolean, checkNumber, checkObject, checkOneOf, checkText } from './check.ts';
import { gatewayPage, type Reply } from './http.ts';
import type { Provider } from './ledger.ts';
import { type Endpoint, endpoints } from './requests.ts';

/** An answer of your own, sent instead of the provider's. */
export interface FaultReply {
  readonly status: number;
  /** Text as it is; anything else as JSON. @default '' */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * How an answer goes wrong: `hang` never comes, `close` ends the connection without one, `truncate` ends
 * it in the middle of the body, `html` is a gateway's 502 page.
 */
export type FaultKind = 'hang' | 'close' | 'truncate' | 'html';

/** Something that is to go wrong. */
export interface FaultOptions {
  readonly endpoint: Endpoint;
  /** @default both providers */
  readonly provider?: Provider | undefined;
  /** Left out, the answer is the right one, only late: then `delay` says how late. */
  readonly with?: FaultKind | FaultReply | undefined;
  /** For how many requests; `Infinity` for all. @default 1 */
  readonly times?: number | undefined;
  /** Real milliseconds to wait before it strikes. @default 0 */
  readonly delay?: number | undefined;
  /**
   * Lets the request take effect first (the code is used, the refresh token is replaced) and only then
   * loses the answer.
   * @default false
   */
  readonly after?: boolean | undefined;
}

/** A fault that was set. */
export interface Fault {
  readonly endpoint: Endpoint;
  readonly provider: Provider | undefined;
  readonly description: string;
  /** How many more requests it will strike. */
  readonly remaining: number;
  /** Takes it back. */
  clear(): void;
}

/** What the server does with a request that a fault strikes. */
export interface Strike {
  readonly description: string;
  readonly delay: number;
  readonly after: boolean;
  readonly effect: 'hang' | 'close' | 'truncate' | 'none' | Reply;
}

const kinds = ['hang', 'close', 'truncate', 'html'] as const;

/** The longest delay, in milliseconds: what a timer can wait. */
const longest = 2 ** 31 - 1;

interface Entry extends Fault {
  remaining: number;
  readonly strike: Strike;
}

/** The faults that are set, struck in the order in which they were set. */
export class Faults {
  #entries: Entry[] = [];

  /** The faults that have not run out. */
  list(): readonly Fault[] {
    return this.#entries;
  }

  clear(): void {
    this.#entries = [];
  }

  add(options: FaultOptions): Fault {
    checkObject(options, 'the fault', ['endpoint', 'provider', 'with', 'times', 'delay', 'after']);
    const { endpoint, provider, times = 1, delay = 0, after = false } = options;
    checkOneOf(endpoint, 'endpoint', endpoints);
    if (provider !== undefined) checkOneOf(provider, 'provider', ['fitbit', 'google-health'] as const);
    if (provider === 'fitbit' && (endpoint === 'identity' || endpoint === 'userinfo')) {
      throw new TypeError(`"endpoint": Fitbit has no "${endpoint}"`);
    }
    if (times !== Number.POSITIVE_INFINITY) checkNumber(times, 'times', { min: 1 });
    checkNumber(delay, 'delay', { max: longest });
    checkBoolean(after, 'after');
    if (options.with === undefined && delay === 0)
      throw new TypeError('"with" or "delay" must say what goes wrong');
    const description = describe(options.with, delay, after);
    const entry: Entry = {
      endpoint,
      provider,
      description,
      remaining: times,
      strike: { description, delay, after, effect: effectOf(options.with) },
      clear: () => {
        this.#entries = this.#entries.filter((one) => one !== entry);
      },
    };
    this.#entries.push(entry);
    return entry;
  }

  /** Takes the fault that strikes a request, if there is one. */
  take(provider: Provider, endpoint: Endpoint): Strike | undefined {
    const entry = this.#entries.find(
      (one) => one.endpoint === endpoint && (one.provider ?? provider) === provider,
    );
    if (entry === undefined) return undefined;
    entry.remaining -= 1;
    if (entry.remaining <= 0) entry.clear();
    return entry.strike;
  }
}

function effectOf(given: FaultOptions['with']): Strike['effect'] {
  if (given === undefined) return 'none';
  if (given === 'html') return gatewayPage(502, 'We will be back soon. Maintenance!');
  if (typeof given === 'string') {
    checkOneOf(given, 'with', kinds);
    return given;
  }
  checkObject(given, '"with"', ['status', 'body', 'headers']);
  const { status, body = '', headers = {} } = given;
  checkNumber(status, 'with.status', { min: 200, max: 599 });
  checkObject(headers, '"with.headers"', Object.keys(headers));
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    checkText(value, `with.headers.${name}`);
    own[name.toLowerCase()] = value;
  }
  const text = typeof body === 'string';
  const type = text ? 'text/plain;charset=UTF-8' : 'application/json;charset=UTF-8';
  return { status, headers: { 'content-type': type, ...own }, body: text ? body : JSON.stringify(body) };
}

function describe(given: FaultOptions['with'], delay: number, after: boolean): string {
  const what = typeof given === 'object' ? `status ${given.status}` : (given ?? 'late');
  return [what, delay > 0 ? `after ${delay} ms` : '', after ? 'once the request has taken effect' : '']
    .filter(Boolean)
    .join(', ');
}
