import http, {
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
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
  protocol: string;
  hostname: string;
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
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
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

/** Copies a chunk behind the first `size` bytes: kept apart, chunks of one byte would take 400 bytes each. */
function append(bytes: Buffer, size: number, chunk: Buffer): Buffer {
  if (size === 0) return chunk;
  const length = size + chunk.length;
  const room = length > bytes.length ? Buffer.allocUnsafe(2 * length) : bytes;
  if (room !== bytes) bytes.copy(room, 0, 0, size);
  chunk.copy(room, size);
  return room;
}

/**
 * Sends one request and reads the whole answer: one deadline, no redirects, at most 1 MiB, decoded once.
 *
 * Rejects with a {@link TransportError} and nothing else. An answer with an error status is an answer even
 * when its body is cut, too long or not UTF-8: what there is of it is returned.
 */
export function request(init: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const { operation, timeout, signal } = init;
    const endpoint = parseEndpoint(init.url);
    let req: ClientRequest | undefined;
    let res: IncomingMessage | undefined;
    let settled = false;
    let bytes: Buffer = Buffer.alloc(0); // the body so far, in the first `size` bytes
    let size = 0;

    const settle = () => {
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const answer = (status: number, headers: IncomingHttpHeaders, decoder: typeof strict) => {
      resolve({ status, headers, body: decoder.decode(bytes.subarray(0, size)) });
    };
    const fail = (code: TransportErrorCode, detail: string, cause?: unknown) => {
      if (settled) return;
      settle();
      req?.destroy();
      // The HTTP parser's errors hold all that it read, tokens included.
      if (code === 'connection' && cause instanceof Error) Reflect.deleteProperty(cause, 'rawPacket');
      if (res?.statusCode !== undefined && res.statusCode >= 400 && code !== 'aborted') {
        answer(res.statusCode, res.headers, lenient);
        return;
      }
      reject(new TransportError(`${detail}: ${init.method} ${endpoint.display}`, { code, operation, cause }));
    };
    const onAbort = () => fail('aborted', 'The request was aborted', signal?.reason);

    const timer = setTimeout(() => fail('timeout', `No complete answer within ${timeout} ms`), timeout);
    if (signal?.aborted) {
      onAbort();
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });

    const onResponse = (response: IncomingMessage) => {
      res = response;
      const status = response.statusCode ?? 0;
      if (status >= 300 && status < 400) {
        fail('redirect', `Unexpected redirect (${status})`);
        return;
      }
      if (status < 200) {
        fail('malformed', `Not an HTTP status (${status})`);
        return;
      }
      response.on('data', (chunk: Buffer) => {
        if (size + chunk.length > MAX_BODY) {
          fail('too_large', `The answer is larger than ${MAX_BODY} bytes`);
          return;
        }
        bytes = append(bytes, size, chunk);
        size += chunk.length;
      });
      response.on('end', () => {
        if (settled) return;
        settle();
        try {
          answer(status, response.headers, status >= 400 ? lenient : strict);
        } catch {
          // No cause: a decoder's or parser's message may quote the body.
          reject(
            new TransportError(`The answer is not UTF-8: ${init.method} ${endpoint.display}`, {
              code: 'malformed',
              operation,
            }),
          );
        }
      });
      response.on('error', (error) =>
        fail('connection', 'The connection was closed in the middle of the answer', error),
      );
    };

    const send = () => {
      try {
        // Looked up on the module at each call: tracing and mocking tools replace it there.
        req = (endpoint.secure ? https : http).request({
          method: init.method,
          protocol: endpoint.protocol,
          hostname: endpoint.hostname,
          port: endpoint.port,
          path: endpoint.path,
          headers: init.headers,
          agent: init.agent,
        });
      } catch (error) {
        fail('connection', 'The request could not be sent', error);
        return;
      }
      const current = req;
      current.on('response', onResponse);
      current.on('error', (error: NodeJS.ErrnoException) => {
        // The server had closed the kept-alive connection before it saw the request: Node's documentation of
        // `reusedSocket` has this race. Each try takes one idle connection away, so that this ends.
        const stale = current.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        if (!settled && res === undefined && stale) send();
        else fail('connection', 'The connection failed', error);
      });
      // What ends with neither a response nor an error, such as an answer that switches protocols.
      current.on('close', () => {
        if (current === req && res === undefined) fail('connection', 'The connection was closed');
      });
      current.end(init.body);
    };
    send();
  });
}
