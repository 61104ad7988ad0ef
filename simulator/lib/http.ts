import { type IncomingHttpHeaders, type IncomingMessage, STATUS_CODES } from 'node:http';

/** One request as the endpoints see it. */
export interface Incoming {
  readonly method: string;
  /** The path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The body's parameters when it is a form (or, where a provider takes it, JSON); otherwise empty. */
  readonly form: URLSearchParams;
}

/** One answer. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /**
   * What was wrong, in plain words, for the developer. It goes into the `simulator-note` header and the
   * request log, so that the body can keep the provider's exact (and often unhelpful) words.
   */
  readonly note?: string;
}

/** The largest request body that is read, in bytes. */
const bodyLimit = 1024 * 1024;

/** Thrown when a request body is larger than {@link bodyLimit}. */
export class BodyTooLarge extends Error {}

/** Reads a whole request body as UTF-8. */
export async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += chunk.length;
    // Read on but keep nothing: an answer before the end of the request is lost on most clients.
    if (size <= bodyLimit) chunks.push(chunk);
  }
  if (size > bodyLimit) throw new BodyTooLarge();
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads a body's parameters. JSON is read as well because Google's token endpoint takes it. */
export function readForm(body: string, contentType: string | undefined): URLSearchParams {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') return new URLSearchParams(body);
  if (type === 'application/json') return readJSON(body);
  return new URLSearchParams();
}

function readJSON(body: string): URLSearchParams {
  const form = new URLSearchParams();
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return form;
  }
  for (const [key, one] of Object.entries(value ?? {})) {
    if (typeof one === 'string' || typeof one === 'number') form.set(key, String(one));
  }
  return form;
}

/** The user name and password of a Basic header, or undefined when it is not one. */
export function readBasic(header: string | undefined): { user: string; password: string } | undefined {
  const match = /^Basic +([A-Za-z0-9+/_-]+=*) *$/i.exec(header ?? '');
  const text = match?.[1] === undefined ? '' : Buffer.from(match[1], 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** The token of a Bearer header, or undefined when it is not one. */
export function readBearer(header: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
}

/** Undoes the form encoding that RFC 6749 section 2.3.1 puts on Basic credentials. */
export function decodeCredential(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** A JSON answer. Not to be stored by anybody: most of them hold tokens. */
export function json(
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
  note?: string,
): Reply {
  return {
    status,
    headers: {
      'content-type': 'application/json;charset=UTF-8',
      'cache-control': 'no-store',
      pragma: 'no-cache',
      ...headers,
    },
    body: JSON.stringify(value),
    ...(note === undefined ? {} : { note }),
  };
}

/** A redirect that makes the browser GET the target, also after a POST. */
export function redirect(location: string, headers: Record<string, string> = {}): Reply {
  return { status: 303, headers: { location, 'cache-control': 'no-store', ...headers }, body: '' };
}

/** A page as a gateway in front of a provider sends it, instead of the provider's JSON. */
export function gatewayPage(status: number, text: string): Reply {
  const title = `${status} ${STATUS_CODES[status] ?? 'Unknown'}`;
  const page = `<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${title}</title></head><body><main><h1>${title}</h1><p>${text}</p><p>Sent by fitbit-simulator.</p></main></body></html>`;
  return {
    status,
    headers: { 'content-type': 'text/html;charset=UTF-8', 'cache-control': 'no-store' },
    body: page,
  };
}
