import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoggedRequest } from 'fitbit-simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Example, start } from '../../examples/migration/start.ts';
import { type Page, WebClient } from './web-client.ts';

describe('An app whose users signed in with Fitbit', () => {
  let folder: string;
  let example: Example;
  let log: string[];
  let browser: WebClient;

  const restart = () =>
    start({ PORT: '0', DATABASE: join(folder, 'accounts.sqlite') }, (line) => log.push(line));

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'migration-'));
    log = [];
    example = await restart();
    browser = new WebClient();
  });
  afterEach(async () => {
    await example.close();
    rmSync(folder, { recursive: true });
  });

  type Name = 'fitbit' | 'google-health';
  const consentPage = (name: Name, client = browser) => client.get(`${example.url}/auth/${name}`);
  // Google's page begins with no box selected.
  const TICKED = ['profile', 'activity_and_fitness', 'sleep'].map(
    (kind) => `https://www.googleapis.com/auth/googlehealth.${kind}.readonly`,
  );
  const signIn = async (name: Name, person: string, client = browser, scope = TICKED) => {
    const choice = { person, decision: 'allow', ...(name === 'google-health' && { scope }) };
    return client.submit(await consentPage(name, client), '/consent', choice);
  };
  const home = (client = browser) => client.get(`${example.url}/home`);
  const requests = (test: (request: LoggedRequest) => boolean) => example.simulator.requests.filter(test);
  const revocations = () =>
    requests(({ endpoint, provider }) => endpoint === 'revoke' && provider === 'fitbit');
  /** Waits for what nobody waits for. */
  const logged = async (line: string) => {
    for (let tries = 0; !log.includes(line); tries += 1) {
      if (tries === 200) throw new Error(`"${line}" is not in ${JSON.stringify(log)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const accountIn = (page: Page) => Number(/Account (\d+)/.exec(page.text)?.[1]);

  it('brings the same person into the same account after Fitbit is shut down', async () => {
    const first = await signIn('fitbit', 'zoe');
    expect(first.url.href).toBe(`${example.url}/home`);
    expect(first.text).toContain('Signed in through Fitbit Google Health id none yet Fitbit id 2E4RVC');
    await browser.submit(first, '/goal', { goal: '10 000 steps' });

    example.simulator.shutDownFitbit();
    const other = new WebClient();
    const second = await signIn('google-health', 'zoe', other);

    expect(second.url.href).toBe(`${example.url}/home`);
    expect(second.html).toContain('value="10 000 steps"');
    expect(second.text).toContain(
      'Signed in through Google Health Google Health id 8677373576871223311 Fitbit id 2E4RVC',
    );
    expect(accountIn(second)).toBe(accountIn(first));
    expect(example.accounts.all()).toHaveLength(1);

    // From now on the account is found by the new id.
    const third = await signIn('google-health', 'zoe', new WebClient());
    expect(accountIn(third)).toBe(accountIn(first));
  });

  it('makes a new account for a user who never had Fitbit', async () => {
    await signIn('fitbit', 'zoe');
    example.simulator.shutDownFitbit();
    const page = await signIn('google-health', 'aiko', new WebClient());
    expect(page.text).toContain('Hello, Aiko Tanaka');
    expect(page.text).toContain('Google Health id 3304918275566102947 Fitbit id none');
    expect(example.accounts.all().map(({ fitbitUserId }) => fitbitUserId)).toEqual(['2E4RVC', null]);
  });

  it.each([
    ['another Fitbit id', 'OTHER1'],
    ['no Fitbit id', null],
    ['an empty Fitbit id', ''],
  ])(
    "keeps somebody else's Google account with %s out of the first one's account",
    async (_what, legacyUserID) => {
      if (legacyUserID === '') example.simulator.set({ googleLegacyUserID: 'empty' });
      example.simulator.people.add({
        id: 'mallory',
        displayName: 'Mallory',
        fitbit: false,
        google: { legacyUserID: legacyUserID || null },
      });
      const first = await signIn('fitbit', 'zoe');
      await browser.submit(first, '/goal', { goal: 'a secret of Zoë' });

      const page = await signIn('google-health', 'mallory', new WebClient());
      expect(page.html).not.toContain('a secret of Zoë');
      expect(accountIn(page)).not.toBe(accountIn(first));
      expect(example.accounts.get(accountIn(first))).toMatchObject({
        healthUserId: null,
        oauthType: 'fitbit',
      });

      // Not from a browser either in which the first one is signed in.
      const same = await signIn('google-health', 'mallory');
      expect(same.html).not.toContain('a secret of Zoë');
      expect(accountIn(same)).toBe(accountIn(page));
      expect(example.accounts.all()).toHaveLength(2);
    },
  );

  it('refuses a second Google account with the same Fitbit id, and says which one to take', async () => {
    await signIn('google-health', 'zoe');
    example.simulator.people.add({
      id: 'second',
      displayName: 'Second',
      fitbit: false,
      google: { legacyUserID: '2E4RVC' },
    });
    const page = await signIn('google-health', 'second', new WebClient());
    expect(page.url.search).toBe('?problem=account_conflict');
    expect(page.text).toContain('belongs to another Google account of yours');
    expect(example.accounts.all()).toMatchObject([{ healthUserId: '8677373576871223311' }]);
  });

  it('withdraws the consent at Fitbit once the tokens of Google are saved', async () => {
    await signIn('fitbit', 'zoe');
    const old = example.accounts.all()[0]?.refreshToken;
    await signIn('google-health', 'zoe');
    await logged('The consent at Fitbit was withdrawn');
    expect(revocations()).toHaveLength(1);
    expect(example.simulator.grants.map(({ provider }) => provider)).toEqual(['google-health']);
    const [account] = example.accounts.all();
    expect(account?.oauthType).toBe('google');
    expect(account?.refreshToken).toMatch(/^1\/\//);
    expect(account?.refreshToken).not.toBe(old);

    await signIn('google-health', 'zoe');
    expect(revocations()).toHaveLength(1);
  });

  it('does not wait for a Fitbit that hangs, nor fail on one that is shut down', async () => {
    await signIn('fitbit', 'zoe');
    example.simulator.fail({ provider: 'fitbit', endpoint: 'revoke', with: 'hang', times: 1 });
    const start = Date.now();
    const page = await signIn('google-health', 'zoe');
    expect(page.text).toContain('Signed in through Google Health');
    expect(Date.now() - start).toBeLessThan(3000);

    await signIn('fitbit', 'maya', new WebClient());
    example.simulator.people.add({
      id: 'maya-moved',
      displayName: 'Maya',
      fitbit: false,
      google: { legacyUserID: '26FWFL' },
    });
    example.simulator.shutDownFitbit();
    const moved = await signIn('google-health', 'maya-moved', new WebClient());
    expect(moved.text).toContain('Fitbit id 26FWFL');
    await logged('The consent at Fitbit could not be withdrawn: gone');
  });

  it('keeps the old session and tokens when the user denies Google', async () => {
    const first = await signIn('fitbit', 'zoe');
    const before = example.accounts.all();
    const consent = await consentPage('google-health');
    const page = await browser.submit(consent, '/consent', { person: 'zoe', decision: 'deny' });
    expect(page.url.pathname + page.url.search).toBe('/home?problem=access_denied');
    expect(page.text).toContain('You said no, and nothing was changed');
    expect(accountIn(page)).toBe(accountIn(first));
    expect(example.accounts.all()).toEqual(before);
    expect(revocations()).toEqual([]);
    expect((await browser.submit(await home(), '/refresh')).text).toContain('Done.');
  });

  it.each<[string, () => void]>([
    [
      'the identity is refused',
      () => example.simulator.fail({ endpoint: 'identity', with: { status: 500 } }),
    ],
    ['the code exchange breaks', () => example.simulator.fail({ endpoint: 'token', with: 'html' })],
    [
      'the account can not be saved',
      () => {
        example.accounts.saveGoogleTokens = () => {
          throw new Error('disk full');
        };
      },
    ],
  ])('keeps the old session, tokens and consent when %s', async (_what, breakIt) => {
    await signIn('fitbit', 'zoe');
    const [before] = example.accounts.all();
    const consent = await consentPage('google-health');
    breakIt();
    await browser.submit(consent, '/consent', { person: 'zoe', decision: 'allow', scope: TICKED });
    const { refreshToken, accessToken, oauthType } = before ?? {};
    expect(example.accounts.all()).toMatchObject([{ refreshToken, accessToken, oauthType }]);
    expect(revocations()).toEqual([]);
    expect((await home()).text).toContain('Signed in through Fitbit');
  });

  it('leads from a Fitbit token that has died to the Google login, not to an error page', async () => {
    for (const end of ['revoked', 'shut down']) {
      const client = new WebClient();
      await signIn('fitbit', 'zoe', client);
      if (end === 'shut down') example.simulator.shutDownFitbit();
      else
        example.simulator.fail({
          provider: 'fitbit',
          endpoint: 'token',
          with: {
            status: 400,
            body: { errors: [{ errorType: 'invalid_grant', message: 'No.' }], success: false },
          },
          times: 1,
        });
      const page = await client.submit(await home(client), '/refresh');
      expect(page.status).toBe(200);
      expect(page.url.origin).toBe(example.simulator.url);
      expect(page.url.pathname).toBe('/google/o/oauth2/v2/auth');
    }
  });

  it('after the shutdown offers Google Health alone, and leads old links there', async () => {
    const page = await browser.submit(await browser.get(example.url), '/simulator/shut-down-fitbit');
    expect(page.text).toContain('Continue with Google Health');
    expect(page.text).not.toContain('Continue with Fitbit');
    expect((await consentPage('fitbit')).url.pathname).toBe('/google/o/oauth2/v2/auth');
  });

  it('tells a user in words what to do', async () => {
    const notLinked = await signIn('google-health', 'noor');
    expect(notLinked.text).toContain('Choose the account that your device uses');
    const unmigrated = await signIn('google-health', 'victor');
    expect(unmigrated.text).toContain('Your Fitbit account has not been moved to Google yet');
    const page = await signIn('google-health', 'zoe', browser, []);
    expect(page.text).toContain('Leave that box selected');
  });

  it('refreshes the tokens of either provider', async () => {
    await browser.submit(await signIn('fitbit', 'zoe'), '/refresh');
    const page = await browser.submit(await signIn('google-health', 'zoe'), '/refresh');
    expect(page.text).toContain('Done.');
    const refreshed = requests(({ body }) => body.grant_type === 'refresh_token');
    expect(refreshed.map(({ provider, status }) => [provider, status])).toEqual([
      ['fitbit', 200],
      ['google-health', 200],
    ]);
  });

  it('keeps the tokens of Google when somebody who has moved signs in with Fitbit again', async () => {
    await signIn('google-health', 'zoe');
    const before = example.accounts.all();
    await signIn('fitbit', 'zoe', new WebClient());
    expect(example.accounts.all()).toEqual(before);
  });

  it('keeps its accounts in the file', async () => {
    await browser.submit(await signIn('fitbit', 'zoe'), '/goal', { goal: '10 000 steps' });
    await example.close();
    example = await restart();
    const page = await signIn('google-health', 'zoe', new WebClient());
    expect(page.html).toContain('value="10 000 steps"');
  });

  it('refuses a form without its CSRF token', async () => {
    await signIn('fitbit', 'zoe');
    const page = await browser.post(`${example.url}/goal`, new URLSearchParams({ goal: 'planted' }));
    expect(page.status).toBe(403);
    expect(example.accounts.all()[0]?.goal).toBe('');
  });

  it('writes no token into its log or its pages', async () => {
    await signIn('fitbit', 'zoe');
    const tokens = example.accounts
      .all()
      .flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken]);
    await signIn('google-health', 'zoe');
    await logged('The consent at Fitbit was withdrawn');
    tokens.push(
      ...example.accounts.all().flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken]),
    );
    const text = log.join() + browser.pages.map(({ html }) => html).join();
    for (const token of tokens) expect(text).not.toContain(token);
    expect(tokens).toHaveLength(4);
  });

  it('has pages that say what they are', async () => {
    for (const page of [
      await browser.get(example.url),
      await signIn('fitbit', 'zoe'),
      await browser.get(`${example.url}/x`),
    ]) {
      expect(page.html).toMatch(/<html lang="en">[\s\S]*<title>.+ – Tally<\/title>[\s\S]*<h1>.+<\/h1>/);
      expect(page.html).not.toMatch(/ style=|<style|<script|undefined|\[object/);
    }
  });

  it('starts with one command', { timeout: 60_000 }, async () => {
    const root = join(import.meta.dirname, '../..');
    const server = spawn(process.execPath, ['--import', 'tsx', 'examples/migration/server.ts'], {
      cwd: root,
      env: { ...process.env, PORT: '0', DATABASE: ':memory:' },
    });
    const ended = once(server, 'exit');
    try {
      let output = '';
      while (!/Tally is on (\S+)/.test(output)) {
        const [text] = await once(server.stdout, 'data');
        output += text;
      }
      const [, url = ''] = /Tally is on (\S+)/.exec(output) ?? [];
      expect((await browser.get(url)).text).toContain('Continue with Google Health');
    } finally {
      server.kill();
      await ended;
    }
  });
});
