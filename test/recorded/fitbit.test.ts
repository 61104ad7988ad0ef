import {
  FitbitStrategy,
  introspect,
  type Login,
  ResponseError,
  refresh,
  revoke,
} from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { login } from '../support/strategy.ts';
import {
  namesOf,
  type Operation,
  operations,
  printed,
  type Recorded,
  recorded,
  recordedText,
  replay,
} from './support.ts';

const client = { clientID: '22CQ7B', clientSecret: '5117a0c0ffee5eed5117a0c0ffee5eed' };
const refreshToken = 'b'.repeat(64);
const code = 'c'.repeat(40);
const { access_token: accessToken } = recorded('fitbit/token').body;

/** Makes the call that an operation is; gives its result, or what it rejected with. */
async function call(operation: Operation, answer: Recorded): Promise<unknown> {
  const token = recorded('fitbit/token');
  // The tokens and the profile are of one user.
  const { encodedId: user_id } = Object(answer.body.user);
  const tokens = { ...token, body: { ...token.body, scope: 'profile', ...(user_id && { user_id }) } };
  const server = await replay({
    token: operation === 'profile' ? tokens : answer,
    profile: answer,
    introspect: answer,
    revoke: answer,
  });
  const endpoints = {
    ...client,
    tokenURL: `${server.url}/token`,
    userProfileURL: `${server.url}/profile`,
    introspectionURL: `${server.url}/introspect`,
    revocationURL: `${server.url}/revoke`,
  };
  if (operation === 'code_exchange' || operation === 'profile') {
    const callbackURL = 'https://app.example/callback';
    const verify = ({ tokens, profile }: Login) => ({ tokens, profile });
    const strategy = new FitbitStrategy({ ...endpoints, callbackURL, verify });
    const outcome = await login(strategy, {}, code);
    return outcome.type === 'error' ? outcome.error : outcome;
  }
  const calls = {
    refresh: () => refresh(endpoints, refreshToken),
    introspect: () => introspect(endpoints, String(accessToken), { token: refreshToken }),
    revoke: () => revoke(endpoints, refreshToken),
  };
  return calls[operation]().catch((error: unknown) => error);
}

describe('a recorded response of Fitbit', () => {
  it('gives the tokens of a refresh', async () => {
    expect(await call('refresh', recorded('fitbit/token'))).toMatchObject({
      accessToken,
      refreshToken: 'c643a63c072f0f05478e9d18b991db80ef6061e4f8e6c822d83fed53e5fafdd7',
      scope: ['heartrate', 'weight', 'nutrition', 'settings', 'activity', 'sleep'],
      userID: '26FWFL',
      tokenType: 'Bearer',
    });
  });

  it('gives what a token may do', async () => {
    expect(await call('introspect', recorded('fitbit/introspection'))).toMatchObject({
      active: true,
      clientID: '22CQ7B',
      userID: '6CGW8Z',
      scope: { activity: 'read', heartrate: 'read', sleep: 'read' },
      expiresAt: new Date('2019-08-15T09:33:54Z'),
      issuedAt: new Date('2019-08-15T01:33:54Z'),
    });
  });

  it.each([
    ['profile-2011', { id: '101010', displayName: 'foobar' }],
    ['profile-2014', { id: 'XXXXXX', displayName: 'Adam' }],
    ['profile-2017', { id: '4A7CNF', displayName: 'Sam W.', gender: 'male' }],
    [
      'profile-2022',
      {
        id: 'ABC123',
        displayName: 'John D.',
        name: { givenName: 'John', familyName: 'Doe' },
      },
    ],
  ])('signs the user in, with the profile of %s', async (name, profile) => {
    const answer = recorded(`fitbit/${name}`);
    const outcome = await call('profile', answer);
    expect(outcome).toMatchObject({
      type: 'success',
      user: { tokens: { accessToken }, profile: { provider: 'fitbit', ...profile } },
    });
    expect(outcome).toHaveProperty('user.profile._json', answer.body);
  });
});

/** Name, operation, code, reauthorize, retryable, a part of the description. */
const errors: [string, Operation, string, boolean, boolean, string][] = [
  ['refresh-token-invalid', 'refresh', 'invalid_grant', true, false, 'Refresh token invalid: [redacted].'],
  ['refresh-token-missing', 'refresh', 'invalid_request', false, false, 'Missing parameters: refresh_token'],
  ['body-unreadable', 'refresh', 'invalid_request', false, false, 'error reading the request body'],
  ['header-undefined', 'refresh', 'invalid_client', false, false, 'Received header = undefined.'],
  ['code-invalid', 'code_exchange', 'invalid_grant', true, false, 'Authorization code invalid: [redacted]'],
  ['code-expired', 'code_exchange', 'invalid_grant', true, false, 'Authorization code expired: [redacted]'],
  ['client-id-invalid', 'revoke', 'invalid_client', false, false, 'Client id invalid.'],
  ['token-expired', 'profile', 'expired_token', false, false, 'Access token expired: [redacted]'],
  ['token-invalid', 'profile', 'invalid_token', false, false, 'Access token invalid: [redacted]'],
  ['authorization-missing', 'profile', 'invalid_request', false, false, 'Authorization header required.'],
  ['read-only', 'profile', 'insufficient_permissions', false, false, 'Read-only API client'],
  ['rate-limited', 'profile', 'rate_limited', false, true, 'with the access token [redacted]'],
];

describe('a recorded error of Fitbit', () => {
  it.each(errors)('%s, in the response to %s, has the code %s', async (name, operation, ...rest) => {
    const [errorCode, reauthorize, retryable, description] = rest;
    const answer = recorded(`fitbit/${name}`);
    const error = await call(operation, answer);
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({
      code: errorCode,
      operation,
      httpStatus: answer.status,
      reauthorize,
      retryable,
      description: expect.stringContaining(description),
    });
  });

  it.each(errors)('%s contains no secrets, in the response to any operation', async (name) => {
    for (const operation of operations) {
      // A refresh waits and tries again after a 429.
      if (name === 'rate-limited' && operation === 'refresh') continue;
      const text = printed(await call(operation, recorded(`fitbit/${name}`)));
      for (const secret of [String(accessToken), refreshToken, code, client.clientSecret]) {
        expect([operation, text.includes(secret)]).toEqual([operation, false]);
      }
    }
  });

  it('is none of those that are left out here', () => {
    const recordedErrors = namesOf('fitbit').filter((name) => recorded(`fitbit/${name}`).status >= 400);
    expect(errors.map(([name]) => name).sort()).toEqual(recordedErrors.sort());
  });
});

describe('the list of recorded responses', () => {
  it.each(['fitbit', 'google-health'] as const)(
    'says of each response of %s where it is from',
    (provider) => {
      const readme = recordedText('README.md');
      for (const name of namesOf(provider)) {
        expect(readme).toMatch(new RegExp(`^\\| \`${name}\\.json\` \\| .+ \\| .+ \\|$`, 'm'));
      }
    },
  );
});
