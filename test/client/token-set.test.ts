import { describe, expect, it } from 'vitest';
import { TransportError } from '../../lib/client/errors.ts';
import { splitScope, toTokenSet } from '../../lib/client/token-set.ts';
import { fitbit } from '../../lib/fitbit/endpoints.ts';
import { parseScopeMap } from '../../lib/fitbit/scopes.ts';

const NOW = 1_800_000_000_000;

function read(response: Record<string, unknown>) {
  return toTokenSet(fitbit, 'refresh', { access_token: 'a', ...response }, NOW);
}

describe('a token response', () => {
  it('with only an access token gets the usual lifetime and type, and nothing else', () => {
    expect(read({})).toEqual({
      accessToken: 'a',
      tokenType: 'Bearer',
      scope: [],
      expiresAt: new Date(NOW + 28_800_000),
    });
  });

  it('has what it says about the tokens', () => {
    const response = {
      refresh_token: 'r',
      token_type: 'bearer',
      scope: 'sleep profile',
      expires_in: 60,
      user_id: 'ME',
      refresh_token_expires_in: 3600,
    };
    expect(read(response)).toEqual({
      accessToken: 'a',
      refreshToken: 'r',
      tokenType: 'bearer',
      scope: ['sleep', 'profile'],
      expiresAt: new Date(NOW + 60_000),
      refreshTokenExpiresAt: new Date(NOW + 3_600_000),
      userID: 'ME',
    });
  });

  it.each(['soon', -1, null, {}, ['60']])(
    'works without the lifetime of the refresh token, if that is %j',
    (refresh_token_expires_in) => {
      expect(read({ refresh_token_expires_in })).toEqual(read({}));
    },
  );

  it.each([null, '', undefined])('may have %j for a field that it leaves out', (none) => {
    const response = { refresh_token: none, token_type: none, scope: none, expires_in: none, user_id: none };
    expect(read(response)).toEqual(read({}));
  });

  it.each([
    [3600, 3_600_000],
    ['3600', 3_600_000],
    [0, 0],
    [0.5, 500],
    [1e10, 1e13],
  ])('expires after expires_in seconds: %j', (expires_in, ms) => {
    expect(read({ expires_in }).expiresAt.getTime()).toBe(NOW + ms);
  });

  it('expires relative to the current time by default', () => {
    const before = Date.now();
    const { expiresAt } = toTokenSet(fitbit, 'refresh', { access_token: 'a', expires_in: 0 });
    expect(expiresAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(expiresAt.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it.each(['Bearer', 'bearer', 'BEARER'])('may spell the token type %s', (token_type) => {
    expect(read({ token_type }).tokenType).toBe(token_type);
  });

  it.each([
    ['access_token', undefined],
    ['access_token', null],
    ['access_token', ''],
    ['access_token', 5],
    ['access_token', 'a\r\nb'],
    ['access_token', 'ä'],
    ['refresh_token', 5],
    ['refresh_token', []],
    ['refresh_token', 'a\nb'],
    ['token_type', 'mac'],
    ['token_type', 'Bearer2'],
    ['token_type', 'xBearer'],
    ['token_type', 5],
    ['token_type', ['Bearer']],
    ['scope', []],
    ['scope', 5],
    ['user_id', 5],
    ['user_id', {}],
    ['expires_in', 'abc'],
    ['expires_in', '-1'],
    ['expires_in', '12345678901'],
    ['expires_in', '1e3'],
    ['expires_in', -1],
    ['expires_in', 1e11],
    ['expires_in', Number.NaN],
    ['expires_in', true],
    ['expires_in', []],
    ['expires_in', ['60']],
  ])('is malformed when %s is %j', (field, value) => {
    const act = () => read({ [field]: value });
    expect(act).toThrow(TransportError);
    expect(act).toThrow(`"${field}" is missing or has a wrong type`);
    expect(act).toThrow('Fitbit sent an unusable response (refresh)');
  });

  it('is kept as raw, which logs and copies leave out', () => {
    const response = { access_token: 'a', other: 1 };
    const tokens = toTokenSet(fitbit, 'refresh', response);
    expect(tokens.raw).toBe(response);
    expect(JSON.stringify(tokens)).not.toContain('other');
    expect({ ...tokens }).not.toHaveProperty('raw');
  });
});

describe('a list of scopes', () => {
  it.each([
    ['', []],
    ['  ', []],
    ['a', ['a']],
    [' a  b\tc\n', ['a', 'b', 'c']],
  ])('%j is split at white space', (scope, expected) => {
    expect(splitScope(scope)).toEqual(expected);
  });
});

describe('a printed map of scopes', () => {
  it.each<[string, Record<string, string>]>([
    ['{ACTIVITY=READ, HEARTRATE=READ_WRITE}', { activity: 'read', heartrate: 'write' }],
    ['{ACTIVITY=WRITE}', { activity: 'write' }],
    [' { OXYGEN_SATURATION=READ } ', { oxygen_saturation: 'read' }],
    ['{ACTIVITY=READ,SLEEP=READ}', { activity: 'read', sleep: 'read' }],
    ['{}', {}],
    ['', {}],
    ['{=READ, ,}', {}],
    ['activity sleep', { activity: 'read', sleep: 'read' }],
    ['{ACTIVITY}', { activity: 'read' }],
  ])('%j is read', (text, expected) => {
    expect(parseScopeMap(text)).toEqual(expected);
  });

  it('can have any name in it without harm', () => {
    const map = parseScopeMap('{__PROTO__=READ, CONSTRUCTOR=READ_WRITE}');
    expect(Object.entries(map)).toEqual([
      ['__proto__', 'read'],
      ['constructor', 'write'],
    ]);
    expect(Object.getPrototypeOf(map)).toBe(Object.prototype);
  });

  it('is read in linear time', () => {
    const start = performance.now();
    parseScopeMap(`${'}'.repeat(200_000)} x ${'{'.repeat(200_000)}${' '.repeat(200_000)}`);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
