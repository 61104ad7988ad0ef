import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { describe, expect, it, vi } from 'vitest';
import { Accounts } from '../../examples/login/accounts.ts';
import { NOTICES } from '../../examples/login/problems.ts';
import { SCHEMES, SIZES } from './chromium.ts';
import { ask, PROVIDERS, type ProviderName, signIn, useStage } from './setup.ts';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const stage = useStage();

/** Every page, with the steps that lead to it. */
const PAGES: Record<string, (page: Page) => Promise<unknown>> = {
  'the start page': (page) => page.goto(stage.url),
  'the start page after signing out': (page) => page.goto(`${stage.url}/?problem=signed_out`),
  'the start page with a problem': (page) => page.goto(`${stage.url}/?problem=timeout&at=fitbit`),
  'a page that is not there': (page) => page.goto(`${stage.url}/nothing`),
  'a form that is out of date': async (page) => {
    await signIn(page, stage.url, 'Fitbit');
    await page.locator('form[action="/tokens/refresh"] input').evaluate(setValue, 'of yesterday');
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('heading', { name: 'Please try that again' }).waitFor();
  },
  'a form that is too large': async (page) => {
    await signIn(page, stage.url, 'Fitbit');
    await page.locator('form[action="/tokens/refresh"] input').evaluate(setValue, 'x'.repeat(20_000));
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('heading', { name: 'That did not work' }).waitFor();
  },
  'a failure of the demo': async (page) => {
    await signIn(page, stage.url, 'Fitbit');
    const get = vi.spyOn(Accounts.prototype, 'get').mockImplementation(() => {
      throw new Error('The database is gone');
    });
    await page.goto(stage.url);
    get.mockRestore();
    await page.getByRole('heading', { name: 'Something went wrong' }).waitFor();
  },
  'the start page while it waits for the provider': async (page) => {
    await page.goto(stage.url);
    await page.evaluate(`document.querySelector('a[data-pending]').addEventListener('click', (event) => {
      event.preventDefault(); // axe can't look at a page that is being left
    })`);
    await page.getByRole('link', { name: 'Continue with Google Health' }).click();
    await page.getByText('Waiting for Google Health').waitFor();
  },
  'the dashboard': (page) => signIn(page, stage.url, 'Google Health'),
  'the dashboard with the table of steps': async (page) => {
    await signIn(page, stage.url, 'Google Health');
    await page.getByText('Show as a table').click();
  },
  'the dashboard of a user without a name': async (page) => {
    await ask(page, stage.url, 'Fitbit');
    await page.getByRole('checkbox', { name: 'Profile' }).uncheck();
    await PROVIDERS.Fitbit.allow(page, 'Zoë');
    await page.getByRole('heading', { name: 'Hello, Member' }).waitFor();
  },
  'the dashboard after a button that failed': async (page) => {
    await signIn(page, stage.url, 'Fitbit');
    stage.simulator.fail({ endpoint: 'introspect', with: 'html', times: 3 });
    await page.getByRole('button', { name: 'Check token' }).click();
    await page.getByRole('alert').waitFor();
  },
  'the dashboard of Fitbit': (page) => signIn(page, stage.url, 'Fitbit'),
  'the dashboard after Refresh': (page) => pressOn(page, 'Refresh'),
  'the dashboard after Check token': (page) => pressOn(page, 'Check token'),
  'the dashboard after an automatic refresh': (page) => pressOn(page, 'Let 8 hours pass'),
  'the dashboard with a problem': async (page) => {
    await signIn(page, stage.url, 'Fitbit');
    stage.simulator.fail({ endpoint: 'token', with: 'html', times: 3 });
    await page.getByRole('button', { name: 'Let 8 hours pass' }).click();
    await page.getByText('There is no valid access token right now').waitFor();
  },
  'the consent page of Google': (page) => ask(page, stage.url, 'Google Health'),
  'the consent page of Google with everything selected': async (page) => {
    await ask(page, stage.url, 'Google Health');
    await page.getByRole('checkbox', { name: 'Select all' }).check();
  },
  'the consent page of Fitbit': (page) => ask(page, stage.url, 'Fitbit'),
  'the consent page of Fitbit with nothing selected': async (page) => {
    await ask(page, stage.url, 'Fitbit');
    for (const box of await page.getByRole('checkbox').all()) await box.uncheck();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('alert').waitFor();
  },
  'the consent page of Fitbit with an unknown user': (page) => chooseNobody(page, 'Fitbit', 'Allow'),
  'the consent page of Google with an unknown user': (page) =>
    chooseNobody(page, 'Google Health', 'Continue'),
  'the page of Fitbit for a bad request': (page) => page.goto(stage.simulator.fitbit.authorizationURL),
  'the page of Google for a bad request': (page) => page.goto(stage.simulator.googleHealth.authorizationURL),
  'the consent page that was already submitted': async (page) => {
    await ask(page, stage.url, 'Fitbit');
    const again = await page.context().newPage();
    await again.goto(page.url());
    const id = await page.locator('input[name=request]').inputValue();
    await PROVIDERS.Fitbit.deny(page);
    await again.locator('input[name=request]').evaluate(setValue, id);
    await PROVIDERS.Fitbit.allow(again, 'Zoë');
    await again.getByText('already submitted').waitFor();
    return again;
  },
  'the start page after the shutdown of Fitbit': async (page) => {
    stage.simulator.shutDownFitbit();
    await page.goto(stage.url);
  },
  'the dashboard of Fitbit after the shutdown': async (page) => {
    await signIn(page, stage.url, 'Fitbit');
    await page.getByRole('button', { name: 'Shut Fitbit down' }).click();
    await page.getByText('Your steps are on Google Health now').waitFor();
  },
  'the dashboard without the right to read steps': async (page) => {
    await ask(page, stage.url, 'Fitbit');
    await page.getByRole('checkbox', { name: 'Activity' }).uncheck();
    await PROVIDERS.Fitbit.allow(page, 'Zoë');
    await page.getByRole('link', { name: 'Change what you share' }).waitFor();
  },
  'the start page with a link to set up Google Health': async (page) => {
    await ask(page, stage.url, 'Google Health');
    await PROVIDERS['Google Health'].allow(page, 'Noor');
    await page.getByRole('link', { name: 'Set up Google Health' }).waitFor();
  },
  'the consent page of Fitbit that was open during the shutdown': async (page) => {
    await ask(page, stage.url, 'Fitbit');
    stage.simulator.shutDownFitbit();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('link', { name: 'Back to the app' }).waitFor();
  },
  'the page of Fitbit after the shutdown': (page) => {
    stage.simulator.shutDownFitbit();
    return page.goto(stage.simulator.fitbit.authorizationURL);
  },
  'the control page': (page) => page.goto(stage.simulator.url),
  'the control page in use': async (page) => {
    await signIn(page, stage.url, 'Fitbit');
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByText('Refreshed').waitFor();
    stage.simulator.fail({ endpoint: 'token', with: 'hang', times: 2 });
    stage.simulator.shutDownFitbit();
    stage.simulator.set({ fitbitRevokeBody: 'json' });
    await page.goto(stage.simulator.url);
    await page.evaluate("for (const group of document.querySelectorAll('details')) group.open = true");
  },
  'the account page': async (page) => {
    await signIn(page, stage.url, 'Google Health');
    await page.goto(`${stage.simulator.url}/accounts/zoe`);
  },
  'the account page of a user without apps': (page) => page.goto(`${stage.simulator.url}/accounts/noor`),
  'the control page whose filter matches nothing': async (page) => {
    await signIn(page, stage.url, 'Google Health');
    await page.goto(`${stage.simulator.url}/?text=nothing`);
  },
  'the control page after a notification': async (page) => {
    await signIn(page, stage.url, 'Google Health');
    await stage.simulator.walk({ person: 'zoe', steps: 10 });
    await page.goto(stage.simulator.url);
  },
  'a page that the simulator does not have': (page) => page.goto(`${stage.simulator.url}/nothing`),
};

