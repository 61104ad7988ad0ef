import { createHash } from 'node:crypto';
import {
  type GoogleHealthAuthenticateOptions,
  GoogleHealthStrategy,
  type GoogleHealthStrategyOptions,
  Strategy,
} from 'passport-fitbit-strategy/google-health';
import { describe, expect, it } from 'vitest';
import { authenticate, beginLogin, callbackRequest, fakeRequest, fakeSession } from '../support/strategy.ts';
import { CALLBACK_URL, CLIENT, HEALTH, startGoogle, strategyOf } from './google.ts';

function makeStrategy(options: Partial<GoogleHealthStrategyOptions> = {}): GoogleHealthStrategy {
  return new GoogleHealthStrategy({ ...CLIENT, callbackURL: CALLBACK_URL, ...options, verify: () => ({}) });
}

/** The query of the authorization request. */
async function authorize(
  options: Partial<GoogleHealthStrategyOptions> = {},
  request?: GoogleHealthAuthenticateOptions,
): Promise<Record<string, string>> {
  const { url } = await beginLogin(makeStrategy(options), fakeSession(), request);
  return Object.fromEntries(url.searchParams);
}

describe('the authorization request', () => {
  it('goes to Google with state, PKCE and the parameters that bring a refresh token', async () => {
    const { url, session } = await beginLogin(makeStrategy());
    const { logins } = session['oauth2:google-health'] as { logins: { state: string; verifier: string }[] };
    const [login] = logins;
    expect(url.origin + url.pathname).toBe('https://accounts.google.com/o/oauth2/v2/auth');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      access_type: 'offline',
      prompt: 'consent',
      response_type: 'code',
      redirect_uri: CALLBACK_URL,
      scope: `${HEALTH}.profile.readonly`,
      state: login?.state,
      code_challenge: createHash('sha256')
        .update(login?.verifier ?? '')
        .digest('base64url'),
      code_challenge_method: 'S256',
      client_id: CLIENT.clientID,
    });
  });

  it('has the options of the strategy', async () => {
    const params = await authorize({
      prompt: ['select_account', 'consent'],
      accessType: 'online',
      includeGrantedScopes: true,
      loginHint: 'zoe.kraemer@example.com',
      hostedDomain: 'example.com',
      display: 'popup',
    });
    expect(params).toMatchObject({
      access_type: 'online',
      prompt: 'select_account consent',
      include_granted_scopes: 'true',
      login_hint: 'zoe.kraemer@example.com',
      hd: 'example.com',
      display: 'popup',
    });
  });

  it('has the options of the request instead of those of the strategy', async () => {
    const params = await authorize(
      { prompt: 'consent', accessType: 'online', includeGrantedScopes: true, loginHint: 'a@example.com' },
      { prompt: 'none', accessType: 'offline', includeGrantedScopes: false, loginHint: 'b@example.com' },
    );
    expect(params).toMatchObject({ access_type: 'offline', prompt: 'none', login_hint: 'b@example.com' });
    expect(params).not.toHaveProperty('include_granted_scopes');
  });

  it('has the domain and display of the request', async () => {
    const params = await authorize(
      { hostedDomain: 'example.com', display: 'popup' },
      { hostedDomain: '*', display: 'touch' },
    );
    expect(params).toMatchObject({ hd: '*', display: 'touch' });
    expect(await authorize()).not.toHaveProperty('hd');
    expect(await authorize()).not.toHaveProperty('display');
  });

  it.each([{ hostedDomain: '' }, { hostedDomain: 5 }, { display: 'big' }, { display: '' }])(
    'refuses %j',
    (options) => {
      const wrong = Object.assign({}, options);
      // @ts-expect-error: wrong on purpose
      expect(() => makeStrategy(wrong)).toThrow(`"${Object.keys(options)[0]}" must be`);
    },
  );

  it('has no prompt if the app asks for none', async () => {
    expect(await authorize({ prompt: [] })).not.toHaveProperty('prompt');
  });

  it('accepts a prompt of two words as one string', async () => {
    expect(await authorize({ prompt: 'select_account consent' })).toMatchObject({
      prompt: 'select_account consent',
    });
  });

  it('has short names of scopes in full and those of OpenID unchanged', async () => {
    const { scope } = await authorize({
      scope: ['openid', 'email', 'profile', 'profile.readonly', 'sleep.writeonly', `${HEALTH}.ecg.readonly`],
    });
    expect(scope).toBe(
      `openid email profile ${HEALTH}.profile.readonly ${HEALTH}.sleep.writeonly ${HEALTH}.ecg.readonly`,
    );
  });

  it('has the scopes of the request in full, too', async () => {
    const { scope } = await authorize({}, { scope: 'openid sleep.readonly' });
    expect(scope).toBe(`openid ${HEALTH}.sleep.readonly`);
  });

  it("does not touch the state of the app's other login with Google", async () => {
    const session = fakeSession({ 'oauth2:accounts.google.com': { state: 'of the other strategy' } });
    await beginLogin(makeStrategy(), session);
    expect(session['oauth2:accounts.google.com']).toEqual({ state: 'of the other strategy' });
  });

  it('uses the property of the session that the app names', async () => {
    const { session } = await beginLogin(makeStrategy({ sessionKey: 'health' }));
    expect(Object.keys(session)).toEqual(['health']);
  });

  it('ends in a failure with the code access_denied if the user denies it, with and without a text', async () => {
    for (const error_description of [undefined, 'The user denied access.']) {
      const strategy = makeStrategy();
      const { session, state } = await beginLogin(strategy);
      const query = { error: 'access_denied', state, ...(error_description && { error_description }) };
      expect(await authenticate(strategy, callbackRequest(session, query))).toEqual({
        type: 'fail',
        failure: {
          message:
            'You did not allow access to your Google account. To continue, please start again and allow it.',
          code: 'access_denied',
          ...(error_description && { hint: error_description }),
        },
        status: 403,
      });
    }
  });

  it('with the prompt none is a failure with its code if a page is needed', async () => {
    const strategy = makeStrategy({ prompt: 'none' });
    const { session, state } = await beginLogin(strategy);
    const query = { error: 'interaction_required', state };
    const outcome = await authenticate(strategy, callbackRequest(session, query));
    expect(outcome).toMatchObject({ type: 'fail', failure: { code: 'interaction_required' } });
  });
});

