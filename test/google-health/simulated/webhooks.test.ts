import type { Simulator, Switches } from 'fitbit-simulator';
import {
  createSubscriber,
  createWebhookHandler,
  deleteSubscriber,
  listSubscribers,
  listSubscriptions,
  subscribe,
  unsubscribe,
  updateSubscriber,
  type WebhookNotification,
  type WebhookOptions,
} from 'passport-fitbit-strategy/google-health/webhooks';
import { beforeEach, describe, expect, it } from 'vitest';
import { type App, away, idsOf, manage, signIn, startApp, startStopped } from './support.ts';

const secret = 'Bearer a-secret-of-the-webhook';
let simulator: Simulator;
let app: App;
let notifications: WebhookNotification[];
let refusals: unknown[];

function receive(options: Partial<WebhookOptions> = {}): ReturnType<typeof createWebhookHandler> {
  const handler = createWebhookHandler({
    secret,
    keysURL: simulator.webhooks.keysURL,
    now: () => simulator.now().getTime(),
    onNotification: (notification) => void notifications.push(notification),
    onError: (error) => void refusals.push(error),
    ...options,
  });
  app.handler = handler;
  return handler;
}

const settings = (types = ['steps', 'sleep'], policy: 'AUTOMATIC' | 'MANUAL' = 'AUTOMATIC') => ({
  endpointUri: app.url,
  secret,
  subscriberConfigs: [{ dataTypes: types, subscriptionCreatePolicy: policy }],
});

beforeEach(async () => {
  simulator = await startStopped();
  app = await startApp();
  notifications = [];
  refusals = [];
});

describe('a subscriber at the simulator', () => {
  it('is created with the handshake, listed, changed and deleted', async () => {
    receive();
    const { project } = simulator.webhooks;
    const created = await createSubscriber(project, 'daywalk', settings());
    expect(created).toMatchObject({
      done: true,
      subscriber: { endpointUri: app.url, endpointAuthorization: { secretSet: true } },
    });
    expect(created.subscriber).not.toHaveProperty('state');
    expect(app.arrivals.map(({ body, status, headers }) => [body, status, headers.authorization])).toEqual([
      ['{"type":"verification"}', 201, secret],
      ['{"type":"verification"}', 401, undefined],
    ]);
    expect(await listSubscribers(project)).toMatchObject([
      { state: 'ACTIVE', name: expect.stringMatching(/daywalk$/) },
    ]);

    receive({ secret: [secret, 'Bearer the-next'] });
    await updateSubscriber(project, 'daywalk', { secret: 'Bearer the-next' });
    expect(app.arrivals).toHaveLength(4);
    await updateSubscriber(project, 'daywalk', { subscriberConfigs: settings(['steps']).subscriberConfigs });
    expect(app.arrivals).toHaveLength(4); // neither a new URL nor a new secret
    await signIn(simulator, 'zoe');
    await simulator.walk({ person: 'zoe', steps: 10 });
    expect(app.arrivals.at(-1)?.headers.authorization).toBe('Bearer the-next');

    await deleteSubscriber(project, 'daywalk');
    expect(simulator.webhooks.subscribers).toEqual([]);
  });

  it.each([
    ['accepts every secret', 201],
    ['knows another secret', 401],
    ['is away', 503],
  ])('is refused when the webhook %s', async (_name, status) => {
    app.handler = (req, res) => void req.resume().on('end', () => res.writeHead(status).end());
    const refused = createSubscriber(simulator.webhooks.project, 'daywalk', settings());
    await expect(refused).rejects.toMatchObject({ code: 'failed_precondition' });
    await expect(refused).rejects.toThrow('expected 201 with the secret and 401 without it');
    expect(simulator.webhooks.subscribers).toEqual([]);
  });

  it('is refused to a token of a login, and where the project id stands for its number', async () => {
    receive();
    const { accessToken } = await signIn(simulator, 'zoe');
    const { project } = simulator.webhooks;
    const wrong = { ...project, accessToken: () => accessToken };
    await expect(createSubscriber(wrong, 'daywalk', settings())).rejects.toMatchObject({
      httpStatus: 403,
      code: 'access_token_scope_insufficient',
      message: expect.stringContaining('must have the scope https://www.googleapis.com/auth/cloud-platform'),
    });
    for (const status of [400, 403] as const) {
      simulator.set({ googleProjectIDStatus: status });
      const other = { ...project, projectNumber: '123' };
      await expect(createSubscriber(other, 'daywalk', settings())).rejects.toMatchObject({
        httpStatus: status,
      });
    }
    expect(app.arrivals).toEqual([]);
  });

  it('hears of the users it subscribed to, with the policy MANUAL', async () => {
    receive();
    const { project } = simulator.webhooks;
    await createSubscriber(project, 'daywalk', settings(['steps'], 'MANUAL'));
    await signIn(simulator, 'zoe');
    await signIn(simulator, 'aiko');
    await simulator.walk({ person: 'zoe', steps: 10 });
    expect(notifications).toEqual([]);

    const { healthUserID } = idsOf(simulator, 'zoe');
    await expect(subscribe(project, 'daywalk', healthUserID, ['sleep'])).rejects.toMatchObject({
      httpStatus: 400,
    });
    const { name = '' } = await subscribe(project, 'daywalk', healthUserID, ['steps']);
    expect(await listSubscriptions(project, 'daywalk')).toHaveLength(1);
    await simulator.walk({ person: 'zoe', steps: 10 });
    await simulator.walk({ person: 'aiko', steps: 10 });
    expect(
      notifications.map((one) => [one.healthUserId, name.endsWith(`/${one.clientProvidedSubscriptionName}`)]),
    ).toEqual([[healthUserID, true]]);
    await expect(deleteSubscriber(project, 'daywalk')).rejects.toMatchObject({ httpStatus: 400 });
    await unsubscribe(project, name);
    await simulator.walk({ person: 'zoe', steps: 10 });
    expect(notifications).toHaveLength(1);
  });
});

