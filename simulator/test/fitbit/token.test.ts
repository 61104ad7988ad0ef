import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  ask,
  basic,
  callback,
  challenge,
  exchangeForm,
  fitbitCode,
  fitbitErrorOf,
  fitbitRefresh,
  fitbitTokens,
  objectOf,
  post,
  refreshForm,
  start,
  text,
  V,
  verifier,
  withQuery,
} from '../support.ts';

const claimsOf = (jwt: string): Readonly<Record<string, unknown>> =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());

describe('the code exchange with Fitbit', () => {
  it('responds with the body of the contract, not to be stored', async () => {
    const simulator = await start();
    const code = await fitbitCode(simulator, { scope: 'activity sleep' });
    const answer = await post(simulator.fitbit.tokenURL, exchangeForm(code), basic(simulator.fitbit));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json;charset=UTF-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const body = await objectOf(answer);
    expect(Object.keys(body)).toEqual([
      'access_token',
      'expires_in',
      'refresh_token',
      'scope',
      'token_type',
      'user_id',
    ]);
    expect(body).toMatchObject({
      expires_in: 28_800,
      refresh_token: expect.stringMatching(/^[0-9a-f]{64}$/),
      token_type: 'Bearer',
      user_id: '2E4RVC',
    });
  });

  it('gives the scope in an order that is not the one of the request, or not at all', async () => {
    const simulator = await start();
    const scopeOf = async () => {
      const code = await fitbitCode(simulator, { scope: 'activity sleep' });
      return (
        await objectOf(await post(simulator.fitbit.tokenURL, exchangeForm(code), basic(simulator.fitbit)))
      ).scope;
    };
    expect(await scopeOf()).toBe('sleep activity');
    simulator.set({ fitbitTokenScope: false });
    expect(await scopeOf()).toBeUndefined();
  });

  it('gives an HS256 JWT whose times are in seconds', async () => {
    const simulator = await start();
    const { access } = await fitbitTokens(simulator);
    const [header = '', , signature = ''] = access.split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'HS256' });
    expect(Buffer.from(signature, 'base64url')).toHaveLength(32);
    const { sub, aud, exp, iat, iss, scopes } = claimsOf(access);
    expect({ sub, aud, iss }).toEqual({ sub: '2E4RVC', aud: simulator.fitbit.clientID, iss: 'Fitbit' });
    expect(scopes).toBe('ract rpro');
    expect(Math.abs(Number(iat) - Date.now() / 1000)).toBeLessThan(5);
    expect(Number(exp) - Number(iat)).toBe(28_800);
  });

  it('gives a token of one hour when expires_in says 3600, and of eight hours otherwise', async () => {
    const simulator = await start();
    for (const [asked, given] of [
      ['3600', 3600],
      ['28800', 28_800],
      ['86400', 28_800],
    ] as const) {
      const form = exchangeForm(await fitbitCode(simulator), { expires_in: asked });
      const body = await objectOf(await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit)));
      expect(body.expires_in).toBe(given);
      const { exp, iat } = claimsOf(text(body, 'access_token'));
      expect(Number(exp) - Number(iat)).toBe(given);
    }
  });

  it('takes a code once', async () => {
    const simulator = await start();
    const form = exchangeForm(await fitbitCode(simulator));
    expect((await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit))).status).toBe(200);
    const again = await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit));
    const message = `Authorization code invalid: ${form.code}${V}`;
    expect(await fitbitErrorOf(again)).toEqual([400, { errorType: 'invalid_grant', message }]);
  });

  it('takes a code for ten minutes', async () => {
    const simulator = await start({ clock: { stopped: true } });
    const [early, late] = [await fitbitCode(simulator), await fitbitCode(simulator)];
    simulator.advance({ minutes: 9, seconds: 59 });
    expect((await post(simulator.fitbit.tokenURL, exchangeForm(early), basic(simulator.fitbit))).status).toBe(
      200,
    );
    simulator.advance({ seconds: 1 });
    const answer = await post(simulator.fitbit.tokenURL, exchangeForm(late), basic(simulator.fitbit));
    const message = `Authorization code expired: ${late}${V}`;
    expect(await fitbitErrorOf(answer)).toEqual([400, { errorType: 'invalid_grant', message }]);
  });

  it('refuses another redirect URI, with the status and errorType of the switches', async () => {
    const simulator = await start();
    const code = await fitbitCode(simulator);
    const form = exchangeForm(code, { redirect_uri: `${callback}/` });
    const message = `Redirect_uri mismatch: ${callback}/.${V}`;
    const first = await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit));
    expect(await fitbitErrorOf(first)).toEqual([400, { errorType: 'invalid_grant', message }]);
    simulator.set({ fitbitRedirectMismatchStatus: 401, fitbitRedirectMismatchError: 'invalid_request' });
    const second = await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit));
    expect(await fitbitErrorOf(second)).toEqual([401, { errorType: 'invalid_request', message }]);
    const { redirect_uri: _, ...none } = form;
    expect((await post(simulator.fitbit.tokenURL, none, basic(simulator.fitbit))).status).toBe(401);
  });

  it('compares a state that is sent along', async () => {
    const simulator = await start();
    const code = await fitbitCode(simulator, { state: 'abc' });
    const wrong = exchangeForm(code, { state: 'xyz' });
    expect((await post(simulator.fitbit.tokenURL, wrong, basic(simulator.fitbit))).status).toBe(400);
    const right = exchangeForm(code, { state: 'abc' });
    expect((await post(simulator.fitbit.tokenURL, right, basic(simulator.fitbit))).status).toBe(200);
  });

  it('names what is missing', async () => {
    const simulator = await start();
    const send = (form: Record<string, string>) =>
      post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit));
    const error = (message: string) => [400, { errorType: 'invalid_request', message: message + V }];
    expect(await fitbitErrorOf(await send({}))).toEqual(error("Missing 'grant_type' parameter value."));
    expect(await fitbitErrorOf(await send({ grant_type: 'password' }))).toEqual(
      error("Invalid 'grant_type' parameter value."),
    );
    expect(await fitbitErrorOf(await send({ grant_type: 'authorization_code' }))).toEqual(
      error('Missing parameters: code.'),
    );
    expect(await fitbitErrorOf(await send({ grant_type: 'refresh_token' }))).toEqual(
      error('Missing parameters: refresh_token.'),
    );
  });

  it.each([
    ['text/plain', 'grant_type=refresh_token'],
    ['application/json', '{"grant_type":"refresh_token"}'],
  ])('reads forms only, not %s', async (type, body) => {
    const simulator = await start();
    const answer = await ask(simulator.fitbit.tokenURL, {
      method: 'POST',
      headers: { ...basic(simulator.fitbit), 'content-type': type },
      body,
    });
    expect(answer.headers.get('simulator-note')).toContain('application/x-www-form-urlencoded');
    const message = `Missing 'grant_type' parameter value.${V}`;
    expect(await fitbitErrorOf(answer)).toEqual([400, { errorType: 'invalid_request', message }]);
  });

  it('reads the query as well as the body, which comes first, unless the switch says otherwise', async () => {
    const simulator = await start();
    const { tokenURL } = simulator.fitbit;
    const send = async (query: Record<string, string>, form: Record<string, string> = {}) =>
      (await post(withQuery(tokenURL, query), form, basic(simulator.fitbit))).status;
    const code = await fitbitCode(simulator);
    expect(await send(exchangeForm(code, { code: 'x' }), { code })).toBe(200);
    const { refresh } = await fitbitTokens(simulator);
    expect(await send(refreshForm(refresh))).toBe(200);
    simulator.set({ fitbitTokenQuery: false });
    expect(await send(exchangeForm(await fitbitCode(simulator)))).toBe(400);
  });

  it('takes the client_id of a public app from the query', async () => {
    const simulator = await start({ fitbit: { type: 'client' } });
    const code = await fitbitCode(simulator, { codeChallenge: challenge });
    const query = exchangeForm(code, { client_id: simulator.fitbit.clientID, code_verifier: verifier });
    expect((await post(withQuery(simulator.fitbit.tokenURL, query), {})).status).toBe(200);
  });

  it('refuses a code_verifier for a code without a challenge if the switch says so', async () => {
    const simulator = await start();
    const send = async (over: Record<string, string>, consent = {}) => {
      const form = exchangeForm(await fitbitCode(simulator, consent), over);
      return (await post(simulator.fitbit.tokenURL, form, basic(simulator.fitbit))).status;
    };
    expect(await send({ code_verifier: verifier })).toBe(200);
    simulator.set({ fitbitUnexpectedVerifier: 'refused' });
    expect(await send({ code_verifier: verifier })).toBe(400);
    expect(await send({})).toBe(200);
    expect(await send({ code_verifier: verifier }, { codeChallenge: challenge })).toBe(200);
  });
});

