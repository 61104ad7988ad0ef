import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import express from 'express';
import nock from 'nock';
import {
  introspect,
  OAuthError,
  ResponseError,
  refresh,
  revoke,
  TransportError,
} from 'passport-fitbit-strategy';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Answer, answer } from './fake-fitbit.ts';
import { client, fixture, INTROSPECTION_URL, REVOCATION_URL, TOKEN_URL } from './fixtures.ts';

/** The error of a revocation that gets this answer: the plainest of all calls, without another try. */
async function errorFor(given: Answer, token = 'a-token-of-this-test'): Promise<ResponseError> {
  answer('POST', REVOCATION_URL, given);
  const error = await revoke(client, token).catch((reason: unknown) => reason);
  if (!(error instanceof ResponseError)) throw new Error(`no ResponseError but ${inspect(error)}`);
  return error;
}

/** The error of a refresh, for codes that a revocation takes for success. */
async function refreshError(given: Answer, token = 'a-token-of-this-test'): Promise<ResponseError> {
  answer('POST', TOKEN_URL, given);
  const error = await refresh(client, token).catch((reason: unknown) => reason);
  if (!(error instanceof ResponseError)) throw new Error(`no ResponseError but ${inspect(error)}`);
  return error;
}

const VISIT =
  'Visit https://dev.fitbit.com/docs/oauth2 for more information on the Fitbit Web API authorization process.';

