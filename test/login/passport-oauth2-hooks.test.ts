// The hooks of passport-oauth2 that strategies override, and the methods of `_oauth2` that tests replace.
import { FitbitStrategy, ResponseError } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { beginLogin, fakeSession, login } from '../support/strategy.ts';
import { client, errorOf, oauth2Of, Provider, stubExchange, verify } from './support.ts';

const provider = new Provider();

type Hooks = Partial<
  Record<'authorizationParams' | 'tokenParams' | 'userProfile' | 'parseErrorResponse', unknown>
>;

/** A subclass of FitbitStrategy with these methods, as JavaScript code writes one. */
function subclass(hooks: Hooks, options: object = {}): FitbitStrategy {
  class Own extends FitbitStrategy {}
  for (const [name, value] of Object.entries(hooks)) Object.defineProperty(Own.prototype, name, { value });
  return Reflect.construct(Own, [{ ...client, ...options }, verify]);
}

describe('authorizationParams', () => {
  it('gets the options of the request and adds parameters', async () => {
    const seen: unknown[] = [];
    const strategy = subclass({
      authorizationParams: (options: { prompt?: string }) => {
        seen.push(options.prompt);
        return { prompt: options.prompt, extra: 'yes' };
      },
    });
    const { url } = await beginLogin(strategy, fakeSession(), { prompt: 'mobile', scope: 'sleep' });
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      prompt: 'mobile',
      extra: 'yes',
      scope: 'sleep',
    });
    expect(seen).toEqual(['mobile']);
  });

  it('does not replace the parameters of the protocol', async () => {
    const strategy = subclass({
      authorizationParams: () => ({
        response_type: 'token',
        client_id: 'other',
        code_challenge_method: 'plain',
      }),
    });
    const { url } = await beginLogin(strategy);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'CID',
      code_challenge_method: 'S256',
    });
  });
});

describe('tokenParams', () => {
  it('gets the options of the request and adds parameters to the code exchange', async () => {
    const strategy = subclass(
      { tokenParams: (options: { type?: string }) => ({ type: options.type, grant_type: 'other' }) },
      { skipUserProfile: true },
    );
    const exchanges = stubExchange(strategy);
    const options: object = { type: 'web_server' };
    expect((await login(strategy, options)).type).toBe('success');
    expect(exchanges[0]?.params).toMatchObject({ type: 'web_server', grant_type: 'authorization_code' });
  });
});

describe('userProfile', () => {
  it('gets the access token and gives the profile', async () => {
    const strategy = subclass({
      userProfile: (accessToken: string, done: (error: unknown, profile?: object) => void) =>
        done(null, { provider: 'fitbit', id: 'ME', of: accessToken }),
    });
    stubExchange(strategy);
    expect(await login(strategy)).toMatchObject({ user: { profile: { id: 'ME', of: 'access' } } });
  });

  it('ends the login with the error that it calls back with', async () => {
    const failed = new Error('no profile');
    const strategy = subclass({
      userProfile: (_accessToken: string, done: (error: unknown) => void) => done(failed),
    });
    stubExchange(strategy);
    expect(errorOf(await login(strategy))).toBe(failed);
  });
});

