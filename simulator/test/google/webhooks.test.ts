import { createPublicKey, verify } from 'node:crypto';
import type { Simulator, Switches } from 'fitbit-simulator';
import { beforeEach, describe, expect, it } from 'vitest';
import { bearer, get, objectOf, start } from '../support.ts';
import { type Receiver, signIn, startReceiver } from './receiver.ts';

const secret = 'Bearer the-secret';
let simulator: Simulator;
let receiver: Receiver;

beforeEach(async () => {
  simulator = await start({ clock: { stopped: true } });
  receiver = await startReceiver(204, secret);
});

const register = () => simulator.webhooks.register({ endpointUri: receiver.url, secret });

/** The public key of a key set's first entry, and the entry's parts. */
async function firstKey() {
  const { key } = await objectOf(await get(simulator.webhooks.keysURL));
  const [entry]: { keyId: number; keyData: { value: string } }[] = Array.isArray(key) ? key : [];
  if (entry === undefined) throw new Error('the key set is empty');
  const message = Buffer.from(entry.keyData.value, 'base64');
  const length = message[9] ?? 0; // after 8 bytes of parameters and a tag
  const x = message.subarray(10, 10 + length);
  const y = message.subarray(12 + length);
  const coordinate = (bytes: Buffer) => bytes.subarray(-32).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(x), y: coordinate(y) };
  return {
    id: entry.keyId,
    lengths: [x.length, y.length],
    key: createPublicKey({ format: 'jwk', key: jwk }),
  };
}

describe('a subscriber', () => {
  it('is called with and without its secret before it is registered', async () => {
    await register();
    expect(receiver.sent.map(({ headers, body }) => [headers.authorization, body])).toEqual([
      [secret, '{"type":"verification"}'],
      [undefined, '{"type":"verification"}'],
    ]);
    expect(simulator.webhooks.subscribers).toEqual(['simulated']);
  });

  it('is not registered when its webhook fails the handshake', async () => {
    const wrong = simulator.webhooks.register({ endpointUri: receiver.url, secret: 'Bearer another' });
    await expect(wrong).rejects.toThrow('responded to the handshake with 401 instead of 201');
    expect(simulator.webhooks.subscribers).toEqual([]);
  });

  it.each([
    [{ endpointUri: 'http://app.example/' }, 'must be https, or a server on this computer'],
    [{ dataTypes: ['total-calories'] }, 'total-calories is not supported'],
    [{ id: 'A' }, '4 to 36 characters'],
    [{ secret: 'a\nb' }, 'whole value of the Authorization header'],
  ])('is refused with %j', async (over, message) => {
    const wrong = simulator.webhooks.register({ endpointUri: receiver.url, secret, ...over });
    await expect(wrong).rejects.toThrow(message);
    expect(receiver.sent).toEqual([]);
  });

  it('is managed with the project number only; the project id gets the status that the switch says', async () => {
    const { accessToken, baseURL } = simulator.webhooks.project;
    const list = (project: string) =>
      get(`${baseURL}/projects/${project}/subscribers`, bearer(accessToken()));
    expect((await list(simulator.webhooks.project.projectNumber)).status).toBe(200);
    expect((await list('simulated-project')).status).toBe(400);
    simulator.set({ googleProjectIDStatus: 403 });
    expect((await list('simulated-project')).status).toBe(403);
  });

  it('is not shown to anyone without the service account', async () => {
    const { baseURL, projectNumber } = simulator.webhooks.project;
    const url = `${baseURL}/projects/${projectNumber}/subscribers`;
    expect((await get(url)).status).toBe(401);
    const { access } = await signIn(simulator);
    expect((await get(url, bearer(access))).status).toBe(403);
  });
});

