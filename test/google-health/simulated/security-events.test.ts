import { createHash } from 'node:crypto';
import type { Simulator, Switches } from 'fitbit-simulator';
import { importPKCS8, SignJWT } from 'jose';
import {
  createSecurityEventHandler,
  type SecurityEventOptions,
  type SecurityEventToken,
  tokenIdentifiers,
} from 'passport-fitbit-strategy/google-health/security-events';
import { beforeEach, describe, expect, it } from 'vitest';
import { type App, away, idsOf, manage, SCOPE, signIn, startApp, startStopped } from './support.ts';

let simulator: Simulator;
let app: App;
let events: SecurityEventToken[];
let refusals: unknown[];

function receive(options: Partial<SecurityEventOptions> = {}): ReturnType<typeof createSecurityEventHandler> {
  const handler = createSecurityEventHandler({
    clientIDs: [simulator.googleHealth.clientID],
    configurationURL: simulator.securityEvents.configurationURL,
    now: () => simulator.now().getTime(),
    onEvent: (token) => void events.push(token),
    onError: (error) => void refusals.push(error),
    ...options,
  });
  app.handler = handler;
  return handler;
}

const types = () => events.flatMap((token) => token.events.map(({ type }) => type));

beforeEach(async () => {
  simulator = await startStopped();
  app = await startApp();
  events = [];
  refusals = [];
  simulator.securityEvents.register(app.url);
});

describe('a user who removes the access', () => {
  it('causes both revocation events, and the app’s TokenManager calls onReauthorize', async () => {
    const { healthUserID, sub } = idsOf(simulator, 'zoe');
    const { tokens, lost } = manage(simulator);
    const handler = receive({ tokens, userID: (one) => (one === sub ? healthUserID : undefined) });
    const login = await signIn(simulator, 'zoe');
    await tokens.save(healthUserID, login);
    await simulator.removeAccess({ person: 'zoe' });
    await handler.idle();

    expect(types()).toEqual(['tokens-revoked', 'token-revoked']);
    expect(events[0]?.events[0]?.sub).toBe(sub);
    const { hash } = identifiers(login.refreshToken);
    expect(events[1]?.events[0]?.token).toEqual({
      type: 'refresh_token',
      alg: 'hash_base64_sha512_sha512',
      identifier: hash,
    });
    expect(lost).toEqual([healthUserID]);
    expect(app.arrivals.map(({ status, headers }) => [status, headers['content-type']])).toEqual([
      [202, 'application/secevent+jwt'],
      [202, 'application/secevent+jwt'],
    ]);
  });

  it('or deletes the account, does so', async () => {
    const { healthUserID } = idsOf(simulator, 'zoe');
    const { tokens, lost } = manage(simulator);
    const handler = receive({ tokens, userID: () => healthUserID });
    await tokens.save(healthUserID, await signIn(simulator, 'zoe'));
    await simulator.deleteAccount({ person: 'zoe' });
    await handler.idle();
    expect([types(), lost]).toEqual([['tokens-revoked', 'token-revoked'], [healthUserID]]);
  });

  it('does so on the account page', async () => {
    receive();
    await signIn(simulator, 'zoe');
    const page = await (await fetch(`${simulator.url}/accounts/zoe`)).text();
    expect(page).toContain('Apps with access to the account of Zoë Krämer');
    const field = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(page)?.[1] ?? '';
    const done = await fetch(`${simulator.url}/control`, {
      method: 'POST',
      body: new URLSearchParams({
        'control-token': field('control-token'),
        action: 'revoke',
        grant: field('grant'),
        back: 'account',
      }),
    });
    expect([done.url, await done.text()]).toEqual([
      `${simulator.url}/accounts/zoe`,
      expect.stringContaining('No app has access'),
    ]);
    await simulator.securityEvents.idle();
    expect(types()).toEqual(['tokens-revoked', 'token-revoked']);
  });

  it('causes none without an OpenID scope, unless the switch says so', async () => {
    receive();
    await signIn(simulator, 'zoe', SCOPE.slice(1));
    await simulator.removeAccess({ person: 'zoe' });
    expect(app.arrivals).toEqual([]);
    simulator.set({ googleEventHealthOnly: true });
    await signIn(simulator, 'zoe', SCOPE.slice(1));
    await simulator.removeAccess({ person: 'zoe' });
    expect(types()).toHaveLength(2);
  });

  it.each<Partial<Switches>>([
    { googleEventIssuer: 'no-slash' },
    { googleEventAudience: 'list' },
    { googleEventAlias: true },
    { googleEventSubject: 'id_token_claims' },
    { googleEventTokenAlg: 'base64url' },
  ])('is understood with the switch %j', async (switches) => {
    simulator.set(switches);
    receive();
    const { refreshToken } = await signIn(simulator, 'zoe');
    await simulator.removeAccess({ person: 'zoe' });
    expect(types()).toEqual(['tokens-revoked', 'token-revoked']);
    expect(events[0]?.events[0]?.sub).toBe(idsOf(simulator, 'zoe').sub);
    expect(events[1]?.events[0]?.token?.identifier).toBe(identifiers(refreshToken).hash);
    expect(refusals).toEqual([]);
  });

  it('is told by the first characters of the token when the switch says so', async () => {
    simulator.set({ googleEventTokenAlg: 'prefix' });
    receive();
    const { refreshToken } = await signIn(simulator, 'zoe');
    await simulator.removeAccess({ person: 'zoe' });
    expect(events[1]?.events[0]?.token).toMatchObject({
      alg: 'prefix',
      identifier: refreshToken.slice(0, 16),
    });
  });
});

