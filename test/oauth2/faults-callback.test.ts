import { describe, expect, it } from 'vitest';
import { invalidParameter } from '../../lib/oauth2/callback.ts';
import { fakeRequest } from '../support/strategy.ts';

describe('a parameter of a callback that is not one plain value', () => {
  it.each(['code', 'state', 'error'])('is found behind others: %s', (name) => {
    const others = { scope: 'sleep', iss: ['a', 'b'], codes: ['a'], 'x[code]': 'a', xcode: [] };
    expect(invalidParameter(fakeRequest({ query: others }))).toBeUndefined();
    expect(invalidParameter(fakeRequest({ query: { ...others, [name]: ['a', 'b'] } }))).toBe(name);
    expect(invalidParameter(fakeRequest({ query: { ...others, [`${name}[]`]: 'a' } }))).toBe(name);
    const body = { ...others, code: 'a', [name]: ['a', 'b'] };
    expect(invalidParameter(fakeRequest({ query: others, body }))).toBe(name);
  });
});
