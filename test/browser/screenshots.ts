// Makes the README's pictures in docs/images. `tsx test/browser/screenshots.ts <folder>` makes them there, with one of
// each page.
import { mkdir, writeFile } from 'node:fs/promises';
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
        await page.mouse.move(0, 0); // nothing looks hovered
        if (size === 'phone') shots.push(await page.screenshot());
        if (!keepsPages) return;
        const path = `${folder}/${name}-${viewport.width}-${colorScheme}.png`;
        await page.screenshot({ path, fullPage: true });
      };
      await walk(page, shoot);
      await page.close();
    }
    await writeFile(`${folder}/demo-${colorScheme}.webp`, await showTogether(browser, shots));
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

/** One picture of the way through the demo, for the README: start, consent and dashboard side by side. */
async function showTogether(browser: Browser, shots: readonly Buffer[]): Promise<Buffer> {
  const { width, height } = PHONE;
  const page = await browser.newPage({ viewport: { width: 3 * width + 160, height: height + 80 } });
  const images = shots.slice(0, 3).map((shot) => `<img src="${dataURL(shot)}">`);
  await page.setContent(`<style>
    body { display: flex; gap: 40px; margin: 40px; }
    img { width: ${width}px; height: ${height}px; border-radius: 28px; box-shadow: 0 0 0 1px #8886, 0 12px 32px #0004; }
  </style>${images.join('')}`);
  const together = dataURL(await page.screenshot({ omitBackground: true }));
  // Chromium takes no screenshots in WebP, which needs less space, but its canvas writes it: as wide as GitHub shows it.
  const webp = await page.evaluate<string>(`(async () => {
    const image = new Image();
    image.src = '${together}';
    await image.decode();
    const canvas = new OffscreenCanvas(1000, Math.round((1000 / image.width) * image.height));
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.75 });
    return btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(''));
  })()`);
  await page.close();
  return Buffer.from(webp, 'base64');
}

function dataURL(png: Buffer): string {
  return `data:image/png;base64,${png.toString('base64')}`;
}

function unexpected(): never {
  throw new Error('The demo runs without a simulator');
}
