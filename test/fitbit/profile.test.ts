import {
  type FitbitProfile,
  FitbitStrategy,
  type FitbitStrategyOptions,
  type TokenSet,
  TransportError,
} from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { login, type Outcome } from '../support/strategy.ts';
import { type Answer, answer } from './fake-fitbit.ts';
import { client, fixture, PROFILE_URL, TOKEN_URL } from './fixtures.ts';

const TOKEN = JSON.parse(fixture('token.json'));

function tokenAnswer(change: Record<string, unknown> = {}): Answer {
  return { body: { ...TOKEN, ...change } };
}

async function signIn(token: Answer, profileAnswers: Answer[], options: Partial<FitbitStrategyOptions> = {}) {
  answer('POST', TOKEN_URL, token);
  const requests = answer('GET', PROFILE_URL, ...profileAnswers);
  const strategy = new FitbitStrategy({
    ...client,
    ...options,
    verify: async ({ tokens, profile }) => ({
      tokens,
      profile,
    }),
  });
  return { outcome: await login(strategy), requests };
}

function userOf(outcome: Outcome) {
  if (outcome.type !== 'success') throw new Error(String(outcome.type === 'error' && outcome.error));
  return outcome.user as { profile: Record<string, unknown>; tokens: { userID: string; scope: string[] } };
}

function errorOf(outcome: Outcome): unknown {
  if (outcome.type !== 'error') throw new Error(outcome.type);
  return outcome.error;
}

