import { type Failure, OAuthError, type StateStore } from 'passport-fitbit-strategy';
import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import { describe, expect, it } from 'vitest';
import { authenticate, beginLogin, callbackRequest, fakeSession, type Outcome } from '../support/strategy.ts';
import { stubbedStrategy } from '../support/stub.ts';

const KEY = 'oauth2:fitbit';
const DENIED = 'The user denied the request.';
const MESSAGE =
  'You did not allow access to your Fitbit account. To continue, please start again and allow it.';
const SPAM = 'Call 555-0199 now';

function failureOf(outcome: Outcome) {
  if (outcome.type !== 'fail') throw new Error(outcome.type);
  return { ...(outcome.failure as Failure), status: outcome.status };
}

function errorOf(outcome: Outcome) {
  if (outcome.type !== 'error') throw new Error(outcome.type);
  expect(outcome.error).toBeInstanceOf(OAuthError);
  return outcome.error as OAuthError;
}

/** Begins a login and comes back with an error callback. */
async function comeBack(query: Record<string, unknown>) {
  const { strategy, exchanges } = stubbedStrategy();
  const { session, state } = await beginLogin(strategy);
  const outcome = await authenticate(strategy, callbackRequest(session, { ...query, state }));
  expect(exchanges).toEqual([]);
  return { strategy, session, outcome };
}

describe('a user who denied the request', () => {
  it("gets a message of ours, and the developer the provider's text", async () => {
    const { outcome } = await comeBack({ error: 'access_denied', error_description: DENIED });
    expect(failureOf(outcome)).toEqual({
      code: 'access_denied',
      message: MESSAGE,
      hint: DENIED,
      status: 403,
    });
  });

  it.each([
    ['is missing', {}],
    ['is empty', { error_description: '' }],
    ['is given twice', { error_description: ['a', 'b'] }],
    ['is an object', { error_description: { a: 'b' } }],
  ])('leaves the developer without a hint if the text %s', async (_, query) => {
    const { outcome } = await comeBack({ error: 'access_denied', ...query });
    expect(failureOf(outcome)).toStrictEqual({ code: 'access_denied', message: MESSAGE, status: 403 });
  });

  it('uses up the state', async () => {
    const { strategy, session } = await comeBack({ error: 'access_denied' });
    expect(session).not.toHaveProperty([KEY]);
    const later = await authenticate(strategy, callbackRequest(session, { code: 'a', state: 'b' }));
    expect(failureOf(later).code).toBe('state_missing');
  });

  it('is a denial in any spelling of the code', async () => {
    const { outcome } = await comeBack({ error: 'ACCESS_DENIED' });
    expect(failureOf(outcome).code).toBe('access_denied');
  });
});

describe('any other error of the authorization request', () => {
  it.each([
    ['invalid_scope', false],
    ['unauthorized_client', false],
    ['server_error', true],
    ['temporarily_unavailable', true],
  ])("goes to the app's error handler: %s", async (code, retryable) => {
    const { outcome, session } = await comeBack({ error: code, error_description: 'Something is wrong.' });
    const error = errorOf(outcome);
    expect(error).toMatchObject({ code, operation: 'authorization', retryable, reauthorize: false });
    expect(error.message).toBe(`Fitbit refused the authorization request: ${code}: Something is wrong.`);
    expect(session).not.toHaveProperty([KEY]);
  });

  it.each([
    ['is in the message', 'quota_of_the_day', ' (quota_of_the_day)'],
    ['is left out if it is empty', '', ''],
    ['is left out if it cannot be one', 'Call 555-0199 now', ''],
  ])('may have a reason, which %s', async (_, error_subtype, shown) => {
    const { outcome } = await comeBack({ error: 'invalid_scope', error_subtype });
    expect(errorOf(outcome).message).toBe(`Fitbit refused the authorization request: invalid_scope${shown}`);
  });

  describe('of a provider that knows more', () => {
    /** Begins a login with Google and comes back with an error callback. */
    async function comeBackFromGoogle(query: Record<string, unknown>) {
      const client = { clientID: 'CID', clientSecret: 's3cret' };
      const strategy = new GoogleHealthStrategy({ ...client, verify: () => ({}) });
      const { session, state } = await beginLogin(strategy);
      return authenticate(strategy, callbackRequest(session, { ...query, state }));
    }

    it('says what to do about it', async () => {
      expect(errorOf(await comeBackFromGoogle({ error: 'redirect_uri_mismatch' })).message).toBe(
        'Google refused the authorization request: redirect_uri_mismatch — Add the callbackURL to the authorized redirect URIs of the OAuth client, exactly as it is.',
      );
    });

    it('says something else for another reason', async () => {
      const query = { error: 'invalid_grant', error_subtype: 'rapt_required' };
      const withReason = errorOf(await comeBackFromGoogle(query)).message;
      const without = errorOf(await comeBackFromGoogle({ error: query.error })).message;
      expect(withReason.replace(' (rapt_required)', '')).not.toBe(without);
    });

    it('is a failure with status 403 if the user can resolve it', async () => {
      expect(failureOf(await comeBackFromGoogle({ error: 'org_internal' }))).toMatchObject({
        code: 'org_internal',
        message: expect.stringContaining('Sign in with your account of that organization.'),
        status: 403,
      });
    });
  });

  it('ignores the code that a callback has besides its error', async () => {
    const { outcome } = await comeBack({ error: 'server_error', code: 'abc' });
    expect(errorOf(outcome).code).toBe('server_error');
  });

  it.each(['<script>', 'a b', '5', 'é', 'x'.repeat(65)])(
    'is an authorization_error if its code cannot be one: %s',
    async (code) => {
      const error = errorOf((await comeBack({ error: code })).outcome);
      expect(error.code).toBe('authorization_error');
      expect(error.message).toBe('Fitbit refused the authorization request: authorization_error');
    },
  );

  it('shows no secret of the text in the error or in the hint', async () => {
    const text = 'The client s3cret sent Bearer abc.def';
    const error = errorOf((await comeBack({ error: 'invalid_scope', error_description: text })).outcome);
    expect(error.message).not.toMatch(/s3cret|abc\.def/);
    const denied = (await comeBack({ error: 'access_denied', error_description: text })).outcome;
    expect(failureOf(denied).hint).toBe('The client [redacted] sent [redacted]');
  });
});

