import { boolean, type Check, checkFields, number, oneOf, text } from '../check.ts';
import { type Endpoint, endpointNames, type Provider, providers } from './provider.ts';

/** An answer of your own, sent instead of the provider's. */
export interface FaultReply {
  /** 200 to 599. */
  readonly status: number;
  /** Text as it is; anything else as JSON. @default '' */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The ways in which an answer goes wrong. */
export const faultKinds = ['hang', 'close', 'truncate', 'html'] as const;

/**
 * How an answer goes wrong: `hang` never comes, `close` ends the connection without one, `truncate` ends it in the
 * middle of the body, `html` is a gateway's 502 page.
 */
export type FaultKind = (typeof faultKinds)[number];

/** Something that is to go wrong. */
export interface FaultOptions {
  readonly endpoint: Endpoint;
  /** @default both providers */
  readonly provider?: Provider | undefined;
  /** Left out, the answer is the right one, only late: then `delay` says how late. */
  readonly with?: FaultKind | FaultReply | undefined;
  /** For how many requests; `Infinity` for all. @default 1 */
  readonly times?: number | undefined;
  /** Real milliseconds to wait before the answer. @default 0 */
  readonly delay?: number | undefined;
  /**
   * Lets the request take effect first (the code is used, the refresh token is replaced) and only then loses the
   * answer.
   * @default false
   */
  readonly after?: boolean | undefined;
}

/** A fault that was set. */
export interface Fault {
  readonly endpoint: Endpoint;
  readonly provider: Provider | undefined;
  readonly description: string;
  /** How many more requests get it. */
  readonly remaining: number;
  /** Takes it back. */
  clear(): void;
}

/** What the server does with a request that a fault is set for. */
export interface Strike {
  readonly description: string;
  readonly delay: number;
  readonly after: boolean;
  readonly effect: FaultOptions['with'];
}

interface Entry extends Fault {
  remaining: number;
  readonly strike: Strike;
}

const checks: Readonly<Record<keyof FaultOptions, Check>> = {
  endpoint: oneOf(endpointNames['google-health']),
  provider: oneOf(providers),
  with: checkEffect,
  times: (value, name) => {
    if (value !== Number.POSITIVE_INFINITY) number({ min: 1 })(value, name);
  },
  delay: number({ max: 2 ** 31 - 1 }), // what a timer can wait
  after: boolean,
};

/** The faults that are set. A request gets the oldest one that is meant for it. */
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
    checkFields(options, 'the fault', checks);
    const { endpoint, provider, times = 1, delay = 0, after = false, with: effect } = options;
    if (endpoint === undefined) throw new TypeError('"endpoint" must be given');
    if (provider !== undefined && !endpointNames[provider].includes(endpoint)) {
      throw new TypeError(`"endpoint": Fitbit has no "${endpoint}"`);
    }
    if (effect === undefined && delay === 0) {
      throw new TypeError('"with" or "delay" must say what goes wrong');
    }
    const description = describe(effect, delay, after);
    const entry: Entry = {
      endpoint,
      provider,
      description,
      remaining: times,
      strike: { description, delay, after, effect },
      clear: () => {
        this.#entries = this.#entries.filter((one) => one !== entry);
      },
    };
    this.#entries.push(entry);
    return entry;
  }

  /** Takes the fault that is set for a request, if there is one. */
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

function checkEffect(value: unknown, name: string): void {
  if (typeof value !== 'object' || value === null) return oneOf(faultKinds)(value, name);
  const reply: Partial<FaultReply> = value;
  checkFields(
    reply,
    `"${name}"`,
    { status: number({ min: 200, max: 599 }), body: () => {}, headers: checkHeaders },
    `${name}.`,
  );
  if (reply.status === undefined) throw new TypeError(`"${name}.status" must be given`);
}

function checkHeaders(value: unknown, name: string): void {
  if (typeof value !== 'object' || value === null) throw new TypeError(`"${name}" must be an object`);
  for (const [header, content] of Object.entries(value)) text(content, `${name}.${header}`);
}

function describe(effect: FaultOptions['with'], delay: number, after: boolean): string {
  const what = typeof effect === 'object' ? `status ${effect.status}` : (effect ?? 'late');
  return [what, delay > 0 ? `after ${delay} ms` : '', after ? 'once the request has taken effect' : '']
    .filter(Boolean)
    .join(', ');
}