// Chromium reports responses with an error status, which these pages have.
const REFUSED = /status of (400|403|404|410|413|500)/;

describe.each(Object.entries(PAGES))('%s', (_name, visit) => {
  it('is accessible and fits at 320, 768 and 1280 pixels, light and dark', async () => {
    stage.expectConsole(REFUSED);
    const first = await stage.open();
    const other = await visit(first);
    const page = isPage(other) ? other : first;

    expect(await page.locator('h1').count()).toBe(1);
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    if (page.url().startsWith(stage.simulator.url)) {
      expect(await page.locator('body').textContent()).toMatch(/simulator/i);
    }
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      expect(await page.evaluate(WIDTH), size).toBeLessThanOrEqual(viewport.width);
      expect(await page.evaluate<string[]>(CUT_OFF), size).toEqual([]);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        const where = `${size}, ${colorScheme}`;
        expect(await violations(page), where).toEqual([]);
        const brightness = Math.max(...(await background(page)));
        expect(colorScheme === 'dark' ? brightness < 60 : brightness > 200, where).toBe(true);
      }
    }
  });
});

describe.each(Object.keys(NOTICES))('the notice %s', (code) => {
  it('is accessible and fits, with the longer name', async () => {
    const page = await stage.open();
    await page.goto(`${stage.url}/?problem=${code}&at=google-health`);
    await page.locator('.notice').waitFor();
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      expect(await page.evaluate<string[]>(CUT_OFF), size).toEqual([]);
    }
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page), colorScheme).toEqual([]);
    }
  });
});

