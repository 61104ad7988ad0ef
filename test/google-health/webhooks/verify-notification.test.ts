import { generateKeyPairSync, sign } from 'node:crypto';
import {
  type KeySet,
  verifyNotification,
  type WebhookError,
  type WebhookRequest,
} from 'passport-fitbit-strategy/google-health/webhooks';
import { describe, expect, it } from 'vitest';
import { parseTinkKeys } from '../../../lib/google-health/webhooks/tink-keys.ts';
import { header, makeKey, notificationBody, SECRET, signed, USER, VECTORS } from './google.ts';

const KEY = makeKey(0xfedcba98);
const HANDSHAKE = '{"type":"verification"}';
const BODY = notificationBody();

function keysOf(keySet: unknown): KeySet {
  const keys = parseTinkKeys(keySet);
  return { find: async (id) => keys.get(id) };
}
const KEYS = keysOf({ key: [KEY.entry] });

/** A good signature whose base64 has a "+" or "/". */
function base64url(): string {
  for (;;) {
    const value = KEY.sign(BODY);
    if (/[+/]/.test(value)) return value.replaceAll('+', '-').replaceAll('/', '_');
  }
}

/** What comes of a request: the type of what was accepted, or the error's code and status. */
async function outcome(
  headers: WebhookRequest['headers'],
  body: string | Buffer,
  options: Partial<Parameters<typeof verifyNotification>[1]> = {},
): Promise<string> {
  try {
    const result = await verifyNotification(
      { headers, body: Buffer.from(body) },
      { secret: SECRET, keys: KEYS, ...options },
    );
    return result.type;
  } catch (error) {
    const { name, code, status } = error as WebhookError;
    return `${name} ${code} ${status}`;
  }
}

describe('the vectors', () => {
  const verify = (sample: { body: string; header: string }, keySet: object) =>
    outcome({ authorization: SECRET, 'google-health-api-signature': sample.header }, sample.body, {
      keys: keysOf(keySet),
    });

  it.each(['keyset33', 'keyset32'] as const)('are accepted with the key of %s', async (name) => {
    const keySet = VECTORS[name];
    expect(await verify(VECTORS.B, keySet)).toBe('notifications');
    expect(await verify(VECTORS.C, keySet)).toBe('notifications');
    // The signature is right, so that only the body is refused.
    expect(await verify(VECTORS.A, keySet)).toBe('WebhookError malformed 400');
  });

  it.each(Object.keys(VECTORS.neg))('that are wrong are refused: %s', async (name) => {
    const sample = VECTORS.neg[name] ?? VECTORS.A;
    const code = name === 'other key id' ? 'unknown_key' : 'signature';
    expect(await verify(sample, VECTORS.keyset33)).toBe(`WebhookError ${code} 401`);
  });

  it('have no byte in body or signature that could be another', async () => {
    const { body, header: value } = VECTORS.B;
    for (let at = 0; at < body.length; at += 7) {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(await verify({ body: changed.toString(), header: value }, VECTORS.keyset33)).toBe(
        'WebhookError signature 401',
      );
    }
    const bytes = Buffer.from(value, 'base64');
    for (let at = 5; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(await verify({ body, header: changed.toString('base64') }, VECTORS.keyset33)).toBe(
        'WebhookError signature 401',
      );
    }
  });
});

