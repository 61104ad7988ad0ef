import { generateKeyPairSync, sign } from 'node:crypto';
import {
  createIssuerKeySet,
  type IssuerKeySet,
  type SecurityEventError,
  tokenIdentifiers,
  verifySecurityEvent,
} from 'passport-fitbit-strategy/google-health/security-events';
import { beforeAll, describe, expect, it } from 'vitest';
import { VECTORS } from '../webhooks/google.ts';
import {
  CLIENT_ID,
  claims,
  OAUTH,
  privateKey,
  publicKey,
  RISC,
  SUB,
  serveRisc,
  signClaims,
} from './google.ts';

const KEYS: IssuerKeySet = {
  find: async (id) =>
    id === 'key-1' ? { key: publicKey, issuer: 'https://accounts.google.com/' } : undefined,
};
const options = { clientIDs: ['another', CLIENT_ID], keys: KEYS };

/** What comes of a token: `accepted`, or the error's code and status. */
async function outcome(token: string, keys = KEYS): Promise<string> {
  try {
    await verifySecurityEvent(token, { ...options, keys });
    return 'accepted';
  } catch (error) {
    const { name, code, status } = error as SecurityEventError;
    return `${name} ${code} ${status}`;
  }
}

/** The events of a token. */
async function eventsOf(events: object) {
  return (await verifySecurityEvent(signClaims(claims({ events })), options)).events;
}

