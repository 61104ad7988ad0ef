import { ResponseError } from 'passport-fitbit-strategy/google-health';
import {
  createSubscriber,
  createWebhookHandler,
  deleteSubscriber,
  listSubscribers,
  listSubscriptions,
  type SubscriberSettings,
  subscribe,
  unsubscribe,
  updateSubscriber,
  type WebhookProject,
} from 'passport-fitbit-strategy/google-health/webhooks';
import { describe, expect, it } from 'vitest';
import { describeFaults } from '../../support/fault-table.ts';
import { answersJSON, type ReceivedRequest, start } from '../../support/faulty-server.ts';
import { SECRET, serve, USER } from './google.ts';

const TOKEN = 'ya29.of-the-service-account-0123456789';
const SUBSCRIBER = { name: 'projects/123/subscribers/main', secretSet: true };
const DONE = { name: 'operations/1', done: true, response: SUBSCRIBER };
const SETTINGS: SubscriberSettings = {
  endpointUri: 'https://app.example/webhooks/google-health',
  secret: SECRET,
  subscriberConfigs: [{ dataTypes: ['steps', 'heart-rate'], subscriptionCreatePolicy: 'AUTOMATIC' }],
};

async function startGoogle(answer: unknown, status = 200) {
  const server = await start(answersJSON(answer, status));
  const project: WebhookProject = {
    projectNumber: '123',
    accessToken: () => TOKEN,
    baseURL: `${server.url}/v4`,
  };
  const sent = () => {
    const { method, path, body, headers } = server.requests[0] as ReceivedRequest;
    return { method, path, body: body === '' ? undefined : JSON.parse(body), headers };
  };
  return { project, sent, server };
}

describe('a subscriber', () => {
  it('is created', async () => {
    const { project, sent } = await startGoogle(DONE);
    expect(await createSubscriber(project, 'main', SETTINGS)).toEqual({
      done: true,
      operation: 'operations/1',
      subscriber: SUBSCRIBER,
    });
    const { headers, ...request } = sent();
    expect(request).toEqual({
      method: 'POST',
      path: '/v4/projects/123/subscribers?subscriberId=main',
      body: {
        endpointUri: SETTINGS.endpointUri,
        endpointAuthorization: { secret: SECRET },
        subscriberConfigs: SETTINGS.subscriberConfigs,
      },
    });
    expect(headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/json',
      accept: 'application/json',
    });
    expect(headers).not.toHaveProperty('x-goog-user-project');
  });

  it('is created with a user account, for which a project is charged', async () => {
    const { project, sent } = await startGoogle(DONE);
    const settings = { ...project, quotaProject: 'my-project', accessToken: async () => TOKEN };
    await createSubscriber(settings, 'main', SETTINGS);
    expect(sent().headers).toMatchObject({ 'x-goog-user-project': 'my-project' });
  });

  it.each([
    [{ name: 'operations/1' }, { done: false, operation: 'operations/1' }],
    [{ name: 'projects/1/operations/1' }, { done: false, operation: 'projects/1/operations/1' }],
    [
      { name: 'operations/1', done: false },
      { done: false, operation: 'operations/1' },
    ],
    [{ done: true }, { done: true }],
    [SUBSCRIBER, { done: true, subscriber: SUBSCRIBER }],
    [{}, { done: true, subscriber: {} }],
  ])('may come as %j', async (answer, expected) => {
    const { project } = await startGoogle(answer);
    expect(await createSubscriber(project, 'main', SETTINGS)).toEqual(expected);
  });

  it('is changed in what is given', async () => {
    const { project, sent } = await startGoogle(DONE);
    await updateSubscriber(project, 'main', SETTINGS);
    expect(sent()).toMatchObject({
      method: 'PATCH',
      path: '/v4/projects/123/subscribers/main?updateMask=endpointUri,endpointAuthorization,subscriberConfigs',
    });
    const another = await startGoogle(DONE);
    await updateSubscriber(another.project, 'main', { secret: 'Bearer new' });
    expect(another.sent()).toMatchObject({
      path: '/v4/projects/123/subscribers/main?updateMask=endpointAuthorization',
      body: { endpointAuthorization: { secret: 'Bearer new' } },
    });
    await expect(updateSubscriber(project, 'main', {})).rejects.toThrow(/at least one of "endpointUri"/);
  });

  it('is deleted, with its subscriptions where that is said', async () => {
    const { project, sent, server } = await startGoogle({ done: true, response: {} });
    expect(await deleteSubscriber(project, 'main')).toEqual({ done: true, subscriber: {} });
    expect(sent()).toMatchObject({
      method: 'DELETE',
      path: '/v4/projects/123/subscribers/main',
      body: undefined,
    });
    expect(sent().headers).not.toHaveProperty('content-type');
    await deleteSubscriber(project, 'main', { force: true });
    expect(server.requests[1]?.path).toBe('/v4/projects/123/subscribers/main?force=true');
  });

  it('is listed from all pages', async () => {
    const paths: string[] = [];
    const url = await serve((req, res) => {
      paths.push(String(req.url));
      const page =
        paths.length === 1
          ? { subscribers: [SUBSCRIBER, null], nextPageToken: 'a b' }
          : { subscribers: [{}] };
      res.end(JSON.stringify(paths.length === 3 ? {} : page));
    });
    const project = { projectNumber: '123', accessToken: () => TOKEN, baseURL: url };
    expect(await listSubscribers(project)).toEqual([SUBSCRIBER, {}]);
    expect(await listSubscribers(project)).toEqual([]);
    expect(paths).toEqual([
      '/projects/123/subscribers',
      '/projects/123/subscribers?pageToken=a%20b',
      '/projects/123/subscribers',
    ]);
  });
});