describe('an error response of Fitbit', () => {
  it.each([
    [400, 'missing-grant-type', 'invalid_request', `Missing 'grant_type' parameter value. ${VISIT}`],
    [400, 'missing-refresh-token', 'invalid_request', `Missing parameters: refresh_token. ${VISIT}`],
    [400, 'code-invalid', 'invalid_grant', `Authorization code invalid: [redacted] ${VISIT}`],
    [400, 'refresh-token-invalid', 'invalid_grant', `Refresh token invalid: [redacted]. ${VISIT}`],
    [
      400,
      'redirect-uri-mismatch',
      'invalid_request',
      `Redirect_uri mismatch: https://app.example/auth/fitbit/callback. ${VISIT}`,
    ],
    [
      401,
      'header-format',
      'invalid_client',
      `Invalid authorization header format. The header was not recognized to be a valid header for any of known implementations or a client_id was not specified in case of a public client Received authorization header = [redacted], Received client_id = null. ${VISIT}`,
    ],
    [
      401,
      'client-secret-invalid',
      'invalid_client',
      `Invalid authorization header. Client secret invalid. ${VISIT}`,
    ],
    [401, 'client-id-invalid', 'invalid_client', `Invalid authorization header. Client id invalid. ${VISIT}`],
    [401, 'authorization-method', 'invalid_client', `Incorrect authorization method. ${VISIT}`],
    [401, 'expired-token', 'expired_token', `Access token expired: [redacted] ${VISIT}`],
    [401, 'invalid-token', 'invalid_token', `Access token invalid: [redacted] ${VISIT}`],
    [
      403,
      'insufficient-scope',
      'insufficient_scope',
      `This application does not have permission to access profile data. ${VISIT}`,
    ],
    [
      403,
      'insufficient-permissions',
      'insufficient_permissions',
      `API client is not authorized by Fitbit to access the resource requested. ${VISIT}`,
    ],
  ])('%i %s has the code %s and its text without secrets', async (status, name, code, description) => {
    const error = await refreshError({ status, body: fixture(`error-${name}.json`) });
    expect(error).toMatchObject({
      name: 'ResponseError',
      httpStatus: status,
      code,
      description,
      operation: 'refresh',
      retryable: false,
      reauthorize: code === 'invalid_grant',
      errors: [{ code, description }],
    });
    expect(error.message).toContain(`Fitbit refused to refresh the token: ${code} (HTTP ${status}): `);
    expect(error.message).toContain(description);
  });

  it('409 is a conflict and retryable', async () => {
    const error = await errorFor({ status: 409, body: fixture('error-conflict.json') });
    expect(error).toMatchObject({ code: 'conflict', retryable: true, errors: [{ code: 'request' }] });
  });

  it('429 has the code rate_limited and the values of the headers', async () => {
    const error = await errorFor({
      status: 429,
      body: fixture('error-too-many-requests.json'),
      headers: {
        'Fitbit-Rate-Limit-Limit': '150',
        'Fitbit-Rate-Limit-Remaining': '0',
        'Fitbit-Rate-Limit-Reset': '1478',
        'Retry-After': '1500',
      },
    });
    expect(error).toMatchObject({
      code: 'rate_limited',
      retryable: true,
      reauthorize: false,
      rateLimit: { limit: 150, remaining: 0, reset: 1478 },
      retryAfter: 1500,
      errors: [{ code: 'system', description: 'Too Many Requests', field: 'n/a' }],
    });
    expect(error.message).toBe(
      'Fitbit refused the revocation: rate_limited (HTTP 429): Too Many Requests — Wait for rateLimit.reset seconds.',
    );
  });

  it.each([
    [{ 'Fitbit-Rate-Limit-Limit': '150', 'Fitbit-Rate-Limit-Remaining': '0' }],
    [{ 'Fitbit-Rate-Limit-Limit': '150', 'Fitbit-Rate-Limit-Reset': '9' }],
    [{ 'Fitbit-Rate-Limit-Remaining': '150', 'Fitbit-Rate-Limit-Reset': '9' }],
    [
      {
        'Fitbit-Rate-Limit-Limit': 'many',
        'Fitbit-Rate-Limit-Remaining': '-1',
        'Fitbit-Rate-Limit-Reset': '1.5',
        'Retry-After': 'soon',
      },
    ],
    [{ 'Retry-After': '9999999999' }],
    [{ 'Retry-After': '' }],
  ])('has neither rate limit nor retry time if its headers are incomplete: %j', async (headers) => {
    const error = await errorFor({ status: 429, headers });
    expect(error.rateLimit).toBeUndefined();
    expect(error.retryAfter).toBeUndefined();
  });

  it.each([
    ['Tue, 24 Nov 2026 12:00:30 GMT', 30],
    ['Tuesday, 24-Nov-26 12:00:30 GMT', 30],
    ['Tue, 24 Nov 2026 11:59:00 GMT', 0],
    ['0', 0],
    ['120', 120],
    ['Tue, 99 Nov 2026 12:00:30 GMT', undefined],
    ['Tue Nov 24 12:00:30 2026', undefined],
    ['Tue, 24 Nov 2026 12:00:30', undefined],
    ['2026-11-24T12:00:30Z', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['x12', undefined],
    ['12x', undefined],
  ])('has %j in Retry-After as %s seconds', async (header, seconds) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 24, 12) });
    onTestFinished(() => void vi.useRealTimers());
    const error = await errorFor({ status: 503, headers: { 'Retry-After': header } });
    expect(error.retryAfter).toBe(seconds);
  });

  it('with several entries has all of them, and the code of the first', async () => {
    const error = await errorFor({ status: 400, body: fixture('error-several.json') });
    expect(error.code).toBe('validation');
    expect(error.description).toBe('Sleep date is missing');
    expect(error.errors).toEqual([
      { code: 'validation', description: 'Sleep date is missing', field: 'date' },
      { code: 'validation', description: 'Code is missing', field: 'code' },
    ]);
  });

  it.each(['error-gone.html', 'error-invalid-token.json', 'introspect-inactive.json'])(
    '410 is final and says what to do instead, whatever the body: %s',
    async (name) => {
      const error = await errorFor({ status: 410, body: fixture(name) });
      expect(error).toMatchObject({ code: 'gone', httpStatus: 410, retryable: false, reauthorize: true });
      expect(error.message).toMatch(
        /Fitbit's OAuth endpoints have been shut down\. Let users sign in with GoogleHealthStrategy from passport-fitbit-strategy\/google-health\.$/,
      );
    },
  );

  it.each([
    [502, 'error-maintenance.html', 'server_error', true],
    [403, 'error-maintenance.html', 'unexpected_status', false],
  ])('in HTML from a gateway has only its status: %i', async (status, name, code, retryable) => {
    const error = await errorFor({ status, body: fixture(name) });
    expect(error).toMatchObject({ code, httpStatus: status, retryable, errors: [] });
    expect(error.description).toBeUndefined();
    expect(error.message).toBe(`Fitbit refused the revocation: ${code} (HTTP ${status})`);
  });

  it.each([
    '',
    'null',
    '[]',
    '"x"',
    '{}',
    '{"errors":[]}',
    '{"errors":{}}',
    '{"errors":[null,5,"x",[]]}',
    '{"errors":[{"message":"no type"}]}',
    '{"errors":[{"errorType":5}]}',
    '{"errors":[{"errorType":"a sentence is no code"}]}',
    '{"errors":[{"errorType":""}]}',
    `{"errors":[{"errorType":"${'x'.repeat(65)}"}]}`,
    '{"error":null}',
    '{"error":5}',
  ])('with an unknown body has only its status: %s', async (body) => {
    expect(await errorFor({ status: 400, body })).toMatchObject({ code: 'unexpected_status', errors: [] });
  });

  it('has codes in lower case, and no texts that are empty or of a wrong type', async () => {
    const body = {
      errors: [
        { errorType: 'VALIDATION', message: '' },
        { errorType: 'request', message: 5, fieldName: 5 },
      ],
    };
    expect((await errorFor({ status: 400, body })).errors).toEqual([
      { code: 'validation' },
      { code: 'request' },
    ]);
  });
});

