import { describe, expect, it } from 'vitest';
import { redactor } from '../../lib/oauth2/redact.ts';

// Without digits and shorter than what looks like a token anyway.
const secret = 'a/b c!d&e<f>g"h\'i';

describe('a secret is taken out of a text', () => {
  it.each([
    ['as it is', secret],
    ['URL-encoded', "a%2Fb%20c!d%26e%3Cf%3Eg%22h'i"],
    ['URL-encoded in lower case', "a%2fb%20c!d%26e%3cf%3eg%22h'i"],
    ['URL-encoded with + for spaces', "a%2Fb+c!d%26e%3Cf%3Eg%22h'i"],
    ['URL-encoded in lower case with + for spaces', "a%2fb+c!d%26e%3cf%3eg%22h'i"],
    ['form-encoded', 'a%2Fb+c%21d%26e%3Cf%3Eg%22h%27i'],
    ['form-encoded in lower case', 'a%2fb+c%21d%26e%3cf%3eg%22h%27i'],
    ['form-encoded with %20 for spaces', 'a%2Fb%20c%21d%26e%3Cf%3Eg%22h%27i'],
    ['form-encoded in lower case with %20 for spaces', 'a%2fb%20c%21d%26e%3cf%3eg%22h%27i'],
    ['JSON-escaped', 'a/b c!d&e<f>g\\"h\'i'],
    ['JSON-escaped with \\/', 'a\\/b c!d&e<f>g\\"h\'i'],
    ['HTML-escaped', 'a/b c!d&amp;e&lt;f&gt;g&quot;h&#39;i'],
  ])('%s', (_how, spelling) => {
    expect(redactor([secret])(`It was ${spelling}, sorry`)).toBe('It was [redacted], sorry');
  });

  it.each(['key>', 'key>>', 'key>>>', 'k=y=', 'key?~', '>>>>', '???>'])('in Base64: %s', (short) => {
    const padded = Buffer.from(short).toString('base64');
    expect(redactor([short])(`It was ${padded}`)).toMatch(/^It was \[redacted\]=*$/);
    expect(redactor([short])(`It was ${padded.replaceAll('=', '')}, sorry`)).toBe('It was [redacted], sorry');
    const url = Buffer.from(short).toString('base64url');
    expect(redactor([short])(`It was ${url}, sorry`)).toBe('It was [redacted], sorry');
  });

  it('also when it can not be URL-encoded, having half a character', () => {
    expect(redactor(['half\ud83d'])('It was half\ud83d, sorry')).toBe('It was [redacted], sorry');
  });

  it('also when another secret is a part of it', () => {
    expect(redactor(['part', 'part-of-all'])('part-of-all, part')).toBe('[redacted], [redacted]');
  });
});

describe('a text', () => {
  it('of 500 characters stays whole, a longer one is cut there', () => {
    const text = 'word '.repeat(100);
    expect(redactor([])(text)).toBe(text);
    expect(redactor([])(`${text}!`)).toBe(`${text}…`);
  });
});
