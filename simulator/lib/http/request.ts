import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** One request as the endpoints see it. */
export interface Incoming {
  readonly method: string;
  /** The path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The parameters of the path, by the names that the endpoint's path has for them. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** The body's parameters when it is a form (or, where a provider takes it, JSON); otherwise empty. */
  readonly form: URLSearchParams;
  /** The body as text. */
  readonly body: string;
}

/** The largest request body that is read, in bytes. */
const bodyLimit = 1024 * 1024;

/** Thrown when a request body is larger than 1 MiB. */
export class BodyTooLarge extends Error {}

/** Reads a whole request body as UTF-8. */
export async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += chunk.length;
    // Read the rest but keep nothing: most clients lose a response that comes before the end of the request.
    if (size <= bodyLimit) chunks.push(chunk);
  }
  if (size > bodyLimit) throw new BodyTooLarge();
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads a body's parameters; from JSON only if the provider accepts it: Google does, Fitbit doesn't. */
export function readForm(body: string, contentType: string | undefined, takesJSON: boolean): URLSearchParams {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') return new URLSearchParams(body);
  return takesJSON && type === 'application/json' ? readJSON(body) : new URLSearchParams();
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

/** The JSON object of a body; an empty one for anything else. */
export function readObject(body: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(body));
  } catch {
    return {};
  }
}

/** The fields of an object; none for any other value. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
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
