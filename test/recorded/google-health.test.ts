import { ResponseError } from 'passport-fitbit-strategy';
import {
  type GoogleHealthProfile,
  GoogleHealthStrategy,
  introspect,
  type Login,
  refresh,
  revoke,
} from 'passport-fitbit-strategy/google-health';
import { describe, expect, it } from 'vitest';
import { authenticate, beginLogin, callbackRequest } from '../support/strategy.ts';
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

const client = {
  clientID: String(recorded('google-health/tokeninfo').body.aud),
  clientSecret: 'GOCSPX-secret-of-the-app',
};
const refreshToken = '1//05EcPdLqxn6wCgYIARAAGAUSNwF';
const { access_token: accessToken } = recorded('google-health/token').body;
const scope = ['activity_and_fitness', 'sleep'].map(
  (name) => `https://www.googleapis.com/auth/googlehealth.${name}.readonly`,
);

interface Call {
  /** The answer to the identity call of a login. */
  readonly identity?: Recorded;
  /** Parameters of the callback in place of the usual ones. */
  readonly callback?: Readonly<Record<string, string>>;
}

/** Makes the call that an operation is; gives its result, or what it rejected with. */
async function call(
  operation: Operation,
  answer: Recorded,
  { identity = answer, callback = { code: '4/0AdkVLPy4Qi2AHFzhLcWO4fGpzDgf' } }: Call = {},
): Promise<unknown> {
  const server = await replay({
    token: operation === 'profile' ? recorded('google-health/token') : answer,
    identity,
    userinfo: recorded('google-health/userinfo'),
    tokeninfo: answer,
    revoke: answer,
  });
  const endpoints = {
    ...client,
    tokenURL: `${server.url}/token`,
    identityURL: `${server.url}/identity`,
    userinfoURL: `${server.url}/userinfo`,
    introspectionURL: `${server.url}/tokeninfo`,
    revocationURL: `${server.url}/revoke`,
  };
  if (operation === 'code_exchange' || operation === 'profile') {
    const callbackURL = 'https://app.example/callback';
    const verify = ({ tokens, profile, callback }: Login<GoogleHealthProfile>) => ({
      tokens,
      profile,
      callback,
    });
    const strategy = new GoogleHealthStrategy({ ...endpoints, callbackURL, verify });
    const { session, state } = await beginLogin(strategy);
    const outcome = await authenticate(strategy, callbackRequest(session, { ...callback, state }));
    return outcome.type === 'error' ? outcome.error : outcome;
  }
  const calls = {
    refresh: () => refresh(endpoints, refreshToken),
    introspect: () => introspect(endpoints, String(accessToken)),
    revoke: () => revoke(endpoints, refreshToken),
  };
  return calls[operation]().catch((error: unknown) => error);
}

describe('a recorded response of Google', () => {
  it('signs the user in, by a callback that says more than the code', async () => {
    const query = recordedText('google-health/callback.txt');
    const callback = Object.fromEntries(new URLSearchParams(query));
    const identity = recorded('google-health/identity');
    const outcome = await call('code_exchange', recorded('google-health/token'), { identity, callback });
    expect(outcome).toMatchObject({
      type: 'success',
      user: {
        tokens: { accessToken, refreshToken: '1//fake-refresh-1', scope, userID: 'health-id-123' },
        profile: { provider: 'google-health', id: 'health-id-123', legacyUserId: 'fitbit-id-abc' },
        callback: { authuser: '2', prompt: 'none' },
      },
    });
    const { tokens } = Object(outcome).user;
    expect(tokens.refreshTokenExpiresAt.getTime() - Date.now()).toBeGreaterThan(604_700_000);
  });

  it('gives name, picture and address, with the OpenID scopes', async () => {
    const { body, ...head } = recorded('google-health/token');
    const token = { ...head, body: { ...body, scope: `${body.scope} openid profile email` } };
    const identity = recorded('google-health/identity');
    const outcome = await call('code_exchange', token, { identity });
    expect(outcome).toHaveProperty('user.profile.displayName', 'Foo Bar');
    expect(outcome).toHaveProperty('user.profile.emails', [{ value: 'foo@bar.com', verified: true }]);
    expect(outcome).toHaveProperty('user.profile.photos', [
      { value: recorded('google-health/userinfo').body.picture },
    ]);
  });

  it.each([
    ['refresh', refreshToken],
    ['refresh-rotated', '1//fake-refresh-2'],
  ])('gives the tokens of a %s', async (name, refreshTokenAfter) => {
    const answer = recorded(`google-health/${name}`);
    const tokens = await call('refresh', answer);
    const { access_token } = answer.body;
    expect(tokens).toMatchObject({ accessToken: access_token, refreshToken: refreshTokenAfter, scope });
  });

  it('gives what a token may do', async () => {
    expect(await call('introspect', recorded('google-health/tokeninfo'))).toMatchObject({
      active: true,
      clientID: client.clientID,
      scope: ['plus.me', 'userinfo.profile', 'userinfo.email'].map(
        (name) => `https://www.googleapis.com/auth/${name}`,
      ),
      expiresAt: new Date('2016-10-24T20:53:52Z'),
    });
  });

  it.each([
    ['introspect', 'tokeninfo-invalid', { active: false }],
    ['introspect', 'tokeninfo-invalid-without-code', { active: false }],
    ['revoke', 'revoked-already', undefined],
  ] as const)('says in the answer to %s that a token is dead: %s', async (operation, name, result) => {
    expect(await call(operation, recorded(`google-health/${name}`))).toEqual(result);
  });
});