describe('the profile request', () => {
  it('is a GET with the access token in the header, never in the URL', async () => {
    const { requests } = await signIn(tokenAnswer(), [{ body: fixture('profile.json') }]);
    expect(requests).toEqual([
      {
        method: 'GET',
        url: PROFILE_URL,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${TOKEN.access_token}`,
          host: 'api.fitbit.com',
          'user-agent': 'passport-fitbit-strategy',
        },
        body: '',
      },
    ]);
  });

  it.each([
    ['that the profile scope was not granted', { scope: 'sleep activity' }],
    ['of scopes whose names contain that of the profile scope', { scope: 'profile_x myprofile' }],
  ])('is not made if the token response tells %s', async (_, change) => {
    const { outcome, requests } = await signIn(tokenAnswer(change), [{ body: fixture('profile.json') }]);
    expect(requests).toEqual([]);
    expect(userOf(outcome).profile).toEqual({ provider: 'fitbit', id: '26FWFL', displayName: '' });
  });

  it.each([
    ['true', true],
    ['a function that returns true', () => true],
    [
      'a function that calls back with true',
      (_token: string, done: (error: unknown, skip?: boolean) => void) => setImmediate(done, null, true),
    ],
  ])('is not made when skipUserProfile is %s', async (_, skipUserProfile) => {
    const { outcome, requests } = await signIn(tokenAnswer(), [{ body: fixture('profile.json') }], {
      skipUserProfile,
    });
    expect(requests).toEqual([]);
    expect(userOf(outcome).profile).toEqual({ provider: 'fitbit', id: '26FWFL', displayName: '' });
  });

  it.each([
    ['false', false],
    ['a function that returns false', () => false],
    [
      'a function that calls back with false',
      (_token: string, done: (error: unknown, skip?: boolean) => void) => setImmediate(done, null, false),
    ],
  ])('is made when skipUserProfile is %s', async (_, skipUserProfile) => {
    const { outcome } = await signIn(tokenAnswer(), [{ body: fixture('profile.json') }], { skipUserProfile });
    expect(userOf(outcome).profile.displayName).toBe('Zoë M.');
  });

  it('gives skipUserProfile the access token', async () => {
    const seen: string[] = [];
    await signIn(tokenAnswer(), [], {
      skipUserProfile: (accessToken, done) => {
        seen.push(accessToken);
        done(null, true);
      },
    });
    expect(seen).toEqual([TOKEN.access_token]);
  });

  it('is not made when skipUserProfile throws or calls back with an error: that goes to the error handler', async () => {
    const failure = new Error('no database');
    const thrown = await signIn(tokenAnswer(), [], {
      skipUserProfile: () => {
        throw failure;
      },
    });
    expect(errorOf(thrown.outcome)).toBe(failure);
    const calledBack = await signIn(tokenAnswer(), [], { skipUserProfile: (_token, done) => done(failure) });
    expect(errorOf(calledBack.outcome)).toBe(failure);
  });

  it("can be a subclass's own, which also gets the token set", async () => {
    const seen: unknown[] = [];
    class Own extends FitbitStrategy {
      override userProfile(
        accessToken: string,
        done: (error?: unknown, profile?: FitbitProfile) => void,
        tokens?: TokenSet,
      ): void {
        seen.push(accessToken, tokens?.userID);
        done(null, { provider: 'fitbit', id: 'OWN', displayName: '' });
      }
    }
    answer('POST', TOKEN_URL, tokenAnswer());
    const outcome = await login(new Own({ ...client, verify: async ({ profile }) => profile }));
    expect(outcome).toMatchObject({ type: 'success', user: { id: 'OWN' } });
    expect(seen).toEqual([TOKEN.access_token, TOKEN.user_id]);
  });

  it("is an error when a subclass's own throws", async () => {
    const broken = new Error('no network');
    class Broken extends FitbitStrategy {
      override userProfile(): void {
        throw broken;
      }
    }
    answer('POST', TOKEN_URL, tokenAnswer());
    expect(errorOf(await login(new Broken({ ...client, verify: () => expect.unreachable() })))).toBe(broken);
  });

  it('goes to another userProfileURL', async () => {
    answer('POST', TOKEN_URL, tokenAnswer());
    const requests = answer('GET', 'https://proxy.example/me?x=1', { body: fixture('profile.json') });
    const userProfileURL = 'https://proxy.example/me?x=1';
    await login(new FitbitStrategy({ ...client, userProfileURL, verify: async ({ profile }) => profile }));
    expect(requests.map(({ url }) => url)).toEqual([userProfileURL]);
  });
});

describe('a token response without a scope', () => {
  const silent = tokenAnswer({ scope: undefined });
  const denied = { status: 403, body: fixture('error-insufficient-scope.json') };

  it('leads to the profile if it was granted', async () => {
    const { outcome } = await signIn(silent, [{ body: fixture('profile.json') }]);
    expect(userOf(outcome).profile.displayName).toBe('Zoë M.');
  });

  it('leads to a login with only the id if the profile request fails with 403 insufficient_scope', async () => {
    const { outcome, requests } = await signIn(silent, [denied]);
    expect(requests).toHaveLength(1);
    expect(userOf(outcome).profile).toEqual({ provider: 'fitbit', id: '26FWFL', displayName: '' });
  });

  it('is an error if the profile request fails with 403 for another reason', async () => {
    const { outcome } = await signIn(silent, [
      { status: 403, body: fixture('error-insufficient-permissions.json') },
    ]);
    expect(errorOf(outcome)).toMatchObject({ code: 'insufficient_permissions', operation: 'profile' });
  });

  it('is not assumed: with the scope granted, a refused profile is an error', async () => {
    const { outcome } = await signIn(tokenAnswer({ scope: 'profile' }), [denied]);
    expect(errorOf(outcome)).toMatchObject({
      code: 'insufficient_scope',
      operation: 'profile',
      httpStatus: 403,
    });
  });

  it('is an error if there is no user id either', async () => {
    const { outcome } = await signIn(tokenAnswer({ scope: undefined, user_id: undefined }), [denied]);
    const error = errorOf(outcome);
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'malformed', operation: 'code_exchange' });
    expect(error).toHaveProperty('message', expect.stringContaining('"user_id" is missing'));
  });

  it('gets its user id from the profile', async () => {
    const { outcome } = await signIn(tokenAnswer({ user_id: undefined }), [
      { body: fixture('profile.json') },
    ]);
    expect(userOf(outcome).tokens.userID).toBe('26FWFL');
  });
});

describe('the profile', () => {
  async function profileOf(body: string | object, user_id = '26FWFL') {
    const { outcome } = await signIn(tokenAnswer({ user_id }), [{ body }]);
    const { _raw, _json, ...profile } = userOf(outcome).profile;
    return { profile, _raw, _json };
  }

  it("is Passport's normalized profile, with the largest picture first", async () => {
    expect((await profileOf(fixture('profile.json'))).profile).toEqual({
      provider: 'fitbit',
      id: '26FWFL',
      displayName: 'Zoë M.',
      name: { familyName: 'Müller', givenName: 'Zoë' },
      gender: 'female',
      photos: [
        { value: 'https://static0.fitbit.com/images/profile/defaultProfile_640.png' },
        { value: 'https://static0.fitbit.com/images/profile/defaultProfile_150.png' },
        { value: 'https://static0.fitbit.com/images/profile/defaultProfile_100.png' },
      ],
    });
  });

  it('has no field that Fitbit left out', async () => {
    expect((await profileOf(fixture('profile-small.json'), 'AAA111')).profile).toEqual({
      provider: 'fitbit',
      id: 'AAA111',
      displayName: 'Homer',
      gender: 'male',
      photos: [
        { value: 'https://static0.fitbit.com/images/profile/defaultProfile_150_male.gif' },
        { value: 'https://static0.fitbit.com/images/profile/defaultProfile_100_male.gif' },
      ],
    });
  });

  it('has only an id if the rest is empty, null or NA', async () => {
    expect((await profileOf(fixture('profile-least.json'))).profile).toEqual({
      provider: 'fitbit',
      id: '26FWFL',
      displayName: '',
    });
  });

  it.each([
    [{ firstName: 'Zoë' }, { familyName: '', givenName: 'Zoë' }],
    [{ lastName: 'Müller' }, { familyName: 'Müller', givenName: '' }],
  ])('has one part of the name if the other is missing: %j', async (user, name) => {
    const { profile } = await profileOf({ user: { encodedId: '26FWFL', ...user } });
    expect(profile.name).toEqual(name);
  });

  it('ignores fields of a wrong type', async () => {
    const user = { encodedId: 'X', displayName: 5, firstName: {}, lastName: [], gender: 1, avatar: false };
    expect((await profileOf({ user }, 'X')).profile).toEqual({
      provider: 'fitbit',
      id: 'X',
      displayName: '',
    });
  });

  it('has the response as text and parsed', async () => {
    const { _raw, _json } = await profileOf(fixture('profile.json'));
    expect(_raw).toBe(fixture('profile.json'));
    expect(_json).toEqual(JSON.parse(fixture('profile.json')));
  });

  it.each([
    ['{}'],
    ['{"user":null}'],
    ['{"user":[]}'],
    ['{"user":{}}'],
    ['{"user":{"encodedId":""}}'],
    ['{"user":{"encodedId":5}}'],
  ])('is malformed without an id: %s', async (body) => {
    const { outcome } = await signIn(tokenAnswer(), [{ body }]);
    const error = errorOf(outcome);
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'malformed', operation: 'profile' });
    expect(error).toHaveProperty('message', expect.stringContaining('"user.encodedId" is missing'));
  });

  it("is malformed if its id is not the token response's user_id: the account could be another user's", async () => {
    const { outcome } = await signIn(tokenAnswer({ user_id: 'AAA111' }), [{ body: fixture('profile.json') }]);
    const error = errorOf(outcome);
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'malformed', operation: 'profile', retryable: false });
    expect(error).toHaveProperty(
      'message',
      'Fitbit sent an unusable response (profile): "user.encodedId" is not the "user_id" of the token response',
    );
  });

  it.each(['null', '[]', '"x"', '', '<html>'])('is malformed if it is not an object: %j', async (body) => {
    const { outcome } = await signIn(tokenAnswer(), [{ body }]);
    expect(errorOf(outcome)).toMatchObject({ code: 'malformed', operation: 'profile' });
  });
});

describe('userProfile', () => {
  it('fetches the profile for any access token', async () => {
    const requests = answer('GET', PROFILE_URL, { body: fixture('profile-small.json') });
    const strategy = new FitbitStrategy({ ...client, verify: async (_login) => false });
    const id = await new Promise((resolve) => {
      strategy.userProfile('other-token', (_error, profile) => resolve(profile?.id));
    });
    expect(id).toBe('AAA111');
    expect(requests[0]?.headers.authorization).toBe('Bearer other-token');
  });

  it('reports every refusal: without a token response there is no id', async () => {
    answer('GET', PROFILE_URL, { status: 403, body: fixture('error-insufficient-scope.json') });
    const strategy = new FitbitStrategy({ ...client, verify: async (_login) => false });
    const error = await new Promise((resolve) => {
      strategy.userProfile('other-token', resolve);
    });
    expect(error).toMatchObject({ code: 'insufficient_scope', operation: 'profile' });
  });
});

describe('a refused profile request', () => {
  it('with a 401 invalid_grant is about the access token, not about a code', async () => {
    const body = { errors: [{ errorType: 'invalid_grant', message: 'No.' }] };
    const { outcome } = await signIn(tokenAnswer(), [{ status: 401, body }]);
    const error = errorOf(outcome);
    expect(error).toMatchObject({
      code: 'invalid_grant',
      operation: 'profile',
      message: expect.stringMatching(/The access token was revoked or belongs to another app/),
    });
    expect(error).toMatchObject({ message: expect.not.stringMatching(/code verifier/) });
  });
});