describe('an event token of the simulator', () => {
  beforeEach(async () => {
    receive();
    await signIn(simulator, 'zoe');
  });

  it('reports an account, with the reason', async () => {
    await simulator.securityEvents.send({ person: 'zoe', type: 'account-disabled', reason: 'hijacking' });
    expect(events).toMatchObject([{ events: [{ type: 'account-disabled', reason: 'hijacking' }] }]);
  });

  it('is processed once when it comes twice', async () => {
    simulator.set({ googleEventDuplicate: true });
    await simulator.securityEvents.send({ person: 'zoe', type: 'sessions-revoked' });
    expect(app.arrivals.map(({ status }) => status)).toEqual([202, 202]);
    expect(app.arrivals[1]?.body).toBe(app.arrivals[0]?.body);
    expect(types()).toEqual(['sessions-revoked']);
  });

  it('of an unknown type passes through', async () => {
    simulator.set({ googleEventUnknownType: true });
    await simulator.securityEvents.send({ person: 'zoe', type: 'sessions-revoked' });
    expect(types()).toEqual([expect.stringMatching(/^https:.*unknown$/), 'sessions-revoked']);
  });

  it('is refused, and not sent again, when an ID token comes in its place', async () => {
    simulator.set({ googleEventToken: 'id-token' });
    await simulator.securityEvents.send({ person: 'zoe', type: 'sessions-revoked' });
    expect(refusals).toMatchObject([{ code: 'invalid_request', status: 400 }]);
    expect(events).toEqual([]);
    expect(simulator.securityEvents.deliveries).toMatchObject([{ state: 'dropped' }]);
  });

  it('is accepted after a rotation of the keys', async () => {
    await simulator.securityEvents.send({ person: 'zoe', type: 'account-enabled' });
    simulator.advance({ minutes: 2 });
    simulator.securityEvents.rotateKey();
    await simulator.securityEvents.send({ person: 'zoe', type: 'account-enabled' });
    expect(types()).toEqual(['account-enabled', 'account-enabled']);
  });

  it('is sent again for an hour while the app is away, and then lost', async () => {
    app.handler = away;
    await simulator.securityEvents.send({ person: 'zoe', type: 'account-enabled' });
    receive();
    simulator.advance({ minutes: 1 });
    await simulator.securityEvents.idle();
    expect(types()).toEqual(['account-enabled']);
    app.handler = away;
    await simulator.securityEvents.send({ person: 'zoe', type: 'account-enabled' });
    receive();
    simulator.advance({ hours: 2 });
    await simulator.securityEvents.idle();
    expect(types()).toEqual(['account-enabled']);
    expect(simulator.securityEvents.deliveries).toMatchObject([{ state: 'delivered' }, { state: 'dropped' }]);
  });
});

