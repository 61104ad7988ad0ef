import { describe, expect, it } from 'vitest';
import {
  answerConsent,
  basic,
  callback,
  challenge,
  exchangeForm,
  fitbitCode,
  fitbitQuery,
  get,
  objectOf,
  openConsent,
  post,
  start,
  verifier,
  withQuery,
} from '../support.ts';

const without = (query: Readonly<Record<string, string>>, name: string) =>
  Object.fromEntries(Object.entries(query).filter(([key]) => key !== name));

describe('the authorize endpoint of Fitbit', () => {
  it('shows who asks, the people and a selected box for each scope', async () => {
    const simulator = await start({ fitbit: { name: 'Step <Counter>' } });
    const { page } = await openConsent(simulator.fitbit.authorizationURL, fitbitQuery(simulator));
    expect(page).toContain('Step &lt;Counter&gt;');
    expect(page).toMatch(/name="person" value="maya" checked/);
    expect(page).toContain('Zoë Krämer');
    expect(page).not.toContain('Aiko');
    expect(page.match(/name="scope" value="\w+" checked/g)).toHaveLength(2);
  });

  it('sends a code of 40 lowercase hex digits and the state back, with #_=_ behind them', async () => {
    const simulator = await start();
    const query = fitbitQuery(simulator, { state: 'a/b c' });
    const { id } = await openConsent(simulator.fitbit.authorizationURL, query);
    const answer = await answerConsent(simulator, { request: id, person: 'zoe', decision: 'allow' }, [
      'activity',
    ]);
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toMatch(
      /^http:\/\/localhost:3000\/auth\/callback\?code=[0-9a-f]{40}&state=a%2Fb\+c#_=_$/,
    );
  });

  it('leaves out a state that was not given', async () => {
    const simulator = await start();
    const consent = await simulator.consent({
      provider: 'fitbit',
      person: 'zoe',
      scope: 'sleep',
      redirectURI: callback,
    });
    expect(consent.redirectTo).toBe(`${callback}?code=${consent.code}#_=_`);
  });

  it('keeps the query of a redirect URI and appends with &', async () => {
    const simulator = await start();
    const redirectURI = `${callback}?tenant=7`;
    const scope = ['sleep'];
    const { redirectTo, code } = await simulator.consent({
      provider: 'fitbit',
      person: 'zoe',
      scope,
      redirectURI,
      state: 's',
    });
    expect(redirectTo).toBe(`${callback}?tenant=7&code=${code}&state=s#_=_`);
  });

  it('grants only the scopes that stay selected, and only the token response says which', async () => {
    const simulator = await start();
    const query = fitbitQuery(simulator, { scope: 'activity profile sleep' });
    const { id } = await openConsent(simulator.fitbit.authorizationURL, query);
    const ticked = ['sleep', 'profile', 'weight'];
    const answer = await answerConsent(simulator, { request: id, person: 'zoe', decision: 'allow' }, ticked);
    const location = new URL(answer.headers.get('location') ?? '');
    expect([...location.searchParams.keys()]).toEqual(['code']);
    const form = exchangeForm(location.searchParams.get('code') ?? '');
    const tokens = await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit));
    expect(await objectOf(tokens)).toMatchObject({ scope: 'sleep profile' });
  });

  it('asks again when nothing is selected or nobody is chosen', async () => {
    const simulator = await start();
    const { authorizationURL } = simulator.fitbit;
    const first = await openConsent(authorizationURL, fitbitQuery(simulator));
    const nothing = await answerConsent(simulator, { request: first.id, person: 'zoe', decision: 'allow' });
    expect(nothing.status).toBe(400);
    const page = await nothing.text();
    expect(page).toContain('Choose at least one kind of data');
    expect(page).toMatch(/value="zoe" checked/);
    const second = await openConsent(authorizationURL, fitbitQuery(simulator));
    const nobody = await answerConsent(simulator, { request: second.id, decision: 'allow' }, ['activity']);
    expect(await nobody.text()).toContain('Choose who you are');
  });

  it('accepts a consent page once', async () => {
    const simulator = await start();
    const { id } = await openConsent(simulator.fitbit.authorizationURL, fitbitQuery(simulator));
    expect((await answerConsent(simulator, { request: id, decision: 'deny' })).status).toBe(303);
    const again = await answerConsent(simulator, { request: id, decision: 'deny' });
    expect(again.status).toBe(400);
    expect(await again.text()).toContain('already submitted');
    expect((await answerConsent(simulator, {})).status).toBe(400);
  });

  it('tells the app of a denial in the words of Fitbit', async () => {
    const simulator = await start();
    const options = { provider: 'fitbit', scope: 'sleep', redirectURI: callback } as const;
    expect((await simulator.deny(options)).redirectTo).toBe(
      `${callback}?error_description=The+user+denied+the+request.&error=access_denied#_=_`,
    );
  });

  it('sends state back after a denial, or not, as the switch says', async () => {
    const simulator = await start();
    const options = { provider: 'fitbit', scope: 'sleep', redirectURI: callback, state: 's' } as const;
    expect((await simulator.deny(options)).redirectTo).toMatch(/error=access_denied&state=s#_=_$/);
    simulator.set({ fitbitDenialState: false });
    expect((await simulator.deny(options)).redirectTo).toMatch(/error=access_denied#_=_$/);
  });

  it.each(['none', 'consent', 'login', 'login consent'])('shows the page with prompt=%s', async (prompt) => {
    const simulator = await start();
    const page = await get(withQuery(simulator.fitbit.authorizationURL, fitbitQuery(simulator, { prompt })));
    expect(page.status).toBe(200);
  });

  it('remembers who signed in last and chooses them at first', async () => {
    const simulator = await start();
    const { id } = await openConsent(simulator.fitbit.authorizationURL, fitbitQuery(simulator));
    const form = { request: id, person: 'tomas', decision: 'allow' };
    const cookie = (await answerConsent(simulator, form, ['activity'])).headers.get('set-cookie') ?? '';
    expect(cookie).toBe('simulator-fitbit=tomas; Path=/; HttpOnly; SameSite=Lax');
    const url = withQuery(simulator.fitbit.authorizationURL, fitbitQuery(simulator));
    const page = await get(url, { cookie: 'other=1; simulator-fitbit=tomas' });
    expect(await page.text()).toMatch(/value="tomas" checked/);
  });
});

