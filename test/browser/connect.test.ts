import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { start as startConnectExample } from '../../examples/connect/start.ts';
import { type Example, start } from '../../examples/migration/start.ts';
import { launch, SCHEMES } from './chromium.ts';
import { PROVIDERS } from './setup.ts';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe('The migration example, in a browser', () => {
  let browser: Browser;
  let example: Example;
  let context: BrowserContext;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    example = await start({ PORT: '0' }, () => {});
    context = await browser.newContext();
    context.setDefaultTimeout(10_000);
    problems = [];
    context.on('weberror', (error) => problems.push(String(error.error())));
    context.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
    });
    page = await context.newPage();
    await page.goto(example.url);
    await page.getByRole('link', { name: 'Continue with Fitbit' }).click();
    await PROVIDERS.Fitbit.allow(page, 'Zoë');
    await page.waitForURL(({ pathname }) => pathname === '/home'); // Fitbit appends #_=_
  });
  afterEach(async () => {
    await context.close();
    await example.close();
    expect(problems).toEqual([]);
  });

  const heading = () => page.getByRole('heading', { level: 1 }).textContent();
  const connect = async (person: string) => {
    await page.getByRole('button', { name: 'Connect Google Health' }).click();
    await PROVIDERS['Google Health'].allow(page, person);
    await page.waitForURL(
      ({ origin, pathname }) => origin === example.url && !pathname.endsWith('/callback'),
    );
  };
  const press = async (name: string) => {
    await page.getByRole('button', { name }).click();
    await page.waitForLoadState();
  };

  it('a user who picks another Google account is asked, and then chooses the right one', async () => {
    await connect('Aiko');
    expect(await heading()).toBe('Is this the right Google account?');
    expect(example.accounts.all()).toMatchObject([{ healthUserId: null, oauthType: 'fitbit' }]);

    await press('Choose another Google account');
    await PROVIDERS['Google Health'].allow(page, 'Zoë');
    await page.waitForURL(`${example.url}/home?saved=yes`);
    expect(await page.getByRole('status').textContent()).toBe('Saved.');
    expect(example.accounts.all()).toMatchObject([{ fitbitUserId: '2E4RVC', oauthType: 'google' }]);
  });

  it('a user who goes back after the answer finds the account as it is', async () => {
    await connect('Aiko');
    await press('Keep my account as it is');
    expect(new URL(page.url()).pathname).toBe('/home');
    await page.goBack();
    await page.waitForURL(`${example.url}/home`); // the question is answered
    expect(example.accounts.all()).toMatchObject([{ healthUserId: null }]);
  });

  it('a form on another site cannot start connecting', async () => {
    const other = await context.newPage();
    // Another site: 127.0.0.1 is not `localhost`, so the cookie with SameSite=Lax is not sent.
    await other.goto(example.simulator.url);
    await other.evaluate((url) => {
      const { document } = globalThis as unknown as { document: { write(html: string): void } };
      document.write(`<form method="post" action="${url}/connect/google-health"><button>Win</button></form>`);
    }, example.url);
    problems = [];
    await other.getByRole('button', { name: 'Win' }).click();
    await other.waitForURL(/connect/);
    expect(await other.getByRole('heading', { level: 1 }).textContent()).toBe('This page is out of date');
    expect(example.simulator.requests.filter(({ endpoint }) => endpoint === 'authorize')).toHaveLength(1);
    problems = problems.filter((problem) => !problem.includes('403'));
  });

  /** What leads from the home page of a Fitbit user to each kind of page. */
  const PAGES: Record<string, () => Promise<unknown>> = {
    'the home page': async () => {},
    'the home page after connecting': () => connect('Zoë'),
    'the question about a new Google account': () => connect('Aiko'),
    'the question about an account of another user': async () => {
      const other = await browser.newContext();
      const otherPage = await other.newPage();
      await otherPage.goto(`${example.url}/auth/google-health`);
      await PROVIDERS['Google Health'].allow(otherPage, 'Aiko');
      await otherPage.waitForURL(`${example.url}/home`);
      await other.close();
      await connect('Aiko');
    },
    'the page for a Fitbit account of another user': async () => {
      example.simulator.people.add({
        id: 'two',
        displayName: 'Two',
        fitbit: false,
        google: { healthUserID: '7', legacyUserID: '26FWFL' },
      });
      example.simulator.people.add({
        id: 'three',
        displayName: 'Three',
        fitbit: false,
        google: { healthUserID: '8', legacyUserID: '26FWFL' },
      });
      const other = await browser.newContext();
      const otherPage = await other.newPage();
      await otherPage.goto(`${example.url}/auth/google-health`);
      await PROVIDERS['Google Health'].allow(otherPage, 'Two');
      await otherPage.waitForURL(`${example.url}/home`);
      await other.close();
      await connect('Three');
    },
    'a problem': () => page.goto(`${example.url}/home?problem=access_denied`),
    'the start page': () => press('Sign out'),
    'the start page after the shutdown of Fitbit': async () => {
      await press('Sign out');
      await press('Shut Fitbit down');
    },
    'a page that does not exist': async () => {
      await page.goto(`${example.url}/nothing`);
      problems = problems.filter((problem) => !problem.includes('404'));
    },
  };

  it.each(Object.entries(PAGES))('%s is accessible and fits, light and dark', async (name, visit) => {
    await visit();
    await check(page, name);
  });
});

