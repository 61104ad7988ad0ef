import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import { describe, expect, it } from 'vitest';
import { startSessionApp } from '../support/session-app.ts';
import { oauth2Of, stubbedStrategy, stubExchanges } from '../support/stub.ts';

/** An app with both strategies. */
async function start({ signsIn = true, ...keys }: { signsIn?: boolean; sessionKey?: string } = {}) {
  const fitbit = stubbedStrategy(keys);
  const google = new GoogleHealthStrategy({
    clientID: 'CID',
    clientSecret: 's3cret',
    skipUserProfile: true,
    ...keys,
    verify: async ({ tokens }) => ({ tokens }),
  });
  const exchanges = stubExchanges(google);
  oauth2Of(google).get = (_url, _token, done) => done(null, '{"healthUserId":"H"}');
  const app = await startSessionApp([fitbit.strategy, google], { signsIn });
  const states: Record<string, string> = {
    fitbit: (await app.visit('/login/fitbit')).state,
    'google-health': (await app.visit('/login/google-health')).state,
  };
  const come = (name: string, state = states[name]) =>
    app.visit(`/callback/${name}?code=${name}&state=${state}`);
  return { app, states, come, exchanges: () => [...fitbit.exchanges, ...exchanges].map(({ code }) => code) };
}

const ORDERS = [
  ['fitbit', 'google-health'],
  ['google-health', 'fitbit'],
] as const;

describe.each([
  ['their own session keys', {}],
  ['one session key', { sessionKey: 'shared' }],
])('logins with two providers in two tabs of one browser, with %s', (_, keys) => {
  it.each(ORDERS)('both work if neither signs in: first %s, then %s', async (...order) => {
    const { come, exchanges } = await start({ ...keys, signsIn: false });
    for (const name of order) expect((await come(name)).body).toContain(`access-${name}`);
    expect(exchanges().sort()).toEqual(['fitbit', 'google-health']);
  });

  it.each(ORDERS)('%s signs in, after which the one with %s gets state_missing', async (first, second) => {
    const { app, come, exchanges } = await start(keys);
    expect((await come(first)).status).toBe(200);
    expect(await come(second)).toMatchObject({ status: 403, body: 'state_missing' });
    expect((await app.visit('/me')).body).toContain(`access-${first}`);
    expect(exchanges()).toEqual([first]);
    // Begun again, it works.
    const { state } = await app.visit(`/login/${second}`);
    expect((await come(second, state)).body).toContain(`access-${second}`);
  });

  it.each(ORDERS)(
    '%s does not complete a login of %s, so no code gets to the wrong provider',
    async (mine, other) => {
      const { states, come, exchanges } = await start(keys);
      expect(await come(mine, states[other])).toMatchObject({ status: 403, body: 'state_mismatch' });
      expect(exchanges()).toEqual([]);
    },
  );
});