describe('a bad authorize request to Fitbit', () => {
  async function refusal(
    change: Readonly<Record<string, string>>,
    leaveOut = '',
  ): Promise<[number, string | null]> {
    const simulator = await start();
    const query = without(fitbitQuery(simulator, change), leaveOut);
    const answer = await get(withQuery(simulator.fitbit.authorizationURL, query));
    expect(answer.headers.get('content-type')).toBe('text/html;charset=UTF-8');
    expect(answer.headers.get('location')).toBeNull();
    return [answer.status, /<code>(.*)<\/code>/.exec(await answer.text())?.[1] ?? null];
  }

  it('without client_id shows a page that says so', async () => {
    expect(await refusal({}, 'client_id')).toEqual([400, 'invalid_request - Missing parameters: client_id']);
  });

  it('with an unknown client_id shows a page that says so', async () => {
    expect(await refusal({ client_id: 'XXXXXX' })).toEqual([400, 'unauthorized_client - Invalid client_id']);
  });

  it('with a foreign redirect URI shows a page and never redirects', async () => {
    const expected = [400, 'invalid_request - Invalid redirect_uri parameter value'];
    expect(await refusal({ redirect_uri: 'https://evil.example/' })).toEqual(expected);
    expect(await refusal({ redirect_uri: 'not a URL' })).toEqual(expected);
    expect(await refusal({ redirect_uri: `${callback}#fragment` })).toEqual(expected);
  });

  it('without redirect_uri shows a page that says so', async () => {
    const expected = [400, 'invalid_request - Missing redirect_uri parameter value'];
    expect(await refusal({}, 'redirect_uri')).toEqual(expected);
  });

  it('without response_type, or with another one, shows a page that says so', async () => {
    const missing = [400, 'invalid_request - Missing response_type parameter value'];
    expect(await refusal({}, 'response_type')).toEqual(missing);
    const other = [400, 'unsupported_response_type - Invalid response_type parameter value'];
    expect(await refusal({ response_type: 'id_token' })).toEqual(other);
  });

  it('with a bad code challenge shows a page that says so', async () => {
    const length = [400, 'invalid_request - The code_challenge parameter length must be between 43 and 128'];
    expect(await refusal({ code_challenge: 'x'.repeat(42) })).toEqual(length);
    expect(await refusal({ code_challenge: 'x'.repeat(129) })).toEqual(length);
    const invalid = [400, 'invalid_request - The code_challenge parameter is invalid'];
    expect(await refusal({ code_challenge: '$'.repeat(43) })).toEqual(invalid);
    expect(await refusal({ code_challenge_method: 'S256' })).toEqual(invalid);
    const method = [400, 'invalid_request - Unsupported code_challenge_method'];
    expect(await refusal({ code_challenge: challenge, code_challenge_method: 'S512' })).toEqual(method);
  });

  it('without scope shows a page, because scope has no default', async () => {
    expect(await refusal({}, 'scope')).toEqual([400, 'invalid_request - Missing parameters: scope']);
  });

  it('with an unknown scope is refused, or served without it, as the switch says', async () => {
    expect(await refusal({ scope: 'sleep steps' })).toEqual([400, 'invalid_scope - Invalid scope: steps']);
    const simulator = await start({ switches: { fitbitUnknownScope: 'ignored' } });
    const query = fitbitQuery(simulator, { scope: 'sleep steps' });
    expect((await openConsent(simulator.fitbit.authorizationURL, query)).page).not.toContain('steps"');
  });
});