describe('a notification of the simulator', () => {
  beforeEach(async () => {
    receive();
    await simulator.webhooks.register({ endpointUri: app.url, secret });
    await signIn(simulator, 'zoe');
    app.arrivals.length = 0;
    refusals.length = 0; // that of the handshake without the secret
  });

  it('comes when steps change, signed, and names the user and the time', async () => {
    await simulator.walk({ person: 'zoe', steps: 1234 });
    const { healthUserID } = idsOf(simulator, 'zoe');
    expect(notifications).toMatchObject([
      { version: '1', healthUserId: healthUserID, operation: 'UPSERT', dataType: 'steps', intervals: [{}] },
    ]);
    const [interval] = notifications[0]?.intervals ?? [];
    const { startTime = '', endTime = '' } = interval?.physicalTimeInterval ?? {};
    expect(Date.parse(endTime) - Date.parse(startTime)).toBe(600_000);
    expect(Date.parse(`${interval?.civilIso8601TimeInterval?.startTime}+02:00`)).toBe(Date.parse(startTime));
    expect(interval?.civilDateTimeInterval?.startDateTime?.date?.day).toBeGreaterThan(0);
    expect(app.arrivals.map(({ status }) => status)).toEqual([204]);
    expect(app.arrivals[0]?.body).not.toContain('1234');
  });

  it('does not come for a user or a data type without consent', async () => {
    await simulator.walk({ person: 'aiko', steps: 10 });
    await simulator.webhooks.notify({ person: 'zoe', dataType: 'heart-rate' }); // the scope was not granted
    expect(app.arrivals).toEqual([]);
    await simulator.webhooks.notify({ person: 'zoe', dataType: 'sleep', operation: 'DELETE' });
    expect(notifications).toMatchObject([{ dataType: 'sleep', operation: 'DELETE' }]);
  });

  it.each<Partial<Switches>>([
    { googleWebhookHeader: 'X-HEALTHAPI-SIGNATURE' },
    { googleWebhookHeader: 'both' },
    { googleWebhookBody: 'object' },
    { googleWebhookUserAgent: 'Google-Health-API-Webhooks-Verifier' },
    { googleWebhookCoordinates: 32 },
  ])('is accepted with the switch %j', async (switches) => {
    simulator.set(switches);
    await simulator.walk({ person: 'zoe', steps: 10 });
    expect(notifications).toHaveLength(1);
    const [arrival] = app.arrivals;
    const { headers } = arrival ?? {};
    expect(arrival?.body.startsWith('[')).toBe(switches.googleWebhookBody !== 'object');
    expect(headers?.['user-agent']).toBe(switches.googleWebhookUserAgent ?? 'Google-Health-API-Webhooks');
    expect(
      [headers?.['google-health-api-signature'], headers?.['x-healthapi-signature']].map(Boolean),
    ).toEqual([
      switches.googleWebhookHeader !== 'X-HEALTHAPI-SIGNATURE',
      switches.googleWebhookHeader !== undefined,
    ]);
  });

  it('without the Authorization header is refused, unless the app allows it', async () => {
    simulator.set({ googleWebhookAuthorization: false });
    await simulator.walk({ person: 'zoe', steps: 10 });
    expect(refusals).toMatchObject([{ code: 'secret' }]);
    receive({ allowMissingAuthorization: true });
    await simulator.walk({ person: 'zoe', steps: 10 });
    expect(notifications).toHaveLength(1);
  });

  it('is accepted after a rotation of the keys', async () => {
    await simulator.walk({ person: 'zoe', steps: 10 });
    simulator.advance({ minutes: 2 }); // the receiver asks for unknown keys once a minute
    simulator.webhooks.rotateKey();
    await simulator.walk({ person: 'zoe', steps: 10 });
    expect(notifications).toHaveLength(2);
  });

  it('comes twice when the switch says so', async () => {
    simulator.set({ googleWebhookDuplicate: true });
    await simulator.walk({ person: 'zoe', steps: 10 });
    expect(notifications).toHaveLength(2);
    expect(notifications[1]).toEqual(notifications[0]);
  });

  it('is sent again while the keys are away', async () => {
    receive();
    simulator.fail({ endpoint: 'keys', with: 'close' });
    await simulator.walk({ person: 'zoe', steps: 10 });
    expect(refusals).toMatchObject([{ code: 'keys', status: 503 }]);
    simulator.advance({ minutes: 2 });
    await simulator.webhooks.idle();
    expect(notifications).toHaveLength(1);
  });

  it('is sent again with growing pauses until the app is back', async () => {
    app.handler = away;
    await simulator.walk({ person: 'zoe', steps: 10 });
    const pauses: number[] = [];
    for (let tries = 0; tries < 4; tries += 1) {
      const [delivery] = simulator.webhooks.deliveries;
      const due = delivery?.nextAttemptAt?.getTime() ?? 0;
      const pause = due - simulator.now().getTime();
      pauses.push(pause / 1000);
      simulator.advance({ seconds: pause / 1000 - 1 });
      await simulator.webhooks.idle();
      expect(app.arrivals).toHaveLength(tries + 1); // not yet
      simulator.advance({ seconds: 1 });
      await simulator.webhooks.idle();
      expect(app.arrivals).toHaveLength(tries + 2);
    }
    expect(pauses).toEqual([10, 20, 40, 80]);
    receive();
    simulator.advance({ hours: 1 });
    await simulator.webhooks.idle();
    expect(notifications).toHaveLength(1);
    expect(simulator.webhooks.deliveries).toMatchObject([{ state: 'delivered', nextAttemptAt: undefined }]);
  });

  it('is given up after seven days', async () => {
    app.handler = away;
    await simulator.walk({ person: 'zoe', steps: 10 });
    simulator.advance({ days: 7 });
    await simulator.webhooks.idle();
    expect(app.arrivals).toHaveLength(2); // just in time
    receive();
    simulator.advance({ hours: 7 });
    await simulator.webhooks.idle();
    expect(app.arrivals).toHaveLength(2);
    expect(notifications).toEqual([]);
    expect(simulator.webhooks.deliveries).toMatchObject([{ state: 'dropped' }]);
  });

  it('is sent again on a clock that runs', async () => {
    const running = await startStopped({ clock: {} });
    const handler = createWebhookHandler({
      secret,
      keysURL: running.webhooks.keysURL,
      onNotification: (notification) => void notifications.push(notification),
    });
    app.handler = handler;
    await running.webhooks.register({ endpointUri: app.url, secret });
    await signIn(running, 'zoe');
    app.handler = away;
    await running.walk({ person: 'zoe', steps: 10 });
    app.handler = handler;
    running.advance({ seconds: 10 });
    await running.webhooks.idle();
    expect(notifications).toHaveLength(1);
  });
});

