import { describe, expect, it } from 'vitest';
import {
  basic,
  bearer,
  exchangeForm,
  fitbitErrorOf,
  fitbitRefresh,
  fitbitTokens,
  get,
  objectOf,
  post,
  start,
  V,
} from '../support.ts';

describe('the profile of Fitbit', () => {
  it('is under user, with the id, names, pictures and no e-mail address', async () => {
    const simulator = await start();
    const { access } = await fitbitTokens(simulator);
    const answer = await get(simulator.fitbit.userProfileURL, bearer(access));
    expect(answer.status).toBe(200);
    const body = await objectOf(answer);
    expect(body).toMatchObject({
      user: {
        encodedId: '2E4RVC',
        displayName: 'Zoë K.',
        fullName: 'Zoë Krämer',
        firstName: 'Zoë',
        lastName: 'Krämer',
        gender: 'FEMALE',
        memberSince: '2016-06-09',
        avatar: `${simulator.url}/avatars/zoe/100.svg`,
        avatar150: `${simulator.url}/avatars/zoe/150.svg`,
        avatar640: `${simulator.url}/avatars/zoe/640.svg`,
        timezone: 'Europe/Madrid',
        offsetFromUTCMillis: 7_200_000,
      },
    });
    expect(JSON.stringify(body)).not.toContain('@');
  });

  it('has every field of the OpenAPI model and none beside', async () => {
    const simulator = await start();
    const { access } = await fitbitTokens(simulator);
    const { user } = await objectOf(await get(simulator.fitbit.userProfileURL, bearer(access)));
    expect(Object.keys(Object(user)).sort().join(' ')).toBe(
      'age ambassador autoStrideEnabled avatar avatar150 avatar640 averageDailySteps challengesBeta clockTimeDisplayFormat corporate corporateAdmin country dateOfBirth displayName displayNameSetting distanceUnit encodedId features firstName foodsLocale fullName gender glucoseUnit height heightUnit isBugReportEnabled isChild isCoach languageLocale lastName legalTermsAcceptRequired locale memberSince mfaEnabled offsetFromUTCMillis sdkDeveloper sleepTracking startDayOfWeek strideLengthRunning strideLengthRunningType strideLengthWalking strideLengthWalkingType swimUnit timezone topBadges waterUnit waterUnitName weight weightUnit',
    );
  });

  it('computes the age on the clock of the simulator', async () => {
    const clock = { startAt: new Date('2026-07-29T00:00:00Z') };
    const simulator = await start({ clock });
    const ageOf = async () => {
      const { access } = await fitbitTokens(simulator);
      const { user } = await objectOf(await get(simulator.fitbit.userProfileURL, bearer(access)));
      return user;
    };
    expect(await ageOf()).toMatchObject({ age: 37 });
    simulator.advance({ days: 1 });
    expect(await ageOf()).toMatchObject({ age: 38 });
  });

  it('has pictures that the simulator draws itself', async () => {
    const simulator = await start();
    const picture = await get(`${simulator.url}/avatars/zoe/640.svg`);
    expect(picture.headers.get('content-type')).toBe('image/svg+xml');
    expect(await picture.text()).toContain('width="640"');
    expect((await get(`${simulator.url}/avatars/nobody/640.svg`)).status).toBe(404);
    expect((await get(`${simulator.url}/avatars/zoe/641.svg`)).status).toBe(404);
  });

  it('needs the profile scope', async () => {
    const simulator = await start();
    const { access } = await fitbitTokens(simulator, { scope: 'sleep' });
    const message = `This application does not have permission to access profile data.${V}`;
    const answer = await get(simulator.fitbit.userProfileURL, bearer(access));
    expect(await fitbitErrorOf(answer)).toEqual([403, { errorType: 'insufficient_scope', message }]);
  });

  it('is kept from an app that Fitbit has not approved', async () => {
    const simulator = await start({ fitbit: { approved: false } });
    const { access } = await fitbitTokens(simulator);
    const message = `API client is not authorized by Fitbit to access the resource requested.${V}`;
    const answer = await get(simulator.fitbit.userProfileURL, bearer(access));
    expect(await fitbitErrorOf(answer)).toEqual([403, { errorType: 'insufficient_permissions', message }]);
  });

  it('tells an expired token from an unknown one', async () => {
    const simulator = await start();
    const { access } = await fitbitTokens(simulator);
    const ask = async (token: string) =>
      fitbitErrorOf(await get(simulator.fitbit.userProfileURL, bearer(token)));
    const invalid = { errorType: 'invalid_token', message: `Access token invalid: nonsense.${V}` };
    expect(await ask('nonsense')).toEqual([401, invalid]);
    simulator.advance({ hours: 8 });
    const expired = { errorType: 'expired_token', message: `Access token expired: ${access}.${V}` };
    expect(await ask(access)).toEqual([401, expired]);
    expect((await get(simulator.fitbit.userProfileURL)).status).toBe(401);
  });
});

