import { afterEach, describe, expect, it, vi } from 'vitest';
import { malformed, responseError, toHeaderNumber } from '../../lib/client/error-response.ts';
import { type ProviderError, TransportError } from '../../lib/client/errors.ts';
import { type Provider, resolveClient } from '../../lib/client/provider.ts';

/** A provider whose error responses are lists of errors as they are, and which knows nothing beyond the RFCs. */
const provider: Provider = {
  name: 'p',
  label: 'P',
  issuer: 'https://p.example',
  clientAuthentication: 'client_secret_basic',
  accessTokenLifetime: 3600,
  refreshRepeatWindow: 0,
  endpoints: {},
  parseErrors: ({ errors }) => errors as ProviderError[],
  explain: () => ({}),
};

const SECRET = 'a-secret-of-letters';

interface Response {
  status?: number;
  headers?: Record<string, string>;
  clientSecret?: string | undefined;
}

function errorFor(errors: ProviderError[], { status = 400, headers = {}, ...client }: Response = {}) {
  const body = JSON.stringify({ errors });
  const resolved = resolveClient(provider, { clientID: 'CID', clientSecret: SECRET, ...client });
  return responseError(resolved, 'refresh', { status, headers, body }, [undefined]);
}

afterEach(() => void vi.useRealTimers());

describe("a provider's error", () => {
  it('has all that the provider said', () => {
    const error: ProviderError = {
      code: 'quota',
      description: 'Too much',
      field: 'scope',
      reason: 'daily_limit',
      metadata: { service: 'health', page: 'https://p.example/enable?requested_permission=read1' },
      help: 'https://p.example/help?requested_permission=read1&project=7#top',
      retryAfter: 30,
    };
    expect(errorFor([error]).errors).toStrictEqual([error]);
  });

  it('has nothing that the provider did not say', () => {
    expect(errorFor([{ code: 'quota' }]).errors).toStrictEqual([{ code: 'quota' }]);
    expect(errorFor([{ code: 'quota' }])).not.toHaveProperty('rateLimit');
    expect(errorFor([{ code: 'quota' }])).not.toHaveProperty('retryAfter');
    expect(errorFor([{ code: 'quota' }])).not.toHaveProperty('description');
  });

  it('shows no secret in any of its parts', () => {
    const { message, errors } = errorFor([
      {
        code: SECRET,
        description: `of ${SECRET}`,
        field: SECRET,
        reason: SECRET,
        metadata: {
          [SECRET]: SECRET,
          page: `https://p.example/?x=${SECRET}&y=1`,
          run: 'requested_permission=read1',
        },
        help: `https://p.example/${SECRET}?x=${SECRET}`,
      },
    ]);
    expect(errors).toStrictEqual([
      {
        code: 'redacted',
        description: 'of [redacted]',
        field: '[redacted]',
        reason: 'redacted',
        // What looks like a credential is not shown either, except in the parameters of a URL.
        metadata: {
          '[redacted]': '[redacted]',
          page: 'https://p.example/?x=[redacted]&y=1',
          run: '[redacted]',
        },
        help: 'https://p.example/[redacted]?x=[redacted]',
      },
    ]);
    expect(message).not.toContain(SECRET);
  });

  it('may come to a public client, which has no secret to look for', () => {
    const { errors } = errorFor([{ code: 'quota', description: 'Too much' }], { clientSecret: undefined });
    expect(errors).toStrictEqual([{ code: 'quota', description: 'Too much' }]);
  });
});

describe('the time to wait after an error response', () => {
  it.each([
    ['3', [7], 7],
    ['9', [7], 9],
    [undefined, [2, 7, 5], 7],
    ['0', [], 0],
  ])('is the longest that it names: header %s, errors %j', (header, waits, expected) => {
    const headers = header === undefined ? {} : { 'retry-after': header };
    const errors = waits.map((retryAfter) => ({ code: 'quota', retryAfter }));
    expect(errorFor([{ code: 'quota' }, ...errors], { headers }).retryAfter).toBe(expected);
  });

  it('may be a date', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 24, 12) });
    const waitUntil = (date: string) => errorFor([], { headers: { 'retry-after': date } }).retryAfter;
    expect(waitUntil('Tue, 24 Nov 2026 12:00:30 GMT')).toBe(30);
    expect(waitUntil('Tuesday, 24-Nov-26 12:00:30 GMT')).toBe(30);
    expect(waitUntil('Tue, 24 Nov 2026 11:00:00 GMT')).toBe(0);
    for (const wrong of [
      'in Tue, 24 Nov 2026 12:00:30 GMT',
      'Tue, 24 Nov 2026 12:00:30 GMT+0200',
      'Tue, 24 Nov 2026 12:00:30',
      'Tue, 24 Foo 2026 12:00:30 GMT',
      '30 seconds',
      '-1',
      '',
    ]) {
      expect(waitUntil(wrong)).toBeUndefined();
    }
  });
});

describe('a header with a number', () => {
  it.each([
    ['0', 0],
    ['150', 150],
    ['999999999', 999_999_999],
    ['1000000000', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['', undefined],
    [undefined, undefined],
    [['5'], undefined],
  ])('is a whole number, given once: %j', (header, expected) => {
    expect(toHeaderNumber(header)).toBe(expected);
  });
});

describe('an unusable response', () => {
  it('names the provider, the operation and what is wrong', () => {
    const error = malformed(provider, 'refresh', '"scope" is missing');
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({
      code: 'malformed',
      operation: 'refresh',
      retryable: false,
      message: 'P sent an unusable response (refresh): "scope" is missing',
    });
  });
});
