import http, {
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestOptions,
} from 'node:http';
import https from 'node:https';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { checkURL } from '../util/arguments.ts';
import { type RequestOperation, TransportError, type TransportErrorCode } from './errors.ts';

/** The largest body that is read, bytes. */
export const MAX_BODY = 1024 * 1024;

// Headers that have to agree with the URL and the body.
const DERIVED = new Set(['host', 'content-length', 'transfer-encoding']);

/** One HTTP request. */
export interface HttpRequest {
  method: string;
  /** An absolute http(s) URL. */
  url: string;
  /** `Host`, `Content-Length` and `Transfer-Encoding` are derived: they are ignored in here. */
  headers: OutgoingHttpHeaders;
  body?: string | Uint8Array | undefined;
  /** For the error, if there is one. */
  operation: RequestOperation;
  /** The deadline over connect, headers and body, ms. */
  timeout: number;
  signal?: AbortSignal | undefined;
  agent?: Agent | undefined;
  /** Called when the connection is ready, immediately before the request is written. If it throws, nothing is sent. */
  beforeSend?: (() => void) | undefined;
}

/** A whole response; its status is never 1xx or 3xx. */
export interface HttpResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/**
 * Sends one request and reads the whole response, up to 1 MiB, within one deadline. Does not follow redirects.
 *
 * A response with an error status counts even if its body is cut, too long or not UTF-8: its body is then as much as
 * could be read.
 *
 * @throws TransportError there is no usable response
 * @throws TypeError the URL is not an absolute http(s) URL
 * @throws what `beforeSend` throws
 */
export function request(init: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => new Exchange(init, resolve, reject).start());
}

/** One request and its response. */
class Exchange {
  readonly #init: HttpRequest;
  readonly #resolve: (response: HttpResponse) => void;
  readonly #reject: (error: unknown) => void;
  readonly #endpoint: Endpoint;
  #timer: NodeJS.Timeout | undefined;
  #onAbort: (() => void) | undefined;
  #settled = false;
  #req: ClientRequest | undefined;
  #res: IncomingMessage | undefined;
  readonly #body = new Body();

