import {
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
  const strategy = new FitbitStrategy({ ...client, ...options }, async ({ tokens, profile }) => ({
    tokens,
    profile,
  }));
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
  ])('is not made when the token response tells %s', async (_, change) => {
    const { outcome, requests } = await signIn(tokenAnswer(change), [{ body: fixture('profile.json') }]);
    expect(requests).toEqual([]);
    expect(userOf(outcome).profile).toEqual({ provider: 'fitbit', id: '26FWFL' });
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
    expect(userOf(outcome).profile).toEqual({ provider: 'fitbit', id: '26FWFL' });
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

  it("is a subclass's own, which gets the token response as well", async () => {
    const seen: unknown[] = [];
    class Own extends FitbitStrategy {
      override userProfile(
        accessToken: string,
        done: (error?: unknown, profile?: { provider: 'fitbit'; id: string }) => void,
        tokens?: TokenSet,
      ): void {
        seen.push(accessToken, tokens?.userID);
        done(null, { provider: 'fitbit', id: 'OWN' });
      }
    }
    answer('POST', TOKEN_URL, tokenAnswer());
    const outcome = await login(new Own(client, async ({ profile }) => profile));
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
    expect(errorOf(await login(new Broken(client, () => expect.unreachable())))).toBe(broken);
  });

  it('goes to a userProfileURL of one’s own', async () => {
    answer('POST', TOKEN_URL, tokenAnswer());
    const requests = answer('GET', 'https://proxy.example/me?x=1', { body: fixture('profile.json') });
    const userProfileURL = 'https://proxy.example/me?x=1';
    await login(new FitbitStrategy({ ...client, userProfileURL }, async ({ profile }) => profile));
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

  it('still leads to a login with the id when the profile answers 403 insufficient_scope', async () => {
    const { outcome, requests } = await signIn(silent, [denied]);
    expect(requests).toHaveLength(1);
    expect(userOf(outcome).profile).toEqual({ provider: 'fitbit', id: '26FWFL' });
  });

  it('is an error when the profile answers 403 for another reason', async () => {
    const { outcome } = await signIn(silent, [
      { status: 403, body: fixture('error-insufficient-permissions.json') },
    ]);
    expect(errorOf(outcome)).toMatchObject({ code: 'insufficient_permissions', operation: 'profile' });
  });

  it('does not hide that a granted profile was refused', async () => {
    const { outcome } = await signIn(tokenAnswer({ scope: 'profile' }), [denied]);
    expect(errorOf(outcome)).toMatchObject({ code: 'insufficient_scope', operation: 'profile', status: 403 });
  });

  it('is an error when there is no user id either', async () => {
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
  async function profileOf(body: string | object) {
    const { outcome } = await signIn(tokenAnswer(), [{ body }]);
    const { _raw, _json, ...profile } = userOf(outcome).profile;
    return { profile, _raw, _json };
  }

  it('is normalised as Passport does, the largest picture first', async () => {
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

  it('leaves out what Fitbit leaves out', async () => {
    expect((await profileOf(fixture('profile-small.json'))).profile).toEqual({
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

  it('has only an id where the rest is empty, null or NA', async () => {
    expect((await profileOf(fixture('profile-least.json'))).profile).toEqual({
      provider: 'fitbit',
      id: '26FWFL',
    });
  });

  it.each([
    [{ firstName: 'Zoë' }, { givenName: 'Zoë' }],
    [{ lastName: 'Müller' }, { familyName: 'Müller' }],
  ])('has the one part of the name that there is: %j', async (user, name) => {
    const { profile } = await profileOf({ user: { encodedId: '26FWFL', ...user } });
    expect(profile.name).toEqual(name);
  });

  it('ignores fields of a wrong type', async () => {
    const user = { encodedId: 'X', displayName: 5, firstName: {}, lastName: [], gender: 1, avatar: false };
    expect((await profileOf({ user })).profile).toEqual({ provider: 'fitbit', id: 'X' });
  });

  it('has the answer as text and parsed', async () => {
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

  it.each(['null', '[]', '"x"', '', '<html>'])('is malformed when it is no object: %j', async (body) => {
    const { outcome } = await signIn(tokenAnswer(), [{ body }]);
    expect(errorOf(outcome)).toMatchObject({ code: 'malformed', operation: 'profile' });
  });
});

describe('userProfile', () => {
  it('fetches the profile for any access token that the app has', async () => {
    const requests = answer('GET', PROFILE_URL, { body: fixture('profile-small.json') });
    const strategy = new FitbitStrategy(client, async (_login) => false);
    const id = await new Promise((resolve) => {
      strategy.userProfile('other-token', (_error, profile) => resolve(profile?.id));
    });
    expect(id).toBe('AAA111');
    expect(requests[0]?.headers.authorization).toBe('Bearer other-token');
  });

  it('reports every refusal then, as there is no token response to take the id from', async () => {
    answer('GET', PROFILE_URL, { status: 403, body: fixture('error-insufficient-scope.json') });
    const strategy = new FitbitStrategy(client, async (_login) => false);
    const error = await new Promise((resolve) => {
      strategy.userProfile('other-token', resolve);
    });
    expect(error).toMatchObject({ code: 'insufficient_scope', operation: 'profile' });
  });
});
