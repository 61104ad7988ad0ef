import { describe, expect, it } from 'vitest';
import {
  basic,
  bearer,
  exchangeForm,
  fitbitCode,
  fitbitErrorOf,
  fitbitRefresh,
  fitbitTokens,
  get,
  objectOf,
  post,
  start,
  V,
} from '../support.ts';

describe('introspection with Fitbit', () => {
  it('describes a valid token with a Java map and milliseconds', async () => {
    const startAt = new Date('2026-03-01T12:00:00Z');
    const simulator = await start({ fitbit: { access: ['heartrate'] }, clock: { startAt, stopped: true } });
    const { access } = await fitbitTokens(simulator, { scope: 'heartrate activity' });
    const answer = await post(simulator.fitbit.introspectionURL, { token: access }, bearer(access));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(
      JSON.stringify({
        active: true,
        scope: '{ACTIVITY=READ, HEARTRATE=READ_WRITE}',
        client_id: '23SIM0',
        user_id: '2E4RVC',
        token_type: 'access_token',
        exp: startAt.getTime() + 28_800_000,
        iat: startAt.getTime(),
      }),
    );
  });

  it('says READ for a read-only app and READ_WRITE for a read/write app, which ask for the same scope', async () => {
    for (const [access, word] of [
      ['read', 'READ'],
      ['write', 'READ_WRITE'],
    ] as const) {
      const simulator = await start({ fitbit: { access } });
      const tokens = await fitbitTokens(simulator, { scope: 'sleep' });
      const answer = await post(
        simulator.fitbit.introspectionURL,
        { token: tokens.access },
        bearer(tokens.access),
      );
      expect(await objectOf(answer)).toMatchObject({ scope: `{SLEEP=${word}}` });
    }
  });

  it('asks for a Bearer token, not for Basic', async () => {
    const simulator = await start();
    const { access } = await fitbitTokens(simulator);
    const answer = await post(simulator.fitbit.introspectionURL, { token: access }, basic(simulator.fitbit));
    expect(answer.status).toBe(401);
  });

  it('says inactive of a token that is dead, unknown or of another app', async () => {
    const simulator = await start();
    const old = await fitbitTokens(simulator);
    simulator.advance({ hours: 9 });
    const other = await fitbitTokens(simulator, {}, simulator.registerFitbitApp());
    const live = await fitbitTokens(simulator);
    for (const token of [old.access, other.access, other.refresh, 'nonsense']) {
      const answer = await post(simulator.fitbit.introspectionURL, { token }, bearer(live.access));
      expect([answer.status, await answer.text()]).toEqual([200, '{"active":false}']);
    }
  });

  it('fails with 401 when the Bearer token itself is dead', async () => {
    const simulator = await start();
    const { access } = await fitbitTokens(simulator);
    simulator.advance({ hours: 8 });
    const answer = await post(simulator.fitbit.introspectionURL, { token: access }, bearer(access));
    const message = `Access token expired: ${access}.${V}`;
    expect(await fitbitErrorOf(answer)).toEqual([401, { errorType: 'expired_token', message }]);
  });

  it('says of a refresh token what the switch says', async () => {
    const simulator = await start();
    const { access, refresh } = await fitbitTokens(simulator);
    const ask = () => post(simulator.fitbit.introspectionURL, { token: refresh }, bearer(access));
    expect(await (await ask()).text()).toBe('{"active":false}');
    simulator.set({ fitbitIntrospectRefreshToken: 'active' });
    const active = await objectOf(await ask());
    expect(active).toMatchObject({ active: true, token_type: 'refresh_token', user_id: '2E4RVC' });
    expect(active).not.toHaveProperty('exp');
    simulator.set({ fitbitIntrospectRefreshToken: 'error' });
    expect((await ask()).status).toBe(400);
  });

  it('names a missing token', async () => {
    const simulator = await start();
    const { access } = await fitbitTokens(simulator);
    const answer = await post(simulator.fitbit.introspectionURL, {}, bearer(access));
    const message = `Missing parameters: token.${V}`;
    expect(await fitbitErrorOf(answer)).toEqual([400, { errorType: 'invalid_request', message }]);
  });
});

