import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { Simulator } from 'fitbit-simulator';
import { beforeEach, describe, expect, it } from 'vitest';
import { bearer, get, healthScope, objectOf, post, start, text } from '../support.ts';
import { type Receiver, type Sent, signIn, startReceiver } from './receiver.ts';

let simulator: Simulator;
let receiver: Receiver;

beforeEach(async () => {
  simulator = await start({ clock: { stopped: true } });
  receiver = await startReceiver(202);
  simulator.securityEvents.register(receiver.url);
});

/** A part of a JWT. */
function part(sent: Sent | undefined, index: number): Record<string, unknown> {
  return JSON.parse(Buffer.from(sent?.body.split('.')[index] ?? '', 'base64url').toString());
}

const eventsOf = (sent: Sent | undefined) => Object.keys(Object(part(sent, 1).events));
const revoke = async () => {
  receiver.sent.length = 0;
  const tokens = await signIn(simulator);
  await simulator.removeAccess({ person: 'zoe' });
  return tokens;
};

describe('an event token', () => {
  it('is signed with RS256 under a key of the configuration document', async () => {
    await revoke();
    const [sent] = receiver.sent;
    const { jwks_uri, issuer } = await objectOf(await get(simulator.securityEvents.configurationURL));
    const { keys } = await objectOf(await get(String(jwks_uri)));
    const [jwk] = Array.isArray(keys) ? keys : [];
    expect(part(sent, 0)).toEqual({ alg: 'RS256', kid: jwk.kid, typ: 'secevent+jwt' });
    const [head, claims, signature = ''] = sent?.body.split('.') ?? [];
    const key = createPublicKey({ format: 'jwk', key: jwk });
    const isSigned = (content: string) =>
      verify('sha256', Buffer.from(content), key, Buffer.from(signature, 'base64url'));
    expect([isSigned(`${head}.${claims}`), isSigned(`${head}.${claims}x`)]).toEqual([true, false]);
    expect(part(sent, 1)).toMatchObject({ iss: issuer, aud: simulator.googleHealth.clientID });
    expect(part(sent, 1)).not.toHaveProperty('exp');
  });

  it('has the issuer, audience, subject and names that the switches say', async () => {
    await revoke();
    const first = part(receiver.sent[0], 1);
    expect(String(first.iss)).toMatch(/\/google\/$/);
    simulator.set({
      googleEventIssuer: 'no-slash',
      googleEventAudience: 'list',
      googleEventAlias: true,
      googleEventSubject: 'id_token_claims',
    });
    await revoke();
    const second = part(receiver.sent[0], 1);
    expect(second.iss).toBe(String(first.iss).slice(0, -1));
    expect(second.aud).toEqual([first.aud]);
    expect(eventsOf(receiver.sent[0])).toEqual(['https://accounts.google.com/risc/event/all-token-revoked']);
    expect(JSON.stringify(second.events)).toContain('"subject_type":"id_token_claims"');
  });

  it('comes twice, after one of an unknown type, or as an ID token, as the switches say', async () => {
    simulator.set({ googleEventDuplicate: true, googleEventUnknownType: true });
    await revoke();
    expect(receiver.sent).toHaveLength(6);
    expect(receiver.sent[2]?.body).toBe(receiver.sent[1]?.body);
    expect(eventsOf(receiver.sent[0])).toEqual([expect.stringContaining('unknown')]);
    simulator.set({
      googleEventDuplicate: false,
      googleEventUnknownType: false,
      googleEventToken: 'id-token',
    });
    await revoke();
    expect(part(receiver.sent[0], 1)).toHaveProperty('exp');
    expect(part(receiver.sent[0], 1)).not.toHaveProperty('events');
  });
});

describe('the removal of an access', () => {
  it('sends an event for all tokens and one for the refresh token', async () => {
    await revoke();
    expect(receiver.sent.flatMap(eventsOf)).toEqual([
      'https://schemas.openid.net/secevent/oauth/event-type/tokens-revoked',
      'https://schemas.openid.net/secevent/oauth/event-type/token-revoked',
    ]);
  });

  it.each(['base64', 'base64url', 'prefix'] as const)(
    'tells the refresh token by %s, as the switch says',
    async (alg) => {
      simulator.set({ googleEventTokenAlg: alg });
      const { refresh } = await revoke();
      const [event] = Object.values(Object(part(receiver.sent[1], 1).events));
      const sha = (input: string | Buffer) => createHash('sha512').update(input).digest();
      const expected = alg === 'prefix' ? refresh.slice(0, 16) : sha(sha(refresh)).toString(alg);
      expect(text({ ...Object(event).subject }, 'token')).toBe(expected);
    },
  );

  it('sends nothing for a grant of Health scopes alone, unless the switch says so', async () => {
    const scope = healthScope('sleep.readonly');
    await signIn(simulator, { scope });
    await simulator.removeAccess({ person: 'zoe' });
    expect(receiver.sent).toEqual([]);
    simulator.set({ googleEventHealthOnly: true });
    await signIn(simulator, { scope });
    await simulator.removeAccess({ person: 'zoe' });
    expect(receiver.sent).toHaveLength(2);
  });

  it('sends nothing when the app itself revokes, unless the switch says so', async () => {
    const byApp = async () => {
      const { refresh } = await signIn(simulator);
      await post(simulator.googleHealth.revocationURL, { token: refresh });
      await simulator.securityEvents.idle();
    };
    await byApp();
    expect(receiver.sent).toEqual([]);
    simulator.set({ googleEventOwnRevocation: true });
    await byApp();
    expect(receiver.sent).toHaveLength(2);
  });
});

