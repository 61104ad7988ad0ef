import { createKeySet } from 'passport-fitbit-strategy/google-health/webhooks';
import { describe, expect, it } from 'vitest';
import { parseTinkKeys } from '../../../lib/google-health/webhooks/tink-keys.ts';
import { encodeKey, field, makeKey, serveKeys } from './google.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

async function world() {
  const [first, second] = [makeKey(1), makeKey(2)];
  const server = await serveKeys(first);
  const clock = { time: Date.parse('2026-11-22T08:00:00Z') };
  const keys = createKeySet({ keysURL: server.keysURL, now: () => clock.time });
  const failing = () => {
    server.listener = (_req, res) => void res.writeHead(500).end();
  };
  return { first, second, server, clock, keys, failing };
}

describe('a key set', () => {
  it('is loaded when it is needed, once for all that wait, and kept for six hours', async () => {
    const { server, keys, clock } = await world();
    expect(server.requests).toBe(0);
    const found = await Promise.all([keys.find(1), keys.find(1), keys.find(1)]);
    expect(found.map((key) => key?.asymmetricKeyType)).toEqual(['ec', 'ec', 'ec']);
    clock.time += 6 * HOUR - 1;
    await keys.find(1);
    expect(server.requests).toBe(1);
    clock.time += 1;
    await keys.find(1);
    expect(server.requests).toBe(2);
  });

  it('is loaded again for an unknown id, once for all that wait', async () => {
    const { server, keys, clock, second } = await world();
    await keys.find(1);
    clock.time += MINUTE;
    server.keys = [second];
    const found = await Promise.all([keys.find(2), keys.find(2), keys.find(3)]);
    expect(found.map(Boolean)).toEqual([true, true, false]);
    expect(server.requests).toBe(2);
    expect(await keys.find(1)).toBeUndefined(); // withdrawn
  });

  it('is loaded at most once a minute, whatever ids come', async () => {
    const { server, keys, clock, first, second } = await world();
    await keys.find(1);
    server.keys = [first, second];
    for (const id of [2, 3, 4]) expect(await keys.find(id)).toBeUndefined();
    clock.time += MINUTE - 1;
    expect(await keys.find(2)).toBeUndefined();
    expect(server.requests).toBe(1);
    clock.time += 1;
    expect(await keys.find(2)).toBeDefined();
    expect(await keys.find(5)).toBeUndefined();
    expect(server.requests).toBe(2);
  });

  it('is used for a day while it cannot be loaded, and not longer', async () => {
    const { server, keys, clock, failing } = await world();
    await keys.find(1);
    failing();
    clock.time += 24 * HOUR - 1;
    expect(await keys.find(1)).toBeDefined();
    expect(server.requests).toBe(2);
    clock.time += MINUTE;
    await expect(keys.find(1)).rejects.toMatchObject({ code: 'server_error', httpStatus: 500 });
    expect(server.requests).toBe(3);
    await expect(keys.find(1)).rejects.toMatchObject({ code: 'server_error' });
    expect(server.requests).toBe(3);
    server.listener = undefined;
    clock.time += MINUTE;
    expect(await keys.find(1)).toBeDefined();
  });

  it('does not know about an unknown id while it cannot be loaded', async () => {
    const { keys, clock, failing, server, second } = await world();
    await keys.find(1);
    failing();
    clock.time += MINUTE;
    await expect(keys.find(2)).rejects.toMatchObject({ operation: 'keys', retryable: true });
    await expect(keys.find(2)).rejects.toMatchObject({ operation: 'keys' });
    expect(await keys.find(1)).toBeDefined();
    server.listener = undefined;
    server.keys = [second];
    clock.time += MINUTE;
    expect(await keys.find(2)).toBeDefined();
    expect(await keys.find(3)).toBeUndefined();
  });

  it('is loaded again when the clock was set back', async () => {
    const { server, keys, clock } = await world();
    await keys.find(1);
    clock.time -= HOUR;
    expect(await keys.find(1)).toBeDefined();
    expect(server.requests).toBe(2);
  });

  it('uses the system clock by default', async () => {
    const { server } = await world();
    const keys = createKeySet({ keysURL: server.keysURL });
    expect(await keys.find(1)).toBeDefined();
    expect(await keys.find(1)).toBeDefined();
    expect(server.requests).toBe(1);
  });

  it('asks for JSON and says who asks', async () => {
    const { server, keys } = await world();
    const headers: unknown[] = [];
    server.listener = (req, res) => {
      headers.push(req.method, req.headers.accept, req.headers['user-agent']);
      res.end('{}');
    };
    await expect(keys.find(1)).rejects.toMatchObject({
      code: 'malformed',
      operation: 'keys',
      message: expect.stringMatching(/^The key set has no usable key: GET http/),
    });
    expect(headers).toEqual(['GET', 'application/json', 'passport-fitbit-strategy']);
  });

  it.each([
    [{ keysURL: 'gstatic' }, /^"keysURL" must be an absolute URL/],
    [{ timeout: -1 }, /^"timeout" must be a positive number/],
    [{ agent: {} as never }, /^"agent" must be an http.Agent/],
    [{ now: 5 as never }, /^"now" must be a function/],
  ])('refuses a wrong option by name: %j', (options, message) => {
    expect(() => createKeySet(options)).toThrow(message);
  });
});

