import { describe, expect, it } from 'vitest';
import { redactor } from '../../lib/oauth2/redact.ts';

describe('redact', () => {
  it.each([
    ['as it is', 'a se:cr/et "ä" b', 'se:cr/et "ä"'],
    ['encoded for a URL', 'a se%3Acr%2Fet%20%22%C3%A4%22 b', 'se:cr/et "ä"'],
    ['encoded for a form', 'a se%3Acr%2Fet+%22%C3%A4%22 b', 'se:cr/et "ä"'],
    ['in Base64', `a ${btoa('se:cret')} b`, 'se:cret'],
    ['in JSON', 'a se:cr/et \\"ä\\" b', 'se:cr/et "ä"'],
  ])('removes a secret that stands there %s', (_, text, secret) => {
    expect(redactor([secret])(text).replace(/=+(?= b$)/, '')).toBe('a [redacted] b');
  });

  it('removes every occurrence of every secret', () => {
    expect(redactor(['one1', undefined, 'two2'])('one1 two2 one1two2')).toBe(
      '[redacted] [redacted] [redacted][redacted]',
    );
  });

  it('removes the longest first, where one secret is part of another', () => {
    expect(redactor(['abcd', 'abcdefgh'])('xabcdefghx')).toBe('x[redacted]x');
  });

  it('leaves words alone that a short secret is part of', () => {
    expect(redactor(['the', ''])('the thing')).toBe('the thing');
    expect(redactor(['then'])('then')).toBe('[redacted]');
  });

  it.each([
    ['Authorization: Basic abc', 'Authorization: [redacted]'],
    ['bearer  x.y.z, next', '[redacted], next'],
    ['("Bearer tok")', '("[redacted]")'],
    ['token eyJhbGciOi.eyJzdWIi.c2ln: bad', 'token [redacted]: bad'],
    ['code 0123456789abcdef0123 used', 'code [redacted] used'],
    ['AbCdEfGhIjKlMnOpQrSt1 x', '[redacted] x'],
    ['1//0gAbCdEfGhIjKlMnOpQrSt-uVw', '1//[redacted]'],
  ])('removes what looks like a credential: %s', (text, expected) => {
    expect(redactor([])(text)).toBe(expected);
  });

  it.each([
    'Missing parameters: refresh_token.',
    'https://dev.fitbit.com/docs/oauth2',
    'ThisIsAnOverlyLongButHarmlessWord',
    'code 0123456789abcdef012',
    'BasicBearer eyebrow',
  ])('leaves ordinary text alone: %s', (text) => {
    expect(redactor(['s3cret'])(text)).toBe(text);
  });

  it('shortens to 500 characters, after the secrets are gone', () => {
    const text = `${'ab '.repeat(166)}s3cret and more`;
    expect(redactor(['s3cret'])(text)).toBe(`${'ab '.repeat(166)}[r…`);
    expect(redactor([])('ab '.repeat(166))).toBe('ab '.repeat(166));
  });

  it.each([
    ['letters', 'a'.repeat(1_000_000)],
    ['letters before a digit', `${'a'.repeat(1_000_000)}1`],
    ['words', 'Basic '.repeat(150_000)],
    ['white space', `Bearer${' '.repeat(1_000_000)},`],
    ['half tokens', 'eyJ.'.repeat(250_000)],
  ])('takes linear time for a megabyte of %s', (_, text) => {
    const start = performance.now();
    redactor(['s3cret'])(text);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