describe('the end of a consent', () => {
  it.each(['data-types', 'user'] as const)(
    'tells the app, whose TokenManager finds out and calls onReauthorize: DELETE by %s',
    async (shape) => {
      const { tokens, lost } = manage(simulator);
      const handler = receive({ tokens });
      await simulator.webhooks.register({ endpointUri: app.url, secret });
      const { healthUserID } = idsOf(simulator, 'zoe');
      await tokens.save(healthUserID, await signIn(simulator, 'zoe'));
      simulator.set({ googleWebhookRevocation: shape });
      await simulator.removeAccess({ person: 'zoe' });
      await handler.idle();

      expect(notifications.map(({ operation, dataType }) => [operation, dataType])).toEqual(
        shape === 'user'
          ? [['DELETE', undefined]]
          : [
              ['DELETE', 'steps'],
              ['DELETE', 'sleep'],
            ],
      );
      expect(lost).toEqual([healthUserID]);
      await expect(tokens.accessToken(healthUserID)).rejects.toMatchObject({ reauthorize: true });
    },
  );

  it('by the deletion of the account is told in the same way', async () => {
    const { tokens, lost } = manage(simulator);
    const handler = receive({ tokens });
    await simulator.webhooks.register({ endpointUri: app.url, secret });
    const { healthUserID } = idsOf(simulator, 'zoe');
    await tokens.save(healthUserID, await signIn(simulator, 'zoe'));
    await simulator.deleteAccount({ person: 'zoe' });
    await handler.idle();
    expect(notifications.map(({ operation }) => operation)).toEqual(['DELETE', 'DELETE']);
    expect(lost).toEqual([healthUserID]);
  });

  it('is not what a DELETE of data means: the refresh goes well', async () => {
    const { tokens, lost, refreshed } = manage(simulator);
    const handler = receive({ tokens });
    await simulator.webhooks.register({ endpointUri: app.url, secret });
    const { healthUserID } = idsOf(simulator, 'zoe');
    await tokens.save(healthUserID, await signIn(simulator, 'zoe'));
    await simulator.webhooks.notify({ person: 'zoe', dataType: 'sleep', operation: 'DELETE' });
    await handler.idle();
    expect([lost, refreshed]).toEqual([[], [healthUserID]]);
  });

  it('comes in another order, one request for each notification, when the switches say so', async () => {
    receive();
    await simulator.webhooks.register({ endpointUri: app.url, secret });
    await signIn(simulator, 'zoe');
    simulator.set({ googleWebhookBody: 'object', googleWebhookOrder: 'reversed' });
    await simulator.removeAccess({ person: 'zoe' });
    expect(notifications.map(({ dataType }) => dataType)).toEqual(['sleep', 'steps']);
  });

  it('comes as well when the app revokes it', async () => {
    receive();
    await simulator.webhooks.register({ endpointUri: app.url, secret });
    const { refreshToken } = await signIn(simulator, 'zoe');
    await fetch(`${simulator.googleHealth.revocationURL}?token=${refreshToken}`, { method: 'POST' });
    await simulator.webhooks.idle();
    expect(notifications.map(({ operation }) => operation)).toEqual(['DELETE', 'DELETE']);
  });
});
