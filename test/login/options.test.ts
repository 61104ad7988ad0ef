import { FitbitStrategy } from 'passport-fitbit-strategy';
import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import { describe, expect, it } from 'vitest';
import { authenticate, beginLogin, fakeRequest, fakeSession } from '../support/strategy.ts';
import { stubbedStrategy } from '../support/stub.ts';

const OPTIONS = { clientID: 'CID', clientSecret: 's3cret', verify: () => ({}) };

function make(options: object, Strategy: unknown = FitbitStrategy): unknown {
  return Reflect.construct(Strategy as typeof FitbitStrategy, [{ ...OPTIONS, ...options }]);
}

describe('an option that is nearly the name of a known one', () => {
  it.each([
    ['callbackUrl', 'callbackURL'],
    ['callback_url', 'callbackURL'],
    ['callbackURI', 'callbackURL'],
    ['redirect_uri', 'callbackURL'],
    ['redirectURL', 'callbackURL'],
    ['scopes', 'scope'],
    ['Scope', 'scope'],
    ['PKCE', 'pkce'],
    ['requiredScopes', 'requiredScope'],
    ['authorizationUrl', 'authorizationURL'],
    ['tokenUrl', 'tokenURL'],
    ['userProfileUrl', 'userProfileURL'],
    ['expires_in', 'expiresIn'],
    ['sessionkey', 'sessionKey'],
    ['pass_req_to_callback', 'passReqToCallback'],
    ['skip-user-profile', 'skipUserProfile'],
  ])('is a TypeError with the right spelling: %s → %s', (wrong, right) => {
    expect(() => make({ [wrong]: 'x' })).toThrow(
      new TypeError(`"${wrong}" is not an option: write "${right}"`),
    );
  });

  it.each([
    ['clientId', 'clientID'],
    ['client_id', 'clientID'],
    ['clientSECRET', 'clientSecret'],
  ])('is a TypeError that names the right one: %s → %s', (wrong, right) => {
    const { [right as 'clientID']: _, ...others } = OPTIONS;
    const options = { ...others, [wrong]: 'x' };
    const construct = () => Reflect.construct(FitbitStrategy, [options]);
    expect(construct).toThrow(TypeError);
    expect(construct).toThrow(`"${right}"`);
  });

  it("is found among each strategy's own options", () => {
    expect(() => make({ access_type: 'online' }, GoogleHealthStrategy)).toThrow('write "accessType"');
    expect(() => make({ identityUrl: 'x' }, GoogleHealthStrategy)).toThrow('write "identityURL"');
    expect(() => make({ access_type: 'online' })).not.toThrow();
  });

  it('is ignored beside the right one, as some configurations have both', () => {
    expect(() => make({ callbackUrl: 'x', callbackURL: 'https://app.example/cb' })).not.toThrow();
  });

  it.each(['enabled', 'profileFields', 'callbackURLPattern', 'x', ''])(
    'is not every unknown name: %j is ignored',
    (name) => {
      expect(() => make({ [name]: 'x' })).not.toThrow();
    },
  );
});

describe('an option of a wrong type', () => {
  it.each<[name: string, value: unknown, message: string]>([
    ['issuer', '', '"issuer" must be a non-empty string'],
    ['issuer', 5, '"issuer" must be a non-empty string'],
    ['scopeSeparator', '', '"scopeSeparator" must be a non-empty string'],
    ['scopeSeparator', null, '"scopeSeparator" must be a non-empty string'],
    ['customHeaders', 'X-App: test', '"customHeaders" must be an object'],
    ['customHeaders', ['X-App'], '"customHeaders" must be an object'],
    ['skipUserProfile', 'no', '"skipUserProfile" must be true or false or a function'],
    ['pkce', 'plain', '"pkce" must be true or false, or "S256": the method "plain" gives no protection'],
    ['scope', 5, '"scope" must be a string of scopes separated by spaces, or an array of scopes'],
    ['scope', [5], '"scope" must be a string of scopes separated by spaces, or an array of scopes'],
    ['store', null, '"store" must be an object with the methods "store" and "verify"'],
    ['store', { store() {} }, '"store" must be an object with the methods "store" and "verify"'],
    ['store', { verify() {} }, '"store" must be an object with the methods "store" and "verify"'],
  ])('is a TypeError that says what it must be: %s %j', (name, value, message) => {
    expect(() => make({ [name]: value })).toThrow(new TypeError(message));
  });
});

describe('an option of one request', () => {
  const callbackURL = 'https://app.example/auth/fitbit/callback';

  it.each([{ scope: null, callbackURL: null }, { scope: undefined, callbackURL: undefined }, {}])(
    'that is null or undefined means the default: %j',
    async (options) => {
      const { strategy } = stubbedStrategy({ callbackURL, scope: ['sleep', 'activity'] });
      const { url } = await beginLogin(strategy, fakeSession(), options);
      expect(url.searchParams.get('scope')).toBe('sleep activity');
      expect(url.searchParams.get('redirect_uri')).toBe(callbackURL);
    },
  );

  it('replaces the default', async () => {
    const { strategy } = stubbedStrategy({ callbackURL, scope: ['sleep'] });
    const other = 'https://app.example/link';
    const { url } = await beginLogin(strategy, fakeSession(), { scope: ['weight'], callbackURL: other });
    expect(url.searchParams.get('scope')).toBe('weight');
    expect(url.searchParams.get('redirect_uri')).toBe(other);
  });

  it.each([{ scope: 5 }, { scope: [5] }, { callbackURL: '' }, { callbackURL: 'x' }, { state: 'mine' }])(
    'that is wrong is a TypeError, and nothing is kept: %j',
    async (options) => {
      const session = fakeSession();
      const req = fakeRequest({ session });
      const outcome = await authenticate(stubbedStrategy().strategy, req, options as object);
      expect(outcome).toMatchObject({ type: 'error', error: expect.any(TypeError) });
      expect(Object.keys(session)).toEqual([]);
    },
  );

  it('names the scope if that is wrong', async () => {
    const req = fakeRequest({ session: fakeSession() });
    expect(await authenticate(stubbedStrategy().strategy, req, { scope: 5 } as object)).toMatchObject({
      error: { message: expect.stringMatching(/^"scope" must be a string of scopes/) },
    });
  });

  it('is not changed in the object of the app', async () => {
    const options = Object.freeze({ scope: Object.freeze(['sleep']), callbackURL, state: Object.freeze({}) });
    const { url } = await beginLogin(stubbedStrategy().strategy, fakeSession(), options);
    expect(url.searchParams.get('scope')).toBe('sleep');
  });
});
