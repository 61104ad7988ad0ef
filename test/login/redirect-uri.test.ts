import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toRedirectURI } from '../../lib/login/redirect-uri.ts';
import { fakeRequest } from '../support/strategy.ts';

const HEADERS = { host: 'internal:3000', 'x-forwarded-host': 'app.example', 'x-forwarded-proto': 'https' };
const FORWARDED = 'https://app.example/cb';
const DIRECT = 'http://internal:3000/cb';
const NO_HOST = /^"callbackURL" is a path, but the request has no valid Host header to complete it/;

/** Sends a request with these headers to a real server, and resolves with the redirect URI or the error's message. */
async function redirectURIAt(
  handler: http.RequestListener,
  headers: Record<string, string | string[]> = HEADERS,
): Promise<string> {
  const server = http.createServer(handler).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const req = http.get({ port, host: '127.0.0.1', headers, setHost: !('host' in headers) });
  const [res] = (await once(req, 'response')) as [http.IncomingMessage];
  return Buffer.concat(await res.toArray()).toString();
}

/** An Express app with this "trust proxy" setting, which shows the redirect URI. */
function expressApp(trust?: unknown, proxy?: boolean): http.RequestListener {
  const app = express();
  if (trust !== undefined) app.set('trust proxy', trust);
  app.get('/', (req, res) => void res.send(toRedirectURI(req, '/cb', proxy)));
  return app;
}

describe("Express's trust proxy setting", () => {
  it.each<[name: string, trust: unknown]>([
    ['true', true],
    ['a number of hops', 1],
    ['an address', '127.0.0.1'],
    ['a network', '127.0.0.0/8'],
    ['a name for networks', 'loopback'],
    ['a list', ['10.0.0.0/8', '127.0.0.1']],
    ['a list in a string', '10.0.0.0/8, 127.0.0.1'],
    ['a function', (address: string) => address.endsWith('127.0.0.1')],
  ])('lets X-Forwarded-* headers of a trusted peer count: %s', async (_name, trust) => {
    expect(await redirectURIAt(expressApp(trust))).toBe(FORWARDED);
  });

  it.each<[name: string, trust: unknown]>([
    ['none', undefined],
    ['false', false],
    ['no hops', 0],
    ['another address', '10.0.0.1'],
    ['another network', '10.0.0.0/8'],
    ['a list of others', ['10.0.0.0/8', '192.168.0.1']],
    ['a function', (address: string) => address.startsWith('10.')],
  ])('does not let those of any other peer count: %s', async (_name, trust) => {
    expect(await redirectURIAt(expressApp(trust))).toBe(DIRECT);
  });

  it('is asked about the peer of the connection, as the first hop', async () => {
    const seen: unknown[] = [];
    const trust = (...args: unknown[]) => {
      seen.push(args);
      return true;
    };
    await redirectURIAt(expressApp(trust), { ...HEADERS, 'x-forwarded-for': '203.0.113.9' });
    expect(seen).toEqual([['127.0.0.1', 0]]);
  });

  it('is not needed with proxy: true', async () => {
    expect(await redirectURIAt(expressApp(undefined, true))).toBe(FORWARDED);
    expect(await redirectURIAt(expressApp('10.0.0.1', true))).toBe(FORWARDED);
  });

  it('is the one of the app that a mounted app inherits', async () => {
    const app = express().set('trust proxy', '127.0.0.1');
    app.use('/', expressApp() as express.Express);
    expect(await redirectURIAt(app)).toBe(FORWARDED);
  });
});

