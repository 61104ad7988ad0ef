import { type FitbitClient, ResponseError, revoke } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { answer } from './fake-fitbit.ts';
import { BASIC, client, fixture, REVOCATION_URL } from './fixtures.ts';

const COMMON = {
  accept: 'application/json',
  'content-type': 'application/x-www-form-urlencoded',
  host: 'api.fitbit.com',
  'user-agent': 'passport-fitbit-strategy',
};

describe('revoke', () => {
  it('sends the token as a form, with the Basic header', async () => {
    const requests = answer('POST', REVOCATION_URL, {});
    expect(await revoke(client, 'a+token')).toBeUndefined();
    expect(requests).toEqual([
      {
        method: 'POST',
        url: REVOCATION_URL,
        headers: { ...COMMON, authorization: BASIC, 'content-length': '15' },
        body: 'token=a%2Btoken',
      },
    ]);
  });

  it('of a public client has the client id in the body', async () => {
    const requests = answer('POST', REVOCATION_URL, {});
    await revoke({ clientID: 'CID' }, 'token');
    expect(requests).toEqual([
      {
        method: 'POST',
        url: REVOCATION_URL,
        headers: { ...COMMON, 'content-length': '25' },
        body: 'token=token&client_id=CID',
      },
    ]);
  });

  it.each(['', '{}', 'null', '"ok"', '<html>', '{"errors":[{"errorType":"x"}]}'])(
    'resolves on 200 whatever the body: %j',
    async (body) => {
      answer('POST', REVOCATION_URL, { body });
      await expect(revoke(client, 'token')).resolves.toBeUndefined();
    },
  );

  it.each([
    [401, 'error-invalid-token.json'],
    [401, 'error-expired-token.json'],
    [400, 'error-refresh-token-invalid.json'],
  ])('resolves if the token is already invalid: %i %s', async (status, name) => {
    answer('POST', REVOCATION_URL, { status, body: fixture(name) });
    await expect(revoke(client, 'token')).resolves.toBeUndefined();
  });

  it.each([
    [401, 'error-client-secret-invalid.json', 'invalid_client'],
    [429, 'error-too-many-requests.json', 'rate_limited'],
    [410, 'error-gone.html', 'gone'],
    [502, 'error-maintenance.html', 'server_error'],
  ])('rejects on any other error response, without a retry: %i %s', async (status, name, code) => {
    const requests = answer('POST', REVOCATION_URL, { status, body: fixture(name) }, {});
    const call = revoke(client, 'token');
    await expect(call).rejects.toThrow(ResponseError);
    await expect(call).rejects.toMatchObject({ code, httpStatus: status, operation: 'revoke' });
    expect(requests).toHaveLength(1);
  });

  it('rejects if there is no response', async () => {
    answer('POST', REVOCATION_URL, { fails: 'ECONNREFUSED' });
    await expect(revoke(client, 'token')).rejects.toMatchObject({
      name: 'TransportError',
      code: 'connection',
      operation: 'revoke',
      retryable: true,
      message: `The connection failed: POST ${REVOCATION_URL}`,
    });
  });

  it('goes to another revocationURL', async () => {
    const revocationURL = 'https://proxy.example/revoke';
    const requests = answer('POST', revocationURL, {});
    await revoke({ ...client, revocationURL }, 'token');
    expect(requests.map(({ url }) => url)).toEqual([revocationURL]);
  });

  it('is aborted by its signal and ends at its deadline', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(revoke(client, 'token', { signal })).rejects.toMatchObject({ code: 'aborted' });
    answer('POST', REVOCATION_URL, { delay: 2000 });
    await expect(revoke(client, 'token', { timeout: 20 })).rejects.toMatchObject({ code: 'timeout' });
  });

  it.each<[unknown, unknown, unknown, string]>([
    [null, 'token', {}, '"client" must be an object'],
    [{ ...client, revocationURL: 'x' }, 'token', {}, '"revocationURL" must be an absolute URL'],
    [{ ...client, clientSecret: '' }, 'token', {}, '"clientSecret" must be a non-empty string'],
    [client, undefined, {}, '"token" must be a non-empty string'],
    [client, 'tök', {}, '"token" must be a token: printable ASCII characters only'],
    [client, 'token', 5, '"options" must be an object'],
    [client, 'token', { timeout: 0 }, '"timeout" must be a positive number'],
    [client, 'token', { signal: 'x' }, '"signal" must be an AbortSignal'],
  ])('refuses a wrong argument and names it (%#)', async (given, token, options, message) => {
    const call = revoke(given as FitbitClient, token as string, options as object);
    await expect(call).rejects.toThrow(TypeError);
    await expect(call).rejects.toThrow(message);
  });
});