describe('the deletion of an account', () => {
  it.each([
    ['tokens-revoked', ['tokens-revoked', 'token-revoked']],
    ['account-disabled', ['account-disabled']],
    ['none', []],
  ] as const)('sends %s, as the switch says', async (googleEventDeletion, expected) => {
    simulator.set({ googleEventDeletion });
    const { refresh } = await signIn(simulator);
    await simulator.deleteAccount({ person: 'zoe' });
    expect(receiver.sent.flatMap(eventsOf).map((uri) => uri.replace(/.*\//, ''))).toEqual(expected);
    const { clientID: client_id, clientSecret: client_secret, tokenURL } = simulator.googleHealth;
    const form = { grant_type: 'refresh_token', refresh_token: refresh, client_id, client_secret };
    expect(await objectOf(await post(tokenURL, form))).toMatchObject({ error: 'invalid_grant' });
    expect(simulator.people.get('zoe')).toBeUndefined();
    await expect(signIn(simulator)).rejects.toThrow('zoe');
    await expect(simulator.deleteAccount({ person: 'zoe' })).rejects.toThrow('"person": there is no zoe');
  });

  it('is on the account page', async () => {
    await signIn(simulator);
    const page = await (await get(`${simulator.url}/accounts/zoe`)).text();
    const field = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(page)?.[1] ?? '';
    const form = { action: 'delete-account', person: 'zoe', 'control-token': field('control-token') };
    const { headers } = await post(`${simulator.url}/control`, form);
    expect(headers.get('location')).toBe('/?done=delete-account#people');
    await simulator.securityEvents.idle();
    expect([receiver.sent.length, simulator.people.get('zoe')]).toEqual([2, undefined]);
    expect((await get(`${simulator.url}/accounts/zoe`)).status).toBe(404);
  });
});

describe('the stream', () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  /** The status and the note for a JWT that the app signs with the service account's key. */
  async function callWith({
    head = {},
    claims = {},
    key = simulator.securityEvents.serviceAccount.private_key,
  }) {
    const { client_email: address, private_key_id: kid } = simulator.securityEvents.serviceAccount;
    const iat = Math.floor(simulator.now().getTime() / 1000);
    const aud = 'https://risc.googleapis.com/google.identity.risc.v1beta.RiscManagementService';
    const parts = [
      { alg: 'RS256', kid, ...head },
      { iss: address, sub: address, aud, iat, exp: iat + 3600, ...claims },
    ];
    const content = parts.map(encode).join('.');
    const jwt = `${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`;
    const { status, headers } = await get(`${simulator.securityEvents.streamURL}/stream`, bearer(jwt));
    return [status, headers.get('simulator-note')];
  }

  it('takes a JWT of the service account, signed by the app', async () => {
    expect(await callWith({})).toEqual([200, null]);
  });

  it('refuses a JWT with anything wrong, and says what', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const another = other.export({ type: 'pkcs8', format: 'pem' }).toString();
    const iat = Math.floor(simulator.now().getTime() / 1000);
    for (const [change, note] of [
      [{ head: { alg: 'HS256' } }, 'alg RS256'],
      [{ head: { kid: 'another' } }, 'kid'],
      [{ key: another }, 'signature'],
      [{ claims: { iss: 'somebody' } }, 'iss and sub'],
      [{ claims: { sub: 'somebody' } }, 'iss and sub'],
      [{ claims: { aud: 'https://risc.googleapis.com/' } }, 'aud'],
      [{ claims: { iat: undefined } }, 'iat and exp'],
      [{ claims: { exp: iat + 3601 } }, 'an hour apart'],
      [{ claims: { iat: iat - 3600, exp: iat } }, 'expired'],
    ] as const) {
      expect(await callWith(change)).toEqual([401, expect.stringContaining(note)]);
    }
  });
});
