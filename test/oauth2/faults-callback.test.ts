import { describe, expect, it } from 'vitest';
import { invalidParameter } from '../../lib/oauth2/callback.ts';

describe('a parameter of a callback that is not one plain value', () => {
  it.each(['code', 'state', 'error'])('is found behind others: %s', (name) => {
    const others = { scope: 'sleep', iss: ['a', 'b'], codes: ['a'], 'x[code]': 'a', xcode: [] };
    expect(invalidParameter(others, undefined)).toBeUndefined();
    expect(invalidParameter({ ...others, [name]: ['a', 'b'] }, undefined)).toBe(name);
    expect(invalidParameter({ ...others, [`${name}[]`]: 'a' }, undefined)).toBe(name);
    const body = { ...others, code: 'a', [name]: ['a', 'b'] };
    expect(invalidParameter(others, body)).toBe(name);
  });
});