describe('the app proving itself to Fitbit', () => {
  async function refused(
    headers: Record<string, string>,
    form: Record<string, string> = {},
  ): Promise<unknown> {
    const simulator = await start();
    const answer = await post(simulator.fitbit.tokenURL, refreshForm('x', form), headers);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="api.fitbit.com"');
    const [, error] = await fitbitErrorOf(answer);
    return error;
  }
  const error = (message: string) => ({ errorType: 'invalid_client', message: message + V });

  it('with a header that is no credentials has the header echoed', async () => {
    for (const header of ['Basic !!', `Basic ${btoa('23SIM0:')}`, `Basic ${btoa('23SIM0')}`]) {
      expect(await refused({ authorization: header })).toEqual(
        error(
          `Invalid authorization header format. The client id was not provided in proper format inside Authorization Header. Received authorization header = ${header},  received client encoded id = null.`,
        ),
      );
    }
  });

  it('with a wrong secret gets an error that says so', async () => {
    const message = 'Invalid authorization header. Client secret invalid.';
    expect(await refused(basic({ clientID: '23SIM0', clientSecret: 'wrong' }))).toEqual(error(message));
  });

  it('with an unknown client id gets an error that says so', async () => {
    const inHeader = await refused(basic({ clientID: 'XXXXXX', clientSecret: 'x' }));
    expect(inHeader).toEqual(error('Invalid authorization header. Client id invalid.'));
    expect(await refused({}, { client_id: 'XXXXXX' })).toEqual(error('Client id invalid.'));
  });

  it('by another method than its type calls for gets an error that says so', async () => {
    const message = error('Incorrect authorization method.');
    expect(await refused({ authorization: 'Bearer x' })).toEqual(message);
    expect(await refused({}, { client_id: '23SIM0' })).toEqual(message);
    const simulator = await start({ fitbit: { type: 'client' } });
    const header = basic({ clientID: '23SIM0', clientSecret: 'any' });
    const [, answer] = await fitbitErrorOf(await post(simulator.fitbit.tokenURL, refreshForm('x'), header));
    expect(answer).toEqual(message);
  });

  it('with nothing at all gets an error that says so', async () => {
    const answer = await refused({});
    expect(answer).toMatchObject({ message: expect.stringContaining('Received header = null.') });
  });

  it('may encode its credentials as RFC 6749 says', async () => {
    const clientSecret = 'a+b%';
    const simulator = await start({ fitbit: { clientID: 'A-1', clientSecret } });
    for (const given of [
      { clientID: 'A-1', clientSecret },
      { clientID: '%41-1', clientSecret: 'a%2Bb%25' },
    ]) {
      const form = exchangeForm(await fitbitCode(simulator));
      expect((await post(simulator.fitbit.tokenURL, form, basic(given))).status).toBe(200);
    }
  });
});

