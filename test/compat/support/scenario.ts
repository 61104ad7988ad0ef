import assert from 'node:assert/strict';
import { type Simulator, startSimulator } from 'fitbit-simulator';
import { refresh, revoke } from 'passport-fitbit-strategy';
import { Browser, type Page } from '../../clients/support/browser.ts';
import { consent } from '../../clients/support/consent.ts';

/**
 * An app under test. It has `/auth/fitbit` and `/auth/google-health` with their `/callback`, `/me` (the user as
 * JSON, or 401), and gives `{ returnTo: '/me?back' }` as `state`, which it goes to after a login.
 */
export interface App {
  readonly url: string;
  close(): Promise<void>;
}

/** Signs in to an app as people do; gives the number of things seen to work. */
export async function runScenario(start: (simulator: Simulator) => Promise<App>): Promise<number> {
  const simulator = await startSimulator();
  const app = await start(simulator);
  try {
    for (const check of CHECKS) await check(app, simulator);
    return CHECKS.length;
  } finally {
    await app.close();
    await simulator.close();
  }
}

const CHECKS: readonly ((app: App, simulator: Simulator) => Promise<void>)[] = [
  signsInWithFitbit,
  signsInWithGoogleHealth,
  finishesTwoTabs,
  refusesUsedCallback,
  refusesForeignCallback,
  reportsDenial,
  refreshesAndRevokes,
];

async function signsInWithFitbit(app: App): Promise<void> {
  const browser = new Browser();
  assertSignedIn(app, await consent(browser, `${app.url}/auth/fitbit`, 'maya'), '26FWFL');
  assert.equal((await browser.open(`${app.url}/me`)).status, 200, 'the session lasts');
  assert.equal((await new Browser().open(`${app.url}/me`)).status, 401, 'and is one browser’s');
}

async function signsInWithGoogleHealth(app: App): Promise<void> {
  const page = await consent(new Browser(), `${app.url}/auth/google-health`, 'zoe');
  assertSignedIn(app, page, '8677373576871223311');
}

async function finishesTwoTabs(app: App): Promise<void> {
  const browser = new Browser();
  const first = await browser.open(`${app.url}/auth/fitbit`);
  const second = await browser.open(`${app.url}/auth/fitbit`);
  const answer = { scope: ['activity', 'profile'], decision: 'allow' };
  assertSignedIn(app, await browser.submit(second, { ...answer, person: 'tomas' }), '6CGW8Z');
  const page = await browser.submit(first, { ...answer, person: 'maya' });
  // Where sign-in makes a new session, the login of the other tab ends with the old one, and who is signed in stays so.
  if (page.status === 200) return assertSignedIn(app, page, '26FWFL');
  assert.equal(page.status, 401, `${page.url}: ${page.body}`);
  assert.equal(JSON.parse((await browser.open(`${app.url}/me`)).body).id, '6CGW8Z');
}

async function refusesUsedCallback(app: App): Promise<void> {
  const browser = new Browser();
  const callback = await consent(
    browser,
    `${app.url}/auth/fitbit`,
    'maya',
    `${app.url}/auth/fitbit/callback`,
  );
  assertSignedIn(app, await browser.open(callback.url), '26FWFL');
  const again = await browser.open(callback.url);
  assert.equal(again.status, 401, `a used callback: ${again.body}`);
}

async function refusesForeignCallback(app: App): Promise<void> {
  const until = `${app.url}/auth/fitbit/callback`;
  const callback = await consent(new Browser(), `${app.url}/auth/fitbit`, 'maya', until);
  const victim = new Browser();
  assert.equal((await victim.open(callback.url)).status, 401, 'a callback of another browser');
  assert.equal((await victim.open(`${app.url}/me`)).status, 401, 'and nobody is signed in by it');
}

async function reportsDenial(app: App): Promise<void> {
  const browser = new Browser();
  const page = await browser.open(`${app.url}/auth/fitbit`);
  const denied = await browser.submit(page, { person: 'maya', decision: 'deny' });
  assert.equal(denied.status, 401, `a denial: ${denied.body}`);
}

async function refreshesAndRevokes(app: App, simulator: Simulator): Promise<void> {
  const page = await consent(new Browser(), `${app.url}/auth/fitbit`, 'maya');
  const { refreshToken } = JSON.parse(page.body);
  const fresh = await refresh(simulator.fitbit, refreshToken);
  assert.notEqual(fresh.refreshToken, refreshToken);
  await revoke(simulator.fitbit, fresh.accessToken);
  await assert.rejects(refresh(simulator.fitbit, fresh.refreshToken ?? ''), { code: 'invalid_grant' });
}

function assertSignedIn(app: App, page: Page, id: string): void {
  assert.equal(page.status, 200, `${page.url}: ${page.body}`);
  assert.equal(page.url, `${app.url}/me?back`, 'the app gets its own state back');
  assert.equal(JSON.parse(page.body).id, id);
}
