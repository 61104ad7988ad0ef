import { describe, expect, it } from 'vitest';
import type { Example } from '../../examples/migration/start.ts';
import { useMigrationExample } from './migration-example.ts';
import { WebClient } from './web-client.ts';

const example = useMigrationExample();

const ZOE = '8677373576871223311';
const AIKO = '3304918275566102947';
/** Adds a user with another Google account that has Zoë's Fitbit account. */
const addSecondZoe = (simulator: Example['simulator']) =>
  simulator.people.add({
    id: 'zoe2',
    displayName: 'Zoë at work',
    fitbit: false,
    google: { healthUserID: '77', legacyUserID: '2E4RVC' },
  });

describe('A user who is signed in connects a Google account', () => {
  it('of the same Fitbit account: the account stays, and the consent at Fitbit is withdrawn', async () => {
    const { app } = example;
    const first = await app.signIn('fitbit', 'zoe');
    const old = app.accounts.all()[0]?.refreshToken;
    const page = await app.connect('zoe');
    expect(page.url.href).toBe(`${app.url}/home?saved=yes`);
    expect(page.text).toContain(`Connected to Google Health Google Health ID ${ZOE} Fitbit ID 2E4RVC`);
    expect(app.accountIn(page)).toBe(app.accountIn(first));
    await app.logged('The consent at Fitbit was withdrawn');
    expect(app.simulator.grants.map(({ provider }) => provider)).toEqual(['google-health']);
    expect(app.accounts.all()).toMatchObject([{ oauthType: 'google' }]);
    expect(app.accounts.all()[0]?.refreshToken).not.toBe(old);

    const again = await app.signIn('google-health', 'zoe', new WebClient());
    expect(app.accountIn(again)).toBe(app.accountIn(first));
  });

  it('again: the tokens are replaced, and no consent is withdrawn', async () => {
    const { app } = example;
    await app.signIn('fitbit', 'zoe');
    await app.connect('zoe');
    const [before] = app.accounts.all();
    const page = await app.connect('zoe');
    expect(page.url.search).toBe('?saved=yes');
    const [after] = app.accounts.all();
    expect(after).toMatchObject({ id: before?.id, healthUserId: ZOE });
    expect(after?.accessToken).not.toBe(before?.accessToken);
    expect(app.revocations('google-health')).toEqual([]);
    expect((await app.browser.submit(page, '/refresh')).text).toContain('Saved.');
  });

  it('and keeps the refresh token if Google gives no new one', async () => {
    const { app } = example;
    await app.signIn('google-health', 'zoe');
    const [account] = app.accounts.all();
    if (account === undefined) throw new Error('No account');
    const google = {
      healthUserId: ZOE,
      fitbitUserId: '2E4RVC',
      name: 'Zoë',
      accessToken: 'new',
      expiresAt: 0,
    };
    expect(app.accounts.connect(account, { ...google, refreshToken: null })).toBe(true);
    expect(app.accounts.all()).toMatchObject([{ accessToken: 'new', refreshToken: account.refreshToken }]);
    // The refresh token of another Google account would be of no use.
    const [before] = app.accounts.all();
    if (before === undefined) throw new Error('No account');
    expect(app.accounts.connect(before, { ...google, healthUserId: '78', refreshToken: null })).toBe(true);
    expect(app.accounts.all()).toMatchObject([{ healthUserId: '78', refreshToken: null }]);
  });

  it('but denies access: session and tokens stay', async () => {
    const { app } = example;
    const first = await app.signIn('fitbit', 'zoe');
    const before = app.accounts.all();
    const consent = await app.startConnecting();
    const page = await app.browser.submit(consent, '/consent', { person: 'zoe', decision: 'deny' });
    expect(page.url.pathname + page.url.search).toBe('/home?problem=access_denied');
    expect(page.text).toContain('You did not allow access, so nothing was changed');
    expect(app.accountIn(page)).toBe(app.accountIn(first));
    expect(app.accounts.all()).toEqual(before);
    expect(app.revocations('fitbit')).toEqual([]);
    expect((await app.browser.submit(await app.home(), '/refresh')).text).toContain('Saved.');
  });

  it.each<[string, (simulator: Example['simulator'], accounts: Example['accounts']) => void]>([
    [
      'the identity is refused',
      (simulator) => simulator.fail({ endpoint: 'identity', with: { status: 500 } }),
    ],
    ['the code exchange fails', (simulator) => simulator.fail({ endpoint: 'token', with: 'html' })],
    [
      'the account cannot be saved',
      (_simulator, accounts) => {
        accounts.connect = () => {
          throw new Error('disk full');
        };
      },
    ],
  ])('but %s: session, tokens and consent stay', async (_what, breakIt) => {
    const { app } = example;
    await app.signIn('fitbit', 'zoe');
    const before = app.accounts.all();
    const consent = await app.startConnecting();
    breakIt(app.simulator, app.accounts);
    await app.allow(consent, 'zoe');
    expect(app.accounts.all()).toEqual(before);
    expect(app.revocations('fitbit')).toEqual([]);
    expect((await app.home()).text).toContain('Connected to Fitbit');
  });

  it.each(['revoked', 'shut down'])(
    'at once if the Fitbit token was %s, and no error page is shown',
    async (end) => {
      const { app } = example;
      await app.signIn('fitbit', 'zoe');
      if (end === 'shut down') app.simulator.shutDownFitbit();
      else {
        const body = { errors: [{ errorType: 'invalid_grant', message: 'No.' }], success: false };
        app.simulator.fail({ provider: 'fitbit', endpoint: 'token', with: { status: 400, body }, times: 1 });
      }
      const consent = await app.browser.submit(await app.home(), '/refresh');
      expect(consent.status).toBe(200);
      expect(consent.url.href).toContain(`${app.simulator.url}/google/o/oauth2/v2/auth`);
      const page = await app.allow(consent, 'zoe');
      expect(page.text).toContain('Connected to Google Health');
      expect(app.accounts.all()).toHaveLength(1);
    },
  );
});