describe('The connect example, in a browser', () => {
  it('is accessible and fits, light and dark, and connects with a click', async () => {
    const browser = await launch();
    const example = await startConnectExample({ PORT: '0' }, () => {});
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(10_000);
      await page.goto(example.url);
      await check(page, 'connect sign-in');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('Name or password is wrong').waitFor();
      await check(page, 'connect wrong password');
      await page.getByLabel('Name').fill('ann');
      await page.getByLabel('Password').fill(example.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('You are signed in as').waitFor();
      await check(page, 'connect nothing connected');
      await page.getByRole('button', { name: 'Connect Google Health' }).click();
      await PROVIDERS['Google Health'].deny(page);
      await page.getByRole('status').waitFor();
      await check(page, 'connect denied');
      await page.getByRole('button', { name: 'Connect Google Health' }).click();
      await PROVIDERS['Google Health'].allow(page, 'Zoë');
      await page.getByText('Connected: Zoë').waitFor();
      await check(page, 'connect settings');
      for (const result of ['taken', 'another', 'another-user', 'disconnected']) {
        await page.goto(`${example.url}/?result=${result}`);
        await check(page, `connect ${result}`);
      }
      example.simulator.fail({ endpoint: 'revoke', with: 'html', times: 10 });
      await page.getByRole('button', { name: 'Disconnect Google Health' }).click();
      await page.getByText('That did not work').waitFor();
      await check(page, 'connect failure of the provider');
      await page.goto(example.url);
      await page.locator('input[name=_csrf]').first().evaluate(setValue, 'of yesterday');
      await page.getByRole('button').first().click();
      await page.getByText('This page is out of date').waitFor();
      await check(page, 'connect out of date');
      expect((await page.goto(`${example.url}/nothing`))?.status()).toBe(404);
      await check(page, 'connect not found');
    } finally {
      await browser.close();
      await example.close();
    }
  });
});

/**
 * Checks a page in two widths and both color schemes. With the environment variable SCREENSHOTS, a folder, it takes a
 * picture of each.
 */
async function check(page: Page, name: string): Promise<void> {
  for (const width of [320, 1280]) {
    for (const colorScheme of SCHEMES) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      const where = `${width} px, ${colorScheme}`;
      expect(await violations(page), where).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth'), where).toBeLessThanOrEqual(width);
      if (process.env.SCREENSHOTS) {
        const file = `${process.env.SCREENSHOTS}/${name.replaceAll(' ', '-')}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: file, fullPage: true });
      }
    }
  }
}

/** Runs in the page. */
function setValue(element: { value?: string }, value: string): void {
  element.value = value;
}

/** What axe finds, one line for each fault. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const results = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
    'axe.run({ resultTypes: ["violations"] })',
  );
  return results.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
