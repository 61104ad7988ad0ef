import http from 'node:http';
import type { Duplex } from 'node:stream';
import { ResponseError, TransportError } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { login } from '../support/strategy.ts';
import { called, client, construct, constructGoogle, oauth2Of, Provider, verify } from './support.ts';

const provider = new Provider();

const make = (options: object = {}) => construct({ ...client, ...provider.endpoints, ...options }, verify);
const makeOAuth2 = (options: object = {}) => oauth2Of(make(options));

const get = (oauth2: ReturnType<typeof oauth2Of>, path = '/any') =>
  called((callback) => oauth2.get(provider.base + path, 'mine', callback));

describe('the fields of _oauth2', () => {
  it("have node-oauth's names and the strategy's settings", () => {
    expect(makeOAuth2()).toMatchObject({
      _clientId: 'CID',
      _clientSecret: 's3cret',
      _baseSite: '',
      _authorizeUrl: 'https://www.fitbit.com/oauth2/authorize',
      _accessTokenUrl: `${provider.base}/token`,
      _accessTokenName: 'access_token',
      _authMethod: 'Bearer',
      _customHeaders: {},
      _useAuthorizationHeaderForGET: true,
      _agent: false,
    });
  });

  it('count at the next request when other code sets them', async () => {
    const oauth2 = makeOAuth2();
    oauth2._clientId = 'other';
    oauth2._clientSecret = 'changed';
    oauth2._baseSite = provider.base;
    oauth2._accessTokenUrl = '/elsewhere';
    oauth2._customHeaders = { 'X-Trace': '1' };
    await called((callback) => oauth2.getOAuthAccessToken('abc', {}, callback));
    expect(provider.received).toMatchObject([
      {
        url: '/elsewhere',
        headers: { authorization: `Basic ${btoa('other:changed')}`, 'x-trace': '1' },
      },
    ]);
  });
});

describe('the constructor of _oauth2', () => {
  it("takes node-oauth's arguments in node-oauth's order", async () => {
    const OAuth2 = makeOAuth2().constructor;
    if (typeof OAuth2 !== 'function') throw new Error('no constructor');
    const made: ReturnType<typeof makeOAuth2> = Reflect.construct(OAuth2, [
      'ID',
      'SECRET',
      provider.base,
      '/authorize',
      '/renew',
      { 'X-Mine': 'yes' },
    ]);
    expect(made.getAuthorizeUrl()).toBe(`${provider.base}/authorize?client_id=ID`);
    await called((callback) => made.getOAuthAccessToken('abc', null, callback));
    expect(provider.received).toMatchObject([
      { url: '/renew', headers: { 'x-mine': 'yes', authorization: `Basic ${btoa('ID:SECRET')}` } },
    ]);
  });
});

describe('_oauth2.setAgent', () => {
  class CountingAgent extends http.Agent {
    connections = 0;
    override createConnection(
      ...args: Parameters<http.Agent['createConnection']>
    ): Duplex | null | undefined {
      this.connections += 1;
      return super.createConnection(...args);
    }
  }

  it('sends all further requests through the agent, until it is reset', async () => {
    const oauth2 = makeOAuth2();
    const agent = new CountingAgent();
    await get(oauth2);
    oauth2.setAgent(agent);
    await get(oauth2);
    oauth2.setAgent(undefined);
    await get(oauth2);
    expect(agent.connections).toBe(1);
    expect(provider.received).toHaveLength(3);
  });

  it.each(['http://proxy.example', {}, 0, true, false])('refuses what is not an agent: %j', (agent) => {
    expect(() => makeOAuth2().setAgent(agent)).toThrow(/"agent" must be an http.Agent or https.Agent/);
  });
});

describe('_oauth2.useAuthorizationHeaderforGET', () => {
  it('accepts true, and refuses false by name: no token is sent in a URL', () => {
    const oauth2 = makeOAuth2();
    oauth2.useAuthorizationHeaderforGET(true);
    expect(() => oauth2.useAuthorizationHeaderforGET(false)).toThrow(
      /^"useAuthorizationHeaderforGET" accepts only true/,
    );
  });
});

describe('_oauth2.setAccessTokenName', () => {
  it('accepts access_token, and refuses other names: no token is sent in a URL', () => {
    const oauth2 = makeOAuth2();
    oauth2.setAccessTokenName('access_token');
    expect(() => oauth2.setAccessTokenName('oauth_token')).toThrow(/^"setAccessTokenName" accepts only/);
  });
});

