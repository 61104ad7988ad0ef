import http from 'node:http';
import { FitbitStrategy, type FitbitStrategyOptions, Strategy } from 'passport-fitbit-strategy';
import OAuth2Strategy from 'passport-oauth2';
import { describe, expect, it } from 'vitest';

const verify = async (_login: object) => false as const;
const least = { clientID: 'CID', callbackURL: '/callback' };

/** A strategy with arguments of any type, as JavaScript allows. */
function construct(...given: unknown[]): FitbitStrategy {
  return Reflect.construct(FitbitStrategy, given);
}

/** A strategy with options of any type and the option `verify`. */
function make(options: unknown): FitbitStrategy {
  return construct(typeof options === 'object' && options !== null ? { verify, ...options } : options);
}

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message;
  }
  throw new Error('nothing was thrown');
}

const store = {
  store(_req: unknown, _verifier: unknown, _state: unknown, _meta: unknown, _callback: unknown) {},
  verify(_req: unknown, _state: unknown, _meta: unknown, _callback: unknown) {},
};
const URL_MESSAGE = 'must be an absolute URL such as https://provider.example/oauth2/token';
const CALLBACK_MESSAGE =
  '"callbackURL" must be an absolute URL without a fragment, exactly as registered with the provider, or a path that starts with "/"';

