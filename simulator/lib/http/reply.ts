import { type ServerResponse, STATUS_CODES } from 'node:http';

/** A response. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /**
   * What was wrong, in plain words, for the developer. It goes into the `simulator-note` header and the request log,
   * so that the body can keep the provider's exact (and often unhelpful) words.
   */
  readonly note?: string | undefined;
}

/** The result of a lookup, or the response if there is none. */
export type OrReply<T> = T | { readonly reply: Reply };

/** A JSON response. It must not be cached, because most of them contain tokens. */
export function json(
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
  note?: string,
): Reply {
  const shared = {
    'content-type': 'application/json;charset=UTF-8',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  };
  return { status, headers: { ...shared, ...headers }, body: JSON.stringify(value), note };
}

/** A redirect that makes the browser GET the target, also after a POST. */
export function redirect(location: string, headers: Record<string, string> = {}): Reply {
  return { status: 303, headers: { location, 'cache-control': 'no-store', ...headers }, body: '' };
}

/** The page of a gateway in front of the provider, instead of the provider's JSON. */
export function gatewayPage(status: number, text: string, note?: string): Reply {
  const title = `${status} ${STATUS_CODES[status] ?? 'Unknown'}`;
  const head = `<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${title}</title>`;
  return {
    status,
    headers: { 'content-type': 'text/html;charset=UTF-8', 'cache-control': 'no-store' },
    body: `<!doctype html><html lang="en"><head>${head}</head><body><main><h1>${title}</h1><p>${text}</p><p>Sent by fitbit-simulator.</p></main></body></html>`,
    note,
  };
}

/** Sends a response. */
export function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, headersOf(reply));
  response.end(reply.body);
}

/** Sends the first half of a response and then ends the connection. */
export function sendHalf(response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.body);
  response.writeHead(reply.status, headersOf(reply));
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
}

function headersOf(reply: Reply): Record<string, string> {
  return {
    // Also in a log or a trace, a response of the simulator must not look like a provider's.
    'x-simulator': 'fitbit-simulator',
    // A note may quote the request; a header accepts only printable ASCII.
    ...(reply.note !== undefined && { 'simulator-note': reply.note.replaceAll(/[^\x20-\x7e]/g, '?') }),
    ...reply.headers,
    'content-length': String(Buffer.byteLength(reply.body)),
  };
}