describe('the rate limit of Fitbit', () => {
  it('is 150 requests for each user and hour, told in three headers', { timeout: 20_000 }, async () => {
    const startAt = new Date('2026-03-01T12:20:00Z');
    const simulator = await start({ clock: { startAt, stopped: true } });
    const { access } = await fitbitTokens(simulator);
    const maya = await fitbitTokens(simulator, { person: 'maya' });
    const ask = (token = access) => get(simulator.fitbit.userProfileURL, bearer(token));
    const headersOf = ({ headers }: Response) =>
      ['limit', 'remaining', 'reset'].map((name) => headers.get(`fitbit-rate-limit-${name}`));
    expect(headersOf(await ask())).toEqual(['150', '149', '2400']);
    for (let count = 2; count < 150; count += 1) await ask();
    expect(headersOf(await ask())).toEqual(['150', '0', '2400']);

    simulator.advance({ seconds: 30 });
    const limited = await ask();
    expect([limited.status, headersOf(limited)]).toEqual([429, ['150', '0', '2370']]);
    expect(limited.headers.get('retry-after')).toBe('2400');
    expect(await limited.json()).toEqual({
      errors: [{ errorType: 'system', fieldName: 'n/a', message: 'Too Many Requests' }],
      success: false,
    });
    expect((await ask(maya.access)).status).toBe(200);
    simulator.advance({ minutes: 40 });
    expect((await ask()).status).toBe(200);
  });

  it('can be set lower, also below what was used already: nothing remains then', async () => {
    const simulator = await start({ switches: { fitbitRateLimit: 3 } });
    const { access } = await fitbitTokens(simulator);
    const ask = async () => {
      const { status, headers } = await get(simulator.fitbit.userProfileURL, bearer(access));
      return [status, headers.get('fitbit-rate-limit-remaining')];
    };
    expect([await ask(), await ask()]).toEqual([
      [200, '2'],
      [200, '1'],
    ]);
    simulator.set({ fitbitRateLimit: 1 });
    expect(await ask()).toEqual([429, '0']);
  });
});

describe('the error bodies of Fitbit', () => {
  it('are an envelope of errors, in every shape that was seen', async () => {
    const simulator = await start();
    const message = `Refresh token invalid: x.${V}`;
    const error = { errorType: 'invalid_grant', message };
    const shapes = {
      envelope: `{"errors":[${JSON.stringify(error)}],"success":false}`,
      'success-first': `{"success":false,"errors":[${JSON.stringify({ message, errorType: 'invalid_grant' })}]}`,
      'without-success': JSON.stringify({ errors: [error] }),
      several: JSON.stringify({
        errors: [error, { errorType: 'request', fieldName: 'n/a', message: 'The request failed.' }],
        success: false,
      }),
      rfc6749: JSON.stringify({ error: 'invalid_grant', error_description: message }),
      google: JSON.stringify({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } }),
    } as const;
    for (const shape of [
      'envelope',
      'success-first',
      'without-success',
      'several',
      'rfc6749',
      'google',
    ] as const) {
      simulator.set({ fitbitErrorShape: shape });
      const answer = await fitbitRefresh(simulator, 'x');
      expect([answer.status, await answer.text()]).toEqual([400, shapes[shape]]);
    }
  });

  it('in the shape of Google name a status that fits', async () => {
    const simulator = await start({ switches: { fitbitErrorShape: 'google', fitbitRateLimit: 1 } });
    const { access } = await fitbitTokens(simulator);
    await get(simulator.fitbit.userProfileURL, bearer(access));
    const answer = await get(simulator.fitbit.userProfileURL, bearer(access));
    expect(await answer.json()).toEqual({
      error: { code: 429, message: 'Too Many Requests', status: 'RESOURCE_EXHAUSTED' },
    });
  });
});

describe('Fitbit after the shutdown', () => {
  it('responds 410 at every endpoint, and at every other path', async () => {
    const simulator = await start();
    const { access, refresh } = await fitbitTokens(simulator);
    simulator.shutDownFitbit();
    const { fitbit } = simulator;
    const answers = await Promise.all([
      get(fitbit.authorizationURL),
      fitbitRefresh(simulator, refresh),
      post(fitbit.tokenURL, exchangeForm('x'), basic(fitbit)),
      post(fitbit.introspectionURL, { token: access }, bearer(access)),
      post(fitbit.revocationURL, { token: access }, basic(fitbit)),
      get(fitbit.userProfileURL, bearer(access)),
      get(`${simulator.url}/fitbit/1/user/-/sleep.json`),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(Array(7).fill(410));
    simulator.reopenFitbit();
    expect((await get(fitbit.userProfileURL, bearer(access))).status).toBe(200);
  });

  it('has the body that the switch says', async () => {
    const simulator = await start();
    simulator.shutDownFitbit();
    const bodies = [];
    for (const fitbitShutdownBody of ['html', 'json', 'text', 'empty'] as const) {
      simulator.set({ fitbitShutdownBody });
      const answer = await get(simulator.fitbit.userProfileURL);
      bodies.push([answer.status, answer.headers.get('content-type'), (await answer.text()).slice(0, 5)]);
    }
    expect(bodies).toEqual([
      [410, 'text/html;charset=UTF-8', '<!doc'],
      [410, 'application/json;charset=UTF-8', '{"err'],
      [410, 'text/plain;charset=UTF-8', 'The F'],
      [410, null, ''],
    ]);
  });
});