describe("the other error shapes of Fitbit's host", () => {
  it("RFC 6749's is understood", async () => {
    const error = await refreshError({ status: 400, body: fixture('error-standard.json') });
    expect(error).toMatchObject({
      code: 'invalid_grant',
      description: 'The code is expired.',
      reauthorize: true,
      errors: [{ code: 'invalid_grant', description: 'The code is expired.' }],
    });
  });

  it("Google's is understood", async () => {
    expect(await errorFor({ status: 429, body: fixture('error-google-429.json') })).toMatchObject({
      code: 'rate_limited',
      description: 'Quota exceeded for quota metric',
      errors: [{ code: 'resource_exhausted' }],
    });
    expect(await errorFor({ status: 401, body: fixture('error-google-401.json') })).toMatchObject({
      code: 'access_token_expired',
      description: 'Request had invalid authentication credentials.',
    });
  });

  it.each([
    [{ error: { message: 'no status' } }, 'unknown'],
    [{ error: { status: 'NOT_FOUND', details: {} } }, 'not_found'],
    [{ error: { status: 'NOT_FOUND', details: [null, { reason: 5 }, { reason: 'NO_USER' }] } }, 'not_found'],
    [{ error: { details: [{ reason: 'NO_USER' }] } }, 'no_user'],
  ])("Google's is understood when fields are missing: %j", async (body, code) => {
    expect((await errorFor({ status: 400, body })).code).toBe(code);
  });
});

describe('what to do about an error', () => {
  it.each([
    ['refresh-token-invalid', 'the user has to sign in again.'],
    ['client-id-invalid', 'a Server app has a secret, a Client app has none.'],
    ['insufficient-scope', 'that this request needs: request it in a new login.'],
    ['expired-token', 'The access token has expired: refresh it.'],
    ['invalid-token', 'refresh it. If that fails, send the user to the login.'],
    ['insufficient-permissions', 'Some resources need a Personal app or an approval by Fitbit.'],
  ])('is at the end of the message: %s', async (name, remedy) => {
    const error = await refreshError({ status: 400, body: fixture(`error-${name}.json`) });
    expect(error.message.endsWith(remedy)).toBe(true);
  });

  it('is absent for other codes', async () => {
    const error = await errorFor({ status: 400, body: { errors: [{ errorType: 'oauth', message: 'Hm.' }] } });
    expect(error.message).toBe('Fitbit refused the revocation: oauth (HTTP 400): Hm.');
  });
});

describe('an error', () => {
  it('is an OAuthError and an Error, and prints its name once', async () => {
    const error = await errorFor({ status: 500 });
    expect(error).toBeInstanceOf(OAuthError);
    expect(error).toBeInstanceOf(Error);
    expect(Object.keys(error).sort()).toEqual([
      'code',
      'errors',
      'httpStatus',
      'operation',
      'reauthorize',
      'retryable',
    ]);
    expect(inspect(error)).toMatch(/^ResponseError: Fitbit refused the revocation: server_error/);
    expect(inspect(error)).not.toContain('name:');
  });

  it("does not set the status of the app's response, as an error with a status or statusCode does in Express", async () => {
    const error = await refreshError({ status: 401, body: fixture('error-client-secret-invalid.json') });
    const app = express().set('env', 'test');
    app.get('/', () => Promise.reject(error));
    const server = app.listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    nock.enableNetConnect('127.0.0.1');
    onTestFinished(() => nock.disableNetConnect());
    const { port } = server.address() as AddressInfo;
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(500);
    expect(error.httpStatus).toBe(401);
  });

  it('can be constructed by hand', () => {
    const bare = new OAuthError('Something', { code: 'x', operation: 'profile' });
    expect(bare).toMatchObject({ name: 'OAuthError', retryable: false, reauthorize: false });
    expect('cause' in bare).toBe(false);
    const transport = new TransportError('Slow', { code: 'timeout', operation: 'profile' });
    expect(transport).toMatchObject({ name: 'TransportError', retryable: true });
    expect(new TransportError('Cut', { code: 'connection', operation: 'profile' }).retryable).toBe(true);
    expect(new TransportError('Bad', { code: 'malformed', operation: 'profile' }).retryable).toBe(false);
  });

  it("hides the Basic credentials and the token of the call in the provider's texts", async () => {
    const echo = `Received authorization header = Basic Q0lEOnMzY3JldA==, secret s3cret, token t:k/n one`;
    const body = { errors: [{ errorType: 'invalid_request', message: echo, fieldName: 's3cret' }] };
    const error = await errorFor({ status: 400, body }, 't:k/n one');
    expect(error.description).toBe(
      'Received authorization header = [redacted], secret [redacted], token [redacted]',
    );
    expect(error.errors[0]?.field).toBe('[redacted]');
  });

  it('never has a code that is a secret', async () => {
    const token = 'OnlyLettersButStillASecret';
    const body = { errors: [{ errorType: token }, { errorType: token.toLowerCase() }] };
    const error = await errorFor({ status: 400, body }, token);
    expect(error.code).toBe('redacted');
    expect(inspect(error).toLowerCase()).not.toContain(token.toLowerCase());
  });

  it('keeps its code if a short token is a part of it', async () => {
    const given = { status: 401, body: fixture('error-invalid-token.json') };
    answer('POST', INTROSPECTION_URL, given);
    expect(await introspect(client, 'token')).toEqual({ active: false });
    expect((await refreshError(given, 'token')).code).toBe('invalid_token');
  });
});