describe('an event token', () => {
  it('is accepted, with what it says', async () => {
    expect(await verifySecurityEvent(signClaims(claims()), options)).toEqual({
      jti: 'event-1',
      iat: 1_795_420_800,
      events: [{ type: 'tokens-revoked', uri: `${OAUTH}tokens-revoked`, sub: SUB }],
    });
  });

  it.each([
    ['a list of audiences', { aud: ['x', CLIENT_ID] }],
    ['the issuer without its slash', { iss: 'https://accounts.google.com' }],
    ['an exp of long ago', { exp: 5 }],
    ['an exp that is no number', { exp: 'soon' }],
    ['an nbf in the future', { nbf: 9_999_999_999 }],
    ['an iat in the future', { iat: 9_999_999_999 }],
    ['no event', { events: {} }],
  ])('is accepted with %s', async (_name, change) => {
    expect(await outcome(signClaims(claims(change)))).toBe('accepted');
  });

  it('is accepted with any typ and without', async () => {
    expect(await outcome(signClaims(claims(), { header: { typ: 'JWT' } }))).toBe('accepted');
    expect(await outcome(signClaims(claims(), { header: { typ: undefined } }))).toBe('accepted');
  });

  it('is not an ID token, which has the same keys, issuer and audience', async () => {
    const idToken = claims({ events: undefined, sub: SUB, exp: 9_999_999_999, azp: CLIENT_ID });
    await expect(verifySecurityEvent(signClaims(idToken), options)).rejects.toMatchObject({
      code: 'invalid_request',
      status: 400,
      message: 'Not a security event token: the claim "events" is missing, so it is another kind of token',
    });
  });

  it.each([
    ['events that are a list', { events: [] }, 'invalid_request'],
    ['events that are a text', { events: `${OAUTH}tokens-revoked` }, 'invalid_request'],
    ['no jti', { jti: undefined }, 'invalid_request'],
    ['an empty jti', { jti: '' }, 'invalid_request'],
    ['no iat', { iat: undefined }, 'invalid_request'],
    ['an iat that is a text', { iat: '1795420800' }, 'invalid_request'],
    ['another audience', { aud: 'x' }, 'invalid_audience'],
    ['a list of other audiences', { aud: ['x', ['y'], 5] }, 'invalid_audience'],
    ['a part of the audience', { aud: CLIENT_ID.slice(1) }, 'invalid_audience'],
    ['no audience', { aud: undefined }, 'invalid_audience'],
    ['another issuer', { iss: 'https://accounts.example.com/' }, 'invalid_issuer'],
    ['two slashes after the issuer', { iss: 'https://accounts.google.com//' }, 'invalid_issuer'],
    ['more after the issuer', { iss: 'https://accounts.google.com/x' }, 'invalid_issuer'],
    ['a list of issuers', { iss: ['https://accounts.google.com/'] }, 'invalid_issuer'],
    ['no issuer', { iss: undefined }, 'invalid_issuer'],
  ])('is refused with %s', async (_name, change, code) => {
    expect(await outcome(signClaims(claims(change)))).toBe(`SecurityEventError ${code} 400`);
  });

  it.each([
    ['nothing', '', 'invalid_request'],
    ['a word', 'event', 'invalid_request'],
    ['JSON', JSON.stringify(claims()), 'invalid_request'],
    ['two parts', signClaims(claims()).split('.').slice(0, 2).join('.'), 'invalid_request'],
    ['four parts', `${signClaims(claims())}.x`, 'invalid_request'],
    ['no signature', signClaims(claims()).replace(/[^.]*$/, ''), 'authentication_failed'],
    ['claims that are a list', signClaims([claims()]), 'invalid_request'],
    ['claims that are null', signClaims(null), 'invalid_request'],
    ['no algorithm', signClaims(claims(), { header: { alg: undefined } }), 'invalid_key'],
    ['the algorithm none', signClaims(claims(), { header: { alg: 'none' } }), 'invalid_key'],
    ['the algorithm HS256', signClaims(claims(), { header: { alg: 'HS256' } }), 'invalid_key'],
    [
      'the algorithm RS512',
      signClaims(claims(), { header: { alg: 'RS512' }, hash: 'sha512' }),
      'invalid_key',
    ],
    ['another hash than it says', signClaims(claims(), { hash: 'sha512' }), 'authentication_failed'],
    ['no key id', signClaims(claims(), { header: { kid: undefined } }), 'invalid_key'],
    ['a number for its key id', signClaims(claims(), { header: { kid: 1 } }), 'invalid_key'],
    ['an unknown key id', signClaims(claims(), { header: { kid: 'key-2' } }), 'invalid_key'],
    [
      'an extension that must be understood',
      signClaims(claims(), { header: { crit: ['x'], x: 1 } }),
      'authentication_failed',
    ],
  ])('is refused when it is or has %s', async (_name, token, code) => {
    expect(await outcome(token)).toBe(`SecurityEventError ${code} 400`);
  });

  it('is refused under a key that only claims the id', async () => {
    const another = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(await outcome(signClaims(claims(), { key: another.privateKey }))).toBe(
      'SecurityEventError authentication_failed 400',
    );
  });

  it.each([
    ['x', 'it is not a JWT'],
    [signClaims(claims(), { header: { alg: 'HS256' } }), 'its algorithm is not RS256'],
    [signClaims(claims(), { header: { kid: '' } }), 'it has no key id'],
    [signClaims(claims(), { header: { kid: 'key-2' } }), 'Google publishes no key with its key id'],
    [`${signClaims(claims())}A`, 'its signature is wrong'],
    [signClaims([]), 'its claims are not an object'],
    [signClaims(claims({ iss: 'x' })), 'it is not from Google'],
    [signClaims(claims({ aud: 'x' })), "its audience is not one of the app's client ids"],
  ])('that is refused says why: %#', async (token, what) => {
    await expect(verifySecurityEvent(token, options)).rejects.toThrow(`The event token was refused: ${what}`);
  });

  it.each([
    [{ jti: 5 }, 'the claim "jti" is missing'],
    [{ iat: {} }, 'the claim "iat" is missing'],
  ])('that lacks a claim says which one: %j', async (change, what) => {
    const message = `Not a security event token: ${what}`;
    await expect(verifySecurityEvent(signClaims(claims(change)), options)).rejects.toThrow(message);
  });

  it('is refused when its claims are not JSON', async () => {
    const [header] = signClaims(claims()).split('.');
    const input = `${header}.${Buffer.from('event').toString('base64url')}`;
    const signature = sign('sha256', Buffer.from(input), privateKey).toString('base64url');
    await expect(verifySecurityEvent(`${input}.${signature}`, options)).rejects.toMatchObject({
      code: 'invalid_request',
      message: 'The event token was refused: its claims are not JSON',
    });
  });

  it('is refused when one character of it is another', async () => {
    const token = signClaims(claims());
    const start = token.indexOf('.') + 1;
    for (let at = start; at < token.length - 2; at += 31) {
      if (token[at] === '.') continue;
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      expect(await outcome(changed)).toBe('SecurityEventError authentication_failed 400');
    }
  });

  it('is a 503 while the keys cannot be loaded', async () => {
    const cause = new Error('no network');
    const keys: IssuerKeySet = { find: () => Promise.reject(cause) };
    await expect(verifySecurityEvent(signClaims(claims()), { ...options, keys })).rejects.toMatchObject({
      code: 'keys',
      status: 503,
      cause,
      message: "Google's public keys could not be loaded: see `cause`",
    });
  });

  it('is in no error', async () => {
    const token = signClaims(claims({ aud: 'x' }));
    for (const bad of [token, token.slice(0, -10), token.slice(0, 30), `{${token}`]) {
      const error = await verifySecurityEvent(bad, options).catch((thrown) => thrown);
      expect(error.message).toMatch(/^The event token was refused: /);
      expect(error.message + String(error.cause)).not.toContain(token.slice(5, 20));
    }
  });
});

