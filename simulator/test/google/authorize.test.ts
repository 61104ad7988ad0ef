import type { NewGoogleAccount, SimulatorOptions } from 'fitbit-simulator';
import { describe, expect, it } from 'vitest';
import {
  answerConsent,
  callback,
  challenge,
  get,
  googleCode,
  googleExchange,
  googleQuery,
  healthScope,
  objectOf,
  openConsent,
  profileScope,
  start,
  withQuery,
} from '../support.ts';

const sleepScope = healthScope('sleep.readonly');

/** A request in parts. */
const request = { provider: 'google-health', scope: profileScope, redirectURI: callback } as const;

describe('the authorize endpoint of Google', () => {
  it('shows the people with a Google account and a cleared box for each Health scope', async () => {
    const simulator = await start();
    const query = googleQuery(simulator, { scope: `openid email ${profileScope} ${sleepScope}` });
    const { page } = await openConsent(simulator.googleHealth.authorizationURL, query);
    expect(page.replaceAll('<wbr>', '')).toContain('zoe.kraemer@example.com');
    expect(page).not.toContain('Maya');
    expect(page.match(/name="scope"/g)).toHaveLength(2);
    expect(page).not.toMatch(/name="scope"[^>]* checked/);
    expect(page).toContain('will receive your Google identity and your e-mail address.');
  });

  it('sends state, iss, code, scope, authuser and prompt back, in this order', async () => {
    const simulator = await start();
    const query = googleQuery(simulator, { state: 's 1' });
    const { id } = await openConsent(simulator.googleHealth.authorizationURL, query);
    const form = { request: id, person: 'zoe', decision: 'allow' };
    const answer = await answerConsent(simulator, form, [profileScope]);
    const location = new URL(answer.headers.get('location') ?? '');
    expect([...location.searchParams]).toEqual([
      ['state', 's 1'],
      ['iss', 'https://accounts.google.com'],
      ['code', expect.stringMatching(/^4\/0A[\w-]+$/)],
      ['scope', profileScope],
      ['authuser', '0'],
      ['prompt', 'consent'],
    ]);
    expect(location.hash).toBe('');
  });

  it('names the Workspace domain of the account', async () => {
    const simulator = await start();
    simulator.people.add({ id: 'wes', displayName: 'Wes', google: { hostedDomain: 'example.com' } });
    const { redirectTo } = await simulator.consent({ ...request, person: 'wes' });
    const names = [...new URL(redirectTo).searchParams.keys()];
    expect(names).toEqual(['iss', 'code', 'scope', 'authuser', 'hd', 'prompt']);
  });

  it('leaves out what names the account if the switch says so', async () => {
    const simulator = await start({ switches: { googleCallbackAccount: false } });
    simulator.people.add({ id: 'wes', displayName: 'Wes', google: { hostedDomain: 'example.com' } });
    const { redirectTo } = await simulator.consent({ ...request, person: 'wes' });
    expect([...new URL(redirectTo).searchParams.keys()]).toEqual(['iss', 'code', 'scope']);
  });

  it('sends iss with a code, always or never, as the switch says', async () => {
    const simulator = await start();
    const seen = async () => [
      new URL((await simulator.consent({ ...request, person: 'zoe' })).redirectTo).searchParams.has('iss'),
      new URL((await simulator.deny(request)).redirectTo).searchParams.has('iss'),
    ];
    expect(await seen()).toEqual([true, false]);
    simulator.set({ googleCallbackIssuer: 'always' });
    expect(await seen()).toEqual([true, true]);
    simulator.set({ googleCallbackIssuer: 'never' });
    expect(await seen()).toEqual([false, false]);
  });

  it('grants what is selected, and the OpenID scopes, which have no box', async () => {
    const simulator = await start();
    const query = googleQuery(simulator, { scope: `openid ${profileScope} ${sleepScope}` });
    const { id } = await openConsent(simulator.googleHealth.authorizationURL, query);
    const answer = await answerConsent(simulator, { request: id, person: 'zoe', decision: 'allow' }, [
      sleepScope,
    ]);
    const location = new URL(answer.headers.get('location') ?? '');
    const tokens = await googleExchange(simulator, location.searchParams.get('code') ?? '');
    expect(await objectOf(tokens)).toMatchObject({ scope: `openid ${sleepScope}` });
  });

  it('grants everything for "Select all"', async () => {
    const simulator = await start();
    const query = googleQuery(simulator, { scope: `${profileScope} ${sleepScope}` });
    const { id } = await openConsent(simulator.googleHealth.authorizationURL, query);
    const answer = await answerConsent(simulator, {
      request: id,
      person: 'zoe',
      decision: 'allow',
      all: 'yes',
    });
    const location = new URL(answer.headers.get('location') ?? '');
    expect(location.searchParams.get('scope')).toBe(`${profileScope} ${sleepScope}`);
  });

  it('takes a consent with nothing selected for a denial', async () => {
    const simulator = await start();
    const { id } = await openConsent(simulator.googleHealth.authorizationURL, googleQuery(simulator));
    const answer = await answerConsent(simulator, { request: id, person: 'zoe', decision: 'allow' });
    expect(answer.headers.get('location')).toBe(`${callback}?error=access_denied`);
  });

  it('tells the app of a denial with state, and with a description if the switch says so', async () => {
    const simulator = await start();
    const options = {
      provider: 'google-health',
      scope: profileScope,
      redirectURI: callback,
      state: 's',
    } as const;
    expect((await simulator.deny(options)).redirectTo).toBe(`${callback}?error=access_denied&state=s`);
    simulator.set({ googleDenialDescription: true });
    expect((await simulator.deny(options)).redirectTo).toBe(
      `${callback}?error=access_denied&error_description=The+user+denied+access.&state=s`,
    );
  });

  it('chooses the person of login_hint at first', async () => {
    const simulator = await start();
    const url = simulator.googleHealth.authorizationURL;
    for (const login_hint of ['aiko.tanaka@example.com', '112837465019283746501']) {
      const { page } = await openConsent(url, googleQuery(simulator, { login_hint }));
      expect(page).toMatch(/value="aiko" checked/);
    }
  });

  it('adds what was granted before with include_granted_scopes', async () => {
    const simulator = await start();
    await googleCode(simulator, { scope: sleepScope });
    const alone = await objectOf(await googleExchange(simulator, await googleCode(simulator)));
    expect(alone.scope).toBe(profileScope);
    const code = await googleCode(simulator, { includeGrantedScopes: true });
    expect((await objectOf(await googleExchange(simulator, code))).scope).toBe(
      `${profileScope} ${sleepScope}`,
    );
  });

  it('with prompt=none gives a code at once to who is signed in and has consented, else an error', async () => {
    const simulator = await start();
    const { authorizationURL } = simulator.googleHealth;
    const silent = (headers = {}, over = {}) =>
      get(
        withQuery(authorizationURL, googleQuery(simulator, { prompt: 'none', state: 's', ...over })),
        headers,
      );
    expect((await silent()).headers.get('location')).toBe(`${callback}?error=interaction_required&state=s`);

    const { id } = await openConsent(authorizationURL, googleQuery(simulator));
    const form = { request: id, person: 'zoe', decision: 'allow' };
    const answer = await answerConsent(simulator, form, [profileScope]);
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect((await silent({ cookie })).headers.get('location')).toMatch(
      /\?state=s&iss=https%3A%2F%2Faccounts\.google\.com&code=4%2F0A.*&prompt=none$/,
    );
    simulator.set({ googlePromptNone: 'consent_required' });
    const more = await silent({ cookie }, { scope: `${profileScope} ${sleepScope}` });
    expect(more.headers.get('location')).toBe(`${callback}?error=consent_required&state=s`);
  });
});

