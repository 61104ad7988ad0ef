import { type FitbitClient, introspect, ResponseError, TransportError } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { answer } from './fake-fitbit.ts';
import { client, fixture, INTROSPECTION_URL } from './fixtures.ts';

const ACTIVE = JSON.parse(fixture('introspect-active.json'));

function request(bearer: string, body: string) {
  return {
    method: 'POST',
    url: INTROSPECTION_URL,
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${bearer}`,
      'content-length': String(body.length),
      'content-type': 'application/x-www-form-urlencoded',
      host: 'api.fitbit.com',
      'user-agent': 'passport-fitbit-strategy',
    },
    body,
  };
}

describe('introspect', () => {
  it('sends the token in the body and as Bearer token, and nothing about the client', async () => {
    const requests = answer('POST', INTROSPECTION_URL, { body: ACTIVE });
    await introspect(client, 'the.token');
    expect(requests).toEqual([request('the.token', 'token=the.token')]);
  });

  it('sends another token to introspect if one is given', async () => {
    const requests = answer('POST', INTROSPECTION_URL, { body: ACTIVE });
    await introspect(client, 'bearer', { token: 'an other&' });
    expect(requests).toEqual([request('bearer', 'token=an%20other%26')]);
  });

  it('reads the printed map of scopes and times in milliseconds', async () => {
    answer('POST', INTROSPECTION_URL, { body: ACTIVE });
    const info = await introspect(client, 'token');
    expect(info).toEqual({
      active: true,
      scope: { activity: 'read', heartrate: 'write' },
      clientID: '22CQ7B',
      userID: '6CGW8Z',
      tokenType: 'access_token',
      expiresAt: new Date('2019-08-15T09:33:54Z'),
      issuedAt: new Date('2019-08-15T01:33:54Z'),
    });
    expect(info.active && info.raw).toEqual(ACTIVE);
    expect(Object.keys(info)).not.toContain('raw');
  });

  it('leaves out fields that are missing or have a wrong type', async () => {
    const wrong = { active: true, client_id: 'C', exp: 0, scope: 5, user_id: 5, token_type: {}, iat: '1' };
    answer('POST', INTROSPECTION_URL, { body: wrong }, { body: { active: true, client_id: 'C', exp: 0 } });
    const least = { active: true, scope: {}, clientID: 'C', expiresAt: new Date(0) };
    expect(await introspect(client, 'token')).toEqual(least);
    expect(await introspect(client, 'token')).toEqual(least);
  });

  it('resolves with { active: false } for an inactive token', async () => {
    answer('POST', INTROSPECTION_URL, { body: fixture('introspect-inactive.json') });
    expect(await introspect(client, 'token')).toEqual({ active: false });
  });

  it.each(['error-expired-token.json', 'error-invalid-token.json'])(
    'answers { active: false } where a token that looks at itself gets 401 (%s)',
    async (name) => {
      answer('POST', INTROSPECTION_URL, ...Array(2).fill({ status: 401, body: fixture(name) }));
      expect(await introspect(client, 'token')).toEqual({ active: false });
      expect(await introspect(client, 'token', { token: 'token' })).toEqual({ active: false });
    },
  );

  it.each([
    ['error-expired-token.json', 'expired_token'],
    ['error-invalid-token.json', 'invalid_token'],
  ])('rejects if the token that authorizes the call is invalid (%s)', async (name, code) => {
    answer('POST', INTROSPECTION_URL, { status: 401, body: fixture(name) });
    const call = introspect(client, 'bearer', { token: 'token' });
    await expect(call).rejects.toThrow(ResponseError);
    await expect(call).rejects.toMatchObject({
      code,
      httpStatus: 401,
      operation: 'introspect',
      retryable: false,
    });
  });

  it('rejects on any other error response, without a retry', async () => {
    const requests = answer('POST', INTROSPECTION_URL, { status: 500 }, { body: ACTIVE });
    await expect(introspect(client, 'token')).rejects.toMatchObject({
      code: 'server_error',
      retryable: true,
    });
    expect(requests).toHaveLength(1);
  });

  it.each([
    '{}',
    '{"active":"true"}',
    '{"active":true}',
    '{"active":true,"client_id":"C"}',
    '{"active":true,"client_id":"C","exp":"1565861634000"}',
    '{"active":true,"client_id":"C","exp":1e300}',
    '{"active":true,"client_id":5,"exp":1565861634000}',
    '{"client_id":"C","exp":1565861634000}',
    'null',
    '[]',
    '<html>',
  ])('is malformed for %s', async (body) => {
    answer('POST', INTROSPECTION_URL, { body });
    const call = introspect(client, 'token');
    await expect(call).rejects.toThrow(TransportError);
    await expect(call).rejects.toMatchObject({ code: 'malformed', operation: 'introspect' });
  });

  it('goes to another introspectionURL', async () => {
    const introspectionURL = 'https://proxy.example/introspect';
    const requests = answer('POST', introspectionURL, { body: ACTIVE });
    await introspect({ ...client, introspectionURL }, 'token');
    expect(requests.map(({ url }) => url)).toEqual([introspectionURL]);
  });

  it('is aborted by its signal, before and during the request', async () => {
    const reason = new Error('the user left');
    const before = introspect(client, 'token', { signal: AbortSignal.abort(reason) });
    await expect(before).rejects.toMatchObject({ code: 'aborted', operation: 'introspect', cause: reason });

    const requests = answer('POST', INTROSPECTION_URL, { body: ACTIVE, delay: 50 });
    const controller = new AbortController();
    const during = introspect(client, 'token', { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 5);
    await expect(during).rejects.toMatchObject({ code: 'aborted', cause: reason });
    expect(requests.length).toBeLessThanOrEqual(1);
  });

  it('has its own deadline', async () => {
    answer('POST', INTROSPECTION_URL, { body: ACTIVE, delay: 2000 });
    await expect(introspect(client, 'token', { timeout: 20 })).rejects.toMatchObject({
      code: 'timeout',
      message: `No complete response within 20 ms: POST ${INTROSPECTION_URL}`,
    });
  });

  it.each<[string, [unknown, unknown, unknown?], string]>([
    ['client', [undefined, 'token'], '"client" must be an object'],
    ['clientID', [{}, 'token'], '"clientID" must be a non-empty string'],
    ['introspectionURL', [{ ...client, introspectionURL: 'x' }, 'token'], '"introspectionURL" must be'],
    ['accessToken', [client, ''], '"accessToken" must be a non-empty string'],
    ['accessToken', [client, undefined], '"accessToken" must be a non-empty string'],
    ['accessToken', [client, 'a\r\nb'], '"accessToken" must be a token: printable ASCII characters only'],
    ['token', [client, 'a', { token: '' }], '"token" must be a non-empty string'],
    ['token', [client, 'a', { token: 5 }], '"token" must be a non-empty string'],
    ['options', [client, 'a', null], '"options" must be an object'],
    ['signal', [client, 'a', { signal: {} }], '"signal" must be an AbortSignal'],
    ['timeout', [client, 'a', { timeout: '5' }], '"timeout" must be a positive number of milliseconds'],
  ])('refuses a wrong %s and names it (%#)', async (_name, args, message) => {
    const [given, token, options] = args;
    const call =
      args.length === 3
        ? introspect(given as FitbitClient, token as string, options as object)
        : introspect(given as FitbitClient, token as string);
    await expect(call).rejects.toThrow(TypeError);
    await expect(call).rejects.toThrow(message);
  });
});
