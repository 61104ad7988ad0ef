import nock from 'nock';
import { GoogleHealthStrategy, introspect, refresh, revoke } from 'passport-fitbit-strategy/google-health';
import { afterEach, describe, expect, it } from 'vitest';
import { authenticate, beginLogin, callbackRequest, login } from '../support/strategy.ts';
import { CALLBACK_URL, CLIENT, fixture } from './google.ts';

function makeStrategy(options: { healthProfile?: boolean } = {}): GoogleHealthStrategy {
  return new GoogleHealthStrategy({
    ...CLIENT,
    callbackURL: CALLBACK_URL,
    ...options,
    verify: ({ profile }) => profile,
  });
}

afterEach(() => nock.cleanAll());

describe("without endpoints of the app's own, Google's are used", () => {
  it('by a login, with the secret in a body and the token in a header', async () => {
    const bodies: unknown[] = [];
    const keep = (body: unknown) => bodies.push(body) > 0;
    const noSecret = { badheaders: ['authorization'] };
    const token = nock('https://oauth2.googleapis.com', noSecret)
      .post('/token', keep)
      .reply(200, fixture('token'));
    const identity = nock('https://health.googleapis.com')
      .get('/v4/users/me/identity')
      .matchHeader('authorization', 'Bearer ya29.a0AfH6SMBx')
      .reply(200, fixture('identity'));
    const strategy = makeStrategy();
    const { session, state } = await beginLogin(strategy);
    const { logins } = session['oauth2:google-health'] as { logins: { verifier: string }[] };
    const [pending] = logins;

    const outcome = await authenticate(strategy, callbackRequest(session, { code: '4/0AX', state }));

    expect(outcome).toMatchObject({ type: 'success', user: { id: '8677373576871223311' } });
    expect(bodies).toEqual([
      {
        grant_type: 'authorization_code',
        code: '4/0AX',
        redirect_uri: CALLBACK_URL,
        code_verifier: pending?.verifier,
        client_id: CLIENT.clientID,
        client_secret: CLIENT.clientSecret,
      },
    ]);
    expect(token.isDone() && identity.isDone()).toBe(true);
  });

  it('by a login with userinfo and the Health profile', async () => {
    nock('https://oauth2.googleapis.com').post('/token').reply(200, fixture('token-testing'));
    nock('https://health.googleapis.com')
      .get('/v4/users/me/identity')
      .reply(200, fixture('identity'))
      .get('/v4/users/me/profile')
      .reply(200, fixture('profile'));
    nock('https://www.googleapis.com').get('/oauth2/v3/userinfo').reply(200, fixture('userinfo'));
    const _json = {
      identity: fixture('identity'),
      userinfo: fixture('userinfo'),
      profile: fixture('profile'),
    };
    expect(await login(makeStrategy({ healthProfile: true }))).toMatchObject({
      type: 'success',
      user: { _json },
    });
  });

  it('by refresh', async () => {
    nock('https://oauth2.googleapis.com')
      .post('/token', /refresh_token=1%2F%2F05/)
      .reply(200, fixture('refresh'));
    expect((await refresh(CLIENT, '1//05')).accessToken).toBe('ya29.a0AfH6SMBz');
  });

  it('by introspect', async () => {
    nock('https://oauth2.googleapis.com').post('/tokeninfo', '').reply(200, fixture('tokeninfo'));
    expect((await introspect(CLIENT, 'ya29.a')).active).toBe(true);
  });

  it('by revoke', async () => {
    const revoked = nock('https://oauth2.googleapis.com').post('/revoke', 'token=ya29.a').reply(200);
    await revoke(CLIENT, 'ya29.a');
    expect(revoked.isDone()).toBe(true);
  });
});