describe('an event', () => {
  it.each([
    [`${OAUTH}tokens-revoked`, 'tokens-revoked'],
    [`${OAUTH}token-revoked`, 'token-revoked'],
    [`${RISC}sessions-revoked`, 'sessions-revoked'],
    [`${RISC}account-disabled`, 'account-disabled'],
    [`${RISC}account-enabled`, 'account-enabled'],
    [`${RISC}account-credential-change-required`, 'account-credential-change-required'],
    [`${RISC}verification`, 'verification'],
    ['https://accounts.google.com/risc/event/all-token-revoked', 'tokens-revoked'],
    ['https://accounts.google.com/risc/event/one-token-revoked', 'token-revoked'],
    ['https://accounts.google.com/risc/event/account-disabled', 'account-disabled'],
    [`${RISC}tokens-revoked`, `${RISC}tokens-revoked`],
    [`${OAUTH}sessions-revoked`, `${OAUTH}sessions-revoked`],
    [`${RISC}account-purged`, `${RISC}account-purged`],
    ['toString', 'toString'],
  ])('%s is %s', async (uri, type) => {
    expect(await eventsOf({ [uri]: {} })).toEqual([{ type, uri }]);
  });

  it('has what is known of it, and nothing of another type', async () => {
    const uri = `${RISC}account-disabled`;
    const subject = { subject_type: 'id_token_claims', iss: 'x', sub: SUB, email: 'zoe@example.com' };
    expect(await eventsOf({ [uri]: { subject, reason: 'hijacking', state: 'test', other: 1 } })).toEqual([
      {
        type: 'account-disabled',
        uri,
        sub: SUB,
        email: 'zoe@example.com',
        reason: 'hijacking',
        state: 'test',
      },
    ]);
    const wrong = { subject: { sub: 5, email: [] }, reason: {}, state: '' };
    expect(await eventsOf({ [uri]: wrong })).toStrictEqual([{ type: 'account-disabled', uri }]);
    for (const value of [null, 5, [], { subject: null }, { subject: [SUB] }]) {
      expect(await eventsOf({ [uri]: value })).toStrictEqual([{ type: 'account-disabled', uri }]);
    }
  });

  it('may be one of several in a token', async () => {
    const events = await eventsOf({ [`${OAUTH}tokens-revoked`]: {}, [`${RISC}sessions-revoked`]: {} });
    expect(events.map(({ type }) => type)).toEqual(['tokens-revoked', 'sessions-revoked']);
  });
});

describe('a revoked token', () => {
  const uri = `${OAUTH}token-revoked`;
  const { token, prefix, hash, hashUrl } = VECTORS.risc;
  const subject = (change: object) => ({
    subject_type: 'oauth_token',
    token_type: 'refresh_token',
    token_identifier_alg: 'prefix',
    token: prefix,
    ...change,
  });
  const tokenOf = async (change: object) =>
    (await eventsOf({ [uri]: { subject: subject(change) } }))[0]?.token;

  it('has the identifiers of the vector', () => {
    expect(tokenIdentifiers(token)).toEqual({ prefix, hash });
    expect(() => tokenIdentifiers('')).toThrow(/"refreshToken" must be/);
  });

  it('is identified by its prefix, as it is', async () => {
    expect(await tokenOf({})).toEqual({ type: 'refresh_token', alg: 'prefix', identifier: prefix });
    expect(await tokenOf({ token: '1//05-_' })).toMatchObject({ identifier: '1//05-_' });
  });

  it.each([hash, hashUrl])('is identified by its hash, in base64 or base64url: %s', async (value) => {
    const alg = 'hash_base64_sha512_sha512';
    expect(await tokenOf({ token_identifier_alg: alg, token: value })).toEqual({
      type: 'refresh_token',
      alg,
      identifier: hash,
    });
  });

  it('may lack its type, but not what identifies it', async () => {
    expect(await tokenOf({ token_type: undefined })).toEqual({ alg: 'prefix', identifier: prefix });
    expect(await tokenOf({ token: undefined })).toBeUndefined();
    expect(await tokenOf({ token: 5 })).toBeUndefined();
    expect(await tokenOf({ token_identifier_alg: undefined })).toBeUndefined();
    expect(await tokenOf({ subject_type: 'iss-sub' })).toBeUndefined();
    const [event] = await eventsOf({ [uri]: { subject: subject({ token: 5 }) } });
    expect(event).toStrictEqual({ type: 'token-revoked', uri });
  });
});

