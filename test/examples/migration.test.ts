import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { start } from '../../examples/migration/start.ts';
import { MigrationExample, useMigrationExample } from './migration-example.ts';
import { WebClient } from './web-client.ts';

describe('An app whose users signed in with Fitbit', () => {
  const example = useMigrationExample();

  it('signs a user in to the same account after Fitbit is shut down', async () => {
    const { app } = example;
    const first = await app.signIn('fitbit', 'zoe');
    expect(first.url.href).toBe(`${app.url}/home`);
    expect(first.text).toContain('Connected to Fitbit Google Health ID none yet Fitbit ID 2E4RVC');
    await app.browser.submit(first, '/goal', { goal: '10 000 steps' });

    app.simulator.shutDownFitbit();
    const second = await app.signIn('google-health', 'zoe', new WebClient());

    expect(second.url.href).toBe(`${app.url}/home`);
    expect(second.html).toContain('value="10 000 steps"');
    expect(second.text).toContain(
      'Connected to Google Health Google Health ID 8677373576871223311 Fitbit ID 2E4RVC',
    );
    expect(app.accountIn(second)).toBe(app.accountIn(first));
    expect(app.accounts.all()).toHaveLength(1);

    // From now on the account is found by the new id.
    const third = await app.signIn('google-health', 'zoe', new WebClient());
    expect(app.accountIn(third)).toBe(app.accountIn(first));
  });

  it('creates an account for a user who never had Fitbit', async () => {
    const { app } = example;
    await app.signIn('fitbit', 'zoe');
    app.simulator.shutDownFitbit();
    const page = await app.signIn('google-health', 'aiko', new WebClient());
    expect(page.text).toContain('Hello, Aiko Tanaka');
    expect(page.text).toContain('Google Health ID 3304918275566102947 Fitbit ID none');
    expect(app.accounts.all().map(({ fitbitUserId }) => fitbitUserId)).toEqual(['2E4RVC', null]);
  });

  it.each([
    ['another Fitbit id', 'OTHER1'],
    ['no Fitbit id', null],
    ['an empty Fitbit id', ''],
  ])("keeps another user's Google account with %s out of a Fitbit user's account", async (_what, id) => {
    const { app } = example;
    if (id === '') app.simulator.set({ googleLegacyUserID: 'empty' });
    app.simulator.people.add({
      id: 'mallory',
      displayName: 'Mallory',
      fitbit: false,
      google: { legacyUserID: id || null },
    });
    const first = await app.signIn('fitbit', 'zoe');
    await app.browser.submit(first, '/goal', { goal: 'a secret of Zoë' });

    const page = await app.signIn('google-health', 'mallory', new WebClient());
    expect(page.html).not.toContain('a secret of Zoë');
    expect(app.accountIn(page)).not.toBe(app.accountIn(first));
    expect(app.accounts.get(app.accountIn(first))).toMatchObject({ healthUserId: null, oauthType: 'fitbit' });
    expect(app.accounts.all()).toHaveLength(2);
  });

  it('refuses a second Google account with the same Fitbit id, and says which one to use', async () => {
    const { app } = example;
    await app.signIn('google-health', 'zoe');
    app.simulator.people.add({
      id: 'second',
      displayName: 'Second',
      fitbit: false,
      google: { legacyUserID: '2E4RVC' },
    });
    const page = await app.signIn('google-health', 'second', new WebClient());
    expect(page.url.search).toBe('?problem=account_conflict');
    expect(page.text).toContain('connected to another Google account of yours. Sign in with that one.');
    expect(app.accounts.all()).toMatchObject([{ healthUserId: '8677373576871223311' }]);
  });

  it('withdraws the consent at Fitbit once the tokens of Google are saved', async () => {
    const { app } = example;
    await app.signIn('fitbit', 'zoe');
    const old = app.accounts.all()[0]?.refreshToken;
    await app.signIn('google-health', 'zoe', new WebClient());
    await app.logged('The consent at Fitbit was withdrawn');
    expect(app.revocations('fitbit')).toHaveLength(1);
    expect(app.simulator.grants.map(({ provider }) => provider)).toEqual(['google-health']);
    const [account] = app.accounts.all();
    expect(account?.oauthType).toBe('google');
    expect(account?.refreshToken).toMatch(/^1\/\//);
    expect(account?.refreshToken).not.toBe(old);

    await app.signIn('google-health', 'zoe', new WebClient());
    expect(app.revocations('fitbit')).toHaveLength(1);
  });

  it('does not wait for a Fitbit that hangs, and does not fail after its shutdown', async () => {
    const { app } = example;
    await app.signIn('fitbit', 'zoe');
    app.simulator.fail({ provider: 'fitbit', endpoint: 'revoke', with: 'hang', times: 1 });
    const begin = Date.now();
    const page = await app.signIn('google-health', 'zoe', new WebClient());
    expect(page.text).toContain('Connected to Google Health');
    expect(Date.now() - begin).toBeLessThan(3000);

    await app.signIn('fitbit', 'maya', new WebClient());
    app.simulator.people.add({
      id: 'maya-moved',
      displayName: 'Maya',
      fitbit: false,
      google: { legacyUserID: '26FWFL' },
    });
    app.simulator.shutDownFitbit();
    const moved = await app.signIn('google-health', 'maya-moved', new WebClient());
    expect(moved.text).toContain('Fitbit ID 26FWFL');
    await app.logged('The consent at Fitbit could not be withdrawn: gone');
  });

  it('after the shutdown offers only Google Health, and redirects old links there', async () => {
    const { app } = example;
    const page = await app.browser.submit(await app.browser.get(app.url), '/simulator/shut-down-fitbit');
    expect(page.text).toContain('Continue with Google Health');
    expect(page.text).not.toContain('Continue with Fitbit');
    expect((await app.startSignIn('fitbit')).url.pathname).toBe('/google/o/oauth2/v2/auth');
  });

  it('tells users in words what they can do', async () => {
    const { app } = example;
    const notLinked = await app.signIn('google-health', 'noor');
    expect(notLinked.text).toContain('Choose the account that your device uses');
    const unmigrated = await app.signIn('google-health', 'victor');
    expect(unmigrated.text).toContain('Your Fitbit account has not been moved to Google yet');
    const page = await app.signIn('google-health', 'zoe', app.browser, []);
    expect(page.text).toContain('Please select it');
  });

  it('shows a page of its own when Google denies permission without a reason', async () => {
    const { app } = example;
    const body = { error: { code: 403, message: 'Denied.', status: 'PERMISSION_DENIED' } };
    app.simulator.fail({ endpoint: 'identity', with: { status: 403, body }, times: 1 });
    const page = await app.signIn('google-health', 'zoe');
    expect(page.status).toBe(200);
    expect(page.url.search).toBe('?problem=permission_denied');
    expect(page.text).toContain('Google does not share your Google Health data with us');
    expect(page.text).toContain('Continue with Google Health');
    expect(app.log.join()).toContain('permission_denied');
  });

  it('refreshes the tokens of either provider', async () => {
    const { app } = example;
    await app.browser.submit(await app.signIn('fitbit', 'zoe'), '/refresh');
    const other = new WebClient();
    const page = await other.submit(await app.signIn('google-health', 'zoe', other), '/refresh');
    expect(page.text).toContain('Saved.');
    const refreshed = app.requests(({ body }) => body.grant_type === 'refresh_token');
    expect(refreshed.map(({ provider, status }) => [provider, status])).toEqual([
      ['fitbit', 200],
      ['google-health', 200],
    ]);
  });

  it('keeps the tokens of Google when a user who has moved signs in with Fitbit again', async () => {
    const { app } = example;
    await app.signIn('google-health', 'zoe');
    const before = app.accounts.all();
    await app.signIn('fitbit', 'zoe', new WebClient());
    expect(app.accounts.all()).toEqual(before);
  });

  it('refuses a form without its CSRF token', async () => {
    const { app } = example;
    await app.signIn('fitbit', 'zoe');
    const page = await app.browser.post(`${app.url}/goal`, new URLSearchParams({ goal: 'planted' }));
    expect(page.status).toBe(403);
    expect(app.accounts.all()[0]?.goal).toBe('');
  });

  it('writes no token into its log or its pages', async () => {
    const { app } = example;
    const tokens = () =>
      app.accounts.all().flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken]);
    await app.signIn('fitbit', 'zoe');
    const secrets = tokens();
    await app.connect('zoe');
    await app.logged('The consent at Fitbit was withdrawn');
    secrets.push(...tokens());
    const text = app.log.join() + app.browser.pages.map(({ html }) => html).join();
    for (const secret of secrets) expect(text).not.toContain(secret);
    expect(new Set(secrets).size).toBe(4);
  });

  it('has titles and headings, and no inline styles or scripts', async () => {
    const { app } = example;
    for (const page of [
      await app.browser.get(app.url),
      await app.signIn('fitbit', 'zoe'),
      await app.connect('aiko'),
      await app.browser.get(`${app.url}/x`),
    ]) {
      expect(page.html).toMatch(/<html lang="en">[\s\S]*<title>.+ – Tally<\/title>[\s\S]*<h1>.+<\/h1>/);
      expect(page.html).not.toMatch(/ style=|<style|<script|undefined|\[object/);
    }
  });
});

