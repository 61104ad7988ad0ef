import { readFileSync } from 'node:fs';
import { startSimulator } from 'fitbit-simulator';
import { introspect, refresh } from 'passport-fitbit-strategy';
import { describe, expect, it, onTestFinished } from 'vitest';

/** The part of a JSON schema that the providers' descriptions use. */
interface Schema {
  type?: string;
  $ref?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
}

function spec(name: string): Schema & { schemas: Record<string, Schema> } {
  return JSON.parse(readFileSync(new URL(`fixtures/specs/${name}.json`, import.meta.url), 'utf8'));
}

const { schemas } = spec('google-health-discovery');

/** Where a value differs from a schema: fields that it does not have, and values of another type. */
function differences(value: unknown, schema: Schema, path = '$'): string[] {
  const { type, properties, items } = schemas[schema.$ref ?? ''] ?? schema;
  if (type === undefined) return []; // A reference to what the fixture leaves out.
  const actual = Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
  if (actual !== type && !(actual === 'integer' && type === 'number'))
    return [`${path} is ${actual}, not ${type}`];
  if (Array.isArray(value) && items !== undefined) {
    return value.flatMap((each, i) => differences(each, items, `${path}[${i}]`));
  }
  return Object.entries(properties === undefined ? {} : Object(value)).flatMap(([name, field]) => {
    const own = properties?.[name];
    return own === undefined ? [`${path}.${name} is unknown`] : differences(field, own, `${path}.${name}`);
  });
}

const callback = 'http://localhost:3000/auth/callback';
const HEALTH = 'https://www.googleapis.com/auth/googlehealth';

async function start() {
  const simulator = await startSimulator();
  onTestFinished(() => simulator.close());
  return simulator;
}

async function exchange(
  tokenURL: string,
  form: Record<string, string>,
  headers = {},
): Promise<Record<string, unknown>> {
  const body = new URLSearchParams({ grant_type: 'authorization_code', redirect_uri: callback, ...form });
  const answer: unknown = await (await fetch(tokenURL, { method: 'POST', body, headers })).json();
  return { ...Object(answer) };
}

async function getJSON(url: string, token: unknown): Promise<unknown> {
  return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).json();
}

describe("the simulator's answers have the shape that the provider publishes", () => {
  it.each(['zoe', 'aiko'])('Google’s identity and profile of %s', async (person) => {
    const { googleHealth: google, consent } = await start();
    const scope = `${HEALTH}.profile.readonly ${HEALTH}.activity_and_fitness.readonly`;
    const { code } = await consent({ provider: 'google-health', person, scope, redirectURI: callback });
    const { clientID: client_id, clientSecret: client_secret } = google;
    const tokens = await exchange(google.tokenURL, { code, client_id, client_secret });
    const identity = await getJSON(google.identityURL, tokens.access_token);
    const profile = await getJSON(google.userProfileURL, tokens.access_token);
    expect(identity).toHaveProperty('healthUserId');
    expect(differences(identity, { $ref: 'Identity' })).toEqual([]);
    expect(profile).toHaveProperty('userConfiguredWalkingStrideLengthMm');
    expect(differences(profile, { $ref: 'Profile' })).toEqual([]);
  });

  it('Fitbit’s token response and introspection', async () => {
    const { fitbit, consent } = await start();
    const { code } = await consent({
      provider: 'fitbit',
      person: 'zoe',
      scope: 'profile',
      redirectURI: callback,
    });
    const basic = Buffer.from(`${fitbit.clientID}:${fitbit.clientSecret}`).toString('base64');
    const tokens = await exchange(fitbit.tokenURL, { code }, { authorization: `Basic ${basic}` });
    expect(tokens).toHaveProperty('access_token');
    expect(differences(tokens, spec('fitbit-oauth2_token'))).toEqual([]);
    const fresh = await refresh(fitbit, String(tokens.refresh_token));
    expect(differences(fresh.raw, spec('fitbit-oauth2_token'))).toEqual([]);
    const info = await introspect(fitbit, fresh.accessToken);
    if (!info.active) throw new Error('the access token is not active');
    expect(differences(info.raw, spec('fitbit-oauth2_introspect'))).toEqual([]);
  });

  it('but for a value that has another', () => {
    const wrong = { name: 5, healthUserId: 'x', more: 1 };
    expect(differences(wrong, { $ref: 'Identity' })).toEqual([
      '$.name is integer, not string',
      '$.more is unknown',
    ]);
    expect(differences({ membershipStartDate: { year: '2016' } }, { $ref: 'Profile' })).toEqual([
      '$.membershipStartDate.year is string, not integer',
    ]);
  });
});