describe.each(Object.keys(PROVIDERS) as ProviderName[])('the consent page of %s', (provider) => {
  it.each(SCHEMES)('has borders that are visible, %s', async (colorScheme) => {
    const page = await stage.open({ colorScheme });
    await ask(page, stage.url, provider);
    await page.getByRole('radio').first().waitFor();
    await page.waitForLoadState(); // with its style sheet
    const contrasts = await page.evaluate<[string, number][]>(BORDERS);
    expect(contrasts.length).toBeGreaterThan(10);
    expect(contrasts.filter(([, contrast]) => contrast < 3)).toEqual([]); // WCAG 2.2, 1.4.11
  });
});

describe('the start page', () => {
  it('keeps its buttons where they are while it waits', async () => {
    const page = await stage.open({ viewport: SIZES['small phone'] });
    await page.goto(stage.url);
    const button = page.getByRole('link', { name: 'Continue with Google Health' });
    const before = await button.boundingBox();
    await button.evaluate((element) => element.setAttribute('aria-busy', 'true'));
    expect(await button.boundingBox()).toEqual(before);
  });
});

describe('the control page, once it has something to show', () => {
  it.each([320, 768, 1280])('cuts nothing off at %i pixels', async (width) => {
    const { simulator } = stage;
    const page = await stage.open();
    await signIn(page, stage.url, 'Google Health');
    simulator.fail({ endpoint: 'data', with: 'hang', delay: 2000, times: Number.POSITIVE_INFINITY });
    simulator.people.add({ displayName: 'Ada'.repeat(20), google: true });
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`${simulator.url}/?done=fault`);
    expect(await page.getByRole('link', { name: 'Back to the app' }).getAttribute('href')).toBe(
      `${stage.url}/`,
    );
    expect(await page.evaluate<string[]>(CUT_OFF)).toEqual([]);
    expect(await page.evaluate(WIDTH)).toBeLessThanOrEqual(width);
    simulator.clearFaults();
  });
});

const WIDTH = 'document.documentElement.scrollWidth';

/** The elements that reach beyond the window, or whose content does not fit into them. A picture for decoration may. */
const CUT_OFF = `[...document.querySelectorAll('body *')]
  .filter((element) => !element.closest('[aria-hidden="true"], svg'))
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1
    || (getComputedStyle(element).overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1))
  .map((element) => element.outerHTML.slice(0, 80))`;

/** The contrast of each border of what can be clicked with what is around it. */
const BORDERS = `(() => {
  const luminance = (color) => {
    const [r, g, b] = color.match(/\\d+/g).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const backgroundOf = (element) => {
    const { backgroundColor } = getComputedStyle(element);
    return backgroundColor.endsWith(', 0)') ? backgroundOf(element.parentElement) : backgroundColor;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  return [...document.querySelectorAll('.person, .scopes, input:not([type=hidden])')].map((element) => {
    const { borderTopColor } = getComputedStyle(element);
    return [element.className || element.type, contrast(borderTopColor, backgroundOf(element.parentElement))];
  });
})()`;

/** Submits a consent page without one of its users, as an old page does after the user was removed. */
async function chooseNobody(page: Page, provider: ProviderName, button: string): Promise<void> {
  await ask(page, stage.url, provider);
  await page.locator('input[name=person]:checked').evaluate(setValue, 'nobody');
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('alert').waitFor();
}

async function pressOn(page: Page, button: string): Promise<void> {
  await signIn(page, stage.url, 'Google Health');
  await page.getByRole('button', { name: button }).click();
  await page.locator('.result').waitFor();
}

/** The violations of all of axe's rules, one line for each element. */
async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axe);
  const results = await page.evaluate<AxeResults>('axe.run({ resultTypes: ["violations"] })');
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

interface AxeResults {
  violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
}

/** The red, green and blue of the page's background; of the browser's own canvas where the page sets none. */
async function background(page: Page): Promise<number[]> {
  const color = await page.evaluate<string>(`(() => {
    const own = getComputedStyle(document.body).backgroundColor;
    if (!own.endsWith(', 0)')) return own;
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.backgroundColor = 'Canvas';
    const canvas = getComputedStyle(probe).backgroundColor;
    probe.remove();
    return canvas;
  })()`);
  return (color.match(/\d+/g) ?? []).map(Number);
}

/** Runs in the page. */
function setValue(element: { value?: string }, value: string): void {
  element.value = value;
}

function isPage(value: unknown): value is Page {
  return typeof value === 'object' && value !== null && 'goto' in value;
}
