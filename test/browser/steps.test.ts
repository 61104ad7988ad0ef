import { describe, expect, it } from 'vitest';
import { PROVIDERS, type ProviderName, signIn, useStage } from './setup.ts';

const stage = useStage();

/** The boxes of the chart's texts that overlap one another or leave the picture. */
const COLLISIONS = `(() => {
  const chart = document.querySelector('.chart');
  const frame = chart.getBoundingClientRect();
  const texts = [...chart.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
  const outside = texts.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1);
  const overlapping = texts.filter(([, a], index) => texts.slice(index + 1).some(([, b]) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1));
  return [...outside, ...overlapping].map(([text]) => text);
})()`;

describe.each(Object.keys(PROVIDERS) as ProviderName[])('The chart of steps with %s', (provider) => {
  it('is a picture with a name, and a table that opens with the keyboard', async () => {
    const page = await stage.open();
    await signIn(page, stage.url, provider);
    expect(await page.getByRole('img', { name: /^Bar chart of your steps on the last 7 days/ }).count()).toBe(
      1,
    );
    const rows = page.getByRole('row');
    expect(await rows.count()).toBe(0); // closed
    await page.getByText('Show as a table').focus();
    await page.keyboard.press('Enter');
    expect(await rows.count()).toBe(8);
    expect(await rows.last().textContent()).toMatch(/^\s*\w+day, \w+ \d+ \(today so far\)[\d,]+\s*$/);
  });

  it.each([320, 768, 1280])('keeps its labels apart at %i pixels', async (width) => {
    const page = await stage.open({ viewport: { width, height: 900 } });
    // Tomás has steps of five digits.
    await signIn(page, stage.url, provider, provider === 'Fitbit' ? 'Tomás' : 'Zoë');
    expect(await page.locator('.chart text').count()).toBe(14);
    expect(await page.evaluate<string[]>(COLLISIONS)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  });
});
