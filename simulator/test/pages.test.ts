import { describe, expect, it } from 'vitest';
import { describeGoogleScope, googleHealthPrefix } from '../lib/google-scopes.ts';
import {
  answerConsent,
  basic,
  exchangeForm,
  fitbitCode,
  fitbitQuery,
  fitbitRefresh,
  fitbitTokens,
  get,
  googleCode,
  googleQuery,
  googleTokens,
  openConsent,
  post,
  start,
  withQuery,
} from './support.ts';

type Started = Awaited<ReturnType<typeof start>>;

/** Every kind of page. */
async function allPages(simulator: Started): Promise<Response[]> {
  const { fitbit, googleHealth, url } = simulator;
  return Promise.all([
    get(url),
    get(withQuery(fitbit.authorizationURL, fitbitQuery(simulator))),
    get(withQuery(googleHealth.authorizationURL, googleQuery(simulator))),
    get(fitbit.authorizationURL),
    get(googleHealth.authorizationURL),
    get(`${url}/nothing`),
    answerConsent(simulator, {}),
    post(`${url}/control`, {}),
  ]);
}

describe('every page', () => {
  it('says that it is a simulator', async () => {
    for (const page of await allPages(await start())) {
      expect(await page.text()).toContain('<strong>Simulator.</strong>');
    }
  });

  it('loads from the simulator only, runs no script and cannot be framed or kept', async () => {
    for (const page of await allPages(await start())) {
      const policy = page.headers.get('content-security-policy');
      expect(policy).toBe(
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(page.headers.get('cache-control')).toBe('no-store');
      const text = await page.text();
      expect(text).not.toMatch(/<script|<style|style=|\son\w+=/);
      const loaded = [...text.matchAll(/(?:src|<link[^>]* href)="([^"]+)"/g)].map(
        ([, target]) => target ?? '',
      );
      for (const target of loaded) expect(target).toMatch(/^\//);
    }
  });

  it('sets no form-action, which Chromium would apply to the redirect into the app', async () => {
    for (const page of await allPages(await start())) {
      expect(page.headers.get('content-security-policy')).not.toContain('form-action');
    }
  });

  it('names its language, its title and a control for every label', async () => {
    for (const page of await allPages(await start())) {
      const text = await page.text();
      expect(text).toMatch(/<html lang="en">/);
      expect(text).toMatch(/<title>.+<\/title>/);
      expect(text.match(/<h1/g)).toHaveLength(1);
      expect(text.match(/<img(?![^>]*alt=)/g)).toBeNull();
    }
  });

  it('has styles for light and dark, and a sign for the tab', async () => {
    const { url } = await start();
    const styles = await get(`${url}/assets/simulator.css`);
    expect(styles.headers.get('content-type')).toBe('text/css;charset=UTF-8');
    expect(await styles.text()).toContain('prefers-color-scheme: dark');
    expect((await get(`${url}/assets/icon.svg`)).headers.get('content-type')).toBe('image/svg+xml');
  });

  it('escapes what an app or a request brings along', async () => {
    const name = '<img src=x onerror=alert(1)>"\'&';
    const simulator = await start({ fitbit: { name } });
    const { page } = await openConsent(simulator.fitbit.authorizationURL, fitbitQuery(simulator));
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
    expect(page).not.toContain('<img src=x');
    const error = await get(withQuery(simulator.fitbit.authorizationURL, { client_id: '<script>' }));
    expect(await error.text()).toContain('client_id &lt;script&gt;');
  });

  it('shows an own scheme of an app as the address that the person is sent to', async () => {
    const redirectURIs = ['com.example.app:/callback'];
    const simulator = await start({ fitbit: { redirectURIs, access: 'write' } });
    const query = fitbitQuery(simulator, { redirect_uri: 'com.example.app:/callback' });
    const { page } = await openConsent(simulator.fitbit.authorizationURL, query);
    expect(page).toContain('<span class="address">com.example.app:/callback</span>');
    expect(page).toContain('What may it read and change?');
  });

  it('of Google with OpenID scopes alone has no boxes', async () => {
    const simulator = await start();
    const query = googleQuery(simulator, { scope: 'openid' });
    const { page } = await openConsent(simulator.googleHealth.authorizationURL, query);
    expect(page).not.toContain('type="checkbox"');
  });

  it('describes a scope that it does not know by its name', () => {
    expect(describeGoogleScope(`${googleHealthPrefix}dreams.readonly`).title).toBe('See your dreams');
  });
});

describe('the control page', () => {
  const tokenOf = async (simulator: Started) =>
    /name="control-token" value="([^"]+)"/.exec(await (await get(simulator.url)).text())?.[1] ?? '';

  async function press(simulator: Started, form: Record<string, string>, headers = {}): Promise<Response> {
    return post(`${simulator.url}/control`, { 'control-token': await tokenOf(simulator), ...form }, headers);
  }

  it('shows people, grants, tokens, requests and faults, but never a whole token', async () => {
    const simulator = await start({ redirectURIs: ['http://localhost:3000/auth/callback'] });
    const fitbit = await fitbitTokens(simulator);
    const google = await googleTokens(simulator);
    await fitbitRefresh(simulator, 'x');
    simulator.fail({ endpoint: 'token', with: 'hang', times: 3 });
    simulator.fail({ endpoint: 'revoke', provider: 'fitbit', with: 'hang' });
    const page = await (await get(simulator.url)).text();
    for (const person of simulator.people.list()) expect(page).toContain(person.displayName);
    expect(page).toContain('healthUserId');
    expect(page).toContain('this token was not given to this app');
    expect(page).toContain('<td>hang</td><td>3</td>');
    for (const token of [fitbit.access, fitbit.refresh, google.access, google.refresh]) {
      expect(page).toContain(`…${token.slice(-6)}`);
      expect(page).not.toContain(token);
      expect(page).not.toContain(token.slice(-12));
    }
    expect(page).toMatch(/<td>in 8 h<\/td>/);
    expect(page).toMatch(/<td>in 60 min<\/td>/);
    expect(page).toMatch(/<td>in 18\d days<\/td>/);
    expect(page).toMatch(/<td>never<\/td>/);
  });

  it('shows a request that got no answer', async () => {
    const simulator = await start();
    simulator.fail({ endpoint: 'token', with: 'close' });
    await expect(fitbitRefresh(simulator, 'x')).rejects.toThrow();
    expect(await (await get(simulator.url)).text()).toContain('<td>no answer</td><td>close</td>');
  });

  it('lets time pass', async () => {
    const simulator = await start({ clock: { startAt: new Date('2026-01-01T00:00:00Z'), stopped: true } });
    const answer = await press(simulator, { action: 'advance', minutes: '480' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    expect(simulator.now().toISOString()).toBe('2026-01-01T08:00:00.000Z');
  });

  it('shuts Fitbit down and opens it again', async () => {
    const simulator = await start();
    await press(simulator, { action: 'shut-down-fitbit' });
    expect((await fitbitRefresh(simulator, 'x')).status).toBe(410);
    expect(await (await get(simulator.url)).text()).toContain('Open Fitbit again');
    await press(simulator, { action: 'reopen-fitbit' });
    expect((await fitbitRefresh(simulator, 'x')).status).toBe(400);
  });

  it('sets faults and clears them', async () => {
    const simulator = await start();
    await press(simulator, { action: 'fault', endpoint: 'token', with: '503', times: '1' });
    expect((await fitbitRefresh(simulator, 'x')).status).toBe(503);
    const form = exchangeForm(await fitbitCode(simulator));
    await press(simulator, { action: 'fault', endpoint: 'token', with: 'html', times: '1', after: 'on' });
    expect((await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit))).status).toBe(502);
    expect((await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit))).status).toBe(400);
    await press(simulator, { action: 'fault', endpoint: 'token', with: 'html', times: '5' });
    await press(simulator, { action: 'clear-faults' });
    expect((await fitbitRefresh(simulator, 'x')).status).toBe(400);
  });

  it('revokes a grant', async () => {
    const simulator = await start();
    await fitbitCode(simulator);
    await googleCode(simulator);
    const grant = `fitbit ${simulator.fitbit.clientID} zoe`;
    await press(simulator, { action: 'revoke', grant });
    expect(simulator.grants.map(({ provider }) => provider)).toEqual(['google-health']);
    expect((await press(simulator, { action: 'revoke', grant })).status).toBe(303);
  });

  it('changes switches and clears the requests', async () => {
    const simulator = await start();
    const form = { fitbitDenialState: 'false', fitbitRateLimit: '7', fitbitRedirectMismatchStatus: '401' };
    await press(simulator, { action: 'switches', ...form });
    expect(simulator.switches).toMatchObject({
      fitbitDenialState: false,
      fitbitRateLimit: 7,
      fitbitRedirectMismatchStatus: 401,
    });
    await fitbitRefresh(simulator, 'x');
    await press(simulator, { action: 'clear-requests' });
    expect(simulator.requests).toEqual([]);
  });

  it('says what is wrong with a form', async () => {
    const simulator = await start();
    const forms: [Record<string, string>, string][] = [
      [{ action: 'dance' }, 'There is no such action.'],
      [{}, 'There is no such action.'],
      [{ action: 'advance', minutes: '-5' }, 'must be a number from 0'],
      [{ action: 'fault', endpoint: 'x', with: 'hang', times: '1' }, 'is not one of the list'],
      [{ action: 'fault', endpoint: 'token', times: '1' }, 'with.status'],
      [{ action: 'switches', fitbitRevokeBody: 'xml' }, 'switches.fitbitRevokeBody'],
    ];
    for (const [form, message] of forms) {
      const answer = await press(simulator, form);
      expect([form, answer.status]).toEqual([form, 400]);
      expect((await answer.text()).replaceAll('&quot;', '"')).toContain(message);
    }
  });

  it('takes forms from itself only', async () => {
    const simulator = await start();
    const action = { action: 'shut-down-fitbit' };
    const refused = [
      await post(`${simulator.url}/control`, action),
      await press(simulator, { ...action, 'control-token': 'x'.repeat(32) }),
      await press(simulator, action, { origin: 'https://evil.example' }),
      await press(simulator, action, { origin: 'null' }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect((await press(simulator, action, { origin: simulator.url })).status).toBe(303);
  });
});