describe('FitbitStrategy', () => {
  it("is passport-oauth2's strategy, named fitbit, and is exported under a second name", () => {
    const strategy = new FitbitStrategy({ ...least, verify });
    expect(strategy).toBeInstanceOf(OAuth2Strategy);
    expect(strategy.name).toBe('fitbit');
    expect(Strategy).toBe(FitbitStrategy);
  });

  it.each<[string, unknown, string]>([
    ['no options', undefined, '"options" must be an object'],
    ['null', null, '"options" must be an object'],
    [
      'no client id',
      { callbackURL: '/callback' },
      '"clientID" must be a non-empty string: the client id of your app, as registered with Fitbit',
    ],
    [
      'an empty client id',
      { ...least, clientID: '' },
      '"clientID" must be a non-empty string: the client id of your app, as registered with Fitbit',
    ],
    [
      'an empty client secret',
      { ...least, clientSecret: '' },
      '"clientSecret" must be a non-empty string: leave it out if the app is a public client',
    ],
    [
      'a colon in the client id',
      { ...least, clientID: 'a:b', clientSecret: 's' },
      '"clientID" must not contain ":", which ends it in HTTP Basic authentication',
    ],
    ['a timeout of 0', { ...least, timeout: 0 }, '"timeout" must be a positive number of milliseconds'],
    ['a negative timeout', { ...least, timeout: -1 }, '"timeout" must be a positive number of milliseconds'],
    ['NaN as timeout', { ...least, timeout: Number.NaN }, '"timeout" must be a positive number'],
    ['a timeout that no timer can wait', { ...least, timeout: 2 ** 31 }, 'at most 2147483647'],
    ['a text as timeout', { ...least, timeout: '5s' }, '"timeout" must be a positive number'],
    ['no agent', { ...least, agent: {} }, '"agent" must be an http.Agent or https.Agent'],
    ['null as agent', { ...least, agent: null }, '"agent" must be an http.Agent or https.Agent'],
    ['a relative URL', { ...least, tokenURL: '/oauth2/token' }, `"tokenURL" ${URL_MESSAGE}`],
    [
      'another scheme',
      { ...least, authorizationURL: 'ftp://a.example/' },
      `"authorizationURL" ${URL_MESSAGE}`,
    ],
    ['an empty URL', { ...least, userProfileURL: '' }, '"userProfileURL" must be a non-empty string'],
    ['a number as URL', { ...least, introspectionURL: 5 }, '"introspectionURL" must be a non-empty string'],
    [
      'credentials in a URL',
      { ...least, revocationURL: 'https://u:p@a.example/' },
      '"revocationURL" must not contain a user name or password',
    ],
    [
      'a user name in a URL',
      { ...least, revocationURL: 'https://u@a.example/' },
      '"revocationURL" must not contain a user name or password',
    ],
    [
      'a fragment in a URL',
      { ...least, tokenURL: 'https://a.example/#x' },
      '"tokenURL" must not contain a fragment (#…)',
    ],
    ['a callback URL that is no URL', { ...least, callbackURL: 'callback' }, CALLBACK_MESSAGE],
    ['a callback URL of another host', { ...least, callbackURL: '//evil.example/' }, CALLBACK_MESSAGE],
    ['a callback URL without a host', { ...least, callbackURL: 'https:///x' }, CALLBACK_MESSAGE],
    ['a callback URL with a fragment', { ...least, callbackURL: 'https://a.example/#x' }, CALLBACK_MESSAGE],
    ['an empty callback URL', { ...least, callbackURL: '' }, '"callbackURL" must be a non-empty string'],
    [
      'a prompt that Fitbit does not know',
      { ...least, prompt: 'select_account' },
      '"prompt" must be one of "none", "consent", "login", "login consent"',
    ],
    ...[0, -1, 1.5, '28800', Number.NaN, Number.POSITIVE_INFINITY, null].map(
      (expiresIn): [string, unknown, string] => [
        `${typeof expiresIn} ${expiresIn} as expiresIn`,
        { ...least, expiresIn },
        '"expiresIn" must be a positive integer: seconds, such as 28800',
      ],
    ),
    ['a number as scope', { ...least, scope: 5 }, '"scope" must be a string of scopes separated by spaces'],
    [
      'numbers as scopes',
      { ...least, scope: ['a', 5] },
      '"scope" must be a string of scopes separated by spaces',
    ],
    ['a text as state', { ...least, state: 'abc' }, '"state" must be true or false'],
    [
      'a text as passReqToCallback',
      { ...least, passReqToCallback: 'yes' },
      '"passReqToCallback" must be true',
    ],
    ['a text as proxy', { ...least, proxy: 'yes' }, '"proxy" must be true or false'],
    [
      'the PKCE method plain',
      { ...least, pkce: 'plain' },
      '"pkce" must be true or false, or "S256": the method "plain" gives no protection',
    ],
    [
      'a text as skipUserProfile',
      { ...least, skipUserProfile: 'yes' },
      '"skipUserProfile" must be true or false or a function',
    ],
    ['an empty session key', { ...least, sessionKey: '' }, '"sessionKey" must be a non-empty string'],
    ...[true, null, {}, { store() {} }, { verify() {} }].map((wrong): [string, unknown, string] => [
      `${JSON.stringify(wrong)} as store (${Object.keys(wrong ?? {})})`,
      { ...least, store: wrong },
      '"store" must be an object with the methods "store" and "verify"',
    ]),
    [
      'a store with state: false',
      { ...least, state: false, store },
      '"state: false" can\'t be combined with "pkce" or "store"',
    ],
    [
      'PKCE with state: false',
      { ...least, state: false, pkce: true },
      '"state: false" can\'t be combined with "pkce" or "store"',
    ],
    [
      'PKCE with a store that has no place for the verifier',
      { ...least, pkce: true, store: { store(_req: unknown, _callback: unknown) {}, verify() {} } },
      '"store" can\'t keep the code verifier, because its "store" method doesn\'t declare five parameters',
    ],
  ])('refuses %s with a message that names the option and the remedy', (_name, options, message) => {
    expect(messageOf(() => make(options))).toContain(message);
  });

  it.each([[undefined], [null], ['verify'], [{}]])('refuses %j as the option verify', (wrong) => {
    expect(messageOf(() => construct({ ...least, verify: wrong }))).toBe(
      '"verify" must be a function that finds or creates the user: ({ profile }) => user',
    );
  });

  it.each([[null], ['verify'], [{}]])('refuses %j as the second argument', (wrong) => {
    expect(messageOf(() => construct(least, wrong))).toBe(
      '"verify" must be a function: (accessToken, refreshToken, profile, done) => …',
    );
  });

  it('refuses a function of one parameter as the second argument and says where it belongs', () => {
    expect(messageOf(() => construct(least, verify))).toBe(
      'A function with one parameter can\'t be the second argument: pass it as the option "verify"',
    );
  });

  it('refuses verify as an option and a second argument together', () => {
    expect(messageOf(() => construct({ ...least, verify }, () => {}))).toBe(
      '"verify" was given twice: pass it either as an option or as the second argument',
    );
  });

  it('never shows a secret in such a message', () => {
    const message = messageOf(() => make({ ...least, clientSecret: 's3cret', tokenURL: 'https://s3cret@/' }));
    expect(message).not.toContain('s3cret');
  });

  it.each<[string, Partial<FitbitStrategyOptions>]>([
    ['options that are undefined', { clientSecret: undefined, prompt: undefined, expiresIn: undefined }],
    ['an agent', { agent: new http.Agent() }],
    ['a store of one’s own, with and without PKCE', { store, pkce: true }],
    ['a store that keeps no verifier, where PKCE is not asked for', { store: { ...store, store() {} } }],
    ['no PKCE', { pkce: false }],
    ['state: false', { state: false }],
    ['state: false and pkce: false', { state: false, pkce: false }],
    ['a colon in the id of a public client', { clientID: 'a:b' }],
    ['the longest timeout', { timeout: 2 ** 31 - 1 }],
    ['the shortest timeout', { timeout: 0.5 }],
  ])('accepts %s', (_name, options) => {
    expect(make({ ...least, ...options }).name).toBe('fitbit');
  });
});
