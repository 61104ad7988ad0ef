import type { Simulator } from 'fitbit-simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Demo, start } from '../../examples/login/start.ts';
import { WebClient } from './web-client.ts';

describe('the webhook of the demo', () => {
  let demo: Demo;
  let simulator: Simulator;
  let log: string[];

  beforeEach(async () => {
    log = [];
    demo = await start({ PORT: '0' }, (line) => log.push(line));
    if (demo.simulator === undefined) throw new Error('no simulator');
    simulator = demo.simulator;
  });
  afterEach(() => demo.close());

  const signIn = async (provider: string) => {
    const browser = new WebClient();
    const answer = { person: 'zoe', decision: 'allow', all: 'yes' };
    await browser.submit(await browser.get(`${demo.url}/auth/${provider}`), '/consent', answer);
    return browser;
  };
  const post = (headers: Record<string, string>) =>
    fetch(`${demo.url}/webhooks/google-health`, { method: 'POST', headers, body: '{"type":"verification"}' });

  it('is registered with the simulator at the start', () => {
    expect(simulator.webhooks.subscribers).toEqual(['simulated']);
    expect(log).toHaveLength(2);
  });

  it('takes nothing without its secret', async () => {
    expect((await post({})).status).toBe(401);
    expect((await post({ authorization: 'Bearer wrong' })).status).toBe(401);
  });

  it('makes the new steps part of the chart that the page then asks for', async () => {
    const browser = await signIn('google-health');
    const today = async () => {
      const { text, status } = await browser.get(`${demo.url}/steps`);
      expect(status).toBe(200);
      return Number(/Today ([\d,]+)/.exec(text)?.[1]?.replaceAll(',', ''));
    };
    const before = await today();
    await simulator.walk({ person: 'zoe', steps: 321 });
    expect(simulator.webhooks.deliveries).toMatchObject([{ state: 'delivered' }]);
    expect(await today()).toBe(before + 321);
  });

  it('ends the sign-in of a user whose consent is gone', async () => {
    const browser = await signIn('google-health');
    await simulator.removeAccess({ person: 'zoe' });
    // Before the page asks: the notification alone made the app find out.
    const refreshes = () => simulator.requests.filter(({ body }) => body.grant_type === 'refresh_token');
    await expect.poll(() => refreshes().map(({ status }) => status)).toEqual([400]);
    expect((await browser.get(`${demo.url}/steps`)).status).toBe(401);
    expect((await browser.get(`${demo.url}/dashboard`)).text).toContain(
      'Your connection to Google Health has ended',
    );
  });

  it('leaves a user of Fitbit alone', async () => {
    const browser = await signIn('fitbit');
    await simulator.walk({ person: 'zoe', steps: 321 });
    expect(simulator.webhooks.deliveries).toEqual([]); // no consent on Google
    expect((await browser.get(`${demo.url}/steps`)).status).toBe(200);
  });

  it('shows a chart and news to nobody who is not signed in', async () => {
    expect((await fetch(`${demo.url}/steps`)).status).toBe(401);
    expect((await fetch(`${demo.url}/steps/events`)).status).toBe(204);
  });
});

describe('the webhook of the demo with the real Google', () => {
  const env = {
    PORT: '0',
    FITBIT_CLIENT_ID: 'f',
    FITBIT_CLIENT_SECRET: 's',
    GOOGLE_CLIENT_ID: 'g',
    GOOGLE_CLIENT_SECRET: 's',
  };

  it.each([
    [{}, 303], // a form of nobody who is signed in
    [{ GOOGLE_WEBHOOK_SECRET: 'Bearer given' }, 201],
  ])('is there with the secret that is set: %j', async (more, status) => {
    const demo = await start({ ...env, ...more }, () => {});
    try {
      const response = await fetch(`${demo.url}/webhooks/google-health`, {
        method: 'POST',
        headers: { authorization: 'Bearer given' },
        body: '{"type":"verification"}',
        redirect: 'manual',
      });
      expect(response.status).toBe(status);
    } finally {
      await demo.close();
    }
  });
});
