import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSealer } from '../../lib/util/seal.ts';

const secret = 'a secret of at least thirty-two characters';
const otherSecret = 'another secret, at least thirty-two characters';
const sealer = createSealer(secret, 'test');

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const text = fc.string({ unit: 'binary', maxLength: 200 }); // any code points, without lone surrogates
const anyString = fc.oneof(
  text,
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }),
);

/** The bytes of a sealed text: IV, ciphertext and tag. */
function bytesOf(sealed: string): Buffer {
  return Buffer.from(sealed.slice(sealed.lastIndexOf('.') + 1), 'base64url');
}

/** A sealed text with other bytes behind its version and key id. */
function withBytes(sealed: string, bytes: Uint8Array): string {
  return `${sealed.slice(0, sealed.lastIndexOf('.') + 1)}${Buffer.from(bytes).toString('base64url')}`;
}

describe('a sealed text', () => {
  it('opens to what was sealed, with the same context', () => {
    fc.assert(
      fc.property(text, anyString, (plaintext, context) => {
        const sealed = sealer.seal(plaintext, context);
        expect(sealer.open(sealed, context)).toBe(plaintext);
        expect(createSealer(secret, 'test').open(sealed, context)).toBe(plaintext);
      }),
    );
  });

  it('has characters that a cookie may hold, and differs each time', () => {
    const sealed = Array.from({ length: 100 }, () => sealer.seal('{"é":"; \\"\u{1F600}"}'));
    for (const each of sealed) expect(each).toMatch(/^1\.[\w-]{8}\.[\w-]+$/);
    expect(new Set(sealed.map((each) => bytesOf(each).subarray(0, 12).toString('hex'))).size).toBe(100);
  });

  it('shows neither the text nor the context', () => {
    const sealed = sealer.seal('the plaintext', 'the context');
    expect(bytesOf(sealed)).toHaveLength(12 + 'the plaintext'.length + 16);
    for (const part of ['plaintext', 'context']) {
      expect(sealed + bytesOf(sealed).toString('latin1')).not.toContain(part);
    }
  });

  it('may be empty, or of several megabytes', () => {
    for (const plaintext of ['', 'é€😀'.repeat(1_000_000)]) {
      expect(sealer.open(sealer.seal(plaintext)) === plaintext).toBe(true);
    }
  });

  it('has U+FFFD for a lone surrogate', () => {
    expect(sealer.open(sealer.seal('a\ud83d'))).toBe('a\ufffd');
  });

  it('does not open when any bit of it was changed', () => {
    const sealed = sealer.seal('a plaintext', 'context');
    const bytes = bytesOf(sealed);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Uint8Array.from(bytes, (byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(sealer.open(withBytes(sealed, changed), 'context')).toBeUndefined();
    }
  });

  it('does not open when any character of it was replaced, removed or put in', () => {
    const character = fc.constantFrom(...`${BASE64URL}+/=. \n`);
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(1), fc.option(character, { nil: '' }), (plaintext, at, cut, put) => {
        const sealed = sealer.seal(plaintext);
        const index = at % (sealed.length + 1);
        const changed = sealed.slice(0, index) + put + sealed.slice(index + cut);
        fc.pre(changed !== sealed);
        expect(sealer.open(changed)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  it('does not open with a shorter tag, though it be the beginning of the right one', () => {
    const sealed = sealer.seal('a plaintext');
    const bytes = bytesOf(sealed);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(sealer.open(withBytes(sealed, bytes.subarray(0, length)))).toBeUndefined();
    }
  });

  it('has one spelling only', () => {
    const sealed = sealer.seal('ab'); // 30 bytes: a multiple of three, so that "=" changes nothing
    const other = sealer.seal('a'); // 29 bytes: the last character has bits that are not used
    const last = BASE64URL.indexOf(other.slice(-1));
    for (const spelling of [
      `${sealed}=`,
      `${sealed} `,
      ` ${sealed}`,
      `${sealed.slice(0, 20)}\n${sealed.slice(20)}`,
      `${other}=`,
      `${other.slice(0, -1)}${BASE64URL[last + 1]}`,
    ]) {
      expect(sealer.open(spelling)).toBeUndefined();
    }
    const standard = Array.from({ length: 20 }, () => sealer.seal('some more bytes to have both signs'));
    for (const each of standard.filter((one) => /[-_]/.test(one.slice(11)))) {
      const spelled = each.slice(0, 11) + each.slice(11).replaceAll('-', '+').replaceAll('_', '/');
      expect(sealer.open(spelled)).toBeUndefined();
    }
  });

  it('does not open for another purpose, context, secret or version', () => {
    const sealed = sealer.seal('a plaintext', 'ann');
    expect(createSealer(secret, 'other').open(sealed, 'ann')).toBeUndefined();
    expect(createSealer(otherSecret, 'test').open(sealed, 'ann')).toBeUndefined();
    for (const context of ['bob', '', 'ann ', undefined])
      expect(sealer.open(sealed, context)).toBeUndefined();
    expect(sealer.open(`2${sealed.slice(1)}`, 'ann')).toBeUndefined();
  });

  it('is not opened under a key id that was exchanged', () => {
    const other = createSealer(otherSecret, 'test');
    const both = createSealer([secret, otherSecret], 'test');
    const [, id] = other.seal('').split('.');
    const sealed = sealer.seal('a plaintext').split('.');
    expect(both.open([sealed[0], id, sealed[2]].join('.'))).toBeUndefined();
  });

  it('tells contexts apart that differ in half a character only', () => {
    expect(sealer.open(sealer.seal('x', 'a\ud800'), 'a\ud801')).toBeUndefined();
  });

  it('has keys of its own for each purpose, also where one is the beginning of another', () => {
    const ids = ['a', 'a key', 'a key id', 'key', ''].map(
      (purpose) => createSealer(secret, purpose).seal('').split('.')[1],
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 1],
    ['bytes', Buffer.from('1.')],
    ['a list', []],
  ])('that is %s does not open', (_what, value) => {
    expect(sealer.open(value as never)).toBeUndefined();
  });

  // A change of the format or of the keys needs a new version: stored tokens must still open.
  it('of version 1 opens', () => {
    const sealed = '1.abQPr6io.4eFWyzGHRTJ4wItdUHjAn3i8vHVRL9suNdGBkI_S-B-XdKkeXVEGtmr8-KFYMsA';
    expect(sealer.open(sealed, 'context')).toBe('sealed by version 1');
  });

  it('that was never sealed does not open', () => {
    const [, id] = sealer.seal('').split('.');
    for (const foreign of [
      '',
      '1',
      '1.',
      `1.${id}`,
      `1.${id}.`,
      `1.${id}.AAAA`,
      `1.${id}.${'A'.repeat(38)}`,
    ]) {
      expect(sealer.open(foreign)).toBeUndefined();
    }
    fc.assert(fc.property(anyString, (foreign) => sealer.open(`1.${id}.${foreign}`) === undefined));
  });
});

describe('a list of secrets', () => {
  const old = createSealer(secret, 'test');
  const rotated = createSealer([otherSecret, secret], 'test');
  const later = createSealer(otherSecret, 'test');

  it('opens what any of them sealed, and seals with the first', () => {
    expect(rotated.open(old.seal('before'))).toBe('before');
    const sealed = rotated.seal('after');
    expect(later.open(sealed)).toBe('after');
    expect(old.open(sealed)).toBeUndefined();
  });

  it('opens nothing of a secret that was dropped', () => {
    expect(later.open(old.seal('before'))).toBeUndefined();
  });
});

describe('a secret', () => {
  it.each([
    ['too short', 'a'.repeat(31)],
    ['missing', undefined],
    ['no text', 5],
    ['an empty list', []],
    ['a list with a short one', [secret, 'short']],
    ['a list with no text', [secret, undefined]],
    ['an object', { length: 32 }],
  ])('that is %s is refused by its name, and not quoted', (_what, secrets) => {
    const make = () => createSealer(secrets as never, 'test', 'cookieSecret');
    expect(make).toThrow(TypeError);
    expect(make).toThrow(
      /^"cookieSecret" must be a string of at least 32 characters.*openssl rand -base64 32/,
    );
    expect(make).not.toThrow(/short"|aaaa/);
  });

  it('of 32 characters is accepted', () => {
    expect(() => createSealer('a'.repeat(32), 'test')).not.toThrow();
  });
});
