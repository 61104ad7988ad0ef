import { type Simulator, startSimulator } from 'fitbit-simulator';
import { auth, health } from 'googleapis/build/src/apis/health/index.js';
import { refresh } from 'passport-fitbit-strategy/google-health';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const CALLBACK = 'http://localhost:3000/callback';
const SCOPES = ['activity_and_fitness', 'health_metrics_and_measurements', 'sleep'].map(
  (name) => `https://www.googleapis.com/auth/googlehealth.${name}.readonly`,
);

let simulator: Simulator;
let rootUrl = '';

beforeAll(async () => {
  simulator = await startSimulator();
  rootUrl = `${simulator.apiURL.googleHealth}/`;
});
afterAll(() => simulator.close());

/** Signs Zoë in. */
async function signIn(scope = SCOPES) {
  const { clientID, clientSecret, tokenURL } = simulator.googleHealth;
  const client = new auth.OAuth2({
    clientId: clientID,
    clientSecret,
    redirectUri: CALLBACK,
    endpoints: { oauth2TokenUrl: tokenURL },
  });
  const { code } = await simulator.consent({
    provider: 'google-health',
    person: 'zoe',
    scope,
    redirectURI: CALLBACK,
    prompt: 'consent',
  });
  client.setCredentials((await client.getToken(code)).tokens);
  return client;
}

describe('googleapis, health v4', () => {
  it.each([
    ['for the API', true, false],
    ['per call', false, true],
    ['both', true, true],
  ])('reads steps page by page, with the root URL given %s', async (_, forAPI, perCall) => {
    const api = health({ version: 'v4', auth: await signIn(), ...(forAPI && { rootUrl }) });
    const options = perCall ? { rootUrl } : {};
    const parent = 'users/me/dataTypes/steps';
    const counts: number[] = [];
    let pageToken: string | null | undefined;
    do {
      const { data } = await api.users.dataTypes.dataPoints.list(
        { parent, pageSize: 500, ...(pageToken && { pageToken }) },
        options,
      );
      for (const { steps } of data.dataPoints ?? []) counts.push(Number(steps?.count));
      pageToken = data.nextPageToken;
    } while (pageToken);
    expect(counts.length).toBeGreaterThan(500);
    expect(counts.every((count) => count > 0)).toBe(true);
  });

  it('reads identity, sleep and heart rate', async () => {
    const { users } = health({ version: 'v4', auth: await signIn(), rootUrl });
    const identity = await users.getIdentity({ name: 'users/me/identity' });
    expect(identity.data.healthUserId).toBe('8677373576871223311');
    const sleep = await users.dataTypes.dataPoints.list({ parent: 'users/me/dataTypes/sleep' });
    expect(sleep.data.dataPoints?.[0]?.sleep?.type).toBe('STAGES');
    const rate = await users.dataTypes.dataPoints.list({ parent: 'users/me/dataTypes/heart-rate' });
    expect(Number(rate.data.dataPoints?.[0]?.heartRate?.beatsPerMinute)).toBeGreaterThan(40);
  });

  it('reads by the id of the user, and no other user', async () => {
    const scope = ['activity_and_fitness', 'profile'].map(
      (name) => `https://www.googleapis.com/auth/googlehealth.${name}.readonly`,
    );
    const { users } = health({ version: 'v4', auth: await signIn(scope), rootUrl });
    const { data } = await users.getProfile({ name: 'users/8677373576871223311/profile' });
    expect(data).toMatchObject({
      name: 'users/8677373576871223311/profile',
      userConfiguredWalkingStrideLengthMm: 714,
    });
    const identity = await users.getIdentity({ name: 'users/8677373576871223311/identity' });
    expect(identity.data.legacyUserId).toBe('2E4RVC');
    const another = users.getProfile({ name: 'users/5120993317845560032/profile' });
    await expect(another).rejects.toMatchObject({ status: 403 });
  });

  it('reads with a narrower token, where one with scopes of other APIs is refused', async () => {
    const client = await signIn([...SCOPES, 'https://www.googleapis.com/auth/calendar.readonly']);
    const { users } = health({ version: 'v4', auth: client, rootUrl });
    const read = () => users.getIdentity({ name: 'users/me/identity' });
    await expect(read()).rejects.toMatchObject({
      status: 403,
      response: {
        data: {
          error: {
            details: [
              {
                reason: 'DISALLOWED_OAUTH_SCOPES',
                metadata: { disallowed_scopes: 'calendar.readonly' },
              },
            ],
          },
        },
      },
    });
    const { refresh_token: refreshToken } = client.credentials;
    const narrow = await refresh(simulator.googleHealth, refreshToken ?? '', {
      scope: ['activity_and_fitness.readonly', 'sleep.readonly'],
    });
    client.setCredentials({ access_token: narrow.accessToken });
    expect((await read()).data.healthUserId).toBe('8677373576871223311');
  });

  it('is told what is wrong', async () => {
    const { users } = health({ version: 'v4', auth: await signIn([SCOPES[2] ?? '']), rootUrl });
    const reading = users.dataTypes.dataPoints.list({ parent: 'users/me/dataTypes/steps' });
    await expect(reading).rejects.toMatchObject({
      status: 403,
      message: 'Request had insufficient authentication scopes.',
    });
  });
});