describe('the stream of events', () => {
  const call = async (path: string, body?: object, token = simulator.webhooks.project.accessToken()) => {
    const response = await fetch(`${simulator.securityEvents.streamURL}/${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
    const value: unknown = await response.json();
    return { status: response.status, value };
  };
  const push = 'https://schemas.openid.net/secevent/risc/delivery-method/push';
  const type = 'https://schemas.openid.net/secevent/risc/event-type/';

  it('is set up by the app; a wrong type is dropped in silence', async () => {
    const requested = [`${type}verification`, `${type}nonsense`];
    const delivery = { delivery_method: push, url: app.url };
    expect((await call('stream:update', { delivery, events_requested: requested })).status).toBe(200);
    expect((await call('stream')).value).toEqual({ delivery, events_delivered: [`${type}verification`] });
    receive();
    await call('stream:verify', { state: 'hello' });
    await simulator.securityEvents.idle();
    expect(events).toMatchObject([{ events: [{ type: 'verification', state: 'hello' }] }]);
  });

  it('is set up with a JWT that the app signs', async () => {
    const { client_email, private_key, private_key_id } = simulator.securityEvents.serviceAccount;
    const jwt = await new SignJWT()
      .setProtectedHeader({ alg: 'RS256', kid: private_key_id })
      .setIssuer(client_email)
      .setSubject(client_email)
      .setAudience('https://risc.googleapis.com/google.identity.risc.v1beta.RiscManagementService')
      .setIssuedAt(simulator.now())
      .setExpirationTime(new Date(simulator.now().getTime() + 3_600_000))
      .sign(await importPKCS8(private_key, 'RS256'));
    receive();
    expect(await call('stream:verify', { state: 'signed by the app' }, jwt)).toEqual({
      status: 200,
      value: {},
    });
    await simulator.securityEvents.idle();
    expect(events).toMatchObject([{ events: [{ state: 'signed by the app' }] }]);
  });

  it('keeps nothing while it is disabled', async () => {
    receive();
    await signIn(simulator, 'zoe');
    expect((await call('stream/status')).value).toEqual({ status: 'enabled' });
    await call('stream/status:update', { status: 'disabled' });
    await simulator.securityEvents.send({ person: 'zoe', type: 'account-enabled' });
    await call('stream/status:update', { status: 'enabled' });
    await simulator.securityEvents.idle();
    expect(app.arrivals).toEqual([]);
  });

  it('is refused to anyone but the service account, and to a URL of plain http elsewhere', async () => {
    expect((await call('stream', undefined, 'wrong')).status).toBe(401);
    const delivery = { delivery_method: push, url: 'http://app.example/events' };
    expect((await call('stream:update', { delivery, events_requested: [] })).status).toBe(400);
  });
});

describe('a revocation by the app itself', () => {
  it.each([false, true])('causes events only when the switch says so: %s', async (on) => {
    simulator.set({ googleEventOwnRevocation: on });
    receive();
    const { refreshToken } = await signIn(simulator, 'zoe');
    await fetch(`${simulator.googleHealth.revocationURL}?token=${refreshToken}`, { method: 'POST' });
    await simulator.securityEvents.idle();
    expect(types()).toEqual(on ? ['tokens-revoked', 'token-revoked'] : []);
  });
});

/** The package's identifiers of a token, checked against a second reading. */
function identifiers(token: string): { hash: string } {
  const once = createHash('sha512').update(token).digest();
  const hash = createHash('sha512').update(once).digest('base64');
  expect(JSON.stringify(tokenIdentifiers(token))).toContain(hash);
  return { hash };
}
