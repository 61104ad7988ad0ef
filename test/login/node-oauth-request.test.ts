import { FitbitStrategy, OAuthError, ResponseError, TransportError } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { login } from '../support/strategy.ts';
import { called, client, construct, oauth2Of, Provider, verify } from './support.ts';

const provider = new Provider();

const make = (options: object = {}) => construct({ ...client, ...provider.endpoints, ...options }, verify);
const makeOAuth2 = (options: object = {}) => oauth2Of(make(options));

const get = (oauth2: ReturnType<typeof oauth2Of>) =>
  called((callback) => oauth2.get(`${provider.base}/any`, 'mine', callback));

describe('_oauth2._request', () => {
  const send = (...args: [string, object | null, string | Uint8Array | null, string | null]) => {
    const [method, headers, body, token] = args;
    return called((callback) =>
      makeOAuth2()._request(method, `${provider.base}/r`, { ...headers }, body, token, callback),
    );
  };

  it.each<[string, object | null, string | null, string | null, string | undefined]>([
    ['a token', null, null, 'mine', 'Bearer mine'],
    ['a header', { Authorization: 'Basic abc' }, '', '', 'Basic abc'],
    ['a header in lower case and a token', { authorization: 'Basic abc' }, '', 'mine', 'Basic abc'],
    ['neither', {}, null, null, undefined],
  ])('sends GET with %s, as strategies call it', async (_, headers, body, token, authorization) => {
    const [error, received] = await send('GET', headers, body, token);
    expect([error, received]).toEqual([null, '{"user":{"encodedId":"ME","displayName":"Zoë"}}']);
    expect(provider.received).toMatchObject([{ method: 'GET', url: '/r', body: '' }]);
    expect(provider.received[0]?.headers.authorization).toBe(authorization);
  });

  it('takes null and undefined for the headers', async () => {
    for (const headers of [null, undefined]) {
      const oauth2 = makeOAuth2();
      const [error] = await called((callback) =>
        oauth2._request('GET', `${provider.base}/r`, headers, undefined, undefined, callback),
      );
      expect(error).toBeNull();
    }
  });

  it.each<[string, string | Uint8Array]>([
    ['POST', 'a=1&ä=2'],
    ['PUT', Buffer.from('a=1&ä=2')],
    ['PATCH', new TextEncoder().encode('a=1&ä=2')],
  ])('sends the body of a %s with its length', async (method, body) => {
    await send(method, { 'Content-Type': 'text/plain', 'content-length': 1 }, body, null);
    expect(provider.received).toMatchObject([
      {
        method,
        body: 'a=1&ä=2',
        headers: { 'content-type': 'text/plain', 'content-length': '8' },
      },
    ]);
  });

  it('sends the body of a DELETE with its length', async () => {
    await send('DELETE', null, 'a=1', null);
    await send('GET', null, null, null);
    expect(provider.received).toMatchObject([
      { method: 'DELETE', body: 'a=1', headers: { 'content-length': '3' } },
      { method: 'GET', url: '/r' },
    ]);
  });

  it('sends DELETE, and POST with nothing in it', async () => {
    await send('DELETE', null, null, 'mine');
    await send('POST', null, '', 'mine');
    expect(provider.received).toMatchObject([
      { method: 'DELETE', body: '' },
      { method: 'POST', body: '', headers: { 'content-length': '0' } },
    ]);
  });

  it.each([200, 201, 204, 299])('treats status %d as a success', async (status) => {
    provider.respond = (res) => res.writeHead(status).end();
    expect(await send('GET', null, '', null)).toEqual([
      null,
      '',
      { statusCode: status, headers: expect.any(Object) },
    ]);
  });

  it.each([400, 401, 404, 500])('treats status %d as a ResponseError', async (status) => {
    provider.respond = (res) => res.writeHead(status).end('{"errors":[]}');
    const [error, body, response] = await send('GET', null, '', 'mine');
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({ message: expect.stringContaining(`HTTP ${status}`) });
    expect([body, response]).toMatchObject(['{"errors":[]}', { statusCode: status }]);
  });

  it('calls back with a TransportError when the connection breaks', async () => {
    provider.respond = (res) => res.destroy();
    const results = await send('GET', null, '', 'mine');
    expect(results).toEqual([expect.any(TransportError)]);
    expect(results[0]).toMatchObject({ code: 'connection', retryable: true });
  });

  it.each([
    ['Authorization', 'token=ijklmnop&x=y'],
    ['authorization', Buffer.from('token=ijklmnop&x=y')],
  ])('removes the credentials of the header %s and of the form from the error', async (name, form) => {
    provider.respond = (res, { body, headers }) =>
      res
        .writeHead(403)
        .end(JSON.stringify({ errors: [{ errorType: 'no', message: `${headers.authorization}, ${body}` }] }));
    const [error] = await send('POST', { [name]: 'Digest abcd efgh' }, form, null);
    expect(error).toMatchObject({ description: 'Digest [redacted], token=[redacted]&x=y' });
    // What is not secret stays readable.
    const [readable] = await send('POST', null, 'grant_type=authorization_code', null);
    expect(readable).toMatchObject({ description: 'undefined, grant_type=authorization_code' });
  });

  it('names the exchange or the refresh in an error of the token endpoint', async () => {
    provider.respond = (res) => res.writeHead(400).end();
    const operationOf = async (body: string) => {
      const oauth2 = makeOAuth2();
      const url = oauth2._getAccessTokenUrl();
      const [error] = await called((callback) => oauth2._request('POST', url, null, body, null, callback));
      return Reflect.get(Object(error), 'operation');
    };
    expect(await operationOf('refresh_token=x&grant_type=refresh_token')).toBe('refresh');
    expect(await operationOf('grant_type=refresh_token&refresh_token=x')).toBe('refresh');
    expect(await operationOf('code=x&grant_type=authorization_code')).toBe('code_exchange');
    expect(await operationOf('not_grant_type=refresh_token')).toBe('code_exchange');
    expect(await operationOf('')).toBe('code_exchange');
  });

  it('derives Host from the URL, whatever the headers say', async () => {
    await send('GET', { host: 'evil.example' }, '', null);
    expect(`http://${provider.received[0]?.headers.host}`).toBe(provider.base);
  });

  it('sends its own User-Agent, which custom headers and the headers of a request replace', async () => {
    const oauth2 = makeOAuth2();
    await get(oauth2);
    oauth2._customHeaders = { 'user-agent': 'custom', 'X-Undefined': undefined, 'X-Number': 5 };
    await get(oauth2);
    await called((callback) =>
      oauth2._request('GET', `${provider.base}/r`, { 'User-Agent': 'request' }, '', null, callback),
    );
    expect(provider.received.map(({ headers }) => headers['user-agent'])).toEqual([
      'passport-fitbit-strategy',
      'custom',
      'request',
    ]);
    expect(provider.received[1]?.headers).toMatchObject({ 'x-number': '5' });
    expect(provider.received[1]?.headers).not.toHaveProperty('x-undefined');
  });

  it.each(['/me', '', 'ftp://files.example/', 'https://user:pass@api.example/'])(
    'calls back with a TypeError that names a wrong URL: %j',
    async (url) => {
      for (const _ of [1, 2]) {
        const results = await called((callback) =>
          makeOAuth2()._request('GET', url, null, '', 'mine', callback),
        );
        expect(results).toEqual([expect.any(TypeError)]);
        expect(results[0]).toMatchObject({ message: expect.stringMatching(/^"url" must/) });
      }
    },
  );

  it('sees the requests of get when it is replaced', async () => {
    const strategy = make();
    const oauth2 = oauth2Of(strategy);
    const original = oauth2._request.bind(oauth2);
    const urls: unknown[] = [];
    oauth2._request = (method, url, headers, body, token, callback) => {
      urls.push(`${method} ${url}`);
      original(method, url, { ...headers, 'X-Wrapped': 'yes' }, body, token, callback);
    };
    expect((await login(strategy)).type).toBe('success');
    expect(urls).toEqual([`GET ${provider.base}/profile`]);
    expect(provider.received.map(({ headers }) => headers['x-wrapped'])).toEqual([undefined, 'yes']);
  });

  it('has the deadline of the strategy', async () => {
    provider.respond = () => {};
    const oauth2 = makeOAuth2({ timeout: 30 });
    const results = await called((callback) =>
      oauth2._request('GET', `${provider.base}/r`, null, '', 'mine', callback),
    );
    expect(results).toEqual([expect.any(TransportError)]);
    expect(results[0]).toMatchObject({ code: 'timeout' });
  });

  it('serves a strategy that overrides userProfile with it', async () => {
    class Own extends FitbitStrategy {
      override userProfile(accessToken: string, done: (error?: unknown, profile?: never) => void): void {
        const headers = { Authorization: oauth2Of(this).buildAuthHeader(accessToken) };
        oauth2Of(this)._request('GET', `${provider.base}/own`, headers, null, accessToken, (error, body) => {
          done(error, error ? undefined : JSON.parse(String(body)));
        });
      }
    }
    const strategy = Reflect.construct(Own, [{ ...client, ...provider.endpoints }, verify]);
    provider.respond = (res, { url }) =>
      res.end(url === '/token' ? '{"access_token":"access"}' : '{"provider":"fitbit","id":"OWN"}');
    expect(await login(strategy)).toMatchObject({ type: 'success', user: { profile: { id: 'OWN' } } });
    provider.respond = (res, { url }) =>
      url === '/token' ? res.end('{"access_token":"access"}') : res.writeHead(500).end();
    expect(await login(strategy)).toMatchObject({ type: 'error', error: expect.any(OAuthError) });
  });
});