describe('the key set', () => {
  const HOUR = 3_600_000;
  const MINUTE = 60_000;
  let server: Awaited<ReturnType<typeof serveRisc>>;
  let clock = 0;
  let keys: IssuerKeySet;

  async function world() {
    server = await serveRisc();
    clock = Date.parse('2026-11-22T08:00:00Z');
    keys = createIssuerKeySet({ configurationURL: server.configurationURL, now: () => clock });
    return server.jwks.keys[0] as Record<string, unknown>;
  }

  it('follows the configuration to the keys, once for all that wait', async () => {
    await world();
    const found = await Promise.all([keys.find('key-1'), keys.find('key-1'), keys.find('key-2')]);
    expect(found[0]?.issuer).toBe('https://accounts.google.com/');
    expect(found[0]?.key.export({ format: 'jwk' })).toEqual(publicKey.export({ format: 'jwk' }));
    expect(found[2]).toBeUndefined();
    expect(server.requests).toEqual(['/configuration', '/keys']);
  });

  it.each([
    ['', 6 * HOUR],
    ['public, max-age=7200, must-revalidate', 2 * HOUR],
    ['MAX-AGE=7200', 2 * HOUR],
    ['max-age=999999', 24 * HOUR],
    ['s-max-age=60', 6 * HOUR],
    ['max-age=60s', 6 * HOUR],
    ['no-transform max-age=3600', HOUR],
  ])('is kept for as long as Cache-Control says: %j', async (value, age) => {
    await world();
    server.headers = { 'Cache-Control': value };
    await keys.find('key-1');
    clock += age - 1;
    await keys.find('key-1');
    expect(server.requests).toHaveLength(2);
    clock += 1;
    await keys.find('key-1');
    expect(server.requests).toHaveLength(4);
  });

  it('is loaded again for an unknown key, at most once a minute', async () => {
    const jwk = await world();
    await keys.find('key-1');
    server.jwks.keys = [{ ...jwk, kid: 'key-2' }];
    expect(await keys.find('key-2')).toBeUndefined();
    clock += MINUTE;
    expect(await keys.find('key-2')).toBeDefined();
    expect(await keys.find('key-1')).toBeUndefined();
  });

  it('is used for a day while it cannot be loaded, and not longer', async () => {
    await world();
    await keys.find('key-1');
    server.listener = (_req, res) => void res.writeHead(500).end();
    clock += 24 * HOUR - 1;
    expect(await keys.find('key-1')).toBeDefined();
    expect(server.requests).toHaveLength(3);
    clock += MINUTE;
    await expect(keys.find('key-1')).rejects.toMatchObject({ operation: 'keys', httpStatus: 500 });
    server.listener = undefined;
    clock += MINUTE;
    expect(await keys.find('key-1')).toBeDefined();
  });

  it.each([
    ['the configuration has no issuer', { issuer: undefined }],
    ['the configuration has no place of the keys', { jwks_uri: undefined }],
    ['the place of the keys is no URL', { jwks_uri: '/keys' }],
  ])('cannot be loaded when %s', async (_name, change) => {
    await world();
    Object.assign(server.configuration, change);
    await expect(keys.find('key-1')).rejects.toMatchObject({
      code: 'malformed',
      operation: 'keys',
      message: expect.stringContaining('"issuer" or "jwks_uri" is missing'),
    });
  });

  it.each([
    ['another use', { use: 'enc' }],
    ['another algorithm', { alg: 'RS512' }],
    ['another type', { kty: 'EC' }],
    ['no id', { kid: undefined }],
    ['no modulus', { n: undefined }],
    ['no exponent', { e: 5 }],
    ['an empty modulus', { n: '' }],
  ])('leaves out a key with %s', async (_name, change) => {
    const jwk = await world();
    server.jwks.keys = [null, { ...jwk, ...change }, { ...jwk, kid: 'good', use: undefined, alg: undefined }];
    expect(await keys.find('key-1')).toBeUndefined();
    expect(await keys.find('good')).toBeDefined();
  });

  it('cannot be loaded without a key that can be used', async () => {
    await world();
    server.jwks.keys = [];
    await expect(keys.find('key-1')).rejects.toThrow(/it has no usable key: GET .*\/keys$/);
    Reflect.set(server.jwks, 'keys', {});
    clock += MINUTE;
    await expect(keys.find('key-1')).rejects.toThrow(/it has no usable key/);
  });

  it.each([
    [{ configurationURL: 'x' }, /^"configurationURL" must be an absolute URL/],
    [{ timeout: -1 }, /^"timeout" must be a positive number/],
    [{ agent: {} as never }, /^"agent" must be an http.Agent/],
    [{ now: 5 as never }, /^"now" must be a function/],
  ])('refuses a wrong option by name: %j', (wrong, message) => {
    expect(() => createIssuerKeySet(wrong)).toThrow(message);
  });
});

beforeAll(async () => {
  // Loads jose outside of any test's time.
  await outcome('');
});