describe('_oauth2.buildAuthHeader', () => {
  it('puts the auth method before the token', () => {
    const oauth2 = makeOAuth2();
    expect(oauth2.buildAuthHeader('mine')).toBe('Bearer mine');
    oauth2.setAuthMethod('OAuth');
    expect(oauth2.buildAuthHeader('mine')).toBe('OAuth mine');
  });

  it('makes the header of every GET, also when it is replaced', async () => {
    const oauth2 = makeOAuth2();
    oauth2.setAuthMethod('token');
    await get(oauth2);
    oauth2.buildAuthHeader = (token) => `Custom ${token}_CID`;
    await get(oauth2);
    const headers = provider.received.map((each) => each.headers.authorization);
    expect(headers).toEqual(['token mine', 'Custom mine_CID']);
  });

  it('makes the header of the profile request of a login', async () => {
    const strategy = make();
    oauth2Of(strategy).setAuthMethod('OAuth');
    expect((await login(strategy)).type).toBe('success');
    expect(provider.received[1]?.headers.authorization).toBe('OAuth access');
  });
});

describe('_oauth2.getAuthorizeUrl', () => {
  it('adds the parameters and the client id to the authorization URL', () => {
    const params = Object.freeze({ response_type: 'code', scope: 'profile sleep' });
    expect(makeOAuth2().getAuthorizeUrl(params)).toBe(
      'https://www.fitbit.com/oauth2/authorize?response_type=code&scope=profile%20sleep&client_id=CID',
    );
  });

  it('keeps the query of the authorization URL, in which parameters replace those of the same name', () => {
    const oauth2 = makeOAuth2({ authorizationURL: 'https://login.example/authorize?tenant=a&scope=all' });
    expect(oauth2.getAuthorizeUrl({ scope: 'profile' })).toBe(
      'https://login.example/authorize?tenant=a&scope=profile&client_id=CID',
    );
    oauth2._authorizeUrl = 'https://login.example/authorize?next=a?b';
    expect(oauth2.getAuthorizeUrl({})).toBe('https://login.example/authorize?next=a%3Fb&client_id=CID');
    oauth2._authorizeUrl = 'https://login.example/authorize?tenant=a&scope=all';
    expect(oauth2.getAuthorizeUrl(null)).toBe(
      'https://login.example/authorize?tenant=a&scope=all&client_id=CID',
    );
  });
});

describe('_oauth2._getAccessTokenUrl', () => {
  it('is the URL of the token endpoint', () => {
    expect(makeOAuth2()._getAccessTokenUrl()).toBe(`${provider.base}/token`);
  });
});