describe('the secret', () => {
  it.each([
    ['is missing', undefined],
    ['is another', 'Bearer of-the-test-0123456780'],
    ['is a part of it', SECRET.slice(0, -1)],
    ['has more', `${SECRET}0`],
    ['has another case', SECRET.toUpperCase()],
    ['is empty', ''],
    ['came twice', [SECRET, SECRET]],
    ['came twice, in one line', `${SECRET}, ${SECRET}`],
  ])('is refused when it %s, however good the signature', async (_name, authorization) => {
    const headers = { ...signed(KEY, BODY), Authorization: authorization };
    expect(await outcome(headers, BODY)).toBe('WebhookError secret 401');
    expect(await outcome({ authorization }, HANDSHAKE)).toBe('WebhookError secret 401');
  });

  it('may be any of several, the last one too', async () => {
    const secret = ['Bearer old', 'Bearer older', SECRET];
    expect(await outcome(signed(KEY, BODY), BODY, { secret })).toBe('notifications');
    const headers = { ...signed(KEY, BODY), Authorization: 'Bearer old' };
    expect(await outcome(headers, BODY, { secret })).toBe('notifications');
    expect(await outcome({ ...headers, Authorization: 'Bearer' }, BODY, { secret })).toBe(
      'WebhookError secret 401',
    );
  });

  it('is not missing because a header of its name has no value', async () => {
    expect(await outcome({ authorization: undefined, ...signed(KEY, BODY) }, BODY)).toBe('notifications');
  });

  it('is checked before the signature, for which the keys might be loaded', async () => {
    const keys: KeySet = {
      find: () => {
        throw new Error('asked for a key');
      },
    };
    const headers = { ...signed(KEY, BODY), Authorization: 'Bearer wrong' };
    expect(await outcome(headers, BODY, { keys })).toBe('WebhookError secret 401');
  });

  it('may be missing if the app allows that, but not be wrong, and not at the handshake', async () => {
    const { Authorization: _secret, ...headers } = signed(KEY, BODY);
    const options = { allowMissingAuthorization: true };
    expect(await outcome(headers, BODY, options)).toBe('notifications');
    expect(await outcome({ ...headers, authorization: 'Bearer wrong' }, BODY, options)).toBe(
      'WebhookError secret 401',
    );
    expect(await outcome({}, BODY, options)).toBe('WebhookError signature 401');
    expect(await outcome({}, HANDSHAKE, options)).toBe('WebhookError secret 401');
    expect(await outcome({ authorization: SECRET }, HANDSHAKE, options)).toBe('handshake');
  });

  it.each([
    ['empty', ''],
    ['an empty list', []],
    ['with a line break', 'Bearer a\r\nb'],
    ['with a space at its end', 'Bearer a '],
    ['with an empty entry', ['Bearer a', '']],
  ])('must not be %s', async (_name, secret) => {
    await expect(
      verifyNotification({ headers: {}, body: Buffer.from(BODY) }, { secret, keys: KEYS }),
    ).rejects.toThrow(/^"secret" must be the whole value of the Authorization header/);
  });

  it('is in no error', async () => {
    const request = { headers: { authorization: `${SECRET}x` }, body: Buffer.from(BODY) };
    const error = await verifyNotification(request, { secret: SECRET, keys: KEYS }).catch((thrown) => thrown);
    expect(error.message).toBe('The Authorization header is missing or repeated, or does not match "secret"');
    expect(JSON.stringify(Object.getOwnPropertyDescriptors(error))).not.toContain(SECRET);
  });
});

describe('the handshake', () => {
  const authorization = SECRET;

  it.each([HANDSHAKE, '{ "type": "verification" }', '\n{"type":"verification"}\n'])(
    'is accepted without a signature: %j',
    async (body) => {
      expect(await outcome({ authorization }, body)).toBe('handshake');
    },
  );

  it('has at most 100 bytes', async () => {
    expect(await outcome({ authorization }, HANDSHAKE.padEnd(100))).toBe('handshake');
    expect(await outcome({ authorization }, HANDSHAKE.padEnd(101))).toBe('WebhookError signature 401');
  });

  it.each([
    '{"type":"verification","data":{}}',
    '{"type":"Verification"}',
    '{"typ":"verification"}',
    '["verification"]',
    '"verification"',
    '{}',
    'null',
    '',
    `{"type":"verification"${' '.repeat(100)}}`,
  ])('is nothing else: %j', async (body) => {
    expect(await outcome({ authorization }, body)).toBe('WebhookError signature 401');
  });
});

