import { createServer } from 'node:http';
import { type Simulator, startSimulator } from 'fitbit-simulator';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { routes } from '../simulator/lib/server/routes.ts';
import { differences } from './support/shapes.ts';

const callback = 'http://localhost:3000/auth/callback';
const prefix = 'https://www.googleapis.com/auth/';
const googleScope = ['activity_and_fitness', 'health_metrics_and_measurements', 'profile', 'sleep']
  .map((name) => `${prefix}googlehealth.${name}.readonly`)
  .join(' ');

type Fields = Readonly<Record<string, string>>;

let simulator: Simulator;
/** The paths that answered with success. */
const answered = new Set<string>();

beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

/** Sends a request, and gives its answer when it has the published shape. */
async function ask(url: string, token?: string, init: RequestInit = {}): Promise<Fields> {
  const headers = { ...init.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(url, { ...init, headers });
  const text = await answer.text();
  const body: unknown = text === '' ? {} : JSON.parse(text);
  const { pathname } = new URL(url);
  if (answer.ok) answered.add(pathname);
  const found = differences(init.method ?? 'GET', pathname, answer.status, body);
  expect([pathname, answer.status, found]).toEqual([pathname, answer.status, []]);
  return Object(body);
}

const post = (url: string, form: Fields, headers: Fields = {}) =>
  ask(url, undefined, { method: 'POST', body: new URLSearchParams(form), headers });

/** Starts a webhook that passes the handshake; gives its URL. */
async function startReceiver(): Promise<string> {
  const server = createServer((req, res) => {
    req.resume().on('end', () => res.writeHead(req.headers.authorization === undefined ? 401 : 201).end());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the webhook does not listen');
  return `http://127.0.0.1:${address.port}/`;
}

async function signInToFitbit(): Promise<Fields> {
  const { fitbit } = simulator;
  const scope = 'activity heartrate profile sleep';
  const { code } = await simulator.consent({
    provider: 'fitbit',
    person: 'zoe',
    scope,
    redirectURI: callback,
  });
  const form = { grant_type: 'authorization_code', code, redirect_uri: callback };
  return post(fitbit.tokenURL, form, basic());
}

function basic(): Fields {
  const { clientID, clientSecret } = simulator.fitbit;
  return { authorization: `Basic ${Buffer.from(`${clientID}:${clientSecret}`).toString('base64')}` };
}

async function signInToGoogle(person: string, scope: string): Promise<Fields> {
  const { googleHealth: google } = simulator;
  const { code } = await simulator.consent({
    provider: 'google-health',
    person,
    scope,
    redirectURI: callback,
    prompt: 'consent',
  });
  return post(google.tokenURL, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: callback,
    client_id: google.clientID,
    client_secret: google.clientSecret,
  });
}

describe('every successful response of the simulator has the shape that the provider publishes:', () => {
  it('Fitbit’s', async () => {
    const { fitbit, apiURL } = simulator;
    const tokens = await signInToFitbit();
    const { access_token: token = '', refresh_token: refresh = '' } = tokens;
    expect(tokens).toMatchObject({ user_id: '2E4RVC', refresh_token: expect.any(String) });
    const bearer = { authorization: `Bearer ${token}` };
    expect(await post(fitbit.introspectionURL, { token }, bearer)).toMatchObject({ active: true });
    expect(await ask(fitbit.userProfileURL, token)).toMatchObject({ user: { encodedId: '2E4RVC' } });
    for (const path of [
      '/1/user/-/activities/date/today.json',
      '/1/user/-/activities/steps/date/today/7d.json',
      '/1/user/2E4RVC/activities/heart/date/today/7d.json',
      '/1.2/user/-/sleep/date/today.json',
    ]) {
      await ask(apiURL.fitbit + path, token);
    }
    await post(fitbit.tokenURL, { grant_type: 'refresh_token', refresh_token: refresh }, basic());
    await post(fitbit.revocationURL, { token }, basic());
  });

  it.each(['zoe', 'aiko'])('Google’s, for %s', async (person) => {
    const { googleHealth: google, apiURL } = simulator;
    const { access_token: token = '' } = await signInToGoogle(person, googleScope);
    expect(await ask(google.identityURL, token)).toHaveProperty('healthUserId');
    expect(await ask(google.userProfileURL, token)).toHaveProperty('userConfiguredWalkingStrideLengthMm');
    for (const type of ['steps', 'heart-rate', 'sleep']) {
      const points = await ask(`${apiURL.googleHealth}/v4/users/me/dataTypes/${type}/dataPoints`, token);
      expect(points.dataPoints).not.toEqual([]);
    }
    const openID = await signInToGoogle(person, `openid profile email ${prefix}calendar.readonly`);
    const { access_token: other = '' } = openID;
    expect(await ask(google.userinfoURL, other)).toHaveProperty('picture');
    expect(await ask(google.introspectionURL, other, { method: 'POST' })).toHaveProperty('email');
    await post(google.revocationURL, { token: other });
  });

  it('Google’s about subscribers', async () => {
    const endpointUri = await startReceiver();
    const { accessToken, baseURL, projectNumber } = simulator.webhooks.project;
    const token = accessToken();
    const subscribers = `${baseURL}/projects/${projectNumber}/subscribers`;
    const send = (url: string, method: string, body: object = {}) =>
      ask(url, token, { method, body: JSON.stringify(body) });
    const subscriber = {
      endpointUri,
      endpointAuthorization: { secret: 'Bearer s3cret' },
      subscriberConfigs: [{ dataTypes: ['steps'], subscriptionCreatePolicy: 'MANUAL' }],
    };
    await send(`${subscribers}?subscriberId=shapes`, 'POST', subscriber);
    expect(await ask(subscribers, token)).toMatchObject({ subscribers: [{ endpointUri }] });
    await ask(`${subscribers}/shapes`, token);
    const user = 'users/8677373576871223311';
    const subscriptions = `${subscribers}/shapes/subscriptions`;
    const { name } = await send(subscriptions, 'POST', { user, dataTypes: ['steps'] });
    expect(await ask(subscriptions, token)).toMatchObject({ subscriptions: [{ user }] });
    await send(`${baseURL}/${name}`, 'DELETE');
    await send(`${subscribers}/shapes`, 'DELETE');
  });

  it('so that no endpoint is left out', () => {
    // Pages, public keys and the stream of security events are in none of the descriptions.
    const described = routes.filter(
      ({ endpoint }) => !['authorize', 'keys', 'security-events'].includes(endpoint),
    );
    const left = described.filter(({ path }) => ![...answered].some((one) => path.test(one)));
    expect(left.map(({ path }) => path.source)).toEqual([]);
    expect(described.length).toBeGreaterThan(18);
  });
});

describe('a shape', () => {
  const path = '/google/v4/users/me/profile';

  it.each([
    ['another type', { name: 5 }, '$.name is integer, not string'],
    ['an unknown field', { email: '' }, '$.email is unknown'],
    [
      'another type further down',
      { membershipStartDate: { year: '2016' } },
      '$.membershipStartDate.year is string, not integer',
    ],
  ])('does not fit %s', (_, body, difference) => {
    expect(differences('GET', path, 200, body)).toEqual([difference]);
  });

  it.each([
    ['a missing field', { code: 403, message: '' }, '$.error.status is missing'],
    [
      'a value that is not in the list',
      { code: 403, message: '', status: 'FORBIDDEN' },
      '$.error.status is FORBIDDEN, not one of INVALID_ARGUMENT FAILED_PRECONDITION OUT_OF_RANGE UNAUTHENTICATED PERMISSION_DENIED NOT_FOUND ABORTED ALREADY_EXISTS RESOURCE_EXHAUSTED CANCELLED DATA_LOSS UNKNOWN INTERNAL UNIMPLEMENTED UNAVAILABLE DEADLINE_EXCEEDED',
    ],
    [
      'the code of another status',
      { code: 404, message: '', status: 'NOT_FOUND' },
      '$.error.code is 404, not 403',
    ],
    [
      'a detail of another kind',
      {
        code: 403,
        message: '',
        status: 'PERMISSION_DENIED',
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '5' }],
      },
      '$.error.details[0].retryDelay is 5, no google-duration',
    ],
  ])('of an error does not fit %s', (_, error, difference) => {
    expect(differences('GET', path, 403, { error })).toEqual([difference]);
  });

  it('of an error is the one of the endpoint', () => {
    const error = { error: 'invalid_token' };
    expect(differences('GET', path, 401, error)).toEqual(['$ is of the kind OAuthError, not APIError']);
    expect(differences('POST', '/fitbit/oauth2/token', 401, error)).toEqual([]);
  });

  it('of a date is a date', () => {
    const body = { 'activities-steps': [{ dateTime: '2026-02-30x', value: '1' }] };
    const steps = '/fitbit/1/user/-/activities/steps/date/today/1d.json';
    expect(differences('GET', steps, 200, body)).toEqual([
      '$.activities-steps[0].dateTime is 2026-02-30x, no date',
    ]);
  });
});
