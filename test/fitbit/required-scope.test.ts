import { FitbitStrategy, type FitbitStrategyOptions } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { login } from '../support/strategy.ts';
import { answer } from './fake-fitbit.ts';
import { client, fixture, PROFILE_URL, TOKEN_URL } from './fixtures.ts';

/** Signs in a user who granted these scopes. */
async function signIn(scope: string | undefined, requiredScope: FitbitStrategyOptions['requiredScope']) {
  answer('POST', TOKEN_URL, { body: { ...JSON.parse(fixture('token.json')), scope } });
  const requests = answer('GET', PROFILE_URL, { body: fixture('profile.json') });
  const options = { ...client, scope: ['activity', 'profile', 'sleep'], requiredScope };
  const outcome = await login(new FitbitStrategy({ ...options, verify: ({ profile }) => profile }));
  return { outcome, requests };
}

describe('the option requiredScope', () => {
  it.each([['profile'], ['profile sleep'], [['profile', 'sleep']]])(
    'makes a login fail if the user did not grant a scope of %j, before anything is fetched',
    async (requiredScope) => {
      const { outcome, requests } = await signIn('activity sleep', requiredScope);
      expect(outcome).toEqual({
        type: 'fail',
        failure: {
          message: 'To sign in, please start again and select these permissions: profile.',
          code: 'missing_scope',
          hint: 'The user did not grant every scope in the option "requiredScope". Tell users why the app needs these scopes, or remove them from the option.',
        },
        status: 403,
      });
      expect(requests).toEqual([]);
    },
  );

  it('names all missing scopes', async () => {
    const { outcome } = await signIn('activity', ['profile', 'activity', 'sleep']);
    expect(outcome).toMatchObject({
      failure: { message: expect.stringMatching(/permissions: profile, sleep\.$/) },
    });
  });

  it.each([
    ['activity profile', ['profile']],
    ['profile', 'profile'],
    ['activity', []],
    ['activity', undefined],
  ])('does not affect a login with the scopes %j if %j is required', async (scope, requiredScope) => {
    expect((await signIn(scope, requiredScope)).outcome).toMatchObject({ type: 'success' });
  });

  it('does not affect a login whose token response has no scope: all were granted', async () => {
    expect((await signIn(undefined, 'profile')).outcome).toMatchObject({ type: 'success' });
  });

  it.each([5, [5], {}, null])('must not be %j', (wrong) => {
    const options = { ...client, requiredScope: wrong, verify: () => false };
    expect(() => Reflect.construct(FitbitStrategy, [options])).toThrow(
      new TypeError('"requiredScope" must be a string of scopes separated by spaces, or an array of scopes'),
    );
  });
});
