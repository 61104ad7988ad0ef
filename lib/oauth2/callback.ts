import type { Request } from 'express';
import { isObject } from './arguments.ts';

/** The longest parameter of a callback that is looked at, characters. */
export const MAX_PARAMETER = 4096;

/**
 * Names the parameter of a callback that is not one plain value: given twice (RFC 6749, section 3.1), as an
 * array or object, empty, or too long. Both of Express's query parsers are covered: one makes `code[]=a` an
 * array under `code`, the other a string under `code[]`.
 */
export function invalidParameter(query: unknown, body: unknown): string | undefined {
  return wrongIn(query) ?? (isObject(body) && 'code' in body ? wrongIn(body) : undefined);
}

const NAME = /^(?:code|state|error)(?=\[|$)/;

function wrongIn(params: unknown): string | undefined {
  if (!isObject(params)) return undefined;
  for (const key in params) {
    const name = NAME.exec(key)?.[0];
    if (name === undefined) continue;
    const value = params[key];
    if (name !== key || typeof value !== 'string' || value === '' || value.length > MAX_PARAMETER)
      return name;
  }
  return undefined;
}

/**
 * The callback URL as the provider gets it: a path is completed with the host that the request was sent to.
 *
 * @param trustProxy whether `X-Forwarded-*` headers say which; an Express app's "trust proxy" does, too
 */
export function callbackURLOf(
  req: Request,
  callbackURL: string | undefined,
  trustProxy: boolean | undefined,
): string | undefined {
  if (!callbackURL?.startsWith('/')) return callbackURL;
  const { headers, socket = req.connection } = req;
  const trusted = trustProxy || req.app?.get?.('trust proxy');
  // With several proxies a list, the one that the browser spoke to first.
  const forwarded = (name: string) => (trusted ? /[^\s,]+/.exec(`${headers[name] ?? ''}`)?.[0] : undefined);
  const secure =
    Reflect.get(socket ?? {}, 'encrypted') || forwarded('x-forwarded-proto')?.toLowerCase() === 'https';
  const host = forwarded('x-forwarded-host') || headers.host;
  const origin = `${secure ? 'https' : 'http'}://${host}`;
  if (!host || !URL.canParse(origin)) {
    throw new TypeError(
      '"callbackURL" is a path, and the request has no usable Host header to complete it with: give the absolute URL',
    );
  }
  return new URL(callbackURL, origin).href;
}
