// What is deliberately different from passport-oauth2 in errors, requests and `_oauth2`.
// Each title is a row of docs/differences-from-passport-oauth2.md.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import passport from 'passport';
import { OAuthError, ResponseError, TransportError } from 'passport-fitbit-strategy';
import OAuth2Strategy from 'passport-oauth2';
import { describe, expect, it } from 'vitest';
import { login } from '../support/strategy.ts';
import {
  called,
  client,
  construct,
  constructGoogle,
  errorOf,
  oauth2Of,
  Provider,
  stubExchange,
  upstream,
  verify,
} from './support.ts';

const provider = new Provider();

const ours = (options: object = {}) => construct({ ...client, ...provider.endpoints, ...options }, verify);

/** passport-oauth2's strategy with its own code exchange. */
function theirs(): OAuth2Strategy {
  return Reflect.construct(OAuth2Strategy, [
    { ...client, ...provider.endpoints, authorizationURL: 'https://www.fitbit.com/oauth2/authorize' },
    verify,
  ]);
}

const errorOfExchange = (strategy: OAuth2Strategy) =>
  called((callback) => oauth2Of(strategy).getOAuthAccessToken('abc', {}, callback));

/** The status with which an Express app without an error handler of its own answers a callback. */
async function statusOf(strategy: OAuth2Strategy, query: string): Promise<number> {
  const authenticator = new passport.Passport().use('tested', strategy);
  const app = express().set('env', 'test'); // in others, the default handler prints the error
  app.get('/callback', authenticator.authenticate('tested', { session: false }));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/callback?${query}`);
    await response.text();
    return response.status;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('errors', () => {
  it('error of the token endpoint', async () => {
    provider.respond = (res) =>
      res.writeHead(400).end('{"error":"invalid_grant","error_description":"The code was used"}');
    expect(errorOf(await login(theirs()))).toMatchObject({
      name: 'TokenError',
      code: 'invalid_grant',
      message: 'The code was used',
    });
    const error = errorOf(await login(ours()));
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({
      code: 'invalid_grant',
      operation: 'code_exchange',
      reauthorize: true,
      errors: [{ code: 'invalid_grant', description: 'The code was used' }],
    });
  });

  it('failure to reach the token endpoint', async () => {
    provider.respond = (res) => res.destroy();
    expect(errorOf(await login(theirs()))).toMatchObject({
      name: 'InternalOAuthError',
      oauthError: { code: 'ECONNRESET' },
    });
    const error = errorOf(await login(ours()));
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'connection', retryable: true, cause: { code: 'ECONNRESET' } });
  });

  it('`err.statusCode` and `err.data`', async () => {
    provider.respond = (res) =>
      res.writeHead(400).end('{"errors":[{"errorType":"invalid_grant","message":"Used"}]}');
    expect(await errorOfExchange(theirs())).toEqual([
      { statusCode: 400, data: expect.stringContaining('Used') },
    ]);
    const [error] = await errorOfExchange(ours());
    expect(error).toMatchObject({
      httpStatus: 400,
      errors: [{ code: 'invalid_grant', description: 'Used' }],
    });
    for (const name of ['statusCode', 'status', 'data']) expect(error).not.toHaveProperty(name);
  });

  it('HTTP status that an error gives the app', async () => {
    expect(await statusOf(theirs(), 'error=temporarily_unavailable')).toBe(503);
    for (const status of [400, 401, 403, 404, 429, 503]) {
      provider.respond = (res) => res.writeHead(status).end('{"errors":[{"errorType":"invalid_client"}]}');
      const exchange = ours({ state: false });
      expect(await statusOf(exchange, 'code=abc')).toBe(500);
      const google = constructGoogle({ ...client, ...provider.endpoints, state: false }, verify);
      expect(await statusOf(google, 'code=abc')).toBe(500);
      const profile = ours({ state: false });
      stubExchange(profile);
      expect(await statusOf(profile, 'code=abc')).toBe(500);
    }
    expect(provider.received).toHaveLength(18);
  });

  it('success response without an access token', async () => {
    provider.respond = (res) => res.end('{"token_type":"Bearer"}');
    const plain = errorOf(await login(theirs()));
    expect(plain).toMatchObject({ message: 'Failed to obtain access token' });
    expect(plain).not.toHaveProperty('code');
    const error = errorOf(await login(ours()));
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'malformed', operation: 'code_exchange' });
  });
});

describe('requests', () => {
  it('form-encoded token response', async () => {
    provider.respond = (res) => res.end('access_token=form&token_type=Bearer');
    expect(await login(theirs())).toMatchObject({ user: { accessToken: 'form' } });
    expect(errorOf(await login(ours()))).toMatchObject({ code: 'malformed' });
  });

  it('redirect as a response', async () => {
    provider.respond = (res) => res.writeHead(302, { Location: 'https://evil.example/' }).end('body');
    const fetched = (strategy: OAuth2Strategy) =>
      called((callback) => oauth2Of(strategy).get(`${provider.base}/any`, 'mine', callback));
    expect((await fetched(theirs())).slice(0, 2)).toEqual([null, 'body']);
    const results = await fetched(ours());
    expect(results).toEqual([expect.any(TransportError)]);
    expect(results[0]).toMatchObject({ code: 'redirect' });
  });

  it('time and size limits', async () => {
    const body = JSON.stringify({ access_token: 'access', more: 'x'.repeat(1024 * 1024) });
    provider.respond = (res) => res.end(body);
    expect((await login(theirs())).type).toBe('success');
    expect(errorOf(await login(ours()))).toMatchObject({ code: 'too_large' });
    provider.respond = () => {};
    expect(errorOf(await login(ours({ timeout: 300 })))).toMatchObject({ code: 'timeout' });
  });

  it('access token of `_oauth2.get`', async () => {
    for (const strategy of [theirs(), ours()]) {
      await called((callback) => oauth2Of(strategy).get(`${provider.base}/any`, 'mine', callback));
    }
    expect(provider.received).toMatchObject([
      { url: '/any?access_token=mine' },
      { url: '/any', headers: { authorization: 'Bearer mine' } },
    ]);
  });

  it('`useAuthorizationHeaderforGET(false)` and `setAccessTokenName`', () => {
    const [upstreams, own] = [oauth2Of(upstream()), oauth2Of(ours())];
    for (const oauth2 of [upstreams, own]) {
      oauth2.useAuthorizationHeaderforGET(true);
      oauth2.setAccessTokenName('access_token');
    }
    upstreams.useAuthorizationHeaderforGET(false);
    upstreams.setAccessTokenName('oauth_token');
    expect(() => own.useAuthorizationHeaderforGET(false)).toThrow(TypeError);
    expect(() => own.useAuthorizationHeaderforGET(false)).toThrow(/"useAuthorizationHeaderforGET"/);
    expect(() => own.setAccessTokenName('oauth_token')).toThrow(TypeError);
    expect(() => own.setAccessTokenName('oauth_token')).toThrow(/"setAccessTokenName"/);
  });

  it('client credentials of the code exchange', async () => {
    const google = constructGoogle({ ...client, ...provider.endpoints }, verify);
    for (const strategy of [theirs(), ours(), ours({ clientSecret: undefined }), google]) {
      await errorOfExchange(strategy);
    }
    const sent = provider.received.map(({ body, headers }) => [body, headers.authorization]);
    expect(sent).toEqual([
      ['client_id=CID&client_secret=s3cret&code=abc', undefined],
      ['code=abc', `Basic ${btoa('CID:s3cret')}`],
      ['code=abc&client_id=CID', undefined],
      ['code=abc&client_id=CID&client_secret=s3cret', undefined],
    ]);
  });

  it('lowercase `authorization` header and an access token in `_oauth2._request`', async () => {
    for (const strategy of [theirs(), ours()]) {
      const headers = { authorization: 'Basic abc' };
      await called((callback) =>
        oauth2Of(strategy)._request('GET', `${provider.base}/any`, headers, '', 'mine', callback),
      );
    }
    expect(provider.received).toMatchObject([
      { url: '/any?access_token=mine', headers: { authorization: 'Basic abc' } },
      { url: '/any', headers: { authorization: 'Basic abc' } },
    ]);
  });
});

describe('_oauth2', () => {
  it('error of a callback of `_oauth2`', async () => {
    provider.respond = (res) => res.writeHead(403).end('no');
    const fetched = (strategy: OAuth2Strategy) =>
      called((callback) => oauth2Of(strategy)._request('GET', `${provider.base}/any`, {}, '', '', callback));
    expect(await fetched(theirs())).toEqual([{ statusCode: 403, data: 'no' }]);
    const [error, ...rest] = await fetched(ours());
    expect(error).toBeInstanceOf(OAuthError);
    expect(rest).toEqual(['no', { statusCode: 403, headers: expect.any(Object) }]);
  });

  it('third argument of a callback of `_oauth2`', async () => {
    const fetched = (strategy: OAuth2Strategy) =>
      called((callback) => oauth2Of(strategy).get(`${provider.base}/any`, 'mine', callback));
    expect((await fetched(theirs()))[2]).toHaveProperty('pipe');
    expect((await fetched(ours()))[2]).toEqual({ statusCode: 200, headers: expect.any(Object) });
  });

  it('`params` of `_oauth2.getOAuthAccessToken`', async () => {
    const changed = async (strategy: OAuth2Strategy) => {
      const params = {};
      await called((callback) => oauth2Of(strategy).getOAuthAccessToken('abc', params, callback));
      return params;
    };
    expect(await changed(theirs())).toEqual({ client_id: 'CID', client_secret: 's3cret', code: 'abc' });
    expect(await changed(ours())).toEqual({});
  });

  it('`_oauth2._executeRequest` and `_oauth2._chooseHttpLibrary`', async () => {
    const callsOf = async (strategy: OAuth2Strategy) => {
      const oauth2 = oauth2Of(strategy);
      const calls: string[] = [];
      for (const name of ['_chooseHttpLibrary', '_executeRequest']) {
        const original: unknown = Reflect.get(oauth2, name);
        const counted = (...args: unknown[]) => {
          calls.push(name);
          return Reflect.apply(Object(original), oauth2, args);
        };
        Object.assign(oauth2, { [name]: counted });
      }
      await called((callback) => oauth2.get(`${provider.base}/any`, 'mine', callback));
      return calls;
    };
    expect(await callsOf(theirs())).toEqual(['_chooseHttpLibrary', '_executeRequest']);
    expect(await callsOf(ours())).toEqual([]);
  });

  it('`_oauth2._request` that is replaced', async () => {
    const urlsOf = async (strategy: OAuth2Strategy) => {
      const oauth2 = oauth2Of(strategy);
      const original = oauth2._request.bind(oauth2);
      const urls: unknown[] = [];
      oauth2._request = (method, url, ...rest) => {
        urls.push(url);
        original(method, url, ...rest);
      };
      await errorOfExchange(strategy);
      await called((callback) => oauth2.get(`${provider.base}/any`, 'mine', callback));
      return urls;
    };
    expect(await urlsOf(theirs())).toEqual([`${provider.base}/token`, `${provider.base}/any`]);
    expect(await urlsOf(ours())).toEqual([`${provider.base}/any`]);
  });

  it('`_oauth2` that is replaced as a whole', async () => {
    const made = (oauth2: ReturnType<typeof oauth2Of>) =>
      Reflect.construct(Object(oauth2.constructor), [
        'OTHER',
        's3cret',
        '',
        'https://www.fitbit.com/oauth2/authorize',
        `${provider.base}/token`,
      ]);
    const across = (strategy: OAuth2Strategy, from: OAuth2Strategy) =>
      login(Object.assign(strategy, { _oauth2: made(oauth2Of(from)) }));
    expect((await across(theirs(), theirs())).type).toBe('success');
    expect((await across(ours(), ours())).type).toBe('success');
    expect((await across(ours(), theirs())).type).toBe('error');
  });

  it('`_oauth2.setAgent` with anything but an agent', () => {
    for (const agent of [false, true, 'http://proxy.example']) {
      expect(() => oauth2Of(upstream()).setAgent(agent)).not.toThrow();
      expect(() => oauth2Of(ours()).setAgent(agent)).toThrow(/"agent" must be/);
    }
  });

  it('relative URL', async () => {
    expect(await called((callback) => oauth2Of(theirs()).get('/me', 'mine', callback))).toMatchObject([
      { address: '127.0.0.1' },
    ]);
    const results = await called((callback) => oauth2Of(ours()).get('/me', 'mine', callback));
    expect(results).toEqual([expect.any(TypeError)]);
    expect(String(results[0])).toContain('"url" must be an absolute URL');
  });

  it('authorization URL with a query in `_oauth2.getAuthorizeUrl`', () => {
    const authorizationURL = 'https://login.example/authorize?tenant=a';
    expect(oauth2Of(upstream({ authorizationURL })).getAuthorizeUrl({})).toBe(
      `${authorizationURL}?client_id=CID`,
    );
    expect(oauth2Of(ours({ authorizationURL })).getAuthorizeUrl({})).toBe(
      `${authorizationURL}&client_id=CID`,
    );
  });
});