describe('the signature header', () => {
  const value = KEY.sign(BODY);

  it.each([
    'GOOGLE-HEALTH-API-SIGNATURE',
    'google-health-api-signature',
    'X-HEALTHAPI-SIGNATURE',
    'X-HealthAPI-Signature',
  ])('is read under the name %s', async (name) => {
    expect(await outcome({ authorization: SECRET, [name]: value }, BODY)).toBe('notifications');
    expect(await outcome({ authorization: [SECRET], [name]: [value] }, BODY)).toBe('notifications');
  });

  it('may be there under both names, and twice, with one value', async () => {
    const headers = { authorization: SECRET, 'x-healthapi-signature': [value, value] };
    expect(await outcome(headers, BODY)).toBe('notifications');
    expect(await outcome({ ...headers, 'google-health-api-signature': value }, BODY)).toBe('notifications');
  });

  it('is refused with two values, even if each is right', async () => {
    const another = KEY.sign(BODY);
    expect(another).not.toBe(value);
    const now = 'google-health-api-signature';
    expect(await outcome({ authorization: SECRET, [now]: [value, another] }, BODY)).toBe(
      'WebhookError signature 401',
    );
    expect(
      await outcome({ authorization: SECRET, [now]: value, 'x-healthapi-signature': another }, BODY),
    ).toBe('WebhookError signature 401');
    expect(await outcome({ authorization: SECRET, [now]: `${value}, ${another}` }, BODY)).toBe(
      'WebhookError signature 401',
    );
  });

  const bytes = Buffer.from(value, 'base64');
  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['not base64', '§§§§'],
    ['base64 and more', `${value}.`],
    ['more and base64', `.${value}`],
    ['base64url', base64url()],
    ['the prefix alone', bytes.subarray(0, 5).toString('base64')],
    ['shorter than the prefix', bytes.subarray(0, 3).toString('base64')],
    ['of version 0', header(KEY.keyId, bytes.subarray(5), 0)],
    ['of version 2', header(KEY.keyId, bytes.subarray(5), 2)],
    ['cut', bytes.subarray(0, -1).toString('base64')],
    ['followed by more', Buffer.concat([bytes, Buffer.from([0])]).toString('base64')],
  ])('is refused when it is %s', async (_name, broken) => {
    const headers = { authorization: SECRET, 'google-health-api-signature': broken };
    expect(await outcome(headers, BODY)).toBe('WebhookError signature 401');
  });

  it('is refused for another body', async () => {
    expect(await outcome(signed(KEY, notificationBody({ dataType: 'sleep' })), BODY)).toBe(
      'WebhookError signature 401',
    );
  });

  it('is refused from a key that only claims the id', async () => {
    const other = makeKey(KEY.keyId);
    expect(await outcome(signed(other, BODY), BODY)).toBe('WebhookError signature 401');
  });

  it('is refused from another curve and another hash', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const curve = sign('sha256', Buffer.from(BODY), { key: privateKey, dsaEncoding: 'der' });
    const hash = sign('sha512', Buffer.from(BODY), { key: KEY.privateKey, dsaEncoding: 'der' });
    for (const signature of [curve, hash]) {
      const headers = { authorization: SECRET, 'google-health-api-signature': header(KEY.keyId, signature) };
      expect(await outcome(headers, BODY)).toBe('WebhookError signature 401');
    }
  });

  it('says what is wrong', async () => {
    const message = (headers: WebhookRequest['headers']) =>
      verifyNotification({ headers, body: Buffer.from(BODY) }, { secret: SECRET, keys: KEYS }).catch(
        (error: Error) => error.message,
      );
    const authorization = SECRET;
    expect(await message({ authorization })).toBe("The notification's signature is missing");
    expect(await message({ authorization, 'x-healthapi-signature': 'a' })).toBe(
      "The notification's signature is malformed",
    );
    expect(await message({ authorization, 'x-healthapi-signature': ['a', 'b'] })).toBe(
      "The notification's signature came twice, with different values",
    );
    expect(await message({ authorization, 'x-healthapi-signature': KEY.sign('x') })).toMatch(
      /signature does not match the body: .* has changed the body$/,
    );
    expect(await message({ authorization, 'x-healthapi-signature': makeKey(7).sign(BODY) })).toBe(
      "Google publishes no key with the signature's key id 7",
    );
  });
});

describe('the keys', () => {
  it('that cannot be loaded are a 503 with the cause', async () => {
    const cause = new Error('no network');
    const keys: KeySet = { find: () => Promise.reject(cause) };
    const request = { headers: signed(KEY, BODY), body: Buffer.from(BODY) };
    const error = await verifyNotification(request, { secret: SECRET, keys }).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: 'WebhookError', code: 'keys', status: 503, cause });
    expect(error.message).toMatch(/^Google's public keys could not be loaded/);
  });

  it('are asked for by the id as an unsigned number', async () => {
    const asked: number[] = [];
    const keys: KeySet = { find: async (id) => void asked.push(id) };
    expect(await outcome(signed(KEY, BODY), BODY, { keys })).toBe('WebhookError unknown_key 401');
    expect(asked).toEqual([0xfedcba98]);
  });
});

it('gives the notifications of the body', async () => {
  const body = notificationBody({ operation: 'DELETE' });
  const request = { headers: signed(KEY, body), body: new Uint8Array(Buffer.from(body)) };
  expect(await verifyNotification(request, { secret: SECRET, keys: KEYS })).toEqual({
    type: 'notifications',
    notifications: [{ version: '1', healthUserId: USER, operation: 'DELETE', dataType: 'steps' }],
  });
});
