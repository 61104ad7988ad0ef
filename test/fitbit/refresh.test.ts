import { setTimeout as pause } from 'node:timers/promises';
import {
  type FitbitClient,
  ResponseError,
  refresh,
  type TokenSet,
  TransportError,
} from 'passport-fitbit-strategy';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Answer, answer } from './fake-fitbit.ts';
import { BASIC, client, fixture, TOKEN_URL } from './fixtures.ts';

// The pauses between tries are recorded instead of waited for.
vi.mock('node:timers/promises', () => ({ setTimeout: vi.fn() }));

const sleep = vi.mocked(pause);
const TOKEN = JSON.parse(fixture('token.json'));
const OK: Answer = { body: TOKEN };
const BODY = 'grant_type=refresh_token&refresh_token=old';

beforeEach(() => {
  sleep.mockReset().mockResolvedValue(undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function pauses(): unknown[] {
  return sleep.mock.calls.map(([ms]) => ms);
}

async function settled<T>(promise: Promise<T>): Promise<T | unknown> {
  return promise.catch((error: unknown) => error);
}

describe('refresh', () => {
  it('refuses a scope by name: Fitbit can not narrow one', async () => {
    const requests = answer('POST', TOKEN_URL, OK);
    const options = Object.assign({}, { scope: 'sleep' });
    // @ts-expect-error: wrong on purpose
    const error = await settled(refresh(client, 'old', options));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({
      message: expect.stringContaining('"scope" can\'t be changed by a refresh at Fitbit'),
    });
    expect(requests).toEqual([]);
  });

  it('sends the refresh token as a form, with the Basic header', async () => {
    const requests = answer('POST', TOKEN_URL, OK);
    await refresh(client, 'old');
    expect(requests).toEqual([
      {
        method: 'POST',
        url: TOKEN_URL,
        headers: {
          accept: 'application/json',
          authorization: BASIC,
          'content-length': String(BODY.length),
          'content-type': 'application/x-www-form-urlencoded',
          host: 'api.fitbit.com',
          'user-agent': 'passport-fitbit-strategy',
        },
        body: BODY,
      },
    ]);
  });

  it('of a public client has the client id in the body and no Basic header', async () => {
    const requests = answer('POST', TOKEN_URL, OK);
    await refresh({ clientID: 'CID' }, 'old');
    expect(requests[0]?.body).toBe(`${BODY}&client_id=CID`);
    expect(requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('resolves with the new tokens', async () => {
    answer('POST', TOKEN_URL, OK);
    const before = Date.now();
    const tokens = await refresh(client, 'old');
    expect(tokens).toEqual({
      accessToken: TOKEN.access_token,
      refreshToken: TOKEN.refresh_token,
      tokenType: 'Bearer',
      scope: ['sleep', 'profile', 'activity'],
      expiresAt: expect.any(Date),
      userID: '26FWFL',
    });
    expect(tokens.expiresAt.getTime() - before).toBeGreaterThanOrEqual(28_800_000);
    expect(tokens.raw).toEqual(TOKEN);
  });

  it('keeps the old refresh token if the response has none', async () => {
    answer('POST', TOKEN_URL, { body: { access_token: 'new' } });
    const tokens = await refresh(client, 'old');
    expect(tokens.refreshToken).toBe('old');
    expect(tokens.raw).toEqual({ access_token: 'new' });
    expect(Object.keys(tokens)).not.toContain('raw');
  });

  it('goes to another tokenURL', async () => {
    const tokenURL = 'https://proxy.example/token';
    const requests = answer('POST', tokenURL, OK);
    await refresh({ ...client, tokenURL }, 'old');
    expect(requests.map(({ url }) => url)).toEqual([tokenURL]);
  });

  it.each<[unknown, unknown, unknown, string]>([
    [null, 'old', {}, '"client" must be an object'],
    [{ clientID: 5 }, 'old', {}, '"clientID" must be a non-empty string'],
    [{ ...client, tokenURL: 'x' }, 'old', {}, '"tokenURL" must be an absolute URL'],
    [client, undefined, {}, '"refreshToken" must be a non-empty string'],
    [client, '', {}, '"refreshToken" must be a non-empty string'],
    [client, 'a\nb', {}, '"refreshToken" must be a token: printable ASCII characters only'],
    [client, 'old', 5, '"options" must be an object'],
    [client, 'old', { timeout: Number.NaN }, '"timeout" must be a positive number'],
    [client, 'old', { signal: {} }, '"signal" must be an AbortSignal'],
    [client, 'old', { beforeSend: 'now' }, '"beforeSend" must be a function'],
  ])('refuses a wrong argument and names it (%#)', async (given, token, options, message) => {
    const call = refresh(given as FitbitClient, token as string, options as object);
    await expect(call).rejects.toThrow(TypeError);
    await expect(call).rejects.toThrow(message);
  });
});

describe('a retry', () => {
  it.each<[string, Answer]>([
    ['a connection failure', { fails: 'ECONNRESET' }],
    ['409', { status: 409, body: fixture('error-conflict.json') }],
    ['500', { status: 500 }],
    ['502 with HTML', { status: 502, body: fixture('error-maintenance.html') }],
    ['503', { status: 503 }],
  ])('with the identical request follows %s', async (_, failure) => {
    const requests = answer('POST', TOKEN_URL, failure, OK);
    const first = answer('POST', 'https://first.example/token', OK);
    await refresh({ ...client, tokenURL: 'https://first.example/token' }, 'old');
    expect((await refresh(client, 'old')).accessToken).toBe(TOKEN.access_token);
    const { url: _url, headers, ...rest } = requests.at(-1) ?? {};
    expect({ ...rest, headers: { ...headers, host: 'first.example' } }).toEqual({
      method: 'POST',
      headers: first[0]?.headers,
      body: first[0]?.body,
    });
    if (!('fails' in failure)) expect(requests[0]).toEqual(requests[1]);
    expect(sleep).toHaveBeenCalledTimes(1);
  });

  it('is sent at most twice', async () => {
    const requests = answer('POST', TOKEN_URL, ...Array(5).fill({ status: 503 }));
    await expect(refresh(client, 'old')).rejects.toMatchObject({
      code: 'server_error',
      operation: 'refresh',
      httpStatus: 503,
      retryable: true,
      reauthorize: false,
    });
    expect(requests).toHaveLength(3);
    expect(sleep).toHaveBeenCalledTimes(2);
  });

  it.each([
    [0, [125, 250]],
    [1 - Number.EPSILON, [250, 500]],
  ])('comes after a growing pause, up to half of which is random (%f)', async (random, expected) => {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    answer('POST', TOKEN_URL, { status: 500 }, { status: 500 }, OK);
    await refresh(client, 'old');
    expect(pauses().map((ms) => Math.round(Number(ms)))).toEqual(expected);
  });

  it.each<[string, Answer, string]>([
    ['invalid_grant', { status: 400, body: fixture('error-refresh-token-invalid.json') }, 'invalid_grant'],
    ['invalid_client', { status: 401, body: fixture('error-client-secret-invalid.json') }, 'invalid_client'],
    ['429', { status: 429, body: fixture('error-too-many-requests.json') }, 'rate_limited'],
    ['410', { status: 410, body: fixture('error-gone.html') }, 'gone'],
    ['an unknown 4xx', { status: 418 }, 'unexpected_status'],
    ['a redirect', { status: 302, headers: { Location: 'https://evil.example/' } }, 'redirect'],
    ['a malformed response', { body: '{}' }, 'malformed'],
  ])('never follows %s', async (_, failure, code) => {
    const requests = answer('POST', TOKEN_URL, failure, OK);
    await expect(refresh(client, 'old')).rejects.toMatchObject({ code, operation: 'refresh' });
    expect(requests).toHaveLength(1);
    expect(sleep).not.toHaveBeenCalled();
  });

  it('waits as long as Retry-After says', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    answer('POST', TOKEN_URL, { status: 503, headers: { 'Retry-After': '5' } }, OK);
    await refresh(client, 'old');
    expect(pauses()).toEqual([5000]);
  });

  it('is not sent if Retry-After says more than five seconds', async () => {
    const requests = answer('POST', TOKEN_URL, { status: 503, headers: { 'Retry-After': '6' } }, OK);
    await expect(refresh(client, 'old')).rejects.toMatchObject({ code: 'server_error', retryAfter: 6 });
    expect(requests).toHaveLength(1);
  });

  it.each([
    [99_000, 2],
    [101_000, 1],
  ])(
    'is sent only within the two minutes in which Fitbit repeats its response (%i ms)',
    async (ms, tries) => {
      vi.useFakeTimers({ toFake: ['Date'] });
      vi.setSystemTime(0);
      const slow = { status: 500, meanwhile: () => vi.setSystemTime(ms) };
      const requests = answer('POST', TOKEN_URL, slow, OK);
      await settled(refresh(client, 'old'));
      expect(requests).toHaveLength(tries);
    },
  );

  it('is not made by a process that was frozen during the pause', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(0);
    sleep.mockImplementationOnce(async () => {
      vi.setSystemTime(300_000);
    });
    const requests = answer('POST', TOKEN_URL, { status: 500 }, OK);
    await expect(refresh(client, 'old')).rejects.toMatchObject({ httpStatus: 500 });
    expect(requests).toHaveLength(1);
  });

  it('that is refused has the error of the request before it as its cause', async () => {
    const refused = { status: 401, body: fixture('error-client-secret-invalid.json') };
    answer('POST', TOKEN_URL, { fails: 'ECONNRESET' }, { status: 503 }, refused, refused);
    const cause = { code: 'server_error', cause: { code: 'connection' } };
    await expect(refresh(client, 'old')).rejects.toMatchObject({ code: 'invalid_client', cause });
    await expect(refresh(client, 'old')).rejects.not.toHaveProperty('cause');
  });

  it('that is refused has that cause also if "beforeSend" allowed the request before it', async () => {
    const refused = { status: 401, body: fixture('error-client-secret-invalid.json') };
    answer('POST', TOKEN_URL, { fails: 'ECONNRESET' }, refused);
    const beforeSend = vi.fn();
    const cause = { code: 'connection' };
    await expect(refresh(client, 'old', { beforeSend })).rejects.toMatchObject({
      code: 'invalid_client',
      cause,
    });
    expect(beforeSend).toHaveBeenCalledTimes(2);
  });

  it('that is refused has no cause if the request before it was not sent', async () => {
    answer('POST', TOKEN_URL, { status: 401, body: fixture('error-client-secret-invalid.json') });
    let calls = 0;
    const beforeSend = () => {
      calls += 1;
      if (calls === 1) {
        throw new TransportError('Not yet', { code: 'timeout', operation: 'refresh', retryable: true });
      }
    };
    const error = await settled(refresh(client, 'old', { beforeSend }));
    expect(calls).toBe(2);
    expect(error).toMatchObject({ code: 'invalid_client' });
    expect(error).not.toHaveProperty('cause');
  });
});

describe('several calls with one refresh token', () => {
  it('share one request and its tokens', async () => {
    const requests = answer('POST', TOKEN_URL, OK, OK);
    const all = await Promise.all([1, 2, 3].map(() => refresh(client, 'old')));
    expect(requests).toHaveLength(1);
    expect(new Set(all.map(({ accessToken }) => accessToken)).size).toBe(1);
  });

  it('share a failure, and the next call sends a new request', async () => {
    const failure = { status: 400, body: fixture('error-refresh-token-invalid.json') };
    const requests = answer('POST', TOKEN_URL, failure, OK);
    const all = await Promise.all([1, 2].map(() => settled(refresh(client, 'old'))));
    expect(all.map((error) => error instanceof ResponseError)).toEqual([true, true]);
    expect(requests).toHaveLength(1);
    await refresh(client, 'old');
    expect(requests).toHaveLength(2);
  });

  it('do not share with a later one', async () => {
    const requests = answer('POST', TOKEN_URL, OK, OK);
    await refresh(client, 'old');
    await refresh(client, 'old');
    expect(requests).toHaveLength(2);
  });

  it.each<[string, FitbitClient, string]>([
    ['another token', client, 'other'],
    ['another client', { clientID: 'OTHER', clientSecret: 's3cret' }, 'old'],
  ])('do not share with %s', async (_, otherClient, otherToken) => {
    const requests = answer('POST', TOKEN_URL, OK, OK);
    await Promise.all([refresh(client, 'old'), refresh(otherClient, otherToken)]);
    expect(requests).toHaveLength(2);
  });

  it('do not share with another endpoint', async () => {
    const tokenURL = 'https://proxy.example/token';
    const requests = [answer('POST', TOKEN_URL, OK), answer('POST', tokenURL, OK)];
    await Promise.all([refresh(client, 'old'), refresh({ ...client, tokenURL }, 'old')]);
    expect(requests.map(({ length }) => length)).toEqual([1, 1]);
  });

  it('continue when one of them is aborted, which rejects with its reason', async () => {
    const requests = answer('POST', TOKEN_URL, { ...OK, delay: 30 });
    const controller = new AbortController();
    const reason = new Error('the user left');
    const given = refresh(client, 'old', { signal: controller.signal });
    const other = refresh(client, 'old', { signal: new AbortController().signal });
    controller.abort(reason);
    await expect(given).rejects.toMatchObject({
      name: 'TransportError',
      code: 'aborted',
      operation: 'refresh',
      retryable: false,
      cause: reason,
    });
    expect((await other).accessToken).toBe(TOKEN.access_token);
    expect(requests).toHaveLength(1);
  });

  it('end the pause when all of them are aborted', async () => {
    const requests = answer('POST', TOKEN_URL, { status: 500 }, OK);
    const controller = new AbortController();
    let stopped = false;
    const asleep = new Promise<void>((resolve) => {
      sleep.mockImplementation((_ms, _value, options) => {
        resolve();
        return new Promise((_, reject) => {
          options?.signal?.addEventListener('abort', () => {
            stopped = true;
            reject(new Error('aborted'));
          });
        });
      });
    });
    const call = settled(refresh(client, 'old', { signal: controller.signal }));
    await asleep;
    controller.abort();
    expect(await call).toMatchObject({ code: 'aborted' });
    expect(stopped).toBe(true);
    expect(requests).toHaveLength(1);
  });

  it('send nothing if the signal is already aborted', async () => {
    const requests = answer('POST', TOKEN_URL, OK);
    const signal = AbortSignal.abort('gone');
    await expect(refresh(client, 'old', { signal })).rejects.toMatchObject({
      code: 'aborted',
      cause: 'gone',
    });
    expect(requests).toHaveLength(0);
  });

  it('leave no listener on a signal', async () => {
    answer('POST', TOKEN_URL, OK);
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    const tokens: TokenSet = await refresh(client, 'old', { signal });
    expect(tokens.userID).toBe('26FWFL');
    expect(add).toHaveBeenCalledTimes(1);
    expect(remove.mock.calls.map((call) => call[1])).toEqual(add.mock.calls.map((call) => call[1]));
  });
});