describe('The data of the migration example', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'migration-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = async (env: NodeJS.ProcessEnv) =>
    new MigrationExample(await start({ PORT: '0', ...env }, () => {}), []);

  it('is gone at the next start', async () => {
    const first = await run({});
    await first.signIn('fitbit', 'zoe');
    expect(first.accounts.all()).toHaveLength(1);
    await first.close();
    const second = await run({});
    expect(second.accounts.all()).toEqual([]);
    await second.close();
  });

  it('is kept in DATA_FOLDER', async () => {
    const env = { DATA_FOLDER: join(folder, 'data') };
    const first = await run(env);
    await first.browser.submit(await first.signIn('fitbit', 'zoe'), '/goal', { goal: '10 000 steps' });
    await first.close();
    const second = await run(env);
    const page = await second.signIn('google-health', 'zoe');
    expect(page.html).toContain('value="10 000 steps"');
    await second.close();
  });

  const modes = (path: string) =>
    Object.fromEntries(readdirSync(path).map((name) => [name, statSync(join(path, name)).mode & 0o777]));

  it('is readable by its owner only, whatever the umask', async () => {
    const data = join(folder, 'data');
    const umask = process.umask(0);
    try {
      const app = await run({ DATA_FOLDER: data });
      await app.signIn('fitbit', 'zoe');
      expect(statSync(data).mode & 0o777).toBe(0o700);
      expect(Object.values(modes(data)).every((mode) => mode === 0o600)).toBe(true);
      expect(modes(data)).toHaveProperty(['accounts.sqlite']);
      await app.close();
    } finally {
      process.umask(umask);
    }
  });

  it('is no longer readable by others if it was', async () => {
    const data = join(folder, 'data');
    mkdirSync(data);
    const first = await run({ DATA_FOLDER: data });
    await first.close();
    chmodSync(join(data, 'accounts.sqlite'), 0o644);
    const second = await run({ DATA_FOLDER: data });
    expect(modes(data)).toMatchObject({ 'accounts.sqlite': 0o600 });
    await second.close();
  });

  it('is in memory when the example starts with one command', { timeout: 60_000 }, async () => {
    const root = join(import.meta.dirname, '../..');
    const { DATA_FOLDER: _, ...env } = process.env;
    const server = spawn(process.execPath, ['--import', 'tsx', 'examples/migration/server.ts'], {
      cwd: root,
      env: { ...env, PORT: '0' },
    });
    const ended = once(server, 'exit');
    try {
      let output = '';
      while (!/simulated on/.test(output)) {
        const [text] = await once(server.stdout, 'data');
        output += text;
      }
      expect(output).toContain('Its accounts are in memory: set DATA_FOLDER to keep them');
      const [, url = ''] = /Tally is on (\S+)/.exec(output) ?? [];
      expect((await new WebClient().get(url)).text).toContain('Continue with Google Health');
    } finally {
      server.kill();
      await ended;
    }
  });
});
