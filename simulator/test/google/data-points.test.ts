import { describe, expect, it } from 'vitest';
import { bearer, get, googleTokens, healthScope, objectOf, start, withQuery } from '../support.ts';

const scopes = {
  steps: healthScope('activity_and_fitness.readonly'),
  'heart-rate': healthScope('health_metrics_and_measurements.readonly'),
  sleep: healthScope('sleep.readonly'),
};
const noon = { startAt: new Date('2026-05-20T10:00:00Z'), stopped: true };

/** Starts a simulator at noon in the user's time zone; `read` lists data points with Zoë's token. */
async function startData() {
  const simulator = await start({ clock: noon });
  const { access } = await googleTokens(simulator, { scope: Object.values(scopes) });
  const base = `${simulator.apiURL.googleHealth}/v4/users`;
  const read = (type: string, query: Record<string, string> = {}, token = access) =>
    get(withQuery(`${base}/me/dataTypes/${type}/dataPoints`, query), bearer(token));
  const list = async (type: string, query: Record<string, string> = {}) => {
    const body = await objectOf(await read(type, query));
    if (!Array.isArray(body.dataPoints)) throw new Error(JSON.stringify(body));
    return { points: body.dataPoints, next: body.nextPageToken };
  };
  return { simulator, access, base, read, list };
}

const may19 = (field: string) => ({ filter: `${field} >= "2026-05-19" AND ${field} < "2026-05-20"` });

describe('the data points of steps', () => {
  it('are intervals with a count as text, newest first, in physical and civil time', async () => {
    const { list } = await startData();
    const { points } = await list('steps', may19('steps.interval.civil_start_time'));
    expect(points.length).toBeGreaterThan(10);
    expect(points[0]).toMatchObject({
      dataSource: { platform: 'FITBIT' },
      steps: {
        count: expect.stringMatching(/^[1-9]\d*$/),
        interval: {
          startTime: expect.stringMatching(/^2026-05-19T\d\d:00:00Z$/),
          startUtcOffset: '7200s',
          civilStartTime: { date: { year: 2026, month: 5, day: 19 }, time: { minutes: 0 } },
        },
      },
    });
    const starts = points.map(({ steps }) => steps.interval.startTime);
    expect(starts).toEqual([...starts].sort().reverse());
    const sum = points.reduce((total, { steps }) => total + Number(steps.count), 0);
    expect(sum).toSatisfy((steps) => steps > 1500 && steps < 20_000);
  });

  it('of a physical time are cut in UTC', async () => {
    const { list } = await startData();
    const filter =
      'steps.interval.start_time >= "2026-05-19T10:00:00Z" AND steps.interval.start_time < "2026-05-19T12:00:00Z"';
    const { points } = await list('steps', { filter });
    expect(points.map(({ steps }) => steps.interval.startTime)).toEqual([
      '2026-05-19T11:00:00Z',
      '2026-05-19T10:00:00Z',
    ]);
  });

  it('come in pages that neither overlap nor leave a gap', async () => {
    const { list } = await startData();
    const query = may19('steps.interval.civil_start_time');
    const all = await list('steps', query);
    expect(all.next).toBeUndefined();
    const pages = [];
    let pageToken: unknown;
    do {
      const page = await list('steps', {
        ...query,
        pageSize: '5',
        ...(pageToken !== undefined && { pageToken: String(pageToken) }),
      });
      expect(page.points.length).toBeLessThanOrEqual(5);
      pages.push(...page.points);
      pageToken = page.next;
    } while (pageToken !== undefined);
    expect(pages).toEqual(all.points);
  });

  it('end now', async () => {
    const { list } = await startData();
    const { points } = await list('steps');
    const ends = points.map(({ steps }) => steps.interval.endTime);
    expect(ends[0]).toBe('2026-05-20T10:00:00Z');
  });
});