describe('an error callback without a valid state', () => {
  const CODES = [
    'access_denied',
    'server_error',
    'temporarily_unavailable',
    'invalid_grant',
    'invalid_scope',
  ];

  it.each(CODES)('is a failure of its state, whatever the error says: %s', async (error) => {
    const { strategy, exchanges } = stubbedStrategy();
    const { session } = await beginLogin(strategy);
    for (const state of [{}, { state: 'made-up' }]) {
      const query = { error, error_description: SPAM, ...state };
      const outcome = await authenticate(strategy, callbackRequest(session, query));
      expect(failureOf(outcome)).toMatchObject({ code: 'state_mismatch', status: 403 });
      expect(JSON.stringify(outcome)).not.toContain(SPAM);
    }
    // The pending login is still there.
    expect(session).toHaveProperty([KEY, 'logins', 'length'], 1);
    expect(exchanges).toEqual([]);
  });

  it.each(CODES)('is the same in a browser without a pending login: %s', async (error) => {
    const { strategy } = stubbedStrategy();
    const query = { error, error_description: SPAM, state: 'made-up' };
    const outcome = await authenticate(strategy, callbackRequest(fakeSession(), query));
    expect(failureOf(outcome)).toMatchObject({ code: 'state_missing', status: 403 });
    expect(JSON.stringify(outcome)).not.toContain(SPAM);
  });

  it('is an error without a session', async () => {
    const query = { error: 'access_denied', error_description: SPAM, state: 'any' };
    const outcome = await authenticate(stubbedStrategy().strategy, callbackRequest(undefined, query));
    expect(errorOf(outcome).code).toBe('no_session');
  });
});

describe('an error callback if no state is kept (state: false)', () => {
  it.each([{}, { state: 'any' }])(
    'is believed for its code, but its text is not shown: %j',
    async (state) => {
      const { strategy } = stubbedStrategy({ state: false });
      const come = (error: string) =>
        authenticate(strategy, callbackRequest(undefined, { error, error_description: SPAM, ...state }));
      expect(failureOf(await come('access_denied'))).toEqual({
        code: 'access_denied',
        message: MESSAGE,
        status: 403,
      });
      const error = errorOf(await come('server_error'));
      expect(error.message).toBe('Fitbit refused the authorization request: server_error');
      expect(error).toMatchObject({ code: 'server_error', retryable: true });
    },
  );
});

describe("a state store of the app's", () => {
  type Verify = (error: unknown, ok?: boolean, info?: unknown) => void;
  const withStore = (store: object) =>
    stubbedStrategy({ store: store as StateStore, pkce: false, callbackURL: '/callback' }).strategy;

  it("is asked about an error callback, also in passport-oauth2's older interface", async () => {
    const seen: unknown[] = [];
    const strategy = withStore({
      store() {},
      verify(_req: unknown, state: string, callback: Verify) {
        seen.push(state);
        callback(null, true);
      },
    });
    const query = { error: 'access_denied', error_description: DENIED, state: 'kept' };
    const outcome = await authenticate(strategy, callbackRequest(fakeSession(), query));
    expect(failureOf(outcome).hint).toBe(DENIED);
    expect(seen).toEqual(['kept']);
  });

  it('gets what the login is for', async () => {
    const seen: unknown[] = [];
    const strategy = withStore({
      store() {},
      verify(_req: unknown, state: string, meta: object, callback: Verify) {
        seen.push([state, meta]);
        callback(null, true);
      },
    });
    await authenticate(strategy, callbackRequest(undefined, { error: 'access_denied', state: 'kept' }));
    expect(seen).toEqual([
      [
        'kept',
        {
          authorizationURL: 'https://www.fitbit.com/oauth2/authorize',
          tokenURL: 'https://api.fitbit.com/oauth2/token',
          clientID: 'CID',
          callbackURL: 'https://app.example/callback',
        },
      ],
    ]);
  });

  it('that throws ends an error callback with its error', async () => {
    const broken = new Error('no database');
    const strategy = withStore({
      store() {},
      verify() {
        throw broken;
      },
    });
    const query = { error: 'access_denied', state: 'kept' };
    expect(await authenticate(strategy, callbackRequest(undefined, query))).toEqual({
      type: 'error',
      error: broken,
    });
  });
});
