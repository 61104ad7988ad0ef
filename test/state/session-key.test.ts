import OAuth2Strategy from 'passport-oauth2';
import { describe, expect, it } from 'vitest';
import { startSessionApp } from '../support/session-app.ts';
import { authenticate, beginLogin, callbackRequest, fakeRequest, fakeSession } from '../support/strategy.ts';
import { stubbedStrategy, stubExchanges } from '../support/stub.ts';

const KEY = 'oauth2:fitbit';

describe('the session key', () => {
  it("is the strategy's name after oauth2: by default, whatever the authorization URL", async () => {
    const { strategy } = stubbedStrategy({ authorizationURL: 'http://localhost:4000/authorize' });
    const { session } = await beginLogin(strategy);
    expect(Object.keys(session)).toEqual(['oauth2:fitbit']);
  });

  it('is the option "sessionKey" if that is given', async () => {
    const { session } = await beginLogin(stubbedStrategy({ sessionKey: 'fitbit-logins' }).strategy);
    expect(Object.keys(session)).toEqual(['fitbit-logins']);
  });

  it.each([undefined, null, {}])('may hold nothing yet: %j', async (value) => {
    const stub = stubbedStrategy();
    const { session, state } = await beginLogin(stub.strategy, fakeSession({ [KEY]: value }));
    const outcome = await authenticate(stub.strategy, callbackRequest(session, { code: 'abc', state }));
    expect(outcome.type).toBe('success');
    expect(session).not.toHaveProperty([KEY]);
  });

  it('keeps other data while logins begin, end and expire', async () => {
    const stub = stubbedStrategy();
    const others = { state: { handle: 'h', state: { mine: true } }, more: [1] };
    const session = fakeSession({ [KEY]: { ...others, logins: [{ state: 'a', binding: 'b', expires: 1 }] } });
    const first = await beginLogin(stub.strategy, session);
    const second = await beginLogin(stub.strategy, session);
    expect(session[KEY]).toMatchObject({
      ...others,
      logins: [{ state: first.state }, { state: second.state }],
    });
    for (const { state } of [second, first]) {
      await authenticate(stub.strategy, callbackRequest(session, { code: 'abc', state }));
      expect(session[KEY]).toMatchObject(others);
    }
    expect(session[KEY]).toStrictEqual(others);
  });

  it.each(['a text', 5, true, ['a', 'list']])(
    'that holds a value of another type is an error: %j',
    async (value) => {
      const { strategy, exchanges } = stubbedStrategy();
      const session = fakeSession({ [KEY]: value });
      expect(await authenticate(strategy, fakeRequest({ session }))).toMatchObject({
        type: 'error',
        error: {
          name: 'OAuthError',
          code: 'session_key_in_use',
          operation: 'authorization',
          message: expect.stringContaining(
            `"${KEY}" contains data of other code: set the strategy's option "sessionKey" to another name`,
          ),
        },
      });
      const outcome = await authenticate(strategy, callbackRequest(session, { code: 'abc', state: 'a' }));
      expect(outcome).toMatchObject({ type: 'fail', failure: { code: 'state_missing' } });
      expect(session[KEY]).toBe(value);
      expect(exchanges).toEqual([]);
    },
  );
});

describe.each([
  ['state: true', { state: true, pkce: false }],
  ['state: true and pkce: true', { state: true, pkce: true }],
  ['store: true', { store: true } as object],
])('passport-oauth2 with %s, under the same session key in the same app', (_, options) => {
  async function start() {
    const theirs = new OAuth2Strategy(
      {
        authorizationURL: 'https://other.example/authorize',
        tokenURL: 'https://other.example/token',
        clientID: 'other',
        clientSecret: 'other secret',
        callbackURL: 'https://app.example/callback/oauth2',
        sessionKey: 'shared',
        skipUserProfile: true,
        ...options,
      },
      (accessToken: string, _refreshToken: string, _profile: object, done: OAuth2Strategy.VerifyCallback) =>
        done(null, { accessToken }),
    );
    stubExchanges(theirs);
    const { strategy: ours } = stubbedStrategy({ sessionKey: 'shared' });
    return startSessionApp([theirs, ours], { signsIn: false });
  }

  it.each([
    [
      ['oauth2', 'fitbit'],
      ['oauth2', 'fitbit'],
    ],
    [
      ['oauth2', 'fitbit'],
      ['fitbit', 'oauth2'],
    ],
    [
      ['fitbit', 'oauth2'],
      ['oauth2', 'fitbit'],
    ],
    [
      ['fitbit', 'oauth2'],
      ['fitbit', 'oauth2'],
    ],
  ])('works beside ours: begun %j, completed %j', async (begun, completed) => {
    const app = await start();
    const states: Record<string, string> = {};
    for (const name of begun) states[name] = (await app.visit(`/login/${name}`)).state;
    for (const name of completed) {
      const { status, body } = await app.visit(`/callback/${name}?code=${name}&state=${states[name]}`);
      expect(status).toBe(200);
      expect(body).toContain(`access-${name}`);
    }
    for (const name of completed) {
      const replayed = await app.visit(`/callback/${name}?code=${name}&state=${states[name]}`);
      expect(replayed.status).toBe(403);
    }
  });
});
