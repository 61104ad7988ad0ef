import type { Request } from 'express';

// A host and an optional port: no user info, path, query or fragment.
const HOST = /^[^\s/?#@\\]+$/;

/**
 * The redirect URI as the provider gets it: a `callbackURL` that is a path is completed with the origin that the
 * browser sent the request to.
 *
 * @param proxy whether to trust `X-Forwarded-*` headers; otherwise the app's "trust proxy" setting decides
 * @throws TypeError the request has no usable host
 */
export function toRedirectURI(
  req: Request,
  callbackURL: string | undefined,
  proxy: boolean | undefined,
): string | undefined {
  if (!callbackURL?.startsWith('/')) return callbackURL;
  const trusted = proxy || trustsPeer(req);
  // Each proxy adds itself to the list; the browser's own request comes first.
  const forwarded = (name: string) =>
    trusted ? /[^\s,]+/.exec(`${req.headers[name] ?? ''}`)?.[0] : undefined;
  const secure = isEncrypted(req) || forwarded('x-forwarded-proto')?.toLowerCase() === 'https';
  const host = forwarded('x-forwarded-host') ?? req.headers.host ?? '';
  const origin = `${secure ? 'https' : 'http'}://${host}`;
  if (!HOST.test(host) || !URL.canParse(origin)) {
    throw new TypeError(
      '"callbackURL" is a path, but the request has no valid Host header to complete it: set an absolute URL',
    );
  }
  return new URL(callbackURL, origin).href;
}

/** Whether the Express app's "trust proxy" setting (a function, list, network or number of hops) trusts the peer. */
function trustsPeer(req: Request): boolean {
  const trust: unknown = req.app?.get?.('trust proxy fn');
  return typeof trust === 'function' && Boolean(trust(socketOf(req)?.remoteAddress, 0));
}

function isEncrypted(req: Request): boolean {
  const socket = socketOf(req);
  return socket !== undefined && 'encrypted' in socket && Boolean(socket.encrypted);
}

function socketOf(req: Request): Request['socket'] | undefined {
  return req.socket ?? req.connection;
}
