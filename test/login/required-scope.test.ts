import { FitbitStrategy } from 'passport-fitbit-strategy';
import { describe, expect, it, vi } from 'vitest';
import { login } from '../support/strategy.ts';
import { oauth2Of } from '../support/stub.ts';

/** Signs in with a token response that has this scope. */
async function signIn(requiredScope: string | string[] | undefined, scope: string | undefined) {
  const verify = vi.fn(() => ({ name: 'zoe' }));
  const strategy = new FitbitStrategy({ clientID: 'CID', clientSecret: 's3cret', requiredScope, verify });
  const oauth2 = oauth2Of(strategy);
  oauth2.getOAuthAccessToken = (_code, _params, done) => done(null, 'a', 'r', { user_id: 'ME', scope });
  const get = vi.fn((_url: string, _token: string, done: (error: null, body: string) => void) =>
    done(null, '{"user":{"encodedId":"ME"}}'),
  );
  oauth2.get = get;
  return { outcome: await login(strategy), verify, get };
}

describe('requiredScope', () => {
  it.each([
    ['profile', 'sleep'],
    ['profile sleep', 'sleep activity'],
    [['activity', 'profile'], 'activity'],
    [['pro'], 'profile'],
  ])('fails a login that lacks a scope, before anything is loaded: %j of %j', async (required, granted) => {
    const { outcome, verify, get } = await signIn(required, granted);
    const missing = required === 'profile' || required === 'profile sleep' ? 'profile' : required.at(-1);
    expect(outcome).toEqual({
      type: 'fail',
      status: 403,
      failure: {
        code: 'missing_scope',
        message: `To sign in, please start again and select these permissions: ${missing}.`,
        hint: 'The user did not grant every scope in the option "requiredScope". Tell users why the app needs these scopes, or remove them from the option.',
      },
    });
    expect(verify).not.toHaveBeenCalled();
    expect(get).not.toHaveBeenCalled();
  });

  it('names all scopes that are missing', async () => {
    const { outcome } = await signIn(['profile', 'sleep', 'weight'], 'sleep');
    expect(outcome).toMatchObject({
      failure: { message: expect.stringContaining('permissions: profile, weight.') },
    });
  });

  it.each([
    ['profile', 'sleep profile'],
    ['profile sleep', 'profile sleep activity'],
    [['sleep'], 'sleep'],
    [[], 'sleep'],
    [undefined, 'sleep'],
    // RFC 6749, section 5.1: a response without a scope means that all were granted.
    ['profile', undefined],
  ])('lets a login go on that has the scopes: %j of %j', async (required, granted) => {
    expect((await signIn(required, granted)).outcome.type).toBe('success');
  });

  it.each([5, null, [5], {}])('must be a text or a list of texts: %j', (requiredScope) => {
    const options = { clientID: 'CID', clientSecret: 's3cret', requiredScope, verify: () => ({}) };
    expect(() => Reflect.construct(FitbitStrategy, [options])).toThrow(
      new TypeError('"requiredScope" must be a string of scopes separated by spaces, or an array of scopes'),
    );
  });
});
