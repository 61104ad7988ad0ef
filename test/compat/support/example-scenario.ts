import assert from 'node:assert/strict';
import { Browser, type Page } from '../../clients/support/browser.ts';
import { consent } from '../../clients/support/consent.ts';
import { type Command, Example } from './example.ts';

const ZOE = { id: '8677373576871223311', name: 'Zoë Krämer' };

/** The addresses of an example. */
interface App {
  readonly url: string;
  /** What the link on its start page leads to. */
  readonly login: string;
  readonly callback: string;
  /** Shows the user as JSON, or 401. */
  readonly me: string;
}

/**
 * Starts an example that has a start page with a link to sign in, and signs in as users do.
 *
 * @returns the number of things seen to work
 */
export async function runWebExample(command: Command): Promise<number> {
  const example = await Example.start(command);
  try {
    await example.responds();
    const app = await readApp(example.url);
    for (const check of CHECKS) await check(app);
    return CHECKS.length;
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.stack : error}\n--- It printed:\n${example.output}`);
  } finally {
    await example.stop();
  }
}

/** Starts the worker and stops it: the number of things seen to work. */
export async function runWorkerExample(command: Command): Promise<number> {
  const env = { ...command.env, INTERVAL: '200' };
  const example = await Example.start({ ...command, env });
  try {
    const rounds = () => example.output.split(`${ZOE.id}: `).length - 1;
    await example.until(() => rounds() >= 3);
    assert.match(example.output, /^\d+: [1-9]\d* steps$/m, 'it reads data');
    assert.doesNotMatch(example.output, /Error/, 'without errors');
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.stack : error}\n--- It printed:\n${example.output}`);
  } finally {
    await example.stop();
  }
  return 2;
}

async function readApp(url: string): Promise<App> {
  const browser = new Browser();
  const home = await browser.open(`${url}/`);
  const [, path] = /<a href="([^"]+)">Continue with Google Health<\/a>/.exec(home.body) ?? [];
  assert(path !== undefined, `the start page has a link to sign in: ${home.body}`);
  const login = url + path;
  return { url, login, callback: `${login}/callback`, me: login.replace('auth/google-health', 'me') };
}

const CHECKS: readonly ((app: App) => Promise<void>)[] = [
  signsInAndOut,
  signsInTwoTabs,
  refusesUsedCallback,
  refusesForeignCallback,
  refusesRepeatedState,
  reportsDenial,
  hidesInternalErrors,
];

async function signsInAndOut(app: App): Promise<void> {
  const browser = new Browser();
  const home = await consent(browser, app.login, 'zoe');
  assert.equal(home.url, `${app.url}/`);
  assert.equal(home.status, 200, home.body);
  assert.match(home.body, /You are signed in\./);
  assert.deepEqual(await userOf(app, browser), ZOE);
  assert.equal(await userOf(app, new Browser()), undefined, 'the session is one browser’s');
  await browser.submit(home);
  assert.equal(await userOf(app, browser), undefined, 'signing out ends the session');
}

async function signsInTwoTabs(app: App): Promise<void> {
  const browser = new Browser();
  const [first, second] = [await browser.open(app.login), await browser.open(app.login)];
  await browser.submit(second, { person: 'zoe', decision: 'allow', scope: scopesOf(second) });
  assert.deepEqual(await userOf(app, browser), ZOE);
  // Where sign-in makes a new session, the other tab's login ends with the old one, and who is signed in stays so.
  await browser.submit(first, { person: 'zoe', decision: 'allow', scope: scopesOf(first) });
  assert.deepEqual(await userOf(app, browser), ZOE);
}

async function refusesUsedCallback(app: App): Promise<void> {
  const browser = new Browser();
  const callback = await consent(browser, app.login, 'zoe', app.callback);
  await browser.open(callback.url);
  assert.deepEqual(await userOf(app, browser), ZOE);
  const thief = new Browser();
  assert.match((await thief.open(callback.url)).body, /already finished/);
  assert.equal(await userOf(app, thief), undefined);
}

async function refusesForeignCallback(app: App): Promise<void> {
  const callback = await consent(new Browser(), app.login, 'zoe', app.callback);
  const victim = new Browser();
  await victim.open(app.login);
  assert.match((await victim.open(callback.url)).body, /could not be completed/);
  assert.equal(await userOf(app, victim), undefined, 'nobody is signed in by another browser’s callback');
}

async function refusesRepeatedState(app: App): Promise<void> {
  const browser = new Browser();
  const callback = await consent(browser, app.login, 'zoe', app.callback);
  assert.match((await browser.open(`${callback.url}&state=other`)).body, /link is damaged/);
  assert.equal(await userOf(app, browser), undefined);
}

async function reportsDenial(app: App): Promise<void> {
  const browser = new Browser();
  const page = await browser.open(app.login);
  const denied = await browser.submit(page, { person: 'zoe', decision: 'deny' });
  assert.match(denied.body, /You did not allow access/, `${denied.url}: ${denied.body}`);
  assert.equal(await userOf(app, browser), undefined);
}

async function hidesInternalErrors(app: App): Promise<void> {
  const browser = new Browser();
  const callback = new URL((await consent(browser, app.login, 'zoe', app.callback)).url);
  callback.searchParams.set('code', 'made-up-code');
  const page = await browser.open(callback.href);
  assert(page.status >= 500, `${page.status}: ${page.body}`);
  assert.doesNotMatch(page.body, /made-up-code|node_modules|\n {4}at /);
}

async function userOf(app: App, browser: Browser): Promise<unknown> {
  const { status, body } = await browser.open(app.me);
  if (status === 401) return undefined;
  assert.equal(status, 200, body);
  return JSON.parse(body);
}

function scopesOf({ body }: Page): string[] {
  return [...body.matchAll(/<input type="checkbox" name="scope" value="([^"]+)"/g)].map(
    (match) => match[1] ?? '',
  );
}
