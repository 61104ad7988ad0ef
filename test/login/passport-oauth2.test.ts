// What passport-oauth2 does when it is constructed and when it begins a login, and what holds here as well.

import { FitbitStrategy, Strategy } from 'passport-fitbit-strategy';
import OAuth2Strategy from 'passport-oauth2';
import { describe, expect, it } from 'vitest';
import { authenticate, beginLogin, fakeRequest, fakeSession } from '../support/strategy.ts';
import { client, construct, stubbed, verify } from './support.ts';

const CALLBACK_URL = 'https://app.example/auth/fitbit/callback';

async function begin(options: object = {}, perRequest?: object): Promise<Record<string, string>> {
  const strategy = construct({ ...client, ...options }, verify);
  const { url } = await beginLogin(strategy, fakeSession(), perRequest);
  return Object.fromEntries(url.searchParams);
}

describe('a strategy', () => {
  it('is an OAuth2Strategy, and can be told apart by its name', () => {
    const strategy = construct(client, verify);
    expect(strategy).toBeInstanceOf(OAuth2Strategy);
    expect(strategy.name).toBe('fitbit');
    expect(Strategy).toBe(FitbitStrategy);
  });

  it('refuses to be constructed without verify', () => {
    expect(() => construct(client)).toThrow(TypeError);
    expect(() => construct(client)).toThrow(/verify/);
  });

  it('refuses to be constructed without options', () => {
    expect(() => construct(verify)).toThrow(TypeError);
    expect(() => construct(undefined, verify)).toThrow(TypeError);
  });

  it('refuses to be constructed without a client id', () => {
    expect(() => construct({ clientSecret: 's3cret' }, verify)).toThrow(TypeError);
    expect(() => construct({ clientSecret: 's3cret' }, verify)).toThrow(/"clientID"/);
  });

  it('can be constructed without a client secret', () => {
    expect(() => construct({ clientID: 'CID' }, verify)).not.toThrow();
  });

  it('leaves its options unchanged and does not look at them later', async () => {
    const options = { ...client, callbackURL: CALLBACK_URL, scope: Object.freeze(['profile']) };
    const frozen = Object.freeze({ ...options });
    const strategy = construct(frozen, verify);
    expect(frozen).toEqual(options);
    expect((await beginLogin(strategy)).url.searchParams.get('scope')).toBe('profile');
  });
});

describe('the authorization request', () => {
  it('asks for a code with the client id', async () => {
    expect(await begin()).toMatchObject({ response_type: 'code', client_id: 'CID' });
  });

  it('has no redirect_uri when no callback URL is set', async () => {
    expect(await begin()).not.toHaveProperty('redirect_uri');
  });

  it('has the callback URL of the strategy', async () => {
    expect(await begin({ callbackURL: CALLBACK_URL })).toMatchObject({ redirect_uri: CALLBACK_URL });
  });

  it('has the callback URL of the request instead', async () => {
    const callbackURL = 'https://app.example/link/callback';
    expect(await begin({ callbackURL: CALLBACK_URL }, { callbackURL })).toMatchObject({
      redirect_uri: callbackURL,
    });
  });

  it('resolves a relative callback URL of the request', async () => {
    expect(await begin({ callbackURL: CALLBACK_URL }, { callbackURL: '/link/callback' })).toMatchObject({
      redirect_uri: 'https://app.example/link/callback',
    });
  });

  it('has the scope of the strategy, as a string or as an array', async () => {
    expect(await begin({ scope: 'profile sleep' })).toMatchObject({ scope: 'profile sleep' });
    expect(await begin({ scope: ['profile', 'sleep'] })).toMatchObject({ scope: 'profile sleep' });
  });

  it('has the scope of the request instead', async () => {
    expect(await begin({ scope: 'profile' }, { scope: 'sleep' })).toMatchObject({ scope: 'sleep' });
    expect(await begin({ scope: 'profile' }, { scope: ['sleep', 'heartrate'] })).toMatchObject({
      scope: 'sleep heartrate',
    });
  });

  it('has no scope if the strategy has an empty list of them', async () => {
    expect(await begin({ scope: [] })).not.toHaveProperty('scope');
  });

  it('joins an array of scopes with the scopeSeparator, and leaves a string as it is', async () => {
    const scopeSeparator = ',';
    expect(await begin({ scopeSeparator, scope: ['profile', 'sleep'] })).toMatchObject({
      scope: 'profile,sleep',
    });
    expect(await begin({ scopeSeparator }, { scope: ['sleep', 'heartrate'] })).toMatchObject({
      scope: 'sleep,heartrate',
    });
    expect(await begin({ scopeSeparator, scope: 'profile sleep' })).toMatchObject({
      scope: 'profile sleep',
    });
  });

  it('takes the defaults where a request has null, undefined or nothing', async () => {
    const options = { callbackURL: CALLBACK_URL, scope: 'sleep' };
    const defaults = { redirect_uri: CALLBACK_URL, scope: 'sleep' };
    expect(await begin(options, { scope: null, callbackURL: null })).toMatchObject(defaults);
    expect(await begin(options, { scope: undefined, callbackURL: undefined })).toMatchObject(defaults);
    expect(await begin(options, {})).toMatchObject(defaults);
    expect(await begin(options)).toMatchObject(defaults);
  });

  it('has the string state of a request when the strategy keeps no state', async () => {
    expect(await begin({ state: false }, { state: 'foo123' })).toMatchObject({ state: 'foo123' });
    expect(await begin({ state: false })).not.toHaveProperty('state');
  });

  it('keeps the query of the authorization URL', async () => {
    const authorizationURL = 'https://login.example/authorize?foo=bar';
    expect(await begin({ authorizationURL })).toMatchObject({ foo: 'bar', scope: 'profile' });
  });

  it('keeps a question mark in the query of the authorization URL', async () => {
    const authorizationURL = 'https://login.example/authorize?next=/a?b=c';
    expect(await begin({ authorizationURL })).toMatchObject({ next: '/a?b=c', scope: 'profile' });
  });

  it('replaces scope and state in the query of the authorization URL', async () => {
    const authorizationURL = 'https://login.example/authorize?scope=all&state=fixed&foo=bar';
    const sent = await begin({ authorizationURL, scope: 'sleep' });
    expect(sent).toMatchObject({ foo: 'bar', scope: 'sleep' });
    expect(sent.state).toMatch(/^[\w-]{32}$/);
    expect(await begin({ authorizationURL, state: false }, { state: 'own' })).toMatchObject({ state: 'own' });
  });
});