describe('a refresh with Fitbit', () => {
  it('brings a new access token and a new refresh token', async () => {
    const simulator = await start();
    const before = await fitbitTokens(simulator);
    const answer = await fitbitRefresh(simulator, before.refresh);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const body = await objectOf(answer);
    expect(body).toMatchObject({ expires_in: 28_800, scope: 'profile activity', user_id: '2E4RVC' });
    expect(body.refresh_token).not.toBe(before.refresh);
    expect(body.access_token).not.toBe(before.access);
  });

  it('takes expires_in', async () => {
    const simulator = await start();
    const { refresh } = await fitbitTokens(simulator);
    const body = await objectOf(await fitbitRefresh(simulator, refresh, { expires_in: '3600' }));
    expect(body.expires_in).toBe(3600);
  });

  it('gets the same response again within two minutes, and invalid_grant afterwards', async () => {
    const simulator = await start({ clock: { stopped: true } });
    const { refresh } = await fitbitTokens(simulator);
    const first = await (await fitbitRefresh(simulator, refresh)).text();
    simulator.advance({ minutes: 2 });
    expect(await (await fitbitRefresh(simulator, refresh)).text()).toBe(first);
    simulator.advance({ seconds: 1 });
    const message = `Refresh token invalid: ${refresh}.${V}`;
    const late = await fitbitRefresh(simulator, refresh);
    expect(await fitbitErrorOf(late)).toEqual([400, { errorType: 'invalid_grant', message }]);
  });

  it('that is not identical gets invalid_grant within the two minutes as well', async () => {
    const simulator = await start();
    const { refresh } = await fitbitTokens(simulator);
    await fitbitRefresh(simulator, refresh);
    expect((await fitbitRefresh(simulator, refresh, { expires_in: '3600' })).status).toBe(400);
  });

  it('gets 409 for a repetition when the switch says conflict', async () => {
    const simulator = await start({
      switches: { fitbitRepeatedRefresh: 'conflict', fitbitConflictError: 'system' },
    });
    const { refresh } = await fitbitTokens(simulator);
    expect((await fitbitRefresh(simulator, refresh)).status).toBe(200);
    const [status, error] = await fitbitErrorOf(await fitbitRefresh(simulator, refresh));
    expect([status, error]).toEqual([
      409,
      { errorType: 'system', message: `The token is being refreshed.${V}` },
    ]);
  });

  it('works years later: a refresh token has no end', async () => {
    const simulator = await start();
    const { refresh } = await fitbitTokens(simulator);
    simulator.advance({ days: 3650 });
    expect((await fitbitRefresh(simulator, refresh)).status).toBe(200);
  });

  it('with an unknown token, or one of another app, gets invalid_grant with the token echoed', async () => {
    const simulator = await start();
    const unknown = createHash('sha256').update('x').digest('hex');
    const message = `Refresh token invalid: ${unknown}.${V}`;
    expect(await fitbitErrorOf(await fitbitRefresh(simulator, unknown))).toEqual([
      400,
      { errorType: 'invalid_grant', message },
    ]);
    const other = simulator.registerFitbitApp();
    const { refresh } = await fitbitTokens(simulator, {}, other);
    expect((await fitbitRefresh(simulator, refresh)).status).toBe(400);
  });

  it('of a public app needs client_id in the body only', async () => {
    const simulator = await start({ fitbit: { type: 'personal' } });
    const { refresh } = await fitbitTokens(simulator, { person: 'tomas' });
    const form = refreshForm(refresh, { client_id: simulator.fitbit.clientID });
    expect((await post(simulator.fitbit.tokenURL, form)).status).toBe(200);
  });
});
