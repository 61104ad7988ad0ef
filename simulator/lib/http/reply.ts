import { type ServerResponse, STATUS_CODES } from 'node:http';

/** One answer. */
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

/** What was looked for, or the answer that its absence gets. */
export type OrReply<T> = T | { readonly reply: Reply };

/** A JSON answer. Not to be stored by anybody: most of them hold tokens. */
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

/** A page as a gateway in front of a provider sends it, instead of the provider's JSON. */
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

/** Sends an answer. */
export function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, headersOf(reply));
  response.end(reply.body);
}

/** Sends the first half of an answer and then ends the connection. */
export function sendHalf(response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.body);
  response.writeHead(reply.status, headersOf(reply));
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
}

function headersOf(reply: Reply): Record<string, string> {
  return {
    // In a log or a trace as well, nobody may take an answer of the simulator for a provider's.
    'x-simulator': 'fitbit-simulator',
    // A note may quote what the request had; a header takes printable ASCII only.
    ...(reply.note !== undefined && { 'simulator-note': reply.note.replaceAll(/[^\x20-\x7e]/g, '?') }),
    ...reply.headers,
    'content-length': String(Buffer.byteLength(reply.body)),
  };
}
