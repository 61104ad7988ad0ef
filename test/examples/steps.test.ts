import { type Simulator, startSimulator } from 'fitbit-simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Demo, start } from '../../examples/login/start.ts';
import { DataError, type DaySteps, fitbitSteps, googleSteps } from '../../examples/login/steps.ts';
import { stepsChart } from '../../examples/login/steps-chart.ts';
import { type Page, WebClient } from './web-client.ts';

const days = (...counts: number[]): DaySteps[] =>
  counts.map((count, index) => ({ date: `2026-03-0${index + 2}`, count }));

describe('the chart of steps', () => {
  const chart = stepsChart(days(0, 2000, 12_345, 7000, 600, 0, 4000));

  it('has a bar for each day, as high as its share of the highest', () => {
    expect(chart.bars.map(({ label }) => label)).toEqual(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Today']);
    const [none, , most, some] = chart.bars;
    expect(none).toMatchObject({ y: chart.base, height: 0 });
    expect(some?.height).toBe(Math.round(((most?.height ?? 0) * 7000) / 12_345));
    for (const { y, height } of chart.bars) expect(y + height).toBe(chart.base);
    expect(most?.y).toBeGreaterThan(16); // its number is above it
  });

  it('has bars side by side that end within the picture', () => {
    let end = 0;
    for (const { x, width, center } of chart.bars) {
      expect(x).toBeGreaterThan(end);
      expect(center).toBeCloseTo(x + width / 2, 1);
      end = x + width;
    }
    expect(end).toBeLessThanOrEqual(100);
  });

  it('says in words what it shows', () => {
    expect(chart).toMatchObject({ total: '25,945', average: '3,706', today: '4,000' });
    expect(chart.summary).toBe(
      'Bar chart of your steps on the last 7 days, 25,945 in all. The most were 12,345, on Wednesday, Mar 4.',
    );
    expect(chart.bars.map(({ short }) => short)).toEqual(['0', '2K', '12K', '7K', '600', '0', '4K']);
  });

  it('is drawn for a week without a step', () => {
    const none = stepsChart(days(0, 0, 0, 0, 0, 0, 0));
    expect(none.bars.every(({ height }) => height === 0)).toBe(true);
  });
});

describe('the steps on the dashboard', () => {
  let demo: Demo;
  let simulator: Simulator;
  let browser: WebClient;

  beforeEach(async () => {
    demo = await start({ PORT: '0' }, () => {});
    if (demo.simulator === undefined) throw new Error('no simulator');
    simulator = demo.simulator;
    browser = new WebClient();
  });
  afterEach(() => demo.close());

  const signIn = async (provider: string, answer: Record<string, string | string[]> = { all: 'yes' }) =>
    browser.submit(await browser.get(`${demo.url}/auth/${provider}`), '/consent', {
      person: 'zoe',
      decision: 'allow',
      ...answer,
    });
  const table = ({ text }: Page) =>
    [...text.matchAll(/(\w+day, \w{3} \d+)(?: \(today so far\))? ([\d,]+)/g)].map(([, day, steps]) => [
      day,
      steps,
    ]);
  const dataRequests = () => simulator.requests.filter(({ endpoint }) => endpoint === 'data');

  it('are the same seven days for both providers', async () => {
    const google = table(await signIn('google-health'));
    expect(google).toHaveLength(7);
    browser.forgetCookies();
    const fitbit = table(await signIn('fitbit', {}));
    expect(fitbit).toEqual(google);
    expect(Number(google[0]?.[1]?.replace(',', ''))).toBeGreaterThan(1000);
    expect(dataRequests().map(({ provider, status }) => [provider, status])).toEqual([
      ['google-health', 200],
      ['fitbit', 200],
    ]);
  });

  it('are drawn, with a sentence for those who do not see the picture', async () => {
    const { html } = await signIn('google-health');
    expect(html).toMatch(
      /<svg class="chart" role="img" aria-label="Bar chart of your steps on the last 7 days/,
    );
    expect(html.match(/<rect class="bar-shape/g)).toHaveLength(7);
  });

  it.each(['google-health', 'fitbit'])(
    'are read again with a new token when %s answers 401',
    async (provider) => {
      await signIn(provider);
      const before = simulator.requests.filter(({ endpoint }) => endpoint === 'token').length;
      simulator.fail({ endpoint: 'data', with: { status: 401 } });
      const page = await browser.get(`${demo.url}/dashboard`);
      expect(table(page)).toHaveLength(7);
      expect(simulator.requests.filter(({ endpoint }) => endpoint === 'token')).toHaveLength(before + 1);
    },
  );

  it.each(['google-health', 'fitbit'])(
    'lead to the start page when %s has no consent any more',
    async (provider) => {
      await signIn(provider);
      simulator.fail({ endpoint: 'data', with: { status: 401 } });
      const [grant] = simulator.grants;
      expect(grant?.provider).toBe(provider);
      simulator.fail({ endpoint: 'token', with: { status: 400, body: { error: 'invalid_grant' } } });
      const page = await browser.get(`${demo.url}/dashboard`);
      expect(page.url.pathname).toBe('/');
      expect(page.text).toContain('has ended');
    },
  );

  it.each([
    ['google-health', { scope: ['openid', 'https://www.googleapis.com/auth/googlehealth.profile.readonly'] }],
    ['fitbit', { scope: ['profile'] }],
  ] as const)('are missing when the user did not allow %s to give them', async (provider, { scope }) => {
    const page = await signIn(provider, { scope: [...scope] });
    expect(page.text).toContain('You have not allowed Daywalk to read your steps.');
    expect(page.status).toBe(200);
  });

  it.each(['close', 'truncate', 'html', { status: 429 }, { status: 200, body: 'null' }] as const)(
    'can wait when the provider fails: %j',
    async (fault) => {
      await signIn('fitbit');
      simulator.fail({ endpoint: 'data', with: fault });
      const page = await browser.get(`${demo.url}/dashboard`);
      expect([page.status, page.url.pathname]).toEqual([200, '/dashboard']);
      expect(page.text).toContain('can’t be read right now');
    },
  );
});

describe('the steps read from Google Health', () => {
  it('are those of seven days of the user’s time zone', async () => {
    const simulator = await startSimulator({
      clock: { startAt: new Date('2026-03-10T23:30:00Z'), stopped: true },
    });
    try {
      const token = await googleToken(simulator);
      // In the user's time zone it is the 11th, half past one.
      const all = await googleSteps(simulator.apiURL.googleHealth, token, simulator.now().getTime());
      expect(all.map(({ date }) => date)).toEqual(
        [5, 6, 7, 8, 9, 10, 11].map((day) => `2026-03-${String(day).padStart(2, '0')}`),
      );
      expect(all.at(-1)?.count).toBe(0);
    } finally {
      await simulator.close();
    }
  });

  it.each([
    { dataPoints: {} },
    { dataPoints: [{}] },
    {
      dataPoints: [
        { steps: { interval: { civilStartTime: { date: { year: 2026, month: 13, day: 1 } } }, count: '1' } },
      ],
    },
    {
      dataPoints: [
        { steps: { interval: { civilStartTime: { date: { year: 2026, month: 1, day: 1 } } }, count: 'x' } },
      ],
    },
  ])('are refused when the response is not as documented: %j', async (body) => {
    const simulator = await startSimulator();
    try {
      simulator.fail({ endpoint: 'data', with: { status: 200, body }, times: 2 });
      const read = googleSteps(simulator.apiURL.googleHealth, 'token', Date.now());
      await expect(read).rejects.toThrow(
        new DataError('The steps could not be read: the response is not as documented'),
      );
    } finally {
      await simulator.close();
    }
  });

  it('come page by page', async () => {
    const simulator = await startSimulator({
      clock: { startAt: new Date('2026-03-10T12:00:00Z'), stopped: true },
    });
    try {
      const token = await googleToken(simulator);
      const { apiURL } = simulator;
      const [whole] = (await googleSteps(apiURL.googleHealth, token, simulator.now().getTime())).slice(-2);
      const point = (hour: number, count: string) => ({
        steps: {
          interval: {
            startUtcOffset: '7200s',
            civilStartTime: { date: { year: 2026, month: 3, day: 9 }, time: { hours: hour } },
          },
          count,
        },
      });
      const pages = [
        { dataPoints: [point(12, '100')], nextPageToken: 'next' },
        { dataPoints: [point(9, '20')] },
      ];
      for (const body of pages) simulator.fail({ endpoint: 'data', with: { status: 200, body } });
      simulator.clearRequests();
      const steps = await googleSteps(apiURL.googleHealth, token, simulator.now().getTime());
      expect(steps.find(({ date }) => date === whole?.date)).toEqual({ date: '2026-03-09', count: 120 });
      expect(simulator.requests.map(({ query }) => query.pageToken)).toEqual([undefined, 'next']);
    } finally {
      await simulator.close();
    }
  });
});

describe('the steps read from Fitbit', () => {
  it('carry the status of a refusal', async () => {
    const simulator = await startSimulator();
    try {
      await expect(fitbitSteps(simulator.apiURL.fitbit, 'dead')).rejects.toMatchObject({
        name: 'DataError',
        status: 401,
      });
    } finally {
      await simulator.close();
    }
  });
});

async function googleToken(simulator: Simulator): Promise<string> {
  const redirectURI = 'http://localhost/callback';
  const { code } = await simulator.consent({
    provider: 'google-health',
    person: 'zoe',
    scope: 'https://www.googleapis.com/auth/googlehealth.activity_and_fitness.readonly',
    redirectURI,
  });
  const { clientID, clientSecret, tokenURL } = simulator.googleHealth;
  const response = await fetch(tokenURL, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectURI,
      client_id: clientID,
      client_secret: clientSecret,
    }),
  });
  const [, token] = /"access_token":"([^"]+)"/.exec(await response.text()) ?? [];
  if (token === undefined) throw new Error('no access token');
  return token;
}