describe('A user who is signed in and chooses another Google account', () => {
  it('is asked, and nothing changes before the answer', async () => {
    const { app } = example;
    const first = await app.signIn('fitbit', 'zoe');
    const before = app.accounts.all();
    const page = await app.connect('aiko');
    expect(page.url.href).toBe(`${app.url}/connect`);
    expect(page.text).toContain(
      'Is this the right Google account? You chose the Google account of Aiko Tanaka',
    );
    expect(page.text).toContain('Your Fitbit account is not part of it');
    expect(app.accounts.all()).toEqual(before);
    expect(app.accountIn(await app.home())).toBe(app.accountIn(first));
    expect(app.revocations('fitbit')).toEqual([]);
  });

  it('keeps the account as it is, and the consent given by mistake is withdrawn', async () => {
    const { app } = example;
    const first = await app.signIn('fitbit', 'zoe');
    const before = app.accounts.all();
    const page = await app.browser.submit(await app.connect('aiko'), '/connect', { decision: 'keep' });
    expect(page.url.href).toBe(`${app.url}/home`);
    expect(app.accountIn(page)).toBe(app.accountIn(first));
    expect(app.accounts.all()).toEqual(before);
    await app.logged('The consent at Google was withdrawn');
    expect(app.simulator.grants.map(({ provider }) => provider)).toEqual(['fitbit']);
    // The question is answered.
    expect((await app.browser.get(`${app.url}/connect`)).url.pathname).toBe('/home');
  });

  it('chooses the right one instead', async () => {
    const { app } = example;
    const first = await app.signIn('fitbit', 'zoe');
    const consent = await app.browser.submit(await app.connect('aiko'), '/connect', { decision: 'another' });
    expect(consent.url.searchParams.get('prompt')).toBe('consent select_account');
    const page = await app.allow(consent, 'zoe');
    expect(app.accountIn(page)).toBe(app.accountIn(first));
    expect(app.accounts.all()).toMatchObject([{ healthUserId: ZOE, fitbitUserId: '2E4RVC' }]);
  });

  it('uses it: the account stays, and the earlier consent is withdrawn', async () => {
    const { app } = example;
    const first = await app.signIn('fitbit', 'zoe');
    await app.connect('zoe');
    await app.logged('The consent at Fitbit was withdrawn');
    const question = await app.connect('aiko');
    expect(question.text).toContain(
      'connected to another Google account, which could then no longer sign in',
    );
    const page = await app.browser.submit(question, '/connect', { decision: 'use' });
    expect(page.url.search).toBe('?saved=yes');
    expect(app.accountIn(page)).toBe(app.accountIn(first));
    expect(app.accounts.all()).toMatchObject([{ healthUserId: AIKO, fitbitUserId: '2E4RVC' }]);
    await app.logged('The consent at Google was withdrawn');
    const signedIn = await app.signIn('google-health', 'aiko', new WebClient());
    expect(app.accountIn(signedIn)).toBe(app.accountIn(first));
    expect((await app.browser.submit(await app.home(), '/refresh')).text).toContain('Saved.');
  });

  it('is asked if it has an account here, may switch to it, and both accounts stay', async () => {
    const { app } = example;
    const aiko = await app.signIn('google-health', 'aiko', new WebClient());
    const zoe = await app.signIn('fitbit', 'zoe');
    const [, before] = app.accounts.all();
    const question = await app.connect('aiko');
    expect(question.text).toContain('This Google account belongs to another Tally account');
    expect(question.text).not.toContain('Use this Google account');
    expect(app.accountIn(await app.home())).toBe(app.accountIn(zoe));

    const page = await app.browser.submit(question, '/connect', { decision: 'switch' });
    expect(app.accountIn(page)).toBe(app.accountIn(aiko));
    expect(app.accounts.all()[1]).toEqual(before);
    expect(app.accounts.all()).toHaveLength(2);
    expect(app.revocations('google-health')).toEqual([]);
  });

  it("keeps the other account's consent when the user keeps the account as it is", async () => {
    const { app } = example;
    const other = new WebClient();
    await app.signIn('google-health', 'aiko', other);
    await app.signIn('fitbit', 'zoe');
    await app.browser.submit(await app.connect('aiko'), '/connect', { decision: 'keep' });
    expect((await other.submit(await app.home(other), '/refresh')).text).toContain('Saved.');
    expect(app.revocations('google-health')).toEqual([]);
  });

  it('switches to the account of its Fitbit account, which then has moved', async () => {
    const { app } = example;
    const zoe = await app.signIn('fitbit', 'zoe', new WebClient());
    const maya = await app.signIn('fitbit', 'maya');
    const question = await app.connect('zoe');
    expect(question.text).toContain('This Google account belongs to another Tally account');
    const page = await app.browser.submit(question, '/connect', { decision: 'switch' });
    expect(app.accountIn(page)).toBe(app.accountIn(zoe));
    expect(app.accounts.get(app.accountIn(zoe))).toMatchObject({ healthUserId: ZOE, oauthType: 'google' });
    expect(app.accounts.get(app.accountIn(maya))).toMatchObject({ healthUserId: null, oauthType: 'fitbit' });
  });

  it('is told if its Fitbit account belongs to another user here', async () => {
    const { app } = example;
    await app.signIn('google-health', 'zoe', new WebClient());
    addSecondZoe(app.simulator);
    const maya = await app.signIn('fitbit', 'maya');
    const before = app.accounts.all();
    const question = await app.connect('zoe2');
    expect(question.text).toContain('This Fitbit account belongs to another user here');
    for (const decision of ['use', 'switch']) {
      const page = await app.browser.submit(question, '/connect', { decision });
      expect(page.url.pathname).toBe('/connect');
    }
    expect(app.accounts.all()).toEqual(before);
    await app.browser.submit(question, '/connect', { decision: 'keep' });
    expect(app.accountIn(await app.home())).toBe(app.accountIn(maya));
  });

  it('is asked even if it has the same Fitbit account', async () => {
    const { app } = example;
    await app.signIn('google-health', 'zoe');
    addSecondZoe(app.simulator);
    const question = await app.connect('zoe2');
    expect(question.text).toContain('Is this the right Google account?');
    expect(app.accounts.all()).toMatchObject([{ healthUserId: ZOE }]);
    await app.browser.submit(question, '/connect', { decision: 'use' });
    expect(app.accounts.all()).toMatchObject([{ healthUserId: '77', fitbitUserId: '2E4RVC' }]);
  });
});