describe('a relative callback URL', () => {
  /** Begins a login with `/callback` as the callback URL; resolves with the redirect_uri. */
  async function resolved(request: object, options: object = {}, settings?: Record<string, unknown>) {
    const strategy = construct({ ...client, callbackURL: '/auth/callback', ...options }, verify);
    const req = fakeRequest({ session: fakeSession(), ...request });
    // As an Express app: its setting, and the function that it makes of it.
    const known: Record<string, unknown> = {
      ...settings,
      'trust proxy fn': () => Boolean(settings?.['trust proxy']),
    };
    if (settings !== undefined) Object.assign(req, { app: { get: (name: string) => known[name] } });
    const outcome = await authenticate(strategy, req);
    if (outcome.type !== 'redirect') throw new Error(outcome.type);
    return new URL(outcome.url).searchParams.get('redirect_uri');
  }
  const forwarded = {
    host: 'inner.example',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'www.example',
  };

  it('is resolved with the host of a secure request', async () => {
    expect(await resolved({ encrypted: true })).toBe('https://app.example/auth/callback');
  });

  it('is resolved with the host of an insecure request', async () => {
    expect(await resolved({ encrypted: false })).toBe('http://app.example/auth/callback');
  });

  it('is resolved with the forwarded protocol if the app trusts the proxy', async () => {
    const { 'x-forwarded-host': _, ...headers } = forwarded;
    expect(await resolved({ encrypted: false, headers }, {}, { 'trust proxy': true })).toBe(
      'https://inner.example/auth/callback',
    );
  });

  it('is resolved with the forwarded protocol and host if the app trusts the proxy', async () => {
    expect(await resolved({ encrypted: false, headers: forwarded }, {}, { 'trust proxy': true })).toBe(
      'https://www.example/auth/callback',
    );
  });

  it('is resolved without the forwarded values if nobody trusts the proxy', async () => {
    expect(await resolved({ encrypted: false, headers: forwarded }, {}, {})).toBe(
      'http://inner.example/auth/callback',
    );
    expect(await resolved({ encrypted: false, headers: forwarded })).toBe(
      'http://inner.example/auth/callback',
    );
  });

  it('is resolved with the forwarded protocol and host if the strategy trusts the proxy', async () => {
    expect(await resolved({ encrypted: false, headers: forwarded }, { proxy: true }, {})).toBe(
      'https://www.example/auth/callback',
    );
  });

  it('is the redirect_uri of the code exchange, too', async () => {
    const { strategy, exchanges } = stubbed({ callbackURL: '/auth/callback', state: false });
    const query = { code: 'abc' };
    await authenticate(strategy, fakeRequest({ query, encrypted: false }));
    await authenticate(strategy, fakeRequest({ query, encrypted: true }));
    expect(exchanges.map(({ params }) => params.redirect_uri)).toEqual([
      'http://app.example/auth/callback',
      'https://app.example/auth/callback',
    ]);
  });
});
