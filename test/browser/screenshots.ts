// Makes the README's pictures in docs/images. `tsx test/browser/screenshots.ts <folder>` makes them in that folder, with
// a picture of each page.
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { start } from '../../examples/login/start.ts';
import { launch, PHONE, SCHEMES, SIZES } from './chromium.ts';

const folder = resolve(process.argv[2] ?? 'docs/images');
const keepsPages = process.argv[2] !== undefined;
await mkdir(folder, { recursive: true });
const demo = await start({ PORT: '0' }, () => {});
const simulator = demo.simulator ?? unexpected();
const browser = await launch();
try {
  for (const colorScheme of SCHEMES) {
    const shots: Buffer[] = [];
    const sizes = { phone: PHONE, ...(keepsPages && SIZES) };
    for (const [size, viewport] of Object.entries(sizes)) {
      const page = await browser.newPage({ colorScheme, viewport });
      const shoot = async (name: string) => {
        await page.waitForLoadState('networkidle');
        await page.mouse.move(0, 0); // off the list, whose entries change their color under the mouse
        if (size === 'phone') shots.push(await page.screenshot());
        if (!keepsPages) return;
        const path = `${folder}/${name}-${viewport.width}-${colorScheme}.png`;
        await page.screenshot({ path, fullPage: true });
      };
      await walk(page, shoot);
      await page.close();
    }
    await showTogether(browser, shots, `${folder}/demo-${colorScheme}.png`);
  }
} finally {
  await browser.close();
  await demo.close();
}

/** Uses the demo and takes a picture of each page. */
async function walk(page: Page, shoot: (name: string) => Promise<void>): Promise<void> {
  await page.goto(demo.url);
  await shoot('start');

  await page.getByRole('link', { name: 'Continue with Google Health' }).click();
  await page.getByRole('radio', { name: 'Zoë' }).check();
  await page.getByRole('checkbox', { name: 'Select all' }).check();
  await page.evaluate('scrollTo(0, 0)');
  await shoot('consent-google');
  await page.getByRole('button', { name: 'Continue' }).click();
  await shoot('dashboard');

  await page.goto(`${demo.url}/auth/fitbit`);
  await page.getByRole('radio', { name: 'Zoë' }).check();
  await page.evaluate('scrollTo(0, 0)');
  await shoot('consent-fitbit');
  await page.goto(simulator.url);
  await shoot('simulator');
  if (keepsPages) await showFailures(page, shoot);
}

/** Shows the failures of a login, up to the shutdown of Fitbit. */
async function showFailures(page: Page, shoot: (name: string) => Promise<void>): Promise<void> {
  const { people } = simulator;
  await page.context().clearCookies();
  const accounts = {
    account_not_linked: 'noor',
    account_not_migrated: 'victor',
    profile_not_ready: people.add({ displayName: 'Ada', google: { unfinished: true } }).id,
    admin_policy_enforced: people.add({ displayName: 'Bo', google: { forbidden: true } }).id,
    missing_scope: 'zoe',
  };
  for (const [code, person] of Object.entries(accounts)) {
    await page.goto(`${demo.url}/auth/google-health`);
    await page.locator(`input[value="${person}"]`).check();
    if (code !== 'missing_scope') await page.getByRole('checkbox', { name: 'Select all' }).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await shoot(code);
  }
  for (const error of ['access_denied', 'login_required', 'org_internal']) {
    await page.goto(`${demo.url}/auth/google-health`);
    const state = new URL(page.url()).searchParams.get('state') ?? '';
    await page.goto(`${demo.url}/auth/google-health/callback?${new URLSearchParams({ error, state })}`);
    await shoot(error);
  }
  simulator.shutDownFitbit();
  await page.goto(`${demo.url}/auth/fitbit`);
  await shoot('gone');
  simulator.reopenFitbit();
}

/** One picture of the demo for the README: start page, consent page and dashboard side by side. */
async function showTogether(browser: Browser, shots: readonly Buffer[], path: string): Promise<void> {
  // Smaller than the pages, because a README is about 800 pixels wide.
  const width = 0.6 * PHONE.width;
  const height = 0.6 * PHONE.height;
  const viewport = { width: Math.round(3 * width + 96), height: Math.round(height + 48) };
  const page = await browser.newPage({ viewport });
  const images = shots
    .slice(0, 3)
    .map((shot) => `<img src="data:image/png;base64,${shot.toString('base64')}">`);
  await page.setContent(`<style>
    body { display: flex; gap: 24px; margin: 24px; }
    img { width: ${width}px; height: ${height}px; border-radius: 20px; box-shadow: 0 0 0 1px #8886, 0 12px 32px #0004; }
  </style>${images.join('')}`);
  await page.screenshot({ path, omitBackground: true });
  await page.close();
}

function unexpected(): never {
  throw new Error('The demo runs without a simulator');
}
