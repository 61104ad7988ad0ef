import { type Simulator, startSimulator } from 'fitbit-simulator';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { recorded, recordedText } from './support.ts';

const callback = 'http://localhost:3000/auth/callback';
const health = 'https://www.googleapis.com/auth/googlehealth';

type Fields = Readonly<Record<string, string>>;

let simulator: Simulator;

beforeEach(async () => {
  simulator = await startSimulator();
  onTestFinished(() => simulator.close());
});

const post = (url: string, form: Fields, headers: Fields = {}) =>
  fetch(url, { method: 'POST', body: new URLSearchParams(form), headers });

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

function basic(): Fields {
  const { clientID, clientSecret } = simulator.fitbit;
  return { authorization: `Basic ${Buffer.from(`${clientID}:${clientSecret}`).toString('base64')}` };
}

async function fitbitCode(): Promise<Fields> {
  const options = { provider: 'fitbit', person: 'zoe', scope: 'profile', redirectURI: callback } as const;
  const { code } = await simulator.consent(options);
  return { grant_type: 'authorization_code', code, redirect_uri: callback };
}

/** Signs a person in with Google, and asks for the identity. */
async function identityOf(person: string, scope = `${health}.profile.readonly`): Promise<Response> {
  const { clientID, clientSecret, tokenURL, identityURL } = simulator.googleHealth;
  const options = { provider: 'google-health', person, scope, redirectURI: callback } as const;
  const { code } = await simulator.consent(options);
  const answer = await post(tokenURL, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: callback,
    client_id: clientID,
    client_secret: clientSecret,
  });
  const { access_token } = Object(await answer.json());
  return fetch(identityURL, { headers: bearer(access_token) });
}

/** Compares an answer with the recorded one. `sent` is what the provider repeats; more details are no difference. */
async function expectRecorded(answer: Response, name: string, sent: Fields = {}): Promise<void> {
  const { status, headers = {}, body } = recorded(name);
  const text = JSON.stringify(body).replaceAll(/<\w+>/g, (placeholder) => sent[placeholder] ?? placeholder);
  expect([answer.status, await answer.json()]).toMatchObject([status, JSON.parse(text)]);
  for (const [header, value] of Object.entries(headers)) expect(answer.headers.get(header)).toBe(value);
}

describe('the simulated Fitbit uses the words of recorded responses', () => {
  it('for a refresh token that is not valid', async () => {
    const form = { grant_type: 'refresh_token', refresh_token: 'b'.repeat(64) };
    const sent = { '<refresh_token>': form.refresh_token };
    await expectRecorded(
      await post(simulator.fitbit.tokenURL, form, basic()),
      'fitbit/refresh-token-invalid',
      sent,
    );
  });

  it('for a code that was used, and one that has expired', async () => {
    const used = await fitbitCode();
    const late = await fitbitCode();
    await post(simulator.fitbit.tokenURL, used, basic());
    simulator.advance({ minutes: 10 });
    for (const [form, name] of [
      [used, 'fitbit/code-invalid'],
      [late, 'fitbit/code-expired'],
    ] as const) {
      const answer = await post(simulator.fitbit.tokenURL, form, basic());
      await expectRecorded(answer, name, { '<code>': form.code ?? '' });
    }
  });

  it('for a revocation without a Basic header', async () => {
    const form = { token: 'x', client_id: 'unknown' };
    await expectRecorded(await post(simulator.fitbit.revocationURL, form), 'fitbit/client-id-invalid');
  });

  it('for an access token that is not valid', async () => {
    const answer = await fetch(simulator.fitbit.userProfileURL, { headers: bearer('x.y.z') });
    await expectRecorded(answer, 'fitbit/token-invalid', { '<access_token>': 'x.y.z' });
  });
});

describe('the simulated Google uses the words of recorded responses', () => {
  it('for a missing and for an invalid access token', async () => {
    const { userProfileURL } = simulator.googleHealth;
    await expectRecorded(await fetch(userProfileURL), 'google-health/credentials-missing');
    const dead = await fetch(userProfileURL, { headers: bearer('x') });
    await expectRecorded(dead, 'google-health/credentials-invalid');
  });

  it.each([
    ['noor', 'account-not-linked'],
    ['victor', 'not-migrated'],
    ['lena', 'precondition'],
  ])('for the account of %s: %s', async (person, name) => {
    simulator.people.add({ id: 'lena', displayName: 'Lena', google: { unfinished: true } });
    await expectRecorded(await identityOf(person), `google-health/${name}`);
  });

  it('for a Fitbit account that was not moved, in the other text', async () => {
    const googleUnmigratedMessage =
      'The caller does not have permission. Could not mint UberMint from GaiaMint';
    simulator.set({ googleUnmigratedMessage });
    await expectRecorded(await identityOf('victor'), 'google-health/not-migrated-ubermint');
  });

  it('for a token without a Health scope', async () => {
    await expectRecorded(await identityOf('zoe', 'openid'), 'google-health/scope-insufficient');
  });

  it('for an API that is not enabled', async () => {
    const clientID = '123456789-disabled.apps.googleusercontent.com';
    simulator = await startSimulator({ googleHealth: { clientID, apiEnabled: false } });
    onTestFinished(() => simulator.close());
    await expectRecorded(await identityOf('zoe'), 'google-health/service-disabled');
  });

  it('for invalid tokens', async () => {
    const { clientID, clientSecret, tokenURL, revocationURL, introspectionURL } = simulator.googleHealth;
    const form = { client_id: clientID, client_secret: clientSecret, grant_type: 'refresh_token' };
    const refused = await post(tokenURL, { ...form, refresh_token: 'x' });
    await expectRecorded(refused, 'google-health/refresh-token-revoked');
    await expectRecorded(await post(revocationURL, { token: 'x' }), 'google-health/revoked-already');
    await expectRecorded(await post(introspectionURL, {}, bearer('x')), 'google-health/tokeninfo-invalid');
  });

  it('for the callback, whose parameters come in the same order', async () => {
    const scope = `${health}.profile.readonly`;
    const options = { provider: 'google-health', scope, redirectURI: callback, state: 's' } as const;
    const { redirectTo } = await simulator.consent({ ...options, person: 'zoe' });
    const names = (query: string) => [...new URLSearchParams(query).keys()];
    expect(names(new URL(redirectTo).search)).toEqual(names(recordedText('google-health/callback.txt')));
  });
});