describe('a bad authorize request to Google', () => {
  it.each([
    ['an unknown client', { client_id: 'x' }, 401, 'invalid_client'],
    ['no client', { client_id: '' }, 400, 'invalid_request'],
    ['a foreign redirect URI', { redirect_uri: 'https://evil.example/' }, 400, 'redirect_uri_mismatch'],
    ['no redirect URI', { redirect_uri: '' }, 400, 'invalid_request'],
    ['no scope', { scope: ' ' }, 400, 'invalid_request'],
    ['an unknown scope', { scope: healthScope('profile') }, 400, 'invalid_scope'],
    ['a scope that cannot be written', { scope: healthScope('ecg.writeonly') }, 400, 'invalid_scope'],
    ['another response_type', { response_type: 'token' }, 400, 'invalid_request'],
    ['a short code challenge', { code_challenge: 'x' }, 400, 'invalid_request'],
    [
      'an unknown challenge method',
      { code_challenge: challenge, code_challenge_method: 'X' },
      400,
      'invalid_request',
    ],
    ['an unknown access_type', { access_type: 'forever' }, 400, 'invalid_request'],
    ['prompt=none and more', { prompt: 'none consent' }, 400, 'invalid_request'],
  ])('ends on a page of Google for %s', async (_, change, status, code) => {
    const simulator = await start();
    const answer = await get(
      withQuery(simulator.googleHealth.authorizationURL, googleQuery(simulator, { ...change })),
    );
    expect(answer.status).toBe(status);
    expect(answer.headers.get('location')).toBeNull();
    expect(await answer.text()).toContain(`Error ${status}: ${code}`);
  });

  it('ends on a page of Google for a missing response_type or scope', async () => {
    const simulator = await start();
    for (const name of ['response_type', 'scope']) {
      const query = Object.fromEntries(
        Object.entries(googleQuery(simulator)).filter(([key]) => key !== name),
      );
      expect((await get(withQuery(simulator.googleHealth.authorizationURL, query))).status).toBe(400);
    }
  });
});

