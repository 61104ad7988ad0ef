import { createHash, createPublicKey, verify } from 'node:crypto';
import type { Simulator } from 'fitbit-simulator';
import { beforeEach, describe, expect, it } from 'vitest';
import { get, healthScope, objectOf, post, start, text } from '../support.ts';
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