describe('parseErrorResponse', () => {
  class Custom extends Error {}
  const parse = (body: string, status: number) => Object.assign(new Custom('Custom'), { body, was: status });

  it('gets body and status of an error response of the token endpoint; its error ends the login', async () => {
    provider.respond = (res) => res.writeHead(400).end('Invalid code');
    const strategy = subclass({ parseErrorResponse: parse }, provider.endpoints);
    const error = errorOf(await login(strategy));
    expect(error).toBeInstanceOf(Custom);
    expect(error).toMatchObject({ body: 'Invalid code', was: 400 });
  });

  it('gets body and status that a replaced getOAuthAccessToken calls back with', async () => {
    const strategy = subclass({ parseErrorResponse: parse });
    stubExchange(strategy, { statusCode: 400, data: 'Invalid code' });
    expect(errorOf(await login(strategy))).toMatchObject({ body: 'Invalid code', was: 400 });
  });

  it('may be assigned to a strategy that exists', async () => {
    const strategy = subclass({});
    Object.assign(strategy, { parseErrorResponse: parse });
    stubExchange(strategy, { statusCode: 400, data: 'Invalid code' });
    expect(errorOf(await login(strategy))).toBeInstanceOf(Custom);
  });

  it.each<[string, () => unknown]>([
    ['gives nothing', () => null],
    [
      'throws',
      () => {
        throw new Error('something went wrong');
      },
    ],
  ])('that %s leaves the usual error', async (_, parseErrorResponse) => {
    const strategy = subclass({ parseErrorResponse });
    stubExchange(strategy, { statusCode: 500, data: 'Invalid code' });
    expect(errorOf(await login(strategy))).toBeInstanceOf(ResponseError);
  });

  it('is not asked about an error response to the profile request', async () => {
    const asked: unknown[] = [];
    const strategy = subclass({ parseErrorResponse: (...args: unknown[]) => asked.push(args) });
    stubExchange(strategy);
    oauth2Of(strategy).get = (_url, _token, callback) => callback({ statusCode: 500, data: 'no' });
    expect(errorOf(await login(strategy))).toMatchObject({ operation: 'profile', httpStatus: 500 });
    expect(asked).toEqual([]);
  });

  it('is not asked when there was no response', async () => {
    const asked: unknown[] = [];
    const strategy = subclass({ parseErrorResponse: (...args: unknown[]) => asked.push(args) });
    stubExchange(strategy, new Error('socket hang up'));
    await login(strategy);
    expect(asked).toEqual([]);
  });
});

describe('a replaced _oauth2.getOAuthAccessToken', () => {
  it.each(['mac', 'bearer2', 'Bearer', '', undefined])('may return token_type %j', async (token_type) => {
    const strategy = subclass({}, { skipUserProfile: true });
    oauth2Of(strategy).getOAuthAccessToken = (_code, _params, callback) =>
      callback(null, 'access', 'refresh', { token_type, user_id: 'ME' });
    expect(await login(strategy)).toMatchObject({ type: 'success', user: { accessToken: 'access' } });
  });

  it.each([{}, null as never])('may return %o in place of the response', async (results) => {
    const strategy = subclass({
      userProfile: (_: string, done: (e: null, p: object) => void) => done(null, { id: 'ME' }),
    });
    oauth2Of(strategy).getOAuthAccessToken = (_code, _params, callback) =>
      callback(null, 'access', undefined, results);
    expect(await login(strategy)).toMatchObject({ type: 'success', user: { accessToken: 'access' } });
  });
});

describe('customHeaders', () => {
  it('do not replace Host and the length of the body', async () => {
    const customHeaders = { Host: 'evil.example', 'Content-Length': 1, 'Transfer-Encoding': 'chunked' };
    const strategy = subclass({}, { ...provider.endpoints, customHeaders });
    expect((await login(strategy)).type).toBe('success');
    expect(provider.received.map(({ headers }) => `http://${headers.host}`)).toEqual([
      provider.base,
      provider.base,
    ]);
    expect(provider.received[0]?.body).toContain('code=abc');
    expect(provider.received[0]?.headers).not.toHaveProperty('transfer-encoding');
  });

  it('go with the token request and the profile request', async () => {
    const customHeaders = { 'X-API-Key': 'abc', 'User-Agent': 'my-app/1.0' };
    const strategy = subclass({}, { ...provider.endpoints, customHeaders });
    expect((await login(strategy)).type).toBe('success');
    expect(provider.received).toMatchObject([
      { method: 'POST', headers: { 'x-api-key': 'abc', 'user-agent': 'my-app/1.0' } },
      { method: 'GET', headers: { 'x-api-key': 'abc', 'user-agent': 'my-app/1.0' } },
    ]);
  });

  it('do not replace the credentials', async () => {
    const customHeaders = { authorization: 'Basic other', 'content-type': 'text/plain' };
    const strategy = subclass({}, { ...provider.endpoints, customHeaders });
    expect((await login(strategy)).type).toBe('success');
    expect(provider.received).toMatchObject([
      {
        headers: {
          authorization: `Basic ${btoa('CID:s3cret')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
      },
      { headers: { authorization: 'Bearer access' } },
    ]);
  });
});