describe('revocation with Fitbit', () => {
  it.each(['access', 'refresh'] as const)(
    'by %s token kills every token and code of the user',
    async (kind) => {
      const simulator = await start();
      const first = await fitbitTokens(simulator);
      const second = await fitbitTokens(simulator);
      const stranger = await fitbitTokens(simulator, { person: 'maya' });
      const code = await fitbitCode(simulator);
      const { revocationURL, userProfileURL, tokenURL } = simulator.fitbit;
      const answer = await post(revocationURL, { token: first[kind] }, basic(simulator.fitbit));
      expect([answer.status, await answer.text()]).toEqual([200, '']);
      for (const { access, refresh } of [first, second]) {
        expect((await get(userProfileURL, bearer(access))).status).toBe(401);
        expect((await fitbitRefresh(simulator, refresh)).status).toBe(400);
      }
      expect((await post(tokenURL, exchangeForm(code), basic(simulator.fitbit))).status).toBe(400);
      expect((await get(userProfileURL, bearer(stranger.access))).status).toBe(200);
      expect(simulator.grants.map(({ personID }) => personID)).toEqual(['maya']);
    },
  );

  it('leaves the tokens for another app alone', async () => {
    const simulator = await start();
    const mine = await fitbitTokens(simulator);
    const other = await fitbitTokens(simulator, {}, simulator.registerFitbitApp());
    await post(simulator.fitbit.revocationURL, { token: mine.access }, basic(simulator.fitbit));
    expect((await get(simulator.fitbit.userProfileURL, bearer(other.access))).status).toBe(200);
    const foreign = await post(
      simulator.fitbit.revocationURL,
      { token: other.access },
      basic(simulator.fitbit),
    );
    expect(foreign.status).toBe(401);
  });

  it('has an empty body, or JSON, as the switch says', async () => {
    const simulator = await start({ switches: { fitbitRevokeBody: 'json' } });
    const { refresh } = await fitbitTokens(simulator);
    const answer = await post(simulator.fitbit.revocationURL, { token: refresh }, basic(simulator.fitbit));
    expect(await answer.json()).toEqual({});
  });

  it('of what is already revoked responds with an error', async () => {
    const simulator = await start();
    const { access } = await fitbitTokens(simulator);
    const revoke = () => post(simulator.fitbit.revocationURL, { token: access }, basic(simulator.fitbit));
    expect((await revoke()).status).toBe(200);
    const message = `Access token invalid: ${access}.${V}`;
    expect(await fitbitErrorOf(await revoke())).toEqual([401, { errorType: 'invalid_token', message }]);
    simulator.set({ fitbitRevokeDeadError: 'invalid_grant' });
    expect(await fitbitErrorOf(await revoke())).toEqual([400, { errorType: 'invalid_grant', message }]);
  });

  it('wants Basic, or Bearer where the switch follows the OpenAPI file', async () => {
    const simulator = await start();
    const statuses = async () => {
      const { revocationURL } = simulator.fitbit;
      const first = await fitbitTokens(simulator);
      const byBearer = await post(revocationURL, { token: first.access }, bearer(first.access));
      const second = await fitbitTokens(simulator);
      const byBasic = await post(revocationURL, { token: second.access }, basic(simulator.fitbit));
      return [byBearer.status, byBasic.status];
    };
    expect(await statuses()).toEqual([401, 200]);
    simulator.set({ fitbitRevokeAuth: 'bearer' });
    expect(await statuses()).toEqual([200, 401]);
    simulator.set({ fitbitRevokeAuth: 'either' });
    expect(await statuses()).toEqual([200, 200]);
  });

  it('takes client_id in the body from an app without a secret', async () => {
    const simulator = await start({ fitbit: { type: 'personal' } });
    const { refresh } = await fitbitTokens(simulator, { person: 'tomas' });
    const form = { token: refresh, client_id: simulator.fitbit.clientID };
    expect((await post(simulator.fitbit.revocationURL, form)).status).toBe(200);
  });

  it('names a missing token', async () => {
    const simulator = await start();
    const answer = await post(simulator.fitbit.revocationURL, {}, basic(simulator.fitbit));
    expect(answer.status).toBe(400);
  });
});