  constructor(
    init: HttpRequest,
    resolve: (response: HttpResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#init = init;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#endpoint = parseEndpoint(init.url);
  }

  start(): void {
    const { signal, timeout, agent } = this.#init;
    if (signal !== undefined) {
      this.#onAbort = () => this.#fail('aborted', 'The request was aborted', signal.reason);
      if (signal.aborted) return this.#onAbort();
      signal.addEventListener('abort', this.#onAbort);
    }
    this.#timer = setTimeout(
      () => this.#fail('timeout', `No complete response within ${timeout} ms`),
      timeout,
    );
    // With Node's own agent, the connection keeps the process alive.
    if (agent === undefined) this.#timer.unref?.(); // jsdom's timers are numbers
    this.#send();
  }

  #send(): void {
    const { method, headers, agent, body, beforeSend } = this.#init;
    const { secure, host, port, path } = this.#endpoint;
    const options: RequestOptions = { method, host, port, path };
    if (agent !== undefined) options.agent = agent;
    try {
      // Read from the module at each call, because tracing and mocking tools replace it there.
      const req = (secure ? https : http).request(options);
      this.#req = req;
      this.#listen(req);
      // Not in the options, which Node passes to the socket and prints under NODE_DEBUG=net.
      for (const name in headers) {
        const value = headers[name];
        if (value !== undefined && !DERIVED.has(name.toLowerCase())) req.setHeader(name, value);
      }
      // Node sets it only for methods that usually have a body, and sends other bodies without it.
      if (body !== undefined) req.setHeader('Content-Length', Buffer.byteLength(body));
      if (beforeSend === undefined) req.end(body);
      else req.once('socket', (socket) => whenReady(socket, () => this.#sendUnlessRefused(req, beforeSend)));
    } catch (error) {
      this.#fail('connection', 'The request could not be sent', error);
    }
  }

  #sendUnlessRefused(req: ClientRequest, beforeSend: () => void): void {
    if (this.#settled) return;
    try {
      beforeSend();
    } catch (error) {
      this.#settle();
      this.#reject(error);
      req.destroy();
      return;
    }
    req.end(this.#init.body);
  }

  #listen(req: ClientRequest): void {
    req.on('response', (res) => this.#read(res));
    req.on('error', (error: NodeJS.ErrnoException) => {
      // The server had closed the kept-alive connection before it saw the request: Node's documentation of
      // `reusedSocket` describes this race. Each try uses up one idle connection, so there is an end to it.
      const stale = req.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      if (!this.#settled && this.#res === undefined && stale) this.#send();
      else this.#fail('connection', 'The connection failed', error);
    });
    // A request can end with neither a response nor an error, e.g. when the server switches protocols.
    req.on('close', () => {
      if (req === this.#req && this.#res === undefined)
        this.#fail('connection', 'The connection was closed before a response arrived');
    });
  }

  #read(res: IncomingMessage): void {
    this.#res = res;
    const status = res.statusCode ?? 0;
    if (status >= 300 && status < 400) {
      this.#fail('redirect', `Unexpected redirect (${status})`);
      return;
    }
    if (status < 200) {
      this.#fail('malformed', `Invalid HTTP status (${status})`);
      return;
    }
    res.on('data', (chunk: Buffer) => {
      if (this.#body.size + chunk.length > MAX_BODY) {
        this.#fail('too_large', `The response is larger than ${MAX_BODY} bytes`);
      } else {
        this.#body.append(chunk);
      }
    });
    res.on('end', () => this.#finish(res, status));
    res.on('error', (error) =>
      this.#fail('connection', 'The connection was closed in the middle of the response', error),
    );
  }

  #finish({ headers }: IncomingMessage, status: number): void {
    if (this.#settled) return;
    let body: string;
    try {
      body = this.#body.decode(strict);
    } catch {
      // No cause: a decoder's message may quote the body.
      this.#fail('malformed', 'The response is not UTF-8');
      return;
    }
    this.#settle();
    this.#resolve({ status, headers, body });
  }

  #fail(code: TransportErrorCode, detail: string, cause?: unknown): void {
    if (this.#settled) return;
    this.#settle();
    const { statusCode: status, headers } = this.#res ?? {};
    if (status !== undefined && headers !== undefined && status >= 400 && code !== 'aborted') {
      this.#resolve({ status, headers, body: this.#body.decode(lenient) });
    } else {
      // Errors of the HTTP parser contain everything that it read, including tokens.
      if (code === 'connection') Reflect.deleteProperty(Object(cause), 'rawPacket');
      const { method, operation } = this.#init;
      const message = `${detail}: ${method} ${this.#endpoint.display}`;
      this.#reject(new TransportError(message, { code, operation, cause }));
    }
    this.#req?.destroy();
  }

  #settle(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    if (this.#onAbort !== undefined) this.#init.signal?.removeEventListener('abort', this.#onAbort);
  }
}

/** Calls back when a socket sends written data immediately. */
function whenReady(socket: Socket, ready: () => void): void {
  if (socket instanceof TLSSocket) {
    // It is null until the handshake has completed.
    if (socket.alpnProtocol === null) socket.once('secureConnect', ready);
    else ready();
    return;
  }
  // The sockets of mocking libraries, which extend Node's, connect only after they have got the request.
  const isNodes = Object.getPrototypeOf(socket) === Socket.prototype;
  if (isNodes && socket.connecting) socket.once('connect', ready);
  else ready();
}

interface Endpoint {
  secure: boolean;
  host: string;
  port: string | undefined;
  path: string;
  /** Without the query: for messages. */
  display: string;
}

// Apps have few endpoints; the limit is for callers with generated URLs.
const MAX_ENDPOINTS = 100;
const endpoints = new Map<string, Endpoint>();

function parseEndpoint(href: string): Endpoint {
  const known = endpoints.get(href);
  if (known !== undefined) return known;
  checkURL(href, 'url');
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

// Fatal: bytes that are not UTF-8 are not JSON (RFC 8259, 8.1). A byte order mark is dropped.
const strict = new TextDecoder('utf-8', { fatal: true });
const lenient = new TextDecoder('utf-8');

const NO_BYTES = Buffer.alloc(0);

/** The bytes of a body as they arrive, in one buffer: chunks of one byte would take 400 bytes each. */
class Body {
  size = 0;
  #bytes: Buffer = NO_BYTES;

  append(chunk: Buffer): void {
    const size = this.size + chunk.length;
    if (this.size === 0) {
      this.#bytes = chunk;
    } else {
      if (size > this.#bytes.length) {
        const larger = Buffer.allocUnsafe(2 * size);
        this.#bytes.copy(larger, 0, 0, this.size);
        this.#bytes = larger;
      }
      chunk.copy(this.#bytes, this.size);
    }
    this.size = size;
  }

  decode(decoder: typeof strict): string {
    const { size } = this;
    return decoder.decode(size === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, size));
  }
}