describe('the redirect URI of a Fitbit app', () => {
  it('must match a registered one exactly, trailing slash included', async () => {
    const simulator = await start({ redirectURIs: ['https://app.example/cb', 'https://app.example/other'] });
    const status = async (redirect_uri: string) =>
      (await get(withQuery(simulator.fitbit.authorizationURL, fitbitQuery(simulator, { redirect_uri }))))
        .status;
    expect(await status('https://app.example/cb')).toBe(200);
    expect(await status('https://app.example/cb/')).toBe(400);
    expect(await status(callback)).toBe(400);
  });

  it('may be left out when one is registered, unless there is a prompt', async () => {
    const simulator = await start({ redirectURIs: ['https://app.example/cb'] });
    const query = without(fitbitQuery(simulator), 'redirect_uri');
    const { id } = await openConsent(simulator.fitbit.authorizationURL, query);
    const answer = await answerConsent(simulator, { request: id, person: 'zoe', decision: 'allow' }, [
      'activity',
    ]);
    const location = new URL(answer.headers.get('location') ?? '');
    expect(location.host).toBe('app.example');
    const form = { grant_type: 'authorization_code', code: location.searchParams.get('code') ?? '' };
    expect((await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit))).status).toBe(200);
    const prompted = withQuery(simulator.fitbit.authorizationURL, { ...query, prompt: 'login' });
    expect((await get(prompted)).status).toBe(400);
  });

  it('may be any loopback URL when none is registered', async () => {
    const simulator = await start();
    for (const uri of ['http://127.0.0.1:8080/x', 'https://localhost/x', 'http://[::1]:99/x']) {
      expect(await fitbitCode(simulator, { redirectURI: uri })).toMatch(/^[0-9a-f]{40}$/);
    }
  });
});