describe('a notification', () => {
  beforeEach(async () => {
    await register();
    await signIn(simulator);
    receiver.sent.length = 0;
  });

  it('is signed over its raw bytes, with the prefix of Tink, under a published key', async () => {
    await simulator.walk({ person: 'zoe', steps: 100 });
    const [sent] = receiver.sent;
    const header = Buffer.from(String(sent?.headers['google-health-api-signature']), 'base64');
    const { id, key } = await firstKey();
    expect([header[0], header.readUInt32BE(1)]).toEqual([1, id]);
    const signature = header.subarray(5);
    const isSigned = (body: string) =>
      verify('sha256', Buffer.from(body), { key, dsaEncoding: 'der' }, signature);
    expect(isSigned(sent?.body ?? '')).toBe(true);
    expect(isSigned(`${sent?.body} `)).toBe(false);
  });

  it('has the header, body, coordinates and User-Agent that the switches say', async () => {
    const walk = async (switches: Partial<Switches>) => {
      simulator.set(switches);
      receiver.sent.length = 0;
      await simulator.walk({ person: 'zoe', steps: 100 });
      const [sent] = receiver.sent;
      if (sent === undefined) throw new Error('nothing was sent');
      return sent;
    };
    const first = await walk({});
    expect(first.body.slice(0, 10)).toBe('[{"data":{');
    expect(first.headers).toMatchObject({
      authorization: secret,
      'user-agent': 'Google-Health-API-Webhooks',
    });
    expect((await firstKey()).lengths).toEqual([33, 33]);
    const second = await walk({
      googleWebhookHeader: 'X-HEALTHAPI-SIGNATURE',
      googleWebhookBody: 'object',
      googleWebhookAuthorization: false,
      googleWebhookUserAgent: 'Google-Health-API-Webhooks-Verifier',
      googleWebhookCoordinates: 32,
    });
    expect(second.body.slice(0, 9)).toBe('{"data":{');
    expect(second.headers).toMatchObject({ 'user-agent': 'Google-Health-API-Webhooks-Verifier' });
    expect(second.headers.authorization).toBeUndefined();
    expect(second.headers['x-healthapi-signature']).toBeDefined();
    expect(second.headers['google-health-api-signature']).toBeUndefined();
    expect((await firstKey()).lengths).toEqual([32, 32]);
    const third = await walk({ googleWebhookHeader: 'both' });
    expect(third.headers['x-healthapi-signature']).toBe(third.headers['google-health-api-signature']);
  });

  it('comes twice, or in another order, as the switches say', async () => {
    simulator.set({
      googleWebhookDuplicate: true,
      googleWebhookOrder: 'reversed',
      googleWebhookBody: 'object',
    });
    await simulator.removeAccess({ person: 'zoe' });
    const types = receiver.sent.map(({ body }) => /"dataType":"([\w-]+)"/.exec(body)?.[1]);
    expect(types).toEqual(['sleep', 'sleep', 'steps', 'steps']);
  });

  it('of a consent that ended is a DELETE for each granted type, or one without a type, as the switch says', async () => {
    await simulator.removeAccess({ person: 'zoe' });
    expect(receiver.sent[0]?.body.match(/"operation":"DELETE"/g)).toHaveLength(2);
    await signIn(simulator);
    simulator.set({ googleWebhookRevocation: 'user' });
    await simulator.removeAccess({ person: 'zoe' });
    expect(JSON.parse(receiver.sent[1]?.body ?? '')).toEqual([
      { data: { version: '1', healthUserId: '8677373576871223311', operation: 'DELETE' } },
    ]);
  });

  it('of a deleted account is a DELETE for each granted type', async () => {
    await simulator.deleteAccount({ person: 'zoe' });
    expect(receiver.sent[0]?.body.match(/"operation":"DELETE"/g)).toHaveLength(2);
    expect(receiver.sent[0]?.body).toContain('8677373576871223311');
  });

  it('is repeated with growing pauses for seven days', async () => {
    receiver.status = 500;
    await simulator.walk({ person: 'zoe', steps: 100 });
    for (const seconds of [9, 1, 19, 1]) {
      simulator.advance({ seconds });
      await simulator.webhooks.idle();
    }
    expect(receiver.sent).toHaveLength(3);
    simulator.advance({ days: 8 });
    await simulator.webhooks.idle();
    expect(receiver.sent).toHaveLength(3);
    expect(simulator.webhooks.deliveries).toMatchObject([{ state: 'dropped' }]);
  });

  it('reports steps that both providers then have', async () => {
    const { access } = await signIn(simulator);
    const url = `${simulator.apiURL.googleHealth}/v4/users/me/dataTypes/steps/dataPoints?pageSize=1`;
    await simulator.walk({ person: 'zoe', steps: 4321 });
    expect(await (await get(url, bearer(access))).text()).toContain('"count":"4321"');
  });
});