/** Name, operation, code, reauthorize, retryable, a part of the error's message. */
const errors: [string, Operation, string, boolean, boolean, string][] = [
  ['credentials-missing', 'profile', 'credentials_missing', false, false, 'Request is missing required'],
  ['credentials-invalid', 'profile', 'unauthenticated', false, false, 'refresh it'],
  ['api-key', 'profile', 'credentials_missing', false, false, 'API keys are not supported by this API'],
  ['user-project-denied', 'profile', 'user_project_denied', false, false, 'x-goog-user-project'],
  ['service-disabled', 'profile', 'service_disabled', false, false, '/overview?project=123456789'],
  ['rate-limited', 'profile', 'rate_limited', false, true, "limit 'Queries per minute'"],
  ['refresh-token-revoked', 'refresh', 'invalid_grant', true, false, 'has been expired or revoked'],
  ['reauth-invalid-rapt', 'refresh', 'invalid_grant', true, false, 'session control'],
  ['reauth-rapt-required', 'refresh', 'invalid_grant', true, false, 'session control'],
  ['tokeninfo-invalid', 'refresh', 'invalid_token', false, false, 'Invalid Value'],
  ['tokeninfo-invalid-without-code', 'refresh', 'invalid_token', false, false, 'Invalid Value'],
  ['revoked-already', 'refresh', 'invalid_token', false, false, 'Token expired or revoked'],
];

/** Name and code of what a user can resolve, and a part of the message for the user. */
const failures: [string, string, string, string?][] = [
  [
    'account-not-linked',
    'account_not_linked',
    'has no Google Health or Fitbit profile',
    'https://fitbit.google.com/auth/signup',
  ],
  ['account-not-linked-without-link', 'account_not_linked', 'has no Google Health or Fitbit profile'],
  ['not-migrated', 'account_not_migrated', 'has not been moved'],
  ['not-migrated-ubermint', 'account_not_migrated', 'has not been moved'],
  ['precondition', 'profile_not_ready', 'finish the setup'],
  ['scope-insufficient', 'missing_scope', 'select at least one of these permissions'],
  ['scope-insufficient-oauth', 'missing_scope', 'select at least one of these permissions'],
];

describe('a recorded error of Google', () => {
  it.each(errors)('%s, in the response to %s, has the code %s', async (name, operation, ...rest) => {
    const [errorCode, reauthorize, retryable, text] = rest;
    const answer = recorded(`google-health/${name}`);
    const error = await call(operation, answer);
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({
      code: errorCode,
      operation,
      httpStatus: answer.status,
      reauthorize,
      retryable,
      message: expect.stringContaining(text),
    });
  });

  it('names the call and the service, for the developer', async () => {
    const error = await call('profile', recorded('google-health/credentials-missing'));
    expect(error).toHaveProperty('errors.0.metadata', {
      method: 'google.devicesandservices.health.v4.HealthProfileService.GetProfile',
      service: 'health.googleapis.com',
    });
  });

  it.each(failures)('%s is a failure of the login with the code %s', async (name, failure, message, link) => {
    expect(await call('profile', recorded(`google-health/${name}`))).toMatchObject({
      type: 'fail',
      failure: { code: failure, message: expect.stringContaining(message), ...(link && { link }) },
    });
  });

  it.each([...errors, ...failures].map(([name]) => name))(
    '%s contains no secrets, whatever it is the answer to',
    async (name) => {
      for (const operation of operations) {
        // A refresh waits and tries again after a 429.
        if (name === 'rate-limited' && operation === 'refresh') continue;
        const text = printed(await call(operation, recorded(`google-health/${name}`)));
        for (const secret of [String(accessToken), refreshToken, client.clientSecret]) {
          expect([operation, text.includes(secret)]).toEqual([operation, false]);
        }
      }
    },
  );

  it('is none of those that are left out here', () => {
    const names = namesOf('google-health').filter((name) => recorded(`google-health/${name}`).status >= 400);
    expect([...errors, ...failures].map(([name]) => name).sort()).toEqual(names.sort());
  });
});
