import http from 'node:http';
import https from 'node:https';
import { describe, expect, it } from 'vitest';
import {
  checkAgent,
  checkCallbackURL,
  checkObject,
  checkOneOf,
  checkSignal,
  checkString,
  checkTimeout,
  checkToken,
  checkURL,
  isObject,
  isText,
} from '../../lib/util/arguments.ts';

describe('a value', () => {
  it.each<[unknown, boolean, boolean]>([
    ['text', true, false],
    ['', false, false],
    [5, false, false],
    [null, false, false],
    [undefined, false, false],
    [[], false, false],
    [{}, false, true],
  ])('is told apart from texts and objects: %j', (value, text, object) => {
    expect(isText(value)).toBe(text);
    expect(isObject(value)).toBe(object);
  });
});

describe('a check', () => {
  it.each<[name: string, check: (value: never) => void, good: unknown[], wrong: unknown[], message: string]>([
    ['of a string', (v) => checkString(v, 'x'), ['a', ' '], ['', 5, null], '"x" must be a non-empty string'],
    [
      'of a string, with a remedy',
      (v) => checkString(v, 'x', 'leave it out'),
      ['a'],
      ['', undefined],
      '"x" must be a non-empty string: leave it out',
    ],
    [
      'of a token',
      (v) => checkToken(v, 'x'),
      ['a-token', '~'],
      ['a\nb', 'ä'],
      '"x" must be a token: printable ASCII characters only',
    ],
    ['of an object', (v) => checkObject(v, 'x'), [{}], [[], null, 'a'], '"x" must be an object'],
    [
      'of one of several values',
      (v) => checkOneOf(v, 'x', ['a', 'b']),
      ['a', 'b'],
      ['c', '', undefined],
      '"x" must be one of "a", "b"',
    ],
    [
      'of a signal',
      (v) => checkSignal(v),
      [new AbortController().signal],
      [{}, null, 'a'],
      '"signal" must be an AbortSignal',
    ],
    [
      'of an agent',
      (v) => checkAgent(v),
      [http.globalAgent, https.globalAgent, { addRequest() {} }],
      [{}, { addRequest: true }, null, [], 'http://proxy.example'],
      '"agent" must be an http.Agent or https.Agent',
    ],
    [
      'of a time limit',
      (v) => checkTimeout(v),
      [1, 0.5, 2 ** 31 - 1],
      [0, -1, 2 ** 31, Number.NaN, '5'],
      '"timeout" must be a positive number of milliseconds, at most 2147483647',
    ],
    [
      'of a URL, about its fragment',
      (v) => checkURL(v, 'x'),
      ['https://p.example/token'],
      ['https://p.example/#', 'https://p.example/#a'],
      '"x" must not contain a fragment (#…)',
    ],
  ])('%s accepts what it can be, and names any other', (_name, check, good, wrong, message) => {
    for (const value of good) expect(() => check(value as never)).not.toThrow();
    for (const value of wrong) expect(() => check(value as never)).toThrow(new TypeError(message));
  });

  it.each(['a1+.-://host', 'my.app2://callback', 'https://app.example/cb', '/cb'])(
    'of a callback URL accepts %s',
    (url) => expect(() => checkCallbackURL(url)).not.toThrow(),
  );

  it.each(['a!://host', 'my app://callback', '1app://callback'])('of a callback URL refuses %s', (url) => {
    expect(() => checkCallbackURL(url)).toThrow(/^"callbackURL" must be an absolute URL/);
  });
});