describe('GoogleHealthStrategy', () => {
  it('is called google-health and is also exported as Strategy', () => {
    expect(makeStrategy().name).toBe('google-health');
    expect(Strategy).toBe(GoogleHealthStrategy);
  });

  it.each<[string, unknown, string]>([
    ['prompt', 'login', '"prompt" must be one of "none", "consent", "select_account"'],
    ['prompt', 5, '"prompt" must be one of "none", "consent", "select_account"'],
    ['prompt', ['none', 'consent'], '"prompt" must not combine "none" with another value'],
    ['accessType', 'always', '"accessType" must be one of "offline", "online"'],
    ['includeGrantedScopes', 'true', '"includeGrantedScopes" must be true or false'],
    ['loginHint', '', '"loginHint" must be a non-empty string'],
    ['healthProfile', 1, '"healthProfile" must be true or false'],
    ['scope', ['activity', 'profile.readonly'], '"scope" contains "activity"'],
    ['scope', ['sleep.readonly.x', 'profile.readonly'], '"scope" contains "sleep.readonly.x"'],
    ['scope', 5, '"scope" must be a string of scopes'],
    ['scope', [], '"scope" must have at least one scope that reads Health data'],
    ['scope', 'openid profile', '"scope" must have at least one scope that reads Health data'],
    ['scope', ['location.readonly'], '"scope" must have at least one scope that reads Health data'],
    ['scope', ['profile.writeonly'], '"scope" must have at least one scope that reads Health data'],
    ['identityURL', 'identity', '"identityURL" must be an absolute URL'],
    ['clientID', '', '"clientID" must be a non-empty string'],
  ])('refuses the option %s: %j', (name, value, message) => {
    expect(() => makeStrategy({ [name]: value })).toThrow(TypeError);
    expect(() => makeStrategy({ [name]: value })).toThrow(message);
  });

  it.each<[string, object, string]>([
    ['prompt', { prompt: 'login' }, '"prompt" must be one of'],
    ['scope', { scope: ['activity'] }, '"scope" contains "activity"'],
    ['scope', { scope: 'email' }, '"scope" must have at least one scope that reads Health data'],
    ['accessType', { accessType: 'x' }, '"accessType" must be one of'],
  ])('reports a wrong %s of a request as an error', async (_name, options, message) => {
    const outcome = await authenticate(makeStrategy(), fakeRequest({ session: fakeSession() }), options);
    expect(outcome).toMatchObject({ type: 'error', error: { message: expect.stringContaining(message) } });
  });

  it('accepts scopes that do not identify the user if earlier grants count', async () => {
    const params = await authorize({}, { scope: ['location.readonly'], includeGrantedScopes: true });
    expect(params).toMatchObject({ scope: `${HEALTH}.location.readonly`, include_granted_scopes: 'true' });
    expect(await authorize({ scope: 'location.readonly', includeGrantedScopes: true })).toMatchObject({
      scope: `${HEALTH}.location.readonly`,
    });
  });

  it('accepts a Health scope that Google may add', async () => {
    expect(await authorize({ scope: 'breathing.readonly' })).toMatchObject({
      scope: `${HEALTH}.breathing.readonly`,
    });
  });

  it('changes neither its options nor those of a request', async () => {
    const google = await startGoogle();
    const scope = Object.freeze(['profile.readonly']);
    const strategy = strategyOf(
      google,
      Object.freeze({ scope, prompt: Object.freeze(['consent'] as const) }),
    );
    const options = Object.freeze({ scope, prompt: 'none' });
    await beginLogin(strategy, fakeSession(), options);
    expect(options).toEqual({ scope: ['profile.readonly'], prompt: 'none' });
  });
});
