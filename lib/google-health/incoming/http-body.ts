import type { IncomingMessage } from 'node:http';

/** The largest request body that is read, bytes. */
export const MAX_BODY = 1024 * 1024;

/** Why a request body could not be read; `status` is the response. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  /** 413: too large; 408: not complete in time; 400: the connection broke. */
  readonly status: 400 | 408 | 413;

  constructor(message: string, status: 400 | 408 | 413) {
    super(message);
    this.status = status;
  }
}

/** A request of node:http, as Express and others extend it. */
export interface NodeRequest extends IncomingMessage {
  /** The body as a middleware left it: a Buffer with `express.raw()`. */
  body?: unknown;
  /** The unparsed body that some platforms keep beside the parsed one. */
  rawBody?: unknown;
}

/**
 * Gives the bytes of a request's body: those that a middleware kept, or those of the stream.
 *
 * @param timeout ms until the body must be complete
 * @throws BodyError
 * @throws TypeError if the body was parsed and its bytes are gone
 */
export async function readNodeBody(req: NodeRequest, timeout: number): Promise<Buffer> {
  for (const kept of [req.body, req.rawBody]) {
    if (kept instanceof Uint8Array) return asBuffer(kept);
  }
  if (req.readableDidRead) throw parsedBody();
  return new Promise((resolve, reject) => {
    const bytes = new Bytes();
    const settle = (error?: BodyError) => {
      clearTimeout(timer);
      req.off('data', onData).off('end', onEnd).off('close', onClose);
      if (error === undefined) return resolve(bytes.all());
      req.pause();
      reject(error);
    };
    const timer = setTimeout(() => settle(incomplete(timeout)), timeout);
    const onData = (chunk: Buffer) => {
      if (!bytes.add(chunk)) settle(tooLarge());
    };
    const onEnd = () => settle();
    const onClose = () => settle(broken());
    req.on('error', () => {}); // 'close' follows
    req.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

/**
 * Gives the bytes of a Fetch request's body.
 *
 * @param timeout ms until the body must be complete
 * @throws BodyError
 * @throws TypeError if the body was read before
 */
export async function readFetchBody(request: Request, timeout: number): Promise<Buffer> {
  if (request.bodyUsed) throw parsedBody();
  if (request.body === null) return Buffer.alloc(0);
  const reader = request.body.getReader();
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(incomplete(timeout)), timeout);
  });
  const bytes = new Bytes();
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), deadline]);
      if (done) return bytes.all();
      if (!bytes.add(value)) throw tooLarge();
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error instanceof BodyError ? error : broken();
  } finally {
    clearTimeout(timer);
  }
}

/** Bytes in one growing buffer: separate chunks of one byte would take a hundred bytes each. */
class Bytes {
  #buffer = Buffer.alloc(0);
  #size = 0;

  /** Returns `false` if the limit is passed. */
  add(chunk: Uint8Array): boolean {
    const size = this.#size + chunk.length;
    if (size > MAX_BODY) return false;
    if (size > this.#buffer.length) {
      const larger = Buffer.alloc(2 * size);
      this.#buffer.copy(larger, 0, 0, this.#size);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#size);
    this.#size = size;
    return true;
  }

  all(): Buffer {
    return this.#buffer.subarray(0, this.#size);
  }
}

const incomplete = (timeout: number) =>
  new BodyError(`The request body was not complete within ${timeout} ms`, 408);
const tooLarge = () => new BodyError(`The request body is larger than ${MAX_BODY} bytes`, 413);
const broken = () => new BodyError('The connection was closed before the request body was complete', 400);

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function parsedBody(): TypeError {
  return new TypeError(
    'The request body was read before it reached this handler, so its signature cannot be verified: mount the handler before express.json() and other body parsers, or use express.raw({ type: () => true }) on its route',
  );
}