describe('the scopes of Google Health', () => {
  it('are those of the contract, read and write apart', async () => {
    const simulator = await start();
    const both = [
      'activity_and_fitness',
      'health_metrics_and_measurements',
      'logged_symptoms',
      'mindfulness',
      'nutrition',
      'profile',
      'reproductive_health',
      'settings',
      'sleep',
    ].flatMap((name) => [healthScope(`${name}.readonly`), healthScope(`${name}.writeonly`)]);
    const readOnly = ['ecg', 'irn', 'location'].map((name) => healthScope(`${name}.readonly`));
    const scope = [...both, ...readOnly];
    const { page } = await openConsent(
      simulator.googleHealth.authorizationURL,
      googleQuery(simulator, { scope: scope.join(' ') }),
    );
    expect(page.match(/name="scope"/g)).toHaveLength(21);
    expect(page).toContain('Add to your sleep data');
    for (const name of ['ecg', 'irn', 'location']) {
      const written = googleCode(simulator, { scope: healthScope(`${name}.writeonly`) });
      await expect(written).rejects.toThrow('invalid_scope');
    }
  });

  it('of OpenID are returned with their full names, or as they were asked for, as the switch says', async () => {
    const simulator = await start();
    const scope = 'openid profile email';
    const full =
      'openid https://www.googleapis.com/auth/userinfo.profile https://www.googleapis.com/auth/userinfo.email';
    const answerTo = async (asked: string) =>
      (await objectOf(await googleExchange(simulator, await googleCode(simulator, { scope: asked })))).scope;
    expect(await answerTo(scope)).toBe(full);
    expect(await answerTo(full)).toBe(full);
    simulator.set({ googleScopeNames: 'requested' });
    expect(await answerTo(scope)).toBe(scope);
  });
});

describe('the redirect URI of a Google app', () => {
  it('must be https, or http on localhost', async () => {
    await expect(start({ googleHealth: { redirectURIs: ['http://app.example/cb'] } })).rejects.toThrow(
      'must be https, or http on localhost',
    );
    const redirectURIs = ['https://app.example/cb', 'http://localhost:3000/cb'];
    const simulator = await start({ googleHealth: { redirectURIs } });
    for (const redirectURI of redirectURIs) {
      expect(await googleCode(simulator, { redirectURI })).toMatch(/^4\/0A/);
    }
    await expect(googleCode(simulator, { redirectURI: 'https://app.example/cb/' })).rejects.toThrow(
      'redirect_uri_mismatch',
    );
  });
});

describe('a user whom an organization keeps from the app', () => {
  async function startWithUsers(switches: SimulatorOptions['switches'] = {}) {
    const simulator = await start({ switches, googleHealth: { organization: 'acme.example' } });
    const add = (id: string, google: NewGoogleAccount) =>
      simulator.people.add({ id, displayName: id, google });
    add('fay', { forbidden: true, hostedDomain: 'acme.example' });
    add('ann', { hostedDomain: 'acme.example' });
    return simulator;
  }

  it.each([
    ['fay', 'admin_policy_enforced'],
    ['zoe', 'org_internal'],
  ])('is sent back with the reason and the state: %s, %s', async (person, error) => {
    const simulator = await startWithUsers();
    const { redirectTo, code } = await simulator.consent({ ...request, person, state: 's 1' });
    expect(redirectTo).toBe(`${callback}?error=${error}&state=s+1`);
    expect(code).toBe('');
    expect(simulator.grants).toEqual([]);
    const query = googleQuery(simulator, { state: 's 1' });
    const { id } = await openConsent(simulator.googleHealth.authorizationURL, query);
    const form = { request: id, person, decision: 'allow', all: '1' };
    expect((await answerConsent(simulator, form)).headers.get('location')).toBe(redirectTo);
  });

  it.each([
    ['fay', 'admin_policy_enforced', 400],
    ['zoe', 'org_internal', 403],
  ])('ends on a page of Google instead if the switch says so: %s, %s', async (person, text, status) => {
    const simulator = await startWithUsers({ googleOrganizationRefusal: 'page' });
    await expect(simulator.consent({ ...request, person })).rejects.toMatchObject({ text, status });
    const { id } = await openConsent(simulator.googleHealth.authorizationURL, googleQuery(simulator));
    const form = { request: id, person, decision: 'allow', all: '1' };
    const answer = await answerConsent(simulator, form);
    expect([answer.status, answer.headers.get('location')]).toEqual([status, null]);
    expect(await answer.text()).toContain(text);
  });

  it('gets the reason from the token endpoint if the switch says so', async () => {
    const simulator = await startWithUsers({ googleOrganizationRefusal: 'token' });
    for (const [person, error] of [
      ['fay', 'admin_policy_enforced'],
      ['zoe', 'org_internal'],
    ] as const) {
      const answer = await googleExchange(simulator, await googleCode(simulator, { person }));
      expect([answer.status, await objectOf(answer)]).toMatchObject([400, { error }]);
    }
  });

  it('leaves the others of the organization alone', async () => {
    const simulator = await startWithUsers();
    const answer = await googleExchange(simulator, await googleCode(simulator, { person: 'ann' }));
    expect(answer.status).toBe(200);
  });
});
