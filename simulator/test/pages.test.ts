import { describe, expect, it } from 'vitest';
import { describeGoogleScope, googleHealthPrefix } from '../lib/google/scopes.ts';
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

  it('loads from the simulator only, and cannot be framed or kept', async () => {
    for (const page of await allPages(await start())) {
      const text = await page.text();
      const isConsent = text.includes('name="request"');
      expect(page.headers.get('content-security-policy')).toBe(
        `default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'${isConsent ? "; script-src 'self'" : ''}`,
      );
      expect(page.headers.get('cache-control')).toBe('no-store');
      expect(text).not.toMatch(/<style|style=|\son\w+=/);
      const scripts = text.match(/<script[^>]*>/g) ?? [];
      expect(scripts).toEqual(isConsent ? ['<script src="/assets/consent.js" defer>'] : []);
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
    expect(page).toContain('<td data-label="What happens">hang</td><td data-label="Requests to come">3</td>');
    for (const token of [fitbit.access, fitbit.refresh, google.access, google.refresh]) {
      expect(page).toContain(`…${token.slice(-6)}`);
      expect(page).not.toContain(token);
      expect(page).not.toContain(token.slice(-12));
    }
    expect(page).toMatch(/>in 8 h<\/td>/);
    expect(page).toMatch(/>in 60 min<\/td>/);
    expect(page).toMatch(/>in 18\d days<\/td>/);
    expect(page).toMatch(/>never<\/td>/);
  });

  it('shows a request that got no response', async () => {
    const simulator = await start();
    simulator.fail({ endpoint: 'token', with: 'close' });
    await expect(fitbitRefresh(simulator, 'x')).rejects.toThrow();
    expect(await (await get(simulator.url)).text()).toContain(
      '<td data-label="Status">no response</td><td data-label="Note">close</td>',
    );
  });

  it('lets time pass', async () => {
    const simulator = await start({ clock: { startAt: new Date('2026-01-01T00:00:00Z'), stopped: true } });
    const answer = await press(simulator, { action: 'advance', minutes: '480' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/?done=advance#time']);
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
      [{ action: 'constructor' }, 'There is no such action.'],
      [{ action: '__proto__' }, 'There is no such action.'],
      [{ action: 'fault', endpoint: 'token', with: 'late', times: '1', delay: '0' }, 'needs a delay'],
      [
        { action: 'fault', provider: 'fitbit', endpoint: 'userinfo', with: 'hang', times: '1' },
        'for Fitbit, which has no such endpoint',
      ],
      [
        { action: 'add-person', displayName: ' ', accounts: 'both' },
        '"displayName" must be a non-empty string',
      ],
      [{ action: 'add-person', displayName: 'A', accounts: 'x' }, '"accounts" is not one of the list'],
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

  it('confirms each action, and shows where', async () => {
    const simulator = await start();
    await fitbitCode(simulator);
    const forms: [Record<string, string>, string, string][] = [
      [{ action: 'advance', minutes: '1' }, 'Time has passed', 'time'],
      [{ action: 'shut-down-fitbit' }, 'Fitbit is shut down.', 'time'],
      [{ action: 'reopen-fitbit' }, 'Fitbit is open again.', 'time'],
      [{ action: 'fault', endpoint: 'token', with: 'hang', times: '1' }, 'The fault is set.', 'faults'],
      [{ action: 'clear-faults' }, 'All faults are cleared.', 'faults'],
      [{ action: 'add-person', displayName: 'Ada', accounts: 'both' }, 'The person is added', 'people'],
      [
        { action: 'revoke', grant: `fitbit ${simulator.fitbit.clientID} zoe` },
        'The grant is revoked',
        'grants',
      ],
      [{ action: 'clear-requests' }, 'The list of requests is empty.', 'requests'],
      [{ action: 'switches', googleTesting: 'true' }, 'The switches are set.', 'switches'],
    ];
    for (const [form, message, section] of forms) {
      const target = (await press(simulator, form)).headers.get('location') ?? '';
      expect(target).toBe(`/?done=${form.action}#${section}`);
      const page = await (await get(simulator.url + target)).text();
      expect(page).toContain(`<p class="done" role="status">${message}`);
      expect(page).toContain(`<h2 id="${section}">`);
    }
    const other = await (await get(`${simulator.url}/?done=constructor`)).text();
    expect(other).not.toContain('role="status"');
  });

  it('has every endpoint, client id and secret to copy', async () => {
    const simulator = await start();
    const second = simulator.registerFitbitApp({ type: 'client', name: 'Second' });
    const page = await (await get(simulator.url)).text();
    for (const app of [simulator.fitbit, simulator.googleHealth, second]) {
      for (const [name, value] of Object.entries(app)) {
        expect(page).toContain(`<dt>${name}</dt><dd>${value}</dd>`);
      }
    }
  });

  it('links back to the app that was last seen, on this computer only', async () => {
    const simulator = await start({ redirectURIs: ['http://localhost:3456/cb', 'https://app.example/cb'] });
    const { authorizationURL } = simulator.fitbit;
    const linkOf = async (headers = {}) =>
      /class="button" href="([^"]+)"/.exec(await (await get(simulator.url, headers)).text())?.[1];
    expect(await linkOf()).toBeUndefined();
    const open = (redirect_uri: string) =>
      get(withQuery(authorizationURL, fitbitQuery(simulator, { redirect_uri })));
    await open('https://app.example/cb');
    expect(await linkOf()).toBeUndefined();
    await open('http://localhost:3456/cb');
    expect(await linkOf()).toBe('http://localhost:3456/');
    expect(await linkOf({ referer: 'https://evil.example/' })).toBe('http://localhost:3456/');
    expect(await linkOf({ referer: `${simulator.url}/?done=fault` })).toBe('http://localhost:3456/');
    expect(await linkOf({ referer: 'http://localhost:4567/dashboard' })).toBe('http://localhost:4567/');
  });

  it('sets a fault for one provider, with a delay', async () => {
    const simulator = await start();
    const form = { action: 'fault', endpoint: 'token', with: '503', times: '1', delay: '20' };
    await press(simulator, { ...form, provider: 'google-health' });
    expect((await fitbitRefresh(simulator, 'x')).status).toBe(400);
    const page = await (await get(simulator.url)).text();
    expect(page).toContain('>google-health</td>');
    expect(page).toContain('status 503, after 20 ms');
    expect((await post(simulator.googleHealth.tokenURL, {})).status).toBe(503);
    await press(simulator, { ...form, provider: '', with: 'late' });
    expect(await (await get(simulator.url)).text()).toContain('late, after 20 ms');
  });

  it('adds a person who can sign in', async () => {
    const simulator = await start();
    await press(simulator, { action: 'add-person', displayName: 'Ada <b> Lovelace', accounts: 'both' });
    const added = simulator.people.list().at(-1);
    expect(added).toMatchObject({ givenName: 'Ada', google: { legacyUserID: added?.fitbit?.userID } });
    expect(await fitbitCode(simulator, { person: added?.id ?? '' })).toMatch(/^[0-9a-f]{40}$/);
    await press(simulator, { action: 'add-person', displayName: 'Bo', accounts: 'google' });
    expect(simulator.people.list().at(-1)?.google).not.toHaveProperty('healthUserID');
    expect(await (await get(simulator.url)).text()).toContain('Ada &lt;b&gt; Lovelace');
  });

  it('filters its lists by provider and text', async () => {
    const simulator = await start();
    await fitbitTokens(simulator);
    await googleTokens(simulator, { person: 'aiko' });
    const rows = async (query: Record<string, string>) => {
      const page = await (await get(withQuery(`${simulator.url}/`, query))).text();
      const [, lists = ''] = page.split('<h2 id="people">');
      const [people = '', grants = '', tokens = '', requests = ''] = lists.split(
        /<h2 id="(?:grants|tokens|requests)">/,
      );
      const count = (text: string, part: string) => text.split(part).length - 1;
      return [
        count(people, '<li>'),
        ...[grants, tokens].map((list) => count(list, '<tr><td ')),
        count(requests.split('<h2')[0] ?? '', '<tr><td '),
      ];
    };
    expect(await rows({})).toEqual([6, 2, 4, 2]);
    expect(await rows({ provider: 'fitbit' })).toEqual([4, 1, 2, 1]);
    expect(await rows({ provider: 'google-health', text: 'AIKO' })).toEqual([1, 1, 2, 0]);
    expect(await rows({ text: 'nothing of the kind' })).toEqual([0, 0, 0, 0]);
  });

  it('shows the last 30 requests, or all of them', async () => {
    const simulator = await start();
    for (let n = 0; n < 35; n += 1) await get(simulator.fitbit.userProfileURL);
    const short = await (await get(simulator.url)).text();
    expect(short.match(/profile\.json<\/code>/g)).toHaveLength(30);
    expect(short).toContain('5 older requests are not shown.');
    const long = await (await get(`${simulator.url}/?all=on`)).text();
    expect(long.match(/profile\.json<\/code>/g)).toHaveLength(35);
  });
});
