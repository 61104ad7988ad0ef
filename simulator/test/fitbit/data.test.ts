import { describe, expect, it } from 'vitest';
import { bearer, fitbitTokens, get, objectOf, start } from '../support.ts';

const scope = 'activity heartrate sleep profile';
const noon = { startAt: new Date('2026-05-20T10:00:00Z'), stopped: true };

/** Starts a simulator at noon in the user's time zone; `read` gets a path of the Web API with Zoë's token. */
async function startData(clock = noon) {
  const simulator = await start({ clock });
  const { access } = await fitbitTokens(simulator, { scope });
  const read = (path: string, token = access) => get(`${simulator.apiURL.fitbit}${path}`, bearer(token));
  return { simulator, read, json: async (path: string) => objectOf(await read(path)) };
}

describe('the daily activity summary', () => {
  it('has the steps, goals and minutes of a day, plausible and the same at every start', async () => {
    const { json } = await startData();
    const day = await json('/1/user/-/activities/date/2026-05-19.json');
    expect(day).toMatchObject({
      activities: [],
      goals: { steps: 10_000 },
      summary: { steps: expect.any(Number), floors: 0, restingHeartRate: expect.any(Number) },
    });
    expect(day).toEqual(await (await startData()).json('/1/user/-/activities/date/2026-05-19.json'));
  });

  it('grows during the day, and is zero in the future', async () => {
    const { simulator, read } = await startData();
    const stepsOn = async (date: string) => {
      const { summary } = await objectOf(await read(`/1/user/-/activities/date/${date}.json`));
      return Reflect.get(Object(summary), 'steps');
    };
    const [now, tomorrow] = [await stepsOn('2026-05-20'), await stepsOn('2026-05-21')];
    expect(now).toBeGreaterThan(500);
    expect(tomorrow).toBe(0);
    expect(await stepsOn('today')).toBe(now);
    simulator.advance({ hours: 7 });
    expect(await stepsOn('2026-05-20')).toBeGreaterThan(now);
  });
});

describe('the time series of steps', () => {
  it('has a day for each date of the period, in the summary’s numbers', async () => {
    const { json } = await startData();
    const series = await json('/1/user/-/activities/steps/date/2026-05-19/7d.json');
    const days = Object(series)['activities-steps'];
    expect(days.map((day: { dateTime: string }) => day.dateTime)).toEqual(
      ['13', '14', '15', '16', '17', '18', '19'].map((day) => `2026-05-${day}`),
    );
    for (const { value } of days) expect(Number(value)).toSatisfy((steps) => steps > 1500 && steps < 20_000);
    expect(await json('/1/user/-/activities/steps/date/2026-05-13/2026-05-19.json')).toEqual(series);
    const { summary } = await json('/1/user/-/activities/date/2026-05-19.json');
    expect(days.at(-1).value).toBe(String(Object(summary).steps));
  });
});

describe('heart rate and sleep', () => {
  it('have a resting heart rate and zones for a day', async () => {
    const { json } = await startData();
    const { 'activities-heart': days } = await json('/1/user/-/activities/heart/date/2026-05-19/1d.json');
    const [{ value }] = Object(days);
    expect(value.restingHeartRate).toSatisfy((rate) => rate >= 54 && rate < 72);
    expect(value.heartRateZones.map(({ name }: { name: string }) => name)).toEqual([
      'Out of Range',
      'Fat Burn',
      'Cardio',
      'Peak',
    ]);
  });

  it('have the night that ended on a day, whose stages fill it without a gap', async () => {
    const { json } = await startData();
    const body = Object(await json('/1.2/user/-/sleep/date/2026-05-20.json'));
    const [log] = body.sleep;
    expect(log.dateOfSleep).toBe('2026-05-20');
    expect(log.timeInBed).toSatisfy((minutes) => minutes > 300 && minutes < 600);
    const seconds = log.levels.data.reduce((sum: number, one: { seconds: number }) => sum + one.seconds, 0);
    expect(seconds * 1000).toBe(log.duration);
    expect(log.minutesAsleep + log.minutesAwake).toBe(log.timeInBed);
    expect(body.summary).toMatchObject({ totalSleepRecords: 1, totalMinutesAsleep: log.minutesAsleep });
    expect(body.summary.stages.wake).toBe(log.minutesAwake);
    expect(log.endTime).toMatch(/^2026-05-20T\d\d:\d\d:00\.000$/);
    expect(Object(await json('/1.2/user/-/sleep/date/2026-05-21.json')).sleep).toEqual([]);
  });
});

