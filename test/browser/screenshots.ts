// Makes docs/images: tsx test/browser/screenshots.ts [folder]
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { start } from '../../examples/login/start.ts';
import { launch, SCHEMES, SIZES } from './chromium.ts';

const folder = resolve(process.argv[2] ?? 'docs/images');
await mkdir(folder, { recursive: true });
const demo = await start({ PORT: '0' }, () => {});
const browser = await launch();
try {
  for (const colorScheme of SCHEMES) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await browser.newPage({ colorScheme, viewport });
      const shoot = async (name: string) => {
        await page.evaluate('document.fonts.ready.then(() => undefined)');
        await page.screenshot({
          path: `${folder}/${name}-${size}-${colorScheme}.png`,
          fullPage: size === 'phone',
        });
      };
      await page.goto(demo.url);
      await shoot('start');
      await page.getByRole('link', { name: 'Continue with Fitbit' }).click();
      await shoot('consent-fitbit');
      await allow(page, 'Zoë');
      await page.getByRole('button', { name: 'Introspect' }).click();
      await shoot('dashboard');
      await page.close();
    }
  }
} finally {
  await browser.close();
  await demo.close();
}

async function allow(page: Page, person: string): Promise<void> {
  await page.getByRole('radio', { name: person }).check();
  await page.getByRole('button', { name: 'Allow' }).click();
}
