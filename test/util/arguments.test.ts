import { describe, expect, it } from 'vitest';
import { checkCallbackURL, checkTimeout, checkURL } from '../../lib/util/arguments.ts';

describe('an argument', () => {
  it.each(['https://:pw@p.example', 'https://user@p.example', 'https://user:pw@p.example'])(
    'that is the URL %s is refused',
    (url) => {
      expect(() => checkURL(url, 'tokenURL')).toThrow('"tokenURL" must not contain a user name or password');
    },
  );

  it.each([
    ' https://app.example/cb',
    'x https://app.example/cb',
    '1https://app.example',
    'a_b://app.example',
    '/\t/evil.example',
    '/\r/evil.example',
    '/\n/evil.example',
    '/\t\\evil.example',
    '/callback\n',
    'https://app.example/\tcb',
  ])('that is the callback URL %j is refused', (url) => {
    expect(() => checkCallbackURL(url)).toThrow('"callbackURL" must be an absolute URL');
  });

  it.each(['5', [5], null, 0, -1, 2 ** 31, Number.NaN, Infinity])(
    'that is the timeout %j is refused',
    (limit) => {
      expect(() => checkTimeout(limit)).toThrow('"timeout" must be a positive number');
    },
  );
});