describe('a request without an Express app', () => {
  const bare: http.RequestListener = (req, res) =>
    res.end(toRedirectURI(req as express.Request, '/cb', false));

  it('has no trusted proxy', async () => {
    expect(await redirectURIAt(bare)).toBe(DIRECT);
  });

  it("has no trusted proxy if its app is not Express's, as in Fastify", () => {
    for (const app of [undefined, null, {}, { get: () => undefined }, { get: () => true }]) {
      const req = Object.assign(fakeRequest({ headers: HEADERS, encrypted: false }), { app });
      expect(toRedirectURI(req as express.Request, '/cb', undefined)).toBe(DIRECT);
    }
  });

  it('has a trusted proxy with proxy: true', async () => {
    const trusting: http.RequestListener = (req, res) =>
      res.end(toRedirectURI(req as express.Request, '/cb', true));
    expect(await redirectURIAt(trusting)).toBe(FORWARDED);
  });

  it('may have no socket, which some adapters leave out', () => {
    const req = Object.assign(fakeRequest(), { connection: undefined });
    expect(toRedirectURI(req as never, '/cb', undefined)).toBe('http://app.example/cb');
  });

  it("may have no socket when an app's setting is asked about its peer", () => {
    const seen: unknown[] = [];
    const trust = (...args: unknown[]) => seen.push(args) > 0;
    const app = { get: () => trust };
    const req = Object.assign(fakeRequest({ headers: HEADERS }), { connection: undefined, app });
    expect(toRedirectURI(req as never, '/cb', undefined)).toBe(FORWARDED);
    expect(seen).toEqual([[undefined, 0]]);
  });

  it('is encrypted if its socket is', () => {
    expect(toRedirectURI(fakeRequest(), '/cb', undefined)).toBe('https://app.example/cb');
    expect(toRedirectURI(fakeRequest({ encrypted: false }), '/cb', undefined)).toBe('http://app.example/cb');
  });
});

describe('forwarded headers', () => {
  const at = (headers: Record<string, string>, host = 'internal:3000') =>
    toRedirectURI(fakeRequest({ headers: { host, ...headers }, encrypted: false }), '/cb', true);

  it.each([
    [{}, DIRECT],
    [{ 'x-forwarded-proto': 'https' }, 'https://internal:3000/cb'],
    [{ 'x-forwarded-proto': 'HTTPS, http' }, 'https://internal:3000/cb'],
    [{ 'x-forwarded-proto': 'http, https' }, DIRECT],
    [{ 'x-forwarded-proto': '' }, DIRECT],
    [{ 'x-forwarded-proto': 'javascript' }, DIRECT],
    [{ 'x-forwarded-host': 'app.example, gateway.example' }, 'http://app.example/cb'],
    [{ 'x-forwarded-host': 'app.example:8443' }, 'http://app.example:8443/cb'],
    [{ 'x-forwarded-host': '' }, DIRECT],
  ])('count with their first value: %j', (headers, expected) => {
    expect(at(headers)).toBe(expected);
  });

  it.each(['evil.example/x', 'a@evil.example', 'evil.example?x', 'evil.example#x'])(
    'with an odd host are refused, even beside a good Host: %s',
    (host) => {
      expect(() => at({ 'x-forwarded-host': host })).toThrow(NO_HOST);
    },
  );
});

describe('a Host header', () => {
  it.each([
    'user@evil.example',
    'user:pw@evil.example',
    '@evil.example',
    'app.example/path',
    'app.example/',
    'app.example?query',
    'app.example#fragment',
    'app.example\\path',
    'app.example evil.example',
    ' app.example',
    'app.example\t',
    'app.example:port',
    'app.example:99999',
    'app.example:80:81',
    '[::1',
    'a%40evil.example',
    '<script>',
    '',
  ])('that is odd is refused: %j', (host) => {
    expect(() => toRedirectURI(fakeRequest({ headers: { host } }), '/cb', undefined)).toThrow(TypeError);
    expect(() => toRedirectURI(fakeRequest({ headers: { host } }), '/cb', undefined)).toThrow(NO_HOST);
  });

  it('that is missing is refused', () => {
    const req = fakeRequest();
    Reflect.deleteProperty(req.headers, 'host');
    expect(() => toRedirectURI(req, '/cb', undefined)).toThrow(NO_HOST);
  });

  it.each([
    ['app.example', 'https://app.example/cb'],
    ['app.example:8443', 'https://app.example:8443/cb'],
    ['APP.example', 'https://app.example/cb'],
    ['127.0.0.1:3000', 'https://127.0.0.1:3000/cb'],
    ['[::1]:3000', 'https://[::1]:3000/cb'],
    ['localhost', 'https://localhost/cb'],
  ])('may have a name or address, and a port: %s', (host, expected) => {
    expect(toRedirectURI(fakeRequest({ headers: { host } }), '/cb', undefined)).toBe(expected);
  });

  it.each([undefined, 'https://app.example/cb', 'myapp://callback'])(
    'does not matter if the callback URL is not a path: %s',
    (callbackURL) => {
      const req = fakeRequest({ headers: { host: 'user@evil.example' } });
      expect(toRedirectURI(req, callbackURL, true)).toBe(callbackURL);
    },
  );
});