describe('_oauth2.getOAuthAccessToken', () => {
  const exchange = (params: Record<string, string> | null, oauth2 = makeOAuth2()) =>
    called((callback) => oauth2.getOAuthAccessToken('abc', params, callback));

  it('sends the code and calls back with tokens and the response without the refresh token', async () => {
    const params = Object.freeze({
      grant_type: 'authorization_code',
      redirect_uri: 'https://app.example/cb',
    });
    expect((await exchange(params)).slice(0, 4)).toEqual([
      null,
      'access',
      'refresh',
      { access_token: 'access', scope: 'profile', user_id: 'ME' },
    ]);
    expect(provider.received).toMatchObject([
      {
        method: 'POST',
        url: '/token',
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: 'grant_type=authorization_code&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&code=abc',
      },
    ]);
  });

  it('sends a refresh token under its own name', async () => {
    await exchange({ grant_type: 'refresh_token' });
    expect(provider.received[0]?.body).toBe('grant_type=refresh_token&refresh_token=abc');
  });

  it('takes its callback in place of parameters, and none at all', async () => {
    const oauth2 = makeOAuth2();
    const results = await called((callback) =>
      Reflect.apply(oauth2.getOAuthAccessToken, oauth2, ['abc', callback]),
    );
    expect(results.slice(0, 3)).toEqual([null, 'access', 'refresh']);
    const uncaught: unknown[] = [];
    const listen = (error: unknown) => uncaught.push(error);
    process.on('uncaughtException', listen);
    Reflect.apply(oauth2.getOAuthAccessToken, oauth2, ['abc', {}]);
    Reflect.apply(oauth2.getOAuthAccessToken, makeOAuth2({ tokenURL: 'http://127.0.0.1:9/' }), ['abc', {}]);
    await expect.poll(() => provider.received).toHaveLength(2);
    await exchange(null);
    process.off('uncaughtException', listen);
    expect(uncaught).toEqual([]);
  });

  it('sends the code without any parameters', async () => {
    await exchange(null);
    expect(provider.received[0]?.body).toBe('code=abc');
  });

  it('sends the credentials as the provider wants them', async () => {
    const google = constructGoogle({ ...client, ...provider.endpoints }, verify);
    await exchange({}, oauth2Of(google));
    await exchange({}, makeOAuth2({ clientSecret: undefined }));
    expect(provider.received).toMatchObject([
      { body: 'code=abc&client_id=CID&client_secret=s3cret' },
      { body: 'code=abc&client_id=CID' },
    ]);
    expect(provider.received.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  it('calls back with a ResponseError that shows nothing of what was sent', async () => {
    const text = 'No: abcdefgh, the-verifier-of-letters, s3cret, ZYXWVUTS';
    provider.respond = (res) =>
      res.writeHead(400).end(JSON.stringify({ errors: [{ errorType: 'invalid_grant', message: text }] }));
    const params = {
      grant_type: 'authorization_code',
      code_verifier: 'the-verifier-of-letters',
      own: 'ZYXWVUTS',
    };
    const [error] = await called((callback) =>
      makeOAuth2().getOAuthAccessToken('abcdefgh', params, callback),
    );
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({
      code: 'invalid_grant',
      operation: 'code_exchange',
      description: 'No: [redacted], [redacted], [redacted], [redacted]',
    });
  });

  it('names a refresh in its error', async () => {
    provider.respond = (res) => res.writeHead(503).end();
    const [error] = await exchange({ grant_type: 'refresh_token' });
    expect(error).toMatchObject({ operation: 'refresh', retryable: true });
    provider.respond = (res) => res.end('{}');
    const [malformed] = await exchange({ grant_type: 'refresh_token' });
    expect(malformed).toMatchObject({ operation: 'refresh', code: 'malformed' });
    provider.respond = (res) => res.destroy();
    const [broken] = await exchange({ grant_type: 'refresh_token' });
    expect(broken).toMatchObject({ operation: 'refresh', code: 'connection' });
  });

  it('calls back with nothing but the error: the raw body may repeat tokens', async () => {
    provider.respond = (res) => res.writeHead(400).end('raw');
    expect(await exchange({})).toEqual([expect.any(ResponseError)]);
    provider.respond = (res) => res.destroy();
    expect(await exchange({})).toEqual([expect.any(TransportError)]);
  });

  it.each(['access_token=form', '{}', '', '[]'])(
    'calls back with a malformed error for a success response without a token: %j',
    async (body) => {
      provider.respond = (res) => res.end(body);
      const results = await exchange({});
      expect(results).toEqual([expect.any(TransportError)]);
      expect(results[0]).toMatchObject({ code: 'malformed', operation: 'code_exchange' });
    },
  );
});

describe.each(['get', 'getProtectedResource'] as const)('_oauth2.%s', (method) => {
  it('calls back with the body and the response; the token is in the header, never in the URL', async () => {
    const oauth2 = makeOAuth2();
    const results = await called((callback) => oauth2[method](`${provider.base}/any?x=1`, 'mine', callback));
    expect(results).toEqual([
      null,
      '{"user":{"encodedId":"ME","displayName":"Zoë"}}',
      { statusCode: 200, headers: expect.objectContaining({ connection: 'keep-alive' }) },
    ]);
    expect(provider.received).toMatchObject([
      { method: 'GET', url: '/any?x=1', headers: { authorization: 'Bearer mine' }, body: '' },
    ]);
  });

  it('sends the token even if the custom headers have an Authorization header', async () => {
    const oauth2 = makeOAuth2();
    oauth2._customHeaders = { authorization: 'Basic custom' };
    await called((callback) => oauth2[method](`${provider.base}/any`, 'mine', callback));
    expect(provider.received[0]?.headers.authorization).toBe('Bearer mine');
  });

  it('takes a URL object', async () => {
    const oauth2 = makeOAuth2();
    await called((callback) => oauth2[method](new URL(`${provider.base}/object`), 'mine', callback));
    expect(provider.received[0]?.url).toBe('/object');
  });

  it('calls back with a ResponseError, the raw body and the response', async () => {
    provider.respond = (res) => res.writeHead(401, { 'X-Id': '7' }).end('no: mine-and-only');
    const oauth2 = makeOAuth2();
    const [error, ...rest] = await called((callback) =>
      oauth2[method](`${provider.base}/any`, 'mine-and-only', callback),
    );
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({ code: 'unexpected_status', operation: 'profile' });
    expect(rest).toEqual([
      'no: mine-and-only',
      { statusCode: 401, headers: expect.objectContaining({ 'x-id': '7' }) },
    ]);
  });
});

describe('a callback of _oauth2 that throws', () => {
  it('is called once, and its exception is an unhandled rejection', async () => {
    const bug = new Error('a bug in the callback');
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    let calls = 0;
    try {
      const caught = new Promise((resolve) => process.once('unhandledRejection', resolve));
      makeOAuth2().get(`${provider.base}/any`, 'mine', () => {
        calls += 1;
        throw bug;
      });
      expect(await caught).toBe(bug);
      await get(makeOAuth2());
      expect(calls).toBe(1);
    } finally {
      for (const listener of listeners) process.on('unhandledRejection', listener);
    }
  });
});
