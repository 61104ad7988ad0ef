import { FitbitStrategy, type FitbitStrategyOptions, ResponseError } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { authenticate, beginLogin, callbackRequest, login } from '../support/strategy.ts';
import { oauth2Of } from '../support/stub.ts';
import { answer } from './fake-fitbit.ts';
import { BASIC, fixture, TOKEN_URL } from './fixtures.ts';

const CALLBACK_URL = 'https://app.example/auth/fitbit/callback';
const OK = { body: fixture('token.json') };

function strategy(options: Partial<FitbitStrategyOptions> = {}) {
  return new FitbitStrategy({
    clientID: 'CID',
    clientSecret: 's3cret',
    callbackURL: CALLBACK_URL,
    skipUserProfile: true,
    ...options,
    verify: async ({ tokens }) => ({ tokens }),
  });
}

/** Signs in and resolves with the one request that was made; the verifier is replaced by a word. */
async function exchange(options: Partial<FitbitStrategyOptions> = {}) {
  const requests = answer('POST', TOKEN_URL, OK);
  const outcome = await login(strategy(options));
  expect(outcome.type).toBe('success');
  expect(requests).toHaveLength(1);
  const [request] = requests;
  if (request === undefined) throw new Error('no request');
  return {
    ...request,
    body: request.body.replace(/code_verifier=[\w-]{43}(?=&|$)/, 'code_verifier=VERIFIER'),
  };
}

const BODY =
  'grant_type=authorization_code&redirect_uri=https%3A%2F%2Fapp.example%2Fauth%2Ffitbit%2Fcallback' +
  '&code_verifier=VERIFIER&code=abc';

