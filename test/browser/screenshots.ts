// Makes docs/images: tsx test/browser/screenshots.ts [folder]
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
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
          fullPage: name !== 'start',
        });
      };
      await page.goto(demo.url);
      await shoot('start');
      await page.getByRole('link', { name: 'Continue with Fitbit' }).click();
      await shoot('consent-fitbit');
      await page.goto(`${demo.url}/auth/google-health`);
      await page.getByRole('radio', { name: 'Zoë' }).check();
      await page.getByRole('checkbox', { name: 'Select all' }).check();
      await shoot('consent-google');
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByRole('button', { name: 'Introspect' }).click();
      await shoot('dashboard');
      await page.close();
    }
  }
} finally {
  await browser.close();
  await demo.close();
}
