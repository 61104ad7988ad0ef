import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { launchWithProfile } from './chromium.ts';
import { ask, onDashboard, PROVIDERS, type ProviderName, signIn, useStage } from './setup.ts';

const stage = useStage();

const heading = (page: Page) => page.getByRole('heading', { level: 1 }).textContent();
const scopes = (page: Page) => page.locator('.chips li').allTextContents();

describe.each(Object.keys(PROVIDERS) as ProviderName[])('With %s', (provider) => {
  it('a user gets from the start page over the consent page to the dashboard', async () => {
    const page = await stage.open();
    await signIn(page, stage.url, provider);
    const zoe = stage.simulator.people.get('zoe');
    expect(await heading(page)).toBe(`Hello, ${zoe && PROVIDERS[provider].displayName(zoe)}`);
    expect(await page.getByText(`Signed in with ${provider}`).isVisible()).toBe(true);
    expect(
      await page.locator('.face').evaluate((image: { naturalWidth?: number }) => image.naturalWidth),
    ).toBeGreaterThan(0);
    expect(page.url()).toBe(`${stage.url}/dashboard`); // without Fitbit's #_=_
    expect(await page.title()).toContain(zoe?.givenName);
  });

  it('the time that is left of the access token counts down', async () => {
    const page = await stage.open();
    await signIn(page, stage.url, provider);
    const left = page.locator('.left');
    const first = await left.textContent();
    expect(first).toMatch(provider === 'Fitbit' ? /^0[78]:\d\d:\d\d$/ : /^0[01]:\d\d:\d\d$/);
    await expect.poll(() => left.textContent(), { timeout: 5_000 }).not.toBe(first);
  });

  it('the buttons show what came back', async () => {
    const page = await stage.open();
    await signIn(page, stage.url, provider);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('heading', { name: 'Refreshed' }).waitFor();
    await page.getByRole('button', { name: 'Introspect' }).click();
    await page.getByRole('heading', { name: 'Active' }).waitFor();
    await page.getByRole('button', { name: 'Let 8 hours pass' }).click();
    await page.getByText('Refreshed automatically at').waitFor();
    await page.getByRole('button', { name: 'Revoke & sign out' }).click();
    await page.getByText('Disconnected').waitFor();
    expect(stage.simulator.grants).toHaveLength(0);
  });

  it('a user who denies is back on the start page, and can start again', async () => {
    const page = await stage.open();
    await ask(page, stage.url, provider);
    await PROVIDERS[provider].deny(page);
    await page.getByText('Nothing was shared with Daywalk').waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    await signIn(page, stage.url, provider);
  });

  it('five tabs begin a login at once; the first signs in, and the others show its dashboard', async () => {
    const page = await stage.open();
    await page.goto(stage.url);
    const others = await Promise.all(Array.from({ length: 4 }, () => page.context().newPage()));
    const tabs = [page, ...others];
    await Promise.all(tabs.map((tab) => ask(tab, stage.url, provider)));
    for (const tab of tabs) {
      await PROVIDERS[provider].allow(tab, 'Zoë');
      await onDashboard(tab);
      expect(await heading(tab)).toContain('Hello, Zoë');
    }
    const exchanges = stage.simulator.requests.filter(({ body }) => body.grant_type === 'authorization_code');
    expect(exchanges.map(({ status }) => status)).toEqual([200]);
  });

  it('five tabs that come back at the same moment leave the user signed in', async () => {
    const page = await stage.open();
    await page.goto(stage.url);
    const others = await Promise.all(Array.from({ length: 4 }, () => page.context().newPage()));
    const tabs = [page, ...others];
    await Promise.all(tabs.map((tab) => ask(tab, stage.url, provider)));
    await Promise.all(
      tabs.map(async (tab) => {
        await PROVIDERS[provider].allow(tab, 'Zoë');
        // Not the dashboard for certain: a callback that is sent while another one is replacing the session still
        // has the cookie of the old one.
        await tab.waitForURL(({ origin }) => origin === stage.url);
      }),
    );
    for (const tab of tabs) {
      await tab.goto(`${stage.url}/dashboard`);
      expect(await heading(tab)).toContain('Hello, Zoë');
    }
    const exchanges = stage.simulator.requests.filter(({ body }) => body.grant_type === 'authorization_code');
    expect(new Set(exchanges.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('five tabs that were opened one after the other are finished in any order', async () => {
    const first = await stage.open();
    const tabs = [first];
    await ask(first, stage.url, provider);
    while (tabs.length < 5) {
      const tab = await first.context().newPage();
      await ask(tab, stage.url, provider);
      tabs.push(tab);
    }
    for (const tab of tabs.reverse()) {
      await PROVIDERS[provider].allow(tab, 'Zoë');
      await onDashboard(tab);
      expect(await heading(tab)).toContain('Hello, Zoë');
    }
  });

  it('the back button and a reload of the callback break nothing', async () => {
    const page = await stage.open();
    const callbacks: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/callback?')) callbacks.push(request.url());
    });
    await signIn(page, stage.url, provider);
    const exchanges = () => stage.simulator.requests.filter(({ endpoint }) => endpoint === 'token').length;
    expect(exchanges()).toBe(1);

    // Back on the consent page, the person answers once more, for a login that is over.
    await page.goBack();
    expect(new URL(page.url()).origin).toBe(stage.simulator.url);
    await PROVIDERS[provider].allow(page, 'Zoë');
    await onDashboard(page);
    expect(exchanges()).toBe(1);

    await page.goto(callbacks[0] ?? '');
    expect(page.url()).toBe(`${stage.url}/dashboard`);
    await page.reload();
    expect(await heading(page)).toContain('Hello, Zoë');
    expect(exchanges()).toBe(1);

    // After signing out, the back button shows no dashboard.
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByText('You are signed out').waitFor();
    await page.goBack();
    await page.getByText('Please sign in').waitFor();
    await page.goto(callbacks[0] ?? '');
    expect(new URL(page.url()).pathname).toBe('/');
    expect(exchanges()).toBe(1);
  });

  it('without cookies a user is told to allow them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'no-cookies-'));
    await mkdir(join(folder, 'Default'));
    const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
    await writeFile(join(folder, 'Default', 'Preferences'), JSON.stringify(preferences));
    const context = await launchWithProfile(folder);
    try {
      stage.watch(context);
      const page = await context.newPage();
      await ask(page, stage.url, provider);
      await PROVIDERS[provider].allow(page, 'Zoë');
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').textContent()).toContain('allow cookies');
      expect(await context.cookies()).toEqual([]);
    } finally {
      await context.close();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('the keyboard alone is enough', async () => {
    const page = await stage.open();
    await page.goto(stage.url);
    await press(page, 'link', `Continue with ${provider}`, 'Enter');
    await page.waitForURL(`${stage.simulator.url}/**`);

    // Tab goes to the chosen person, the arrows choose another one.
    await page.keyboard.press('Tab');
    await tabUntil(page, 'radio');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    if (provider === 'Fitbit') await page.keyboard.press('ArrowDown'); // the second one is Zoë
    expect(await page.getByRole('radio', { name: 'Zoë' }).isChecked()).toBe(true);
    if (provider === 'Google Health') await press(page, 'checkbox', 'Select all', 'Space');
    await press(page, 'button', provider === 'Fitbit' ? 'Allow' : 'Continue', 'Enter');
    await onDashboard(page);
    expect(await heading(page)).toContain('Hello, Zoë');

    await press(page, 'button', 'Introspect', 'Enter');
    await page.getByRole('heading', { name: 'Active' }).waitFor();
    await press(page, 'button', 'Sign out', 'Space');
    await page.getByText('You are signed out').waitFor();
  });

  it('all of it works without scripts', async () => {
    const page = await stage.open({ javaScriptEnabled: false });
    await signIn(page, stage.url, provider);
    expect(await page.locator('.until').textContent()).toMatch(
      /Valid\s+Access token valid until 20\d\d-.* UTC/,
    );
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('heading', { name: 'Refreshed' }).waitFor();
  });
});

it('a Fitbit scope that was cleared is not granted', async () => {
  const page = await stage.open();
  await ask(page, stage.url, 'Fitbit');
  await page.getByRole('checkbox', { name: 'Sleep' }).uncheck();
  await PROVIDERS.Fitbit.allow(page, 'Zoë');
  await onDashboard(page);
  expect((await scopes(page)).sort()).toEqual(['Activity and exercise', 'Fitbit profile', 'Heart rate']);
});

it('a user who does not share the Fitbit profile is signed in by the id', async () => {
  const page = await stage.open();
  await ask(page, stage.url, 'Fitbit');
  await page.getByRole('checkbox', { name: 'Profile' }).uncheck();
  await PROVIDERS.Fitbit.allow(page, 'Zoë');
  await onDashboard(page);
  expect(await heading(page)).toBe('Hello, Member 2E4RVC');
});

it('a Google scope that was not selected is not granted', async () => {
  const page = await stage.open();
  await ask(page, stage.url, 'Google Health');
  await page.getByRole('radio', { name: 'Zoë' }).check();
  await page.getByRole('checkbox', { name: 'profile' }).check();
  await page.getByRole('checkbox', { name: 'sleep' }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await onDashboard(page);
  expect(await scopes(page)).toEqual(expect.arrayContaining(['Google Health profile', 'Sleep']));
  expect(await scopes(page)).not.toContain('Activity and fitness');
});

it('a user who selects nothing at Google is told what is missing', async () => {
  const page = await stage.open();
  await ask(page, stage.url, 'Google Health');
  await page.getByRole('radio', { name: 'Zoë' }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('One permission is missing').waitFor();
  expect(new URL(page.url()).pathname).toBe('/');
});

it('after the shutdown of Fitbit the same person goes on with Google Health', async () => {
  const page = await stage.open();
  await signIn(page, stage.url, 'Fitbit');
  await page.getByRole('button', { name: 'Shut Fitbit down' }).click();
  await page.getByRole('heading', { name: 'Fitbit has been shut down' }).waitFor();
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText('Fitbit’s own sign-in has been shut down').waitFor();
  expect(await page.getByRole('link', { name: 'Continue with Fitbit' }).count()).toBe(0);
  await page.getByRole('link', { name: 'Continue with Google Health' }).click();
  await PROVIDERS['Google Health'].allow(page, 'Zoë');
  await onDashboard(page);
  expect(await heading(page)).toBe('Hello, Zoë Krämer');
  expect(await page.getByText('Previous Fitbit ID').locator('..').textContent()).toContain('2E4RVC');
});

it('a user who signed out in another tab is asked to sign in', async () => {
  const page = await stage.open();
  await signIn(page, stage.url, 'Fitbit');
  const other = await page.context().newPage();
  await other.goto(`${stage.url}/dashboard`);
  await other.getByRole('button', { name: 'Sign out', exact: true }).click();
  await other.getByText('You are signed out').waitFor();
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText('Please sign in').waitFor();
});

it.each(Object.keys(PROVIDERS) as ProviderName[])(
  'a user who denies %s, goes back and allows it is told that the sign-in is finished',
  async (provider) => {
    const page = await stage.open();
    await ask(page, stage.url, provider);
    await PROVIDERS[provider].deny(page);
    await page.getByText('You did not allow access').waitFor();
    await page.goBack();
    await PROVIDERS[provider].allow(page, 'Zoë');
    await page.getByText('That sign-in was already finished').waitFor();
  },
);

/**
 * Clicks twice, and gives what the page says and which elements are busy before it navigates: a locator would wait for
 * the end of the navigation.
 */
function clickTwice(page: Page, name: string): Promise<{ status: string; busy: string[] }> {
  return page.evaluate(`(() => {
    const nameOf = (element) => element.textContent.trim();
    const target = [...document.querySelectorAll('a, button')].find((each) => nameOf(each) === '${name}');
    target.click();
    target.click();
    return {
      status: document.querySelector('#pending').textContent,
      busy: [...document.querySelectorAll('[aria-busy="true"]')].map(nameOf),
    };
  })()`);
}

it('a button that waits for the provider says so, and is sent once', async () => {
  const page = await stage.open();
  await page.goto(stage.url);
  const waiting = { status: 'Waiting for Fitbit…' };
  expect(await clickTwice(page, 'Continue with Fitbit')).toEqual({
    ...waiting,
    busy: ['Continue with Fitbit'],
  });
  await PROVIDERS.Fitbit.allow(page, 'Zoë');
  await onDashboard(page);

  expect(await clickTwice(page, 'Refresh')).toEqual({ ...waiting, busy: ['Refresh'] });
  await page.getByRole('heading', { name: 'Refreshed' }).waitFor();
  expect(stage.simulator.requests.filter(({ body }) => body.grant_type === 'refresh_token')).toHaveLength(1);
  expect(await page.locator('[aria-busy]').count()).toBe(0);
});

it('a page that comes back from the history no longer waits', async () => {
  const page = await stage.open();
  await page.goto(stage.url);
  await page.evaluate("document.querySelector('a[data-pending]').setAttribute('aria-busy', 'true')");
  await page.evaluate("dispatchEvent(new Event('pageshow'))");
  expect(await page.locator('[aria-busy]').count()).toBe(0);
});

it('after Select all, single boxes can be cleared with the keyboard', async () => {
  const page = await stage.open();
  await ask(page, stage.url, 'Google Health');
  await page.getByRole('radio', { name: 'Zoë' }).check();
  const all = page.getByRole('checkbox', { name: 'Select all' });
  await all.check();
  const boxes = page.locator('input[name=scope]');
  for (const box of await boxes.all())
    expect([await box.isVisible(), await box.isChecked()]).toEqual([true, true]);
  const sleep = page.getByRole('checkbox', { name: 'See your sleep data' });
  await sleep.focus();
  await page.keyboard.press('Space');
  expect(await all.isChecked()).toBe(false);
  await page.getByRole('button', { name: 'Continue' }).click();
  await onDashboard(page);
  expect(await scopes(page)).toContain('Activity and fitness');
  expect(await scopes(page)).not.toContain('Sleep');
});

it('after Select all, single boxes stay visible without scripts, too', async () => {
  const page = await stage.open({ javaScriptEnabled: false });
  await ask(page, stage.url, 'Google Health');
  await page.getByRole('checkbox', { name: 'Select all' }).check();
  for (const box of await page.locator('input[name=scope]').all()) expect(await box.isVisible()).toBe(true);
});

it('two people in two browsers each have their own account', async () => {
  const [first, second] = await Promise.all([stage.open(), stage.open()]);
  await Promise.all([
    signIn(first, stage.url, 'Fitbit', 'Maya'),
    signIn(second, stage.url, 'Google Health', 'Aiko'),
  ]);
  expect(await heading(first)).toBe('Hello, Maya L.');
  expect(await heading(second)).toBe('Hello, Aiko Tanaka');
});

/** Presses Tab until a control of this role has the focus, visibly. */
async function tabUntil(
  page: Page,
  role: 'link' | 'button' | 'radio' | 'checkbox',
  name?: string,
): Promise<void> {
  const wanted = page.getByRole(role, { ...(name && { name, exact: true }) }).and(page.locator(':focus'));
  for (let presses = 0; presses < 40; presses += 1) {
    if ((await wanted.count()) > 0) {
      // On the control itself or on the label that it stands in.
      const outlined = wanted.or(page.locator('label', { has: wanted }));
      const styles = await outlined.evaluateAll(readOutlines);
      expect(styles).toContain('solid');
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reached the ${role} ${name ?? ''}`);
}

declare const getComputedStyle: (element: unknown) => { outlineStyle: string };

/** Runs in the page. */
function readOutlines(elements: unknown[]): string[] {
  return elements.map((element) => getComputedStyle(element).outlineStyle);
}

async function press(
  page: Page,
  role: 'link' | 'button' | 'checkbox',
  name: string,
  key: string,
): Promise<void> {
  await tabUntil(page, role, name);
  await page.keyboard.press(key);
}
