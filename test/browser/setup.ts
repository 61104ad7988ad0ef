import type { Simulator } from 'fitbit-simulator';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { start } from '../../examples/login/start.ts';
import { launch } from './chromium.ts';

/** The demo, in a browser. */
export interface Stage {
  /** Where the demo is. */
  readonly url: string;
  readonly simulator: Simulator;
  /** A new browser profile: nothing is shared with the others but the demo. */
  open(options?: BrowserContextOptions): Promise<Page>;
  /** Also looks after a profile that was made elsewhere. */
  watch(context: BrowserContext): void;
  /** A console message that is meant to be there. */
  expectConsole(pattern: RegExp): void;
}

const LOOPBACK = /^https?:\/\/(localhost|127\.0\.0\.1)(:\d+)?\//;

/**
 * Starts the demo for each test and a browser for all of them. A test fails if a page has an error in its console,
 * an exception, or a request to any host but this computer.
 */
export function useStage(): Stage {
  let browser: Browser;
  let demo: Awaited<ReturnType<typeof start>>;
  let contexts: BrowserContext[];
  let problems: string[];
  let expected: RegExp[];

  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    contexts = [];
    problems = [];
    expected = [];
    demo = await start({ PORT: '0' }, () => {});
  });
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    await demo.close();
    expect(problems.filter((problem) => !expected.some((pattern) => pattern.test(problem)))).toEqual([]);
  });

  const watch = (context: BrowserContext) => {
    contexts.push(context);
    context.on('request', (request) => {
      if (!LOOPBACK.test(request.url())) problems.push(`A request to ${request.url()}`);
    });
    context.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        problems.push(`${message.type()} at ${message.location().url}: ${message.text()}`);
      }
    });
    context.on('weberror', (error) => problems.push(`exception: ${error.error().stack}`));
  };

  return {
    get url() {
      return demo.url;
    },
    get simulator() {
      if (demo.simulator === undefined) throw new Error('The demo runs without a simulator');
      return demo.simulator;
    },
    async open(options) {
      const context = await browser.newContext(options);
      context.setDefaultTimeout(10_000);
      watch(context);
      return context.newPage();
    },
    watch,
    expectConsole(pattern) {
      expected.push(pattern);
    },
  };
}

/** What a person does at a provider. */
export const PROVIDERS = {
  'Google Health': {
    async allow(page: Page, person: string): Promise<void> {
      await page.getByRole('radio', { name: person }).check();
      await page.getByRole('checkbox', { name: 'Select all' }).check();
      await page.getByRole('button', { name: 'Continue' }).click();
    },
    deny: (page: Page): Promise<void> => page.getByRole('button', { name: 'Cancel' }).click(),
    displayName: (person: { givenName: string; familyName: string }): string =>
      `${person.givenName} ${person.familyName}`,
  },
  Fitbit: {
    async allow(page: Page, person: string): Promise<void> {
      await page.getByRole('radio', { name: person }).check();
      await page.getByRole('button', { name: 'Allow' }).click();
    },
    deny: (page: Page): Promise<void> => page.getByRole('button', { name: 'Deny' }).click(),
    displayName: (person: { displayName: string }): string => person.displayName,
  },
};

export type ProviderName = keyof typeof PROVIDERS;

/** From the start page to the provider's consent page. */
export async function ask(page: Page, url: string, provider: ProviderName): Promise<void> {
  await page.goto(url);
  await page.getByRole('link', { name: `Continue with ${provider}` }).click();
}

/** From the start page to the dashboard. */
export async function signIn(page: Page, url: string, provider: ProviderName, person = 'Zoë'): Promise<void> {
  await ask(page, url, provider);
  await PROVIDERS[provider].allow(page, person);
  await onDashboard(page);
}

/** Waits for the dashboard. */
export function onDashboard(page: Page): Promise<void> {
  return page.waitForURL(({ pathname }) => pathname === '/dashboard');
}
