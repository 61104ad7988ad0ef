import type { ServerResponse } from 'node:http';
import { BodyError, type NodeRequest, readFetchBody, readNodeBody } from './http-body.ts';
import { inTimeSlice } from './time-slice.ts';

/** Header fields by name. A field that came more than once is a list. */
export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A receiver's response to a request. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
  /** The work after the response has been sent; it must not reject. */
  work?: () => Promise<void>;
}

/** Handles requests, independent of the server's interface. */
export interface Receiver {
  /** Handles a complete request. */
  receive(headers: HeaderFields, body: Buffer): Promise<Answer>;
  /** Reports a request whose body could not be read. */
  refused(error: BodyError): void;
  /** Resolves when no work is left. */
  idle(): Promise<void>;
  /** ms until a request's body must be complete. */
  bodyTimeout: number;
}

/** A handler for Express, Connect, and plain node:http, where `next` may be left out. */
export interface NodeHandler {
  (req: NodeRequest, res: ServerResponse, next?: (error?: unknown) => void): void;
  /** Resolves when everything that was accepted has been processed: await it before the process ends. */
  idle(): Promise<void>;
}

/** A handler for servers that speak the Fetch API's Request and Response. */
export interface FetchHandler {
  (request: Request): Promise<Response>;
  /** Resolves when everything that was accepted has been processed: await it before the process ends. */
  idle(): Promise<void>;
}

/** Makes a receiver's handler for Express. */
export function toNodeHandler(receiver: Receiver): NodeHandler {
  const handle = async (req: NodeRequest, res: ServerResponse) => {
    let body: Buffer;
    try {
      body = await readNodeBody(req, receiver.bodyTimeout);
    } catch (error) {
      if (!(error instanceof BodyError)) throw error;
      receiver.refused(error);
      // The rest of the body is not read, so the connection can't be used again.
      res.writeHead(error.status, { Connection: 'close' }).end();
      return;
    }
    // Not `req.headers`, where a second Authorization header is silently dropped.
    const answer = await receiver.receive(req.headersDistinct ?? req.headers, body);
    res.writeHead(answer.status, answer.headers).end(answer.body);
    answer.work?.();
  };
  const handler = (req: NodeRequest, res: ServerResponse, next?: (error?: unknown) => void) => {
    handle(req, res).catch((error: unknown) => {
      if (next !== undefined) return next(error);
      process.emitWarning(error instanceof Error ? error : String(error));
      if (!res.headersSent) res.writeHead(500);
      res.end();
    });
  };
  return Object.assign(handler, { idle: () => receiver.idle() });
}

/**
 * Makes a receiver's handler for Fetch-style servers.
 *
 * @param waitUntil keeps a serverless function alive until a promise has settled
 */
export function toFetchHandler(
  receiver: Receiver,
  waitUntil: ((work: Promise<void>) => void) | undefined,
): FetchHandler {
  const handler = async (request: Request): Promise<Response> => {
    let body: Buffer;
    try {
      body = await inTimeSlice(() => readFetchBody(request, receiver.bodyTimeout));
    } catch (error) {
      if (!(error instanceof BodyError)) throw error;
      receiver.refused(error);
      return new Response(null, { status: error.status });
    }
    const answer = await receiver.receive(Object.fromEntries(request.headers), body);
    const work = answer.work?.();
    if (work !== undefined) waitUntil?.(work);
    return new Response(answer.body ?? null, { status: answer.status, headers: answer.headers ?? {} });
  };
  return Object.assign(handler, { idle: () => receiver.idle() });
}
