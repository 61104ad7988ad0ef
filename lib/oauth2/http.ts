import http, {
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import https from 'node:https';
import { type RequestOperation, TransportError, type TransportErrorCode } from './errors.ts';

/** The largest body that is read, bytes. */
export const MAX_BODY = 1024 * 1024;

/** One HTTP request. */
export interface HttpRequest {
  method: 'GET' | 'POST';
  /** An absolute http(s) URL. */
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** For the error, when there is one. */
  operation: RequestOperation;
  /** The deadline over connect, headers and body, ms. */
  timeout: number;
  signal?: AbortSignal | undefined;
  agent?: Agent | undefined;
}

/** A whole answer, its status below 300 or from 400. */
export interface HttpResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

interface Endpoint {
  secure: boolean;
  host: string;
  port: string | undefined;
  path: string;
  /** Without the query: for messages. */
  display: string;
}

// Endpoints are few and come from configuration; the bound is for callers that make up URLs.
const MAX_ENDPOINTS = 100;
const endpoints = new Map<string, Endpoint>();

function parseEndpoint(href: string): Endpoint {
  const known = endpoints.get(href);
  if (known !== undefined) return known;
  const url = new URL(href);
  const endpoint: Endpoint = {
    secure: url.protocol === 'https:',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || undefined,
    path: url.pathname + url.search,
    display: url.origin + url.pathname,
  };
  if (endpoints.size >= MAX_ENDPOINTS) endpoints.clear();
  endpoints.set(href, endpoint);
  return endpoint;
}

// Fatal: bytes that are not UTF-8 are no JSON (RFC 8259, 8.1). A byte order mark is dropped.
const strict = new TextDecoder('utf-8', { fatal: true });
const lenient = new TextDecoder('utf-8');

const EMPTY: Buffer = Buffer.alloc(0);

/** Copies a chunk behind the first `size` bytes: kept apart, chunks of one byte would take 400 bytes each. */
function append(bytes: Buffer, size: number, chunk: Buffer): Buffer {
  if (size === 0) return chunk;
  const length = size + chunk.length;
  const room = length > bytes.length ? Buffer.allocUnsafe(2 * length) : bytes;
  if (room !== bytes) bytes.copy(room, 0, 0, size);
  chunk.copy(room, size);
  return room;
}

/** Called once: with the whole answer, or with the reason why there is none. */
export type HttpCallback = (error: TransportError | null, response?: HttpResponse) => void;

/**
 * Sends one request and reads the whole answer: one deadline, no redirects, at most 1 MiB, decoded once.
 *
 * The error is a {@link TransportError} and nothing else. An answer with an error status is an answer even
 * when its body is cut, too long or not UTF-8: what there is of it is given.
 */
export function request(init: HttpRequest, callback: HttpCallback): void {
  new Exchange(init, callback).start();
}

/** One request and its answer. With a callback and not a promise: a login spends a tenth less CPU on it. */
class Exchange {
  readonly #init: HttpRequest;
  readonly #callback: HttpCallback;
  readonly #endpoint: Endpoint;
  #timer: NodeJS.Timeout | undefined;
  #onAbort: (() => void) | undefined;
  #settled = false;
  #req: ClientRequest | undefined;
  #res: IncomingMessage | undefined;
  /** The body so far, in the first `#size` bytes. */
  #bytes = EMPTY;
  #size = 0;

  constructor(init: HttpRequest, callback: HttpCallback) {
    this.#init = init;
    this.#callback = callback;
    this.#endpoint = parseEndpoint(init.url);
  }

  start(): void {
    const { signal, timeout, agent } = this.#init;
    if (signal !== undefined) {
      this.#onAbort = () => this.#fail('aborted', 'The request was aborted', signal.reason);
      if (signal.aborted) return this.#onAbort();
      signal.addEventListener('abort', this.#onAbort, { once: true });
    }
    this.#timer = setTimeout(() => this.#fail('timeout', `No complete answer within ${timeout} ms`), timeout);
    // With Node's own agent, the connection keeps the process alive. That a timer does costs a login 2 µs.
    if (agent === undefined) this.#timer.unref?.(); // jsdom's timers are numbers
    this.#send();
  }

  #send(): void {
    const { method, headers, agent, body } = this.#init;
    const { secure, host, port, path } = this.#endpoint;
    const options: RequestOptions = { method, host, port, path, headers };
    if (agent !== undefined) options.agent = agent;
    let req: ClientRequest;
    try {
      // Looked up on the module at each call: tracing and mocking tools replace it there.
      req = (secure ? https : http).request(options);
    } catch (error) {
      this.#fail('connection', 'The request could not be sent', error);
      return;
    }
    this.#req = req;
    req.on('response', (res) => this.#read(res));
    req.on('error', (error: NodeJS.ErrnoException) => {
      // The server had closed the kept-alive connection before it saw the request: Node's documentation of
      // `reusedSocket` has this race. Each try takes one idle connection away, so that this ends.
      const stale = req.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      if (!this.#settled && this.#res === undefined && stale) this.#send();
      else this.#fail('connection', 'The connection failed', error);
    });
    // What ends with neither a response nor an error, such as an answer that switches protocols.
    req.on('close', () => {
      if (req === this.#req && this.#res === undefined) this.#fail('connection', 'The connection was closed');
    });
    req.end(body);
  }

  #read(res: IncomingMessage): void {
    this.#res = res;
    const status = res.statusCode ?? 0;
    if (status >= 300 && status < 400) {
      this.#fail('redirect', `Unexpected redirect (${status})`);
      return;
    }
    if (status < 200) {
      this.#fail('malformed', `Not an HTTP status (${status})`);
      return;
    }
    res.on('data', (chunk: Buffer) => {
      if (this.#size + chunk.length > MAX_BODY) {
        this.#fail('too_large', `The answer is larger than ${MAX_BODY} bytes`);
        return;
      }
      this.#bytes = append(this.#bytes, this.#size, chunk);
      this.#size += chunk.length;
    });
    res.on('end', () => this.#finish(res, status));
    res.on('error', (error) =>
      this.#fail('connection', 'The connection was closed in the middle of the answer', error),
    );
  }

  #finish({ headers }: IncomingMessage, status: number): void {
    if (this.#settled) return;
    let body: string;
    try {
      body = this.#decode(status >= 400 ? lenient : strict);
    } catch {
      // No cause: a decoder's or parser's message may quote the body.
      this.#settle(this.#error('malformed', 'The answer is not UTF-8'));
      return;
    }
    this.#settle(null, { status, headers, body });
  }

  #fail(code: TransportErrorCode, detail: string, cause?: unknown): void {
    if (this.#settled) return;
    // The HTTP parser's errors hold all that it read, tokens included.
    if (code === 'connection' && cause instanceof Error) Reflect.deleteProperty(cause, 'rawPacket');
    const { statusCode: status, headers } = this.#res ?? {};
    if (status !== undefined && headers !== undefined && status >= 400 && code !== 'aborted') {
      this.#settle(null, { status, headers, body: this.#decode(lenient) });
    } else this.#settle(this.#error(code, detail, cause));
    this.#req?.destroy();
  }

  #settle(error: TransportError | null, response?: HttpResponse): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    if (this.#onAbort !== undefined) this.#init.signal?.removeEventListener('abort', this.#onAbort);
    // In the next tick the connection is free again: a request that follows takes it, and opens no other. And what
    // the callback throws does not go through Node's event handlers.
    process.nextTick(this.#callback, error, response);
  }

  #decode(decoder: typeof strict): string {
    return decoder.decode(
      this.#bytes.length === this.#size ? this.#bytes : this.#bytes.subarray(0, this.#size),
    );
  }

  #error(code: TransportErrorCode, detail: string, cause?: unknown): TransportError {
    const { method, operation } = this.#init;
    return new TransportError(`${detail}: ${method} ${this.#endpoint.display}`, { code, operation, cause });
  }
}