describe('a subscription', () => {
  const name = `projects/123/subscribers/main/subscriptions/one`;

  it('is made for a user', async () => {
    const answer = { name, user: `users/${USER}`, dataTypes: ['users/1/dataTypes/steps'] };
    const { project, sent } = await startGoogle(answer);
    expect(await subscribe(project, 'main', USER, ['steps'])).toEqual(answer);
    expect(sent()).toMatchObject({
      method: 'POST',
      path: '/v4/projects/123/subscribers/main/subscriptions',
      body: { user: `users/${USER}`, dataTypes: ['steps'] },
    });
  });

  it('is ended', async () => {
    const { project, sent } = await startGoogle({});
    expect(await unsubscribe(project, name)).toBeUndefined();
    expect(sent()).toMatchObject({ method: 'DELETE', path: `/v4/${name}` });
  });

  it('is listed', async () => {
    const { project, sent } = await startGoogle({ subscriptions: [{ name }] });
    expect(await listSubscriptions(project, 'main')).toEqual([{ name }]);
    expect(sent()).toMatchObject({ method: 'GET', path: '/v4/projects/123/subscribers/main/subscriptions' });
  });
});

describe('a refusal', () => {
  it.each([
    ['FAILED_PRECONDITION', 400, 'failed_precondition', /expected 201 with the secret and 401 without it/],
    ['INVALID_ARGUMENT', 400, 'invalid_argument', /projectNumber is the number/],
    ['PERMISSION_DENIED', 403, 'permission_denied', /projectNumber is the number.*Google Health role/],
    ['UNAUTHENTICATED', 401, 'unauthenticated', /cloud-platform/],
    ['ALREADY_EXISTS', 409, 'conflict', /list them, then update or delete it/],
    ['NOT_FOUND', 404, 'not_found', /There is no such subscriber/],
  ])('with %s says what to do', async (status, httpStatus, code, remedy) => {
    const message = `Refused with ${SECRET} and ${TOKEN}`;
    const { project } = await startGoogle({ error: { code: httpStatus, message, status } }, httpStatus);
    const error = await createSubscriber(project, 'main', SETTINGS).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({ code, operation: 'subscriber', httpStatus });
    expect(error.message).toMatch(remedy);
    expect(error.message).not.toContain('of-the-');
  });

  it('of a token with other scopes says which one to take', async () => {
    const details = [{ reason: 'DISALLOWED_OAUTH_SCOPES' }];
    const { project } = await startGoogle({ error: { status: 'PERMISSION_DENIED', details } }, 403);
    await expect(listSubscribers(project)).rejects.toThrow(/scope cloud-platform alone/);
  });

  it.each([
    [{ status: 'PERMISSION_DENIED', details: [{ reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' }] }, 403],
    [{ status: 'UNAUTHENTICATED', details: [{ reason: 'ACCESS_TOKEN_TYPE_UNSUPPORTED' }] }, 401],
  ])('of a token without the scope says which one it must have: %j', async (error, status) => {
    const { project } = await startGoogle({ error }, status);
    await expect(listSubscribers(project)).rejects.toMatchObject({
      message: expect.stringMatching(
        /The access token must have the scope https:\/\/www\.googleapis\.com\/auth\/cloud-platform\./,
      ),
    });
  });

  it('without a body says what to check', async () => {
    const { project } = await startGoogle('', 403);
    await expect(listSubscribers(project)).rejects.toThrow(/Google Health API is enabled/);
  });

  it.each([
    [9, 'failed_precondition'],
    [7, 'permission_denied'],
    [6, 'already_exists'],
    [5, 'not_found'],
    [3, 'invalid_argument'],
    [99, 'unknown'],
  ])('within an operation is an error: %i', async (code, expected) => {
    const error = { code, message: `The handshake failed: ${SECRET}` };
    const { project } = await startGoogle({ name: 'operations/1', done: true, error });
    const thrown = await createSubscriber(project, 'main', SETTINGS).catch((reason) => reason);
    expect(thrown).toMatchObject({ code: expected, operation: 'subscriber' });
    expect(thrown.message).toContain('The handshake failed');
    expect(thrown.message).not.toContain('of-the-test');
  });
});

describe('an argument', () => {
  const project: WebhookProject = { projectNumber: '123', accessToken: () => TOKEN };
  const create = (change: object) =>
    Reflect.apply(createSubscriber, undefined, [project, 'main', { ...SETTINGS, ...change }]);
  const withProject = (change: object) =>
    Reflect.apply(listSubscribers, undefined, [{ ...project, ...change }]);
  const withID = (id: unknown) => Reflect.apply(listSubscriptions, undefined, [project, id]);

  it.each([
    [
      'the id of the project',
      () => withProject({ projectNumber: 'my-project' }),
      /"projectNumber" must be the number/,
    ],
    ['a number', () => withProject({ projectNumber: 123 }), /"projectNumber" must be the number/],
    ['no accessToken', () => withProject({ accessToken: TOKEN }), /"accessToken" must be a function/],
    ['no token', () => withProject({ accessToken: () => null }), /"accessToken\(\)" must be/],
    ['a wrong quotaProject', () => withProject({ quotaProject: 'a\nb' }), /"quotaProject" must be a token/],
    ['a wrong baseURL', () => withProject({ baseURL: '/v4' }), /"baseURL" must be an absolute URL/],
    ['a wrong timeout', () => withProject({ timeout: 0 }), /"timeout" must be/],
    ['a wrong agent', () => withProject({ agent: {} }), /"agent" must be/],
    ['a short id', () => withID('abc'), /"subscriberID" must have 4 to 36 characters/],
    ['a long id', () => withID('a'.repeat(37)), /"subscriberID" must have/],
    ['an id with a hyphen at its end', () => withID('main-'), /"subscriberID" must have/],
    ['an id with a digit at its start', () => withID('1main'), /"subscriberID" must have/],
    ['an id in upper case', () => withID('Main'), /"subscriberID" must have/],
    ['no id', () => withID(undefined), /"subscriberID" must have/],
    ['http', () => create({ endpointUri: 'http://app.example/' }), /"endpointUri" must be an https: URL/],
    ['a path', () => create({ endpointUri: '/hook' }), /"endpointUri" must be an absolute URL/],
    ['no secret', () => create({ secret: undefined }), /"secret" must be/],
    ['two secrets', () => create({ secret: ['a', 'b'] }), /"secret" must be/],
    ['a secret with a line break', () => create({ secret: 'a\n' }), /"secret" must be the whole value/],
    ['no configs', () => create({ subscriberConfigs: {} }), /"subscriberConfigs" must be a list/],
    [
      'an empty config',
      () => create({ subscriberConfigs: [null] }),
      /"subscriberConfigs\[\]" must be an object/,
    ],
    [
      'a config without types',
      () => create({ subscriberConfigs: [{ dataTypes: [] }] }),
      /dataTypes" must be a list/,
    ],
    [
      'a type in snake case',
      () => create({ subscriberConfigs: [{ dataTypes: ['heart_rate'] }] }),
      /"subscriberConfigs\[\].dataTypes" must be a list of names in kebab case/,
    ],
    [
      'no policy',
      () => create({ subscriberConfigs: [{ dataTypes: ['steps'] }] }),
      /"subscriptionCreatePolicy" must be one of "AUTOMATIC", "MANUAL"/,
    ],
    [
      'a path for a user',
      () => subscribe(project, 'main', 'a/b', ['steps']),
      /"healthUserId" must have only/,
    ],
    ['no types', () => subscribe(project, 'main', USER, []), /"dataTypes" must be a list/],
    ['another name', () => unsubscribe(project, 'main'), /"name" must be a subscription's name/],
    [
      'no settings',
      () => Reflect.apply(updateSubscriber, undefined, [project, 'main']),
      /"settings" must be an object/,
    ],
  ])('that is %s is refused before anything is sent', async (_name, call, message) => {
    await expect(call()).rejects.toThrow(message);
  });
});

describe('the handshake', () => {
  /** A Google that calls the webhook as it does while a subscriber is created. */
  async function startCalling() {
    const url = await serve((req, res) => {
      const chunks: Buffer[] = [];
      req
        .on('data', (chunk) => chunks.push(chunk))
        .on('end', async () => {
          const { endpointUri, endpointAuthorization } = JSON.parse(Buffer.concat(chunks).toString());
          const call = async (headers: Record<string, string>) => {
            const body = '{"type":"verification"}';
            return (await fetch(endpointUri, { method: 'POST', body, headers })).status;
          };
          const ok =
            (await call({ Authorization: endpointAuthorization.secret })) === 201 && (await call({})) === 401;
          const refusal = {
            error: { code: 400, status: 'FAILED_PRECONDITION', message: 'Verification failed.' },
          };
          res.writeHead(ok ? 200 : 400).end(JSON.stringify(ok ? DONE : refusal));
        });
    });
    return { projectNumber: '123', accessToken: () => TOKEN, baseURL: url };
  }

  it('succeeds with the webhook of this package, and fails where the secret is another', async () => {
    const project = await startCalling();
    const handler = createWebhookHandler({ secret: SECRET, onNotification: () => {}, onError: () => {} });
    const endpointUri = await serve(handler);
    expect(await createSubscriber(project, 'main', { ...SETTINGS, endpointUri })).toMatchObject({
      done: true,
    });
    await expect(
      createSubscriber(project, 'main', { ...SETTINGS, endpointUri, secret: 'Bearer another' }),
    ).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('201 with the secret'),
    });
  });
});

describeFaults({
  name: 'the creation of a subscriber',
  operation: 'subscriber',
  run: ({ url, ...options }) =>
    createSubscriber(
      { projectNumber: '123', accessToken: () => TOKEN, baseURL: url, ...options },
      'main',
      SETTINGS,
    ),
  good: DONE,
  exceptions: {
    // Nothing is known that a subscriber must have.
    'answers {}': 'success',
    'answers all its fields in __proto__': 'success',
    'answers an error with status 200': 'success',
    "400 with Fitbit's error envelope": 'ResponseError unexpected_status',
  },
});
