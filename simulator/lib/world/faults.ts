import { boolean, type Check, checkFields, number, oneOf, text } from '../check.ts';
import { type Endpoint, endpointNames, type Provider, providers } from './provider.ts';

/** Your own response instead of the provider's. */
export interface FaultReply {
  /** 200 to 599. */
  readonly status: number;
  /** Text as it is; anything else as JSON. @default '' */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The kinds of faults. */
export const faultKinds = ['hang', 'close', 'truncate', 'html'] as const;

/**
 * What is wrong with the response: `hang` never responds, `close` closes the connection without a response, `truncate`
 * ends it in the middle of the body, `html` is a gateway's 502 page.
 */
export type FaultKind = (typeof faultKinds)[number];

/** A fault to set. */
export interface FaultOptions {
  readonly endpoint: Endpoint;
  /** @default both providers */
  readonly provider?: Provider | undefined;
  /** Without it, the correct response is sent after `delay`. */
  readonly with?: FaultKind | FaultReply | undefined;
  /** How many requests are affected; `Infinity` for all. @default 1 */
  readonly times?: number | undefined;
  /** Real milliseconds to wait before the response. @default 0 */
  readonly delay?: number | undefined;
  /**
   * Whether the request takes effect (the code is used, the refresh token is replaced) and only its response is lost.
   * @default false
   */
  readonly after?: boolean | undefined;
}

/** A fault that was set. */
export interface Fault {
  readonly endpoint: Endpoint;
  readonly provider: Provider | undefined;
  readonly description: string;
  /** How many more requests are affected. */
  readonly remaining: number;
  /** Removes the fault. */
  clear(): void;
}

/** What the server does with an affected request. */
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
  delay: number({ max: 2 ** 31 - 1 }), // the longest delay of a timer
  after: boolean,
};

/** The faults that are set. The oldest matching one affects a request. */
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
      throw new TypeError(`"endpoint" must not be "${endpoint}" for Fitbit, which has no such endpoint`);
    }
    if (effect === undefined && delay === 0) {
      throw new TypeError('"with" or "delay" must be given: they say what goes wrong');
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

  /** Uses the fault for a request, if there is one. */
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