describe('a night', () => {
  it('is there once the user has woken up', async () => {
    const { simulator, json } = await startData({ startAt: new Date('2026-05-20T01:00:00Z'), stopped: true });
    const path = '/1.2/user/-/sleep/date/2026-05-20.json';
    expect(Object(await json(path)).summary.totalSleepRecords).toBe(0);
    simulator.advance({ hours: 9 });
    const { access } = await fitbitTokens(simulator, { scope });
    const body = await objectOf(await get(simulator.apiURL.fitbit + path, bearer(access)));
    expect(Object(body.summary).totalSleepRecords).toBe(1);
  });
});

describe('a request for data', () => {
  const paths = [
    ['activity', '/1/user/-/activities/date/2026-05-19.json'],
    ['activity', '/1/user/-/activities/steps/date/2026-05-19/7d.json'],
    ['heartrate', '/1/user/-/activities/heart/date/2026-05-19/1d.json'],
    ['sleep', '/1.2/user/-/sleep/date/2026-05-19.json'],
  ] as const;

  it.each(paths)('needs a valid token with the scope %s: %s', async (needed, path) => {
    const { simulator, read } = await startData();
    expect((await read(path)).status).toBe(200);
    expect((await read(path, 'x')).status).toBe(401);
    const others = scope.split(' ').filter((one) => one !== needed);
    const { access } = await fitbitTokens(simulator, { scope: others });
    const refused = await read(path, access);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain('insufficient_scope');
    simulator.advance({ hours: 8 });
    expect(await (await read(path)).text()).toContain('expired_token');
  });

  it('counts for the rate limit and responds 429', async () => {
    const { simulator, read } = await startData();
    simulator.set({ fitbitRateLimit: 1 });
    expect((await read(paths[0][1])).headers.get('fitbit-rate-limit-remaining')).toBe('0');
    const limited = await read(paths[3][1]);
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '3600']);
  });

  it('takes the user’s own id, and no other', async () => {
    const { read } = await startData();
    expect((await read('/1/user/2E4RVC/activities/date/2026-05-19.json')).status).toBe(200);
    expect((await read('/1/user/26FWFL/activities/date/2026-05-19.json')).status).toBe(403);
  });

  it.each(['2026-5-1', '2026-02-31x', '20260519', 'yesterday'])('refuses the date %s', async (date) => {
    const { read } = await startData();
    expect((await read(`/1/user/-/activities/date/${date}.json`)).status).toBe(400);
  });

  it.each(['3d', '2026-05-18', '2029-01-01'])('refuses the period 2026-05-19 to %s', async (period) => {
    const { read } = await startData();
    expect((await read(`/1/user/-/activities/steps/date/2026-05-19/${period}.json`)).status).toBe(400);
  });

  it('is logged as data, can be given a fault, and is gone after the shutdown', async () => {
    const { simulator, read } = await startData();
    simulator.fail({ provider: 'fitbit', endpoint: 'data', with: { status: 503 } });
    expect((await read(paths[3][1])).status).toBe(503);
    expect(simulator.requests.at(-1)).toMatchObject({ endpoint: 'data', path: `/fitbit${paths[3][1]}` });
    simulator.shutDownFitbit();
    expect((await read(paths[3][1])).status).toBe(410);
  });
});