describe('Connecting resists', () => {
  const planted = async (path: string, form?: URLSearchParams) => {
    const { app } = example;
    const url = new URL(path, app.url);
    return form ? app.browser.post(url, form) : app.browser.get(url);
  };

  it('a link that another site planted: only a POST starts it', async () => {
    const { app } = example;
    await app.signIn('fitbit', 'zoe');
    expect((await planted('/connect/google-health')).status).toBe(404);
    // A callback without parameters begins nothing.
    expect((await planted('/connect/google-health/callback')).url.href).toBe(`${app.url}/home`);
    expect((await planted('/connect/google-health/callback?state=x')).url.href).toBe(`${app.url}/home`);
    expect(app.requests(({ endpoint }) => endpoint === 'authorize')).toHaveLength(1); // the sign-in
  });

  it('a form that another site planted: it has no CSRF token', async () => {
    const { app } = example;
    await app.signIn('fitbit', 'zoe');
    expect((await planted('/connect/google-health', new URLSearchParams())).status).toBe(403);
    expect(app.requests(({ endpoint }) => endpoint === 'authorize')).toHaveLength(1);

    await app.connect('aiko');
    const before = app.accounts.all();
    const answer = new URLSearchParams({ decision: 'use', healthUserId: AIKO });
    expect((await planted('/connect', answer)).status).toBe(403);
    expect(app.accounts.all()).toEqual(before);
  });

  it("an attacker's callback in the user's browser", async () => {
    const { app } = example;
    const attacker = new WebClient();
    await app.signIn('fitbit', 'maya', attacker);
    const callback = await app.callbackURL(await app.startConnecting(attacker), 'aiko');

    await app.signIn('fitbit', 'zoe');
    const before = app.accounts.all();
    const page = await app.browser.get(callback);
    expect(page.url.href).toBe(`${app.url}/home?problem=state_missing`);
    // Not even while the user is connecting, too.
    await app.startConnecting();
    expect((await app.browser.get(callback)).url.search).toBe('?problem=state_mismatch');
    expect(app.accounts.all()).toEqual(before);
    expect(
      app.requests(({ endpoint, provider }) => endpoint === 'token' && provider === 'google-health'),
    ).toEqual([]);
  });

  it('the callback of a sign-in, and the callback of connecting at the sign-in', async () => {
    const { app } = example;
    const callback = await app.callbackURL(await app.startSignIn('google-health'), 'aiko');
    callback.pathname = '/connect/google-health/callback';
    expect((await app.browser.get(callback)).url.search).toBe('?problem=signed_out');

    await app.signIn('fitbit', 'zoe');
    const other = await app.callbackURL(await app.startConnecting(), 'aiko');
    other.pathname = '/auth/google-health/callback';
    const page = await app.browser.get(other);
    expect(page.url.href).toBe(`${app.url}/home`);
    expect(page.text).toContain('Connected to Fitbit');
    await app.browser.submit(page, '/sign-out');
    expect((await app.browser.get(other)).url.search).toBe('?problem=state_missing');
    expect(app.accounts.all()).toHaveLength(1);
  });

  it('a replayed callback', async () => {
    const { app } = example;
    await app.signIn('fitbit', 'zoe');
    const callback = await app.callbackURL(await app.startConnecting(), 'zoe');
    expect((await app.browser.get(callback)).url.search).toBe('?saved=yes');
    const before = app.accounts.all();
    const page = await app.browser.get(callback);
    expect(page.url.href).toBe(`${app.url}/home?problem=state_missing`);
    expect(page.text).toContain('This was already finished');
    expect(app.accounts.all()).toEqual(before);
    const exchanges = app.requests(
      ({ endpoint, provider }) => endpoint === 'token' && provider === 'google-health',
    );
    expect(exchanges).toHaveLength(1);
  });

  it('a sign-out in another tab', async () => {
    const { app } = example;
    await app.signIn('fitbit', 'zoe');
    const before = app.accounts.all();
    const consent = await app.startConnecting();
    await app.browser.submit(await app.home(), '/sign-out');
    const page = await app.allow(consent, 'zoe');
    expect(page.url.href).toBe(`${app.url}/?problem=signed_out`);
    expect(page.text).toContain('You have been signed out');
    expect(app.accounts.all()).toEqual(before);
  });

  it('a sign-out in another tab during the code exchange: it stays signed out', async () => {
    const { app } = example;
    for (const person of ['zoe', 'aiko']) {
      await app.signIn('fitbit', 'zoe');
      const before = app.accounts.all();
      const callback = await app.callbackURL(await app.startConnecting(), person);
      const seen = app.exchanges().length;
      app.simulator.fail({ provider: 'google-health', endpoint: 'token', delay: 1000, times: 1 });
      const page = app.browser.get(callback);
      await expect.poll(() => app.exchanges().length, { timeout: 5000 }).toBe(seen + 1);
      await app.browser.submit(await app.home(), '/sign-out');
      expect((await page).url.href).toBe(`${app.url}/?problem=signed_out`);
      expect((await app.home()).url.pathname).toBe('/');
      expect(app.accounts.all()).toEqual(before);
    }
  });

  it('another user who signs in meanwhile, in another tab', async () => {
    const { app } = example;
    await app.signIn('fitbit', 'zoe');
    const consent = await app.startConnecting();
    await app.browser.submit(await app.home(), '/sign-out');
    await app.signIn('fitbit', 'maya');
    const before = app.accounts.all();
    const page = await app.allow(consent, 'zoe');
    expect(page.url.href).toBe(`${app.url}/home?problem=state_missing`);
    expect(page.text).toContain('Hello, Maya');
    expect(app.accounts.all()).toEqual(before);
  });

  it('a sign-out before the question is answered', async () => {
    const { app } = example;
    await app.signIn('fitbit', 'zoe');
    const question = await app.connect('aiko');
    await app.browser.submit(await app.home(), '/sign-out');
    await app.signIn('fitbit', 'maya');
    const before = app.accounts.all();
    expect((await app.browser.submit(question, '/connect', { decision: 'use' })).status).toBe(403);
    expect((await app.browser.get(`${app.url}/connect`)).url.pathname).toBe('/home');
    expect(app.accounts.all()).toEqual(before);
  });

  it('a sign-in while a user is signed in: it never changes the account', async () => {
    const { app } = example;
    const zoe = await app.signIn('fitbit', 'zoe');
    for (const name of ['fitbit', 'google-health'] as const) {
      const page = await app.startSignIn(name);
      expect(page.url.href).toBe(`${app.url}/home`);
      expect(app.accountIn(page)).toBe(app.accountIn(zoe));
    }
    expect(app.accounts.all()).toHaveLength(1);
  });

  it('an answer to the page of another tab', async () => {
    const { app } = example;
    app.simulator.people.add({ id: 'ben', displayName: 'Ben', fitbit: false, google: true });
    await app.signIn('fitbit', 'zoe');
    const first = await app.connect('aiko');
    await app.connect('ben');
    const page = await app.browser.submit(first, '/connect', { decision: 'use' });
    expect(page.text).toContain('You chose the Google account of Ben');
    expect(app.accounts.all()).toMatchObject([{ healthUserId: null }]);
  });

  it('two users who connect one Google account: the second is asked', async () => {
    const { app } = example;
    const maya = new WebClient();
    await app.signIn('fitbit', 'zoe');
    await app.signIn('fitbit', 'maya', maya);
    const [first, second] = [await app.connect('aiko'), await app.connect('aiko', maya)];
    const pages = await Promise.all([
      app.browser.submit(first, '/connect', { decision: 'use' }),
      maya.submit(second, '/connect', { decision: 'use' }),
    ]);
    expect(pages.map(({ url }) => url.pathname).sort()).toEqual(['/connect', '/home']);
    const owners = app.accounts.all().filter(({ healthUserId }) => healthUserId === AIKO);
    expect(owners).toHaveLength(1);
    const asked = pages.find(({ url }) => url.pathname === '/connect');
    expect(asked?.text).toContain('This Google account belongs to another Tally account');
  });

  it('a request that was faster: the unique ids decide, and the slower one changes nothing', async () => {
    const { app } = example;
    await app.signIn('fitbit', 'zoe');
    await app.signIn('fitbit', 'maya', new WebClient());
    const [zoe, maya] = app.accounts.all();
    if (zoe === undefined || maya === undefined) throw new Error('No accounts');
    const google = { fitbitUserId: null, name: '', accessToken: 'a', refreshToken: 'r', expiresAt: 0 };
    expect(app.accounts.connect(zoe, { ...google, healthUserId: '1' })).toBe(true);
    expect(app.accounts.connect(maya, { ...google, healthUserId: '1' })).toBe(false);
    // `zoe` was read before the first call.
    expect(app.accounts.connect(zoe, { ...google, healthUserId: '2' })).toBe(false);
    expect(app.accounts.all()).toMatchObject([{ healthUserId: '1' }, maya]);
  });
});