describe('a Tink key set', () => {
  const good = makeKey(7);
  const ids = (...entries: unknown[]) => [...parseTinkKeys({ key: entries }).keys()];
  const withData = (keyData: object) => ({ ...good.entry, keyData: { ...good.entry.keyData, ...keyData } });
  const bytes = Buffer.from(String(good.entry.keyData.value), 'base64');
  const withMessage = (message: Buffer) => withData({ value: message.toString('base64') });

  it('gives its keys by id', () => {
    expect(ids(good.entry, makeKey(0xffffffff).entry)).toEqual([7, 0xffffffff]);
  });

  it.each([
    ['no keys', undefined],
    ['a list', []],
    ['an object for key', { key: {} }],
    ['null for key', { key: null }],
  ])('with %s gives none', (_name, keySet) => {
    expect(parseTinkKeys(keySet).size).toBe(0);
  });

  it.each([
    ['disabled', { ...good.entry, status: 'DISABLED' }],
    ['destroyed', { ...good.entry, status: 'DESTROYED' }],
    ['for the prefix RAW', { ...good.entry, outputPrefixType: 'RAW' }],
    ['for the prefix LEGACY', { ...good.entry, outputPrefixType: 'LEGACY' }],
    ['without an id', { ...good.entry, keyId: undefined }],
    ['with a text for its id', { ...good.entry, keyId: '7' }],
    ['of another type', withData({ typeUrl: 'type.googleapis.com/google.crypto.tink.Ed25519PublicKey' })],
    ['without a value', withData({ value: undefined })],
    ['without data', { ...good.entry, keyData: undefined }],
    ['null', null],
    ['empty', withMessage(Buffer.alloc(0))],
    ['on P-384', makeKey(7, { curve: 'P-384', message: (x, y) => encodeKey(x, y, [3, 3, 2]) }).entry],
    ['on P-384, said to be on P-256', makeKey(7, { curve: 'P-384' }).entry],
    ['with SHA-512', makeKey(7, { message: (x, y) => encodeKey(x, y, [4, 2, 2]) }).entry],
    ['said to be on P-384', makeKey(7, { message: (x, y) => encodeKey(x, y, [3, 3, 2]) }).entry],
    ['with signatures that are not DER', makeKey(7, { message: (x, y) => encodeKey(x, y, [3, 2, 1]) }).entry],
    ['without parameters', makeKey(7, { message: (x, y) => encodeKey(x, y, []) }).entry],
    ['with a number for parameters', withMessage(Buffer.concat([bytes, field(2, 5)]))],
    ['with a number for x', withMessage(Buffer.concat([bytes, field(3, 5)]))],
    ['with a number for y', withMessage(Buffer.concat([bytes, field(4, 5)]))],
    ['with parameters that are cut', withMessage(Buffer.concat([bytes, field(2, Buffer.from([8]))]))],
    ['of a later version', withMessage(Buffer.concat([field(1, 1), bytes]))],
    ['with a version of bytes', withMessage(Buffer.concat([field(1, Buffer.alloc(1)), bytes]))],
    ['not a point on the curve', makeKey(7, { message: (x) => encodeKey(x, x) }).entry],
    [
      'the point at infinity',
      makeKey(7, { message: () => encodeKey(Buffer.alloc(32), Buffer.alloc(32)) }).entry,
    ],
    ['without y', makeKey(7, { message: (x, y) => encodeKey(x, y).subarray(0, -35) }).entry],
    ['with a longer x', makeKey(7, { message: (x, y) => encodeKey(Buffer.concat([x, x]), y) }).entry],
    ['cut', withMessage(bytes.subarray(0, -1))],
    ['cut after a tag', withMessage(bytes.subarray(0, 1))],
    [
      'with a field of another wire type',
      withMessage(Buffer.concat([bytes, Buffer.from([0x2d, 0, 0, 0, 0])])),
    ],
    ['with a field of 32 bits', withMessage(Buffer.concat([bytes, Buffer.from([0x2d, 0])]))],
    ['with an unknown field that is cut', withMessage(Buffer.concat([bytes, Buffer.from([0x7a, 5, 1])]))],
    [
      'with a number of six bytes',
      withMessage(Buffer.concat([bytes, Buffer.from([8, 0x80, 0x80, 0x80, 0x80, 0x80, 0])])),
    ],
    ['with a length without end', withMessage(Buffer.concat([bytes, Buffer.alloc(20, 0xff)]))],
    ['with a number without end', withMessage(Buffer.concat([bytes, Buffer.from([8, 0x80])]))],
  ])('leaves out a key that is %s', (_name, entry) => {
    expect(ids(entry, makeKey(8).entry)).toEqual([8]);
  });

  it('takes coordinates with any number of leading zeros, and without', () => {
    const zeros = (count: number) => (coordinate: Buffer) => Buffer.concat([Buffer.alloc(count), coordinate]);
    const stripped = (coordinate: Buffer) => coordinate.subarray(coordinate.findIndex((byte) => byte !== 0));
    const make = (change: (coordinate: Buffer) => Buffer) =>
      makeKey(7, {
        message: (x, y) =>
          Buffer.concat([
            field(2, Buffer.concat([field(1, 3), field(2, 2), field(3, 2)])),
            field(3, change(x)),
            field(4, change(y)),
          ]),
      });
    for (const change of [zeros(0), zeros(1), zeros(8), stripped]) {
      const key = make(change);
      const jwk = parseTinkKeys({ key: [key.entry] })
        .get(7)
        ?.export({ format: 'jwk' });
      const { x, y } = key.privateKey.export({ format: 'jwk' });
      expect(jwk).toEqual({ kty: 'EC', crv: 'P-256', x, y });
    }
  });

  it('takes a coordinate that is shorter because it begins with zeros', () => {
    // One key in 128 has one.
    for (;;) {
      const key = makeKey(7);
      const { x = '', y } = key.privateKey.export({ format: 'jwk' });
      const coordinate = Buffer.from(x, 'base64url');
      if (coordinate[0] !== 0) continue;
      const short = Buffer.concat([
        field(2, Buffer.concat([field(1, 3), field(2, 2), field(3, 2)])),
        field(3, coordinate.subarray(1)),
        field(4, Buffer.from(String(y), 'base64url')),
      ]);
      const entry = { ...key.entry, keyData: { ...key.entry.keyData, value: short.toString('base64') } };
      expect(
        parseTinkKeys({ key: [entry] })
          .get(7)
          ?.export({ format: 'jwk' }),
      ).toEqual({
        kty: 'EC',
        crv: 'P-256',
        x,
        y,
      });
      return;
    }
  });

  it('takes unknown fields, long ones as well', () => {
    const long = Buffer.concat([Buffer.from([0x7a, 0xac, 0x02]), Buffer.alloc(300)]);
    expect(
      ids(withMessage(Buffer.concat([long, bytes, Buffer.from([0x80, 0x01, 0x80, 0x80, 0x04])]))),
    ).toEqual([7]);
  });

  it('takes a number of five bytes', () => {
    expect(ids(withMessage(Buffer.concat([bytes, Buffer.from([8, 0x80, 0x80, 0x80, 0x80, 0])])))).toEqual([
      7,
    ]);
  });

  it("decodes a real key of Google's", () => {
    const value =
      'EgYIAxACGAIaIQBDWg3kaiabjtrVXbSSbcn6e3QqiCLD+B4GuhC/Z1C6miIhACarm0VQv9WjNZG/AB0itXCIGFW5ddInmBFUjK/8w0v3';
    const { x, y } =
      parseTinkKeys({ key: [withData({ value })] })
        .get(7)
        ?.export({ format: 'jwk' }) ?? {};
    const number = (coordinate = '') => BigInt(`0x${Buffer.from(coordinate, 'base64url').toString('hex')}`);
    expect(number(x)).toBe(30464072971658236180623026012261445907865018865466996670004259804604043147930n);
    expect(number(y)).toBe(17491090733665198527707448657584605832598762999353660226629372998000048294903n);
  });
});