describe('the data points of heart rate and sleep', () => {
  it('are samples with beats per minute as text', async () => {
    const { list } = await startData();
    const { points } = await list('heart-rate', may19('heart_rate.sample_time.civil_time'));
    expect(points).toHaveLength(96);
    for (const { heartRate } of points) {
      expect(Number(heartRate.beatsPerMinute)).toSatisfy((rate) => rate > 40 && rate < 140);
    }
    expect(points[0].heartRate.sampleTime).toMatchObject({
      physicalTime: '2026-05-19T21:45:00Z',
      utcOffset: '7200s',
      civilTime: { time: { hours: 23, minutes: 45 } },
    });
  });

  it('are nights with stages and a summary, 25 a page', async () => {
    const { list } = await startData();
    const { points, next } = await list('sleep', { pageSize: '1000' });
    expect(points).toHaveLength(25);
    expect(next).toBeTypeOf('string');
    const { sleep } = points[0];
    expect(sleep.type).toBe('STAGES');
    expect(sleep.interval.endTime).toMatch(/^2026-05-20T/);
    expect(sleep.stages[0].startTime).toBe(sleep.interval.startTime);
    expect(sleep.stages.at(-1).endTime).toBe(sleep.interval.endTime);
    const { minutesAsleep, minutesAwake, minutesInSleepPeriod } = sleep.summary;
    expect(Number(minutesAsleep) + Number(minutesAwake)).toBe(Number(minutesInSleepPeriod));
    expect((await list('sleep', may19('sleep.interval.civil_end_time'))).points).toHaveLength(1);
  });
});

describe('a request for data points', () => {
  it.each(Object.entries(scopes))('of %s needs a live token with its own scope', async (type, needed) => {
    const { simulator, read } = await startData();
    expect((await read(type)).status).toBe(200);
    const dead = await read(type, {}, 'x');
    expect([dead.status, (await dead.text()).includes('UNAUTHENTICATED')]).toEqual([401, true]);
    const others = Object.values(scopes).filter((one) => one !== needed);
    const { access } = await googleTokens(simulator, { person: 'aiko', scope: others });
    const refused = await read(type, {}, access);
    expect([refused.status, (await refused.text()).includes('MISSING_OAUTH_SCOPE')]).toEqual([403, true]);
    simulator.advance({ hours: 1 });
    expect((await read(type)).status).toBe(401);
  });

  it('counts for the rate limit and responds 429', async () => {
    const { simulator, read } = await startData();
    simulator.set({ googleRateLimit: 1 });
    expect((await read('steps')).status).toBe(200);
    expect((await read('sleep')).status).toBe(429);
  });

  it('takes the user’s own id, and no other', async () => {
    const { access, base } = await startData();
    const of = async (user: string) =>
      (await get(`${base}/${user}/dataTypes/steps/dataPoints`, bearer(access))).status;
    expect([await of('8677373576871223311'), await of('5120993317845560032')]).toEqual([200, 403]);
  });

  it.each([
    ['weight', {}],
    ['constructor', {}],
    ['steps', { filter: 'steps.count > 5' }],
    ['steps', { filter: 'steps.interval.start_time >= "soon"' }],
    ['steps', { filter: 'sleep.interval.end_time >= "2026-05-19T00:00:00Z"' }],
    ['steps', { pageSize: '-1' }],
    ['steps', { pageToken: 'x' }],
  ])('of %s with %j is an INVALID_ARGUMENT', async (type, query) => {
    const { read } = await startData();
    const answer = await read(type, query);
    expect([answer.status, (await answer.text()).includes('INVALID_ARGUMENT')]).toEqual([400, true]);
  });

  it('works without /google, where a client library drops the path of its root URL', async () => {
    const { simulator, access } = await startData();
    const answer = await get(`${simulator.url}/v4/users/me/dataTypes/sleep/dataPoints`, bearer(access));
    expect(answer.status).toBe(200);
  });
});
