import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { signIn, useStage } from './setup.ts';

const stage = useStage();

const today = async (page: Page) =>
  Number((await page.locator('.totals dd').first().textContent())?.replaceAll(',', ''));

it('new steps of the control page show in the browser without a reload', async () => {
  const page = await stage.open();
  await signIn(page, stage.url, 'Google Health');
  const before = await today(page);
  await page.getByText('Show as a table').click();
  const listening = page.waitForResponse((response) => response.url().endsWith('/steps/events'));
  await page.reload();
  await listening;
  await page.getByText('Show as a table').click();

  const control = await page.context().newPage();
  await control.goto(stage.simulator.url);
  await control.getByLabel('Steps').fill('1234');
  await control.getByRole('button', { name: 'Add steps' }).click();
  await control.getByText('The steps are added').waitFor();

  await page.getByText(/^New steps: [\d,]+ today$/).waitFor({ timeout: 1000 });
  expect(await today(page)).toBe(before + 1234);
  expect(await page.getByRole('row').last().isVisible()).toBe(true); // the table stays open
  await expect
    .poll(() => stage.simulator.webhooks.deliveries.map(({ state }) => state))
    .toEqual(['delivered']);
});

it('a consent that the user withdraws at the provider ends the session in the browser', async () => {
  stage.expectConsole(/status of 401/);
  const page = await stage.open();
  const listening = page.waitForResponse((response) => response.url().endsWith('/steps/events'));
  await signIn(page, stage.url, 'Google Health');
  await listening;
  await stage.simulator.removeAccess({ person: 'zoe' });
  await page.getByText('Your connection to Google Health has ended').waitFor();
});

it('a notification that arrives while the user signs out does not lead to another page', async () => {
  const page = await stage.open();
  const listening = page.waitForResponse((response) => response.url().endsWith('/steps/events'));
  await signIn(page, stage.url, 'Google Health');
  await listening;
  // Revoking makes the provider notify the page. The response is held back until the page had time to react.
  await page.route('**/tokens/revoke', async (route) => {
    const response = await route.fetch({ maxRedirects: 0 });
    await expect
      .poll(() => stage.simulator.webhooks.deliveries.map(({ state }) => state))
      .toEqual(['delivered']);
    await page.waitForTimeout(500);
    await route.fulfill({ response });
  });
  await page.getByRole('button', { name: 'Revoke & sign out' }).click();
  await page.getByText('Disconnected').waitFor();
});