describe('PKCE with Fitbit', () => {
  it('takes the method for plain when none is named', async () => {
    const simulator = await start();
    const query = fitbitQuery(simulator, { code_challenge: verifier });
    const { id } = await openConsent(simulator.fitbit.authorizationURL, query);
    const answer = await answerConsent(simulator, { request: id, person: 'zoe', decision: 'allow' }, [
      'activity',
    ]);
    const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? '';
    const wrong = exchangeForm(code, { code_verifier: challenge });
    expect((await post(simulator.fitbit.tokenURL, wrong, basic(simulator.fitbit))).status).toBe(400);
    const right = exchangeForm(code, { code_verifier: verifier });
    expect((await post(simulator.fitbit.tokenURL, right, basic(simulator.fitbit))).status).toBe(200);
  });

  it('checks the verifier against an S256 challenge', async () => {
    const simulator = await start();
    const code = await fitbitCode(simulator, { codeChallenge: challenge });
    const url = simulator.fitbit.tokenURL;
    for (const bad of [{}, { code_verifier: 'short' }, { code_verifier: `${verifier}x` }]) {
      const answer = await post(url, exchangeForm(code, bad), basic(simulator.fitbit));
      expect(answer.status).toBe(400);
      expect(answer.headers.get('simulator-note')).toContain('code_verifier');
    }
    const form = exchangeForm(code, { code_verifier: verifier });
    expect((await post(url, form, basic(simulator.fitbit))).status).toBe(200);
  });

  it('takes challenges and verifiers of 43 to 128 characters', async () => {
    const simulator = await start();
    for (const length of [43, 128]) {
      const plain = 'v'.repeat(length);
      const code = await fitbitCode(simulator, { codeChallenge: plain, codeChallengeMethod: 'plain' });
      const form = exchangeForm(code, { code_verifier: plain });
      expect((await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit))).status).toBe(200);
    }
  });
});

describe('the types of Fitbit apps', () => {
  it('a Client app has no secret, must use PKCE and names itself in the body', async () => {
    const simulator = await start({ fitbit: { type: 'client' } });
    expect('clientSecret' in simulator.fitbit).toBe(false);
    await expect(fitbitCode(simulator)).rejects.toThrow('The code_challenge parameter is invalid');
    const code = await fitbitCode(simulator, { codeChallenge: challenge });
    const form = exchangeForm(code, { code_verifier: verifier, client_id: simulator.fitbit.clientID });
    expect((await post(simulator.fitbit.tokenURL, form)).status).toBe(200);
  });

  it('a Personal app sees its owner only, and proves itself either way', async () => {
    const simulator = await start({ fitbit: { type: 'personal' } });
    const { page } = await openConsent(simulator.fitbit.authorizationURL, fitbitQuery(simulator));
    expect(page.match(/name="person"/g)).toHaveLength(1);
    await expect(fitbitCode(simulator)).rejects.toThrow('it can be: tomas');
    const byHeader = exchangeForm(await fitbitCode(simulator, { person: 'tomas' }));
    expect((await post(simulator.fitbit.tokenURL, byHeader, basic(simulator.fitbit))).status).toBe(200);
    const code = await fitbitCode(simulator, { person: 'tomas' });
    const byBody = exchangeForm(code, { client_id: simulator.fitbit.clientID });
    expect((await post(simulator.fitbit.tokenURL, byBody)).status).toBe(200);
  });

  it('a Server app may name itself in the body besides its Basic header', async () => {
    const simulator = await start();
    const { clientID, tokenURL } = simulator.fitbit;
    const form = exchangeForm(await fitbitCode(simulator), { client_id: clientID });
    expect((await post(tokenURL, form, basic(simulator.fitbit))).status).toBe(200);
  });

  it('several apps can be registered, and a code is good for its own only', async () => {
    const simulator = await start();
    const second = simulator.registerFitbitApp({ name: 'Second' });
    expect(second.clientID).not.toBe(simulator.fitbit.clientID);
    const code = await fitbitCode(simulator, { clientID: second.clientID });
    expect((await post(second.tokenURL, exchangeForm(code), basic(simulator.fitbit))).status).toBe(400);
    expect((await post(second.tokenURL, exchangeForm(code), basic(second))).status).toBe(200);
  });
});