describe('the code exchange', () => {
  it('is a form, with the credentials only in the Basic header', async () => {
    expect(await exchange()).toEqual({
      method: 'POST',
      url: TOKEN_URL,
      headers: {
        accept: 'application/json',
        authorization: BASIC,
        'content-length': String(BODY.length - 'VERIFIER'.length + 43),
        'content-type': 'application/x-www-form-urlencoded',
        host: 'api.fitbit.com',
        'user-agent': 'passport-fitbit-strategy',
      },
      body: BODY,
    });
  });

  it('of a public client has the client id in the body and no Basic header', async () => {
    const body = `${BODY}&client_id=CID`;
    expect(await exchange({ clientSecret: undefined })).toEqual({
      method: 'POST',
      url: TOKEN_URL,
      headers: {
        accept: 'application/json',
        'content-length': String(body.length - 'VERIFIER'.length + 43),
        'content-type': 'application/x-www-form-urlencoded',
        host: 'api.fitbit.com',
        'user-agent': 'passport-fitbit-strategy',
      },
      body,
    });
  });

  it('has expires_in when the option is set', async () => {
    expect((await exchange({ expiresIn: 3600 })).body).toBe(
      BODY.replace('grant_type', 'expires_in=3600&grant_type'),
    );
  });

  it("has a subclass's parameters and does not change their object", async () => {
    class Tenant extends FitbitStrategy {
      readonly params = Object.freeze({ tenant: 'a&b' });
      override tokenParams() {
        return this.params;
      }
    }
    const requests = answer('POST', TOKEN_URL, OK);
    const client = { clientID: 'CID', clientSecret: 's3cret', skipUserProfile: true };
    const outcome = await login(new Tenant({ ...client, verify: async () => ({}) }));
    expect(outcome.type).toBe('success');
    expect(requests.map(({ body }) => new URLSearchParams(body).get('tenant'))).toEqual(['a&b']);
  });

  it('has no verifier without PKCE', async () => {
    expect((await exchange({ pkce: false })).body).toBe(BODY.replace('&code_verifier=VERIFIER', ''));
  });

  it('has no redirect_uri without a callback URL', async () => {
    const { body } = await exchange({ callbackURL: undefined });
    expect(new URLSearchParams(body).has('redirect_uri')).toBe(false);
  });

  it('has neither verifier nor state with state: false', async () => {
    const requests = answer('POST', TOKEN_URL, OK);
    const outcome = await authenticate(
      strategy({ state: false }),
      callbackRequest(undefined, { code: 'abc' }),
    );
    expect(outcome.type).toBe('success');
    expect(requests[0]?.body).toBe(BODY.replace('&code_verifier=VERIFIER', ''));
  });

  it('has the redirect_uri of the request when the callback route overrides it', async () => {
    const requests = answer('POST', TOKEN_URL, OK);
    await login(strategy(), { callbackURL: '/link/callback' });
    expect(new URLSearchParams(requests[0]?.body).get('redirect_uri')).toBe(
      'https://app.example/link/callback',
    );
  });

  it('encodes a code, a client id and a secret of any characters', async () => {
    const requests = answer('POST', TOKEN_URL, OK);
    const made = strategy({ clientID: 'id/ä +%', clientSecret: 'se:cret ü&=' });
    const outcome = await login(made, undefined, 'a+b/c=&d e');
    expect(outcome.type).toBe('success');
    expect(new URLSearchParams(requests[0]?.body).get('code')).toBe('a+b/c=&d e');
    const [scheme, credentials = ''] = requests[0]?.headers.authorization?.split(' ') ?? [];
    expect(scheme).toBe('Basic');
    expect(Buffer.from(credentials, 'base64').toString()).toBe('id/ä +%:se:cret ü&=');
  });

  it.each([{}, undefined])('has the code of a POST callback: query %j', async (query) => {
    const requests = answer('POST', TOKEN_URL, OK);
    const made = strategy();
    const { session, state } = await beginLogin(made);
    const req = Object.assign(callbackRequest(session, {}), { query, body: { code: 'posted', state } });
    expect((await authenticate(made, req)).type).toBe('success');
    expect(new URLSearchParams(requests[0]?.body).get('code')).toBe('posted');
  });

  it('is not repeated when it fails, and its error reaches the error handler', async () => {
    const requests = answer('POST', TOKEN_URL, { status: 400, body: fixture('error-code-invalid.json') }, OK);
    const outcome = await login(strategy());
    expect(requests).toHaveLength(1);
    if (outcome.type !== 'error') throw new Error(outcome.type);
    expect(outcome.error).toBeInstanceOf(ResponseError);
    expect(outcome.error).toMatchObject({
      code: 'invalid_grant',
      operation: 'code_exchange',
      httpStatus: 400,
      retryable: false,
      reauthorize: true,
    });
  });
});

describe('the tokens of a login', () => {
  it('are what the token response says', async () => {
    answer('POST', TOKEN_URL, OK);
    const before = Date.now();
    const outcome = await login(strategy());
    if (outcome.type !== 'success') throw new Error(outcome.type);
    const { tokens } = outcome.user as { tokens: Record<string, unknown> & { expiresAt: Date; raw: object } };
    const answered = JSON.parse(fixture('token.json'));
    expect(tokens).toEqual({
      accessToken: answered.access_token,
      refreshToken: answered.refresh_token,
      tokenType: 'Bearer',
      scope: ['sleep', 'profile', 'activity'],
      expiresAt: expect.any(Date),
      userID: '26FWFL',
    });
    expect(tokens.expiresAt.getTime()).toBeGreaterThanOrEqual(before + 28_800_000);
    expect(tokens.expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 28_800_000);
    expect(tokens.raw).toEqual(answered);
    expect(Object.keys(tokens)).not.toContain('raw');
  });

  it.each(['bearer', 'mac', undefined])(
    'may come from a replaced getOAuthAccessToken with the token_type %s',
    async (token_type) => {
      const made = strategy();
      oauth2Of(made).getOAuthAccessToken = (_code, _params, callback) =>
        callback(null, 'an-access-token', 'a-refresh-token', { token_type, user_id: '26FWFL' });
      expect(await login(made)).toMatchObject({
        type: 'success',
        user: {
          tokens: { accessToken: 'an-access-token', refreshToken: 'a-refresh-token', userID: '26FWFL' },
        },
      });
    },
  );
});
