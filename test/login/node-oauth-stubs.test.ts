import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import {
  FitbitStrategy,
  OAuthError,
  ResponseError,
  type StateStore,
  TransportError,
} from 'passport-fitbit-strategy';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { authenticate, beginLogin, callbackRequest, login, type Outcome } from '../support/strategy.ts';
import { type OAuth2, oauth2Of } from '../support/stub.ts';

interface Seen {
  method: string | undefined;
  url: string | undefined;
  authorization: string | undefined;
  body: string;
}

const TOKEN = { access_token: 'access', refresh_token: 'refresh', scope: 'profile', user_id: 'ME' };
const seen: Seen[] = [];
let respond: (res: http.ServerResponse, req: http.IncomingMessage) => void;
const server = http.createServer(async (req, res) => {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  const { method, url, headers } = req;
  seen.push({ method, url, authorization: headers.authorization, body: Buffer.concat(chunks).toString() });
  respond(res, req);
});
let base: string;

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen.length = 0;
  respond = (res, req) =>
    res.end(
      JSON.stringify(req.method === 'POST' ? TOKEN : { user: { encodedId: 'ME', displayName: 'Zoë' } }),
    );
});

function makeStrategy(options: { agent?: http.Agent; timeout?: number } = {}) {
  return new FitbitStrategy({
    clientID: 'CID',
    clientSecret: 's3cret',
    tokenURL: `${base}/token`,
    userProfileURL: `${base}/profile`,
    ...options,
    verify: async ({ tokens, profile }) => ({ tokens, profile }),
  });
}

function errorOf(outcome: Outcome): unknown {
  if (outcome.type !== 'error') throw new Error(outcome.type);
  return outcome.error;
}

describe("a test's stub of _oauth2.getOAuthAccessToken", () => {
  it('replaces the code exchange, even if it is set after the strategy was made', async () => {
    const strategy = makeStrategy();
    const calls: unknown[] = [];
    oauth2Of(strategy).getOAuthAccessToken = (code, params, callback) => {
      calls.push([code, params]);
      callback(null, 'stubbed', 'r', { scope: 'sleep', user_id: 'STUB', token_type: 'Bearer' });
    };
    const outcome = await login(strategy);
    expect(outcome).toMatchObject({
      type: 'success',
      user: {
        tokens: { accessToken: 'stubbed', refreshToken: 'r', scope: ['sleep'], userID: 'STUB' },
        profile: { provider: 'fitbit', id: 'STUB' },
      },
    });
    expect(calls).toEqual([
      ['abc', { grant_type: 'authorization_code', code_verifier: expect.stringMatching(/^[\w-]{43}$/) }],
    ]);
    expect(seen).toEqual([]);
  });

  it('may be a read-only property', async () => {
    const strategy = makeStrategy();
    const value: OAuth2['getOAuthAccessToken'] = (_code, _params, callback) => callback(null, 'stubbed');
    Object.defineProperty(oauth2Of(strategy), 'getOAuthAccessToken', { value });
    expect(await login(strategy)).toMatchObject({ user: { tokens: { accessToken: 'stubbed' } } });
  });

  it('may call back without results: the id then comes from the profile', async () => {
    const strategy = makeStrategy();
    oauth2Of(strategy).getOAuthAccessToken = (_code, _params, callback) => callback(null, 'stubbed');
    expect(await login(strategy)).toMatchObject({
      type: 'success',
      user: { tokens: { accessToken: 'stubbed', userID: 'ME' }, profile: { displayName: 'Zoë' } },
    });
    expect(seen).toMatchObject([{ method: 'GET', authorization: 'Bearer stubbed' }]);
  });

  it('may leave out the id of the user if the profile is fetched, but not otherwise', async () => {
    const strategy = new FitbitStrategy({ clientID: 'CID', skipUserProfile: true, verify: () => ({}) });
    oauth2Of(strategy).getOAuthAccessToken = (_code, _params, callback) => callback(null, 'stubbed');
    expect(errorOf(await login(strategy))).toMatchObject({
      code: 'malformed',
      operation: 'code_exchange',
      message: expect.stringContaining('"user_id" is missing'),
    });
  });

  it('that gives no access token is an error', async () => {
    const strategy = makeStrategy();
    oauth2Of(strategy).getOAuthAccessToken = (_code, _params, callback) => callback(null);
    const error = errorOf(await login(strategy));
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'malformed', operation: 'code_exchange' });
  });

  it.each<[string, unknown, object]>([
    [
      'in the shape of node-oauth',
      { statusCode: 400, data: '{"errors":[{"errorType":"invalid_grant","message":"Code s3cret used."}]}' },
      { code: 'invalid_grant', httpStatus: 400, description: 'Code [redacted] used.', reauthorize: true },
    ],
    [
      'in the shape of node-oauth, with HTML',
      { statusCode: 502, data: '<html>' },
      { code: 'server_error', httpStatus: 502, retryable: true, errors: [] },
    ],
    ['in the shape of node-oauth, without a body', { statusCode: 404 }, { code: 'unexpected_status' }],
    [
      'in the shape of node-oauth, with a body that is not a string',
      { statusCode: 500, data: Object.create(null) },
      { code: 'server_error' },
    ],
  ])('that fails %s is a ResponseError', async (_, thrown, expected) => {
    const strategy = makeStrategy();
    oauth2Of(strategy).getOAuthAccessToken = (_code, _params, callback) => callback(thrown);
    const error = errorOf(await login(strategy));
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({ operation: 'code_exchange', ...expected });
  });

  it.each([['a text'], [{ statusCode: '400' }], [[1]]])(
    'that fails with something else is an OAuthError with the cause: %j',
    async (thrown) => {
      const strategy = makeStrategy();
      oauth2Of(strategy).getOAuthAccessToken = (_code, _params, callback) => callback(thrown);
      const error = errorOf(await login(strategy));
      expect(error).toBeInstanceOf(OAuthError);
      expect(error).toMatchObject({
        code: 'unknown',
        operation: 'code_exchange',
        message: 'The code_exchange request failed with a value that is not an Error: see `cause`',
        cause: thrown,
      });
    },
  );

  it('that fails with an Error ends the login with that', async () => {
    const strategy = makeStrategy();
    const failed = new Error('socket hang up');
    oauth2Of(strategy).getOAuthAccessToken = (_code, _params, callback) => callback(failed);
    expect(errorOf(await login(strategy))).toBe(failed);
  });

  it('that fails and repeats what was sent shows neither the code nor the verifier', async () => {
    // Of letters alone: what has digits is taken for a credential anyway.
    const [code, verifier] = ['the-code', 'the-verifier-of-letters'];
    const store = {
      store: (_r: unknown, _v: unknown, _s: unknown, _m: unknown, _done: unknown) => {},
      verify: (_r: unknown, _s: unknown, _m: unknown, done: (error: null, ok: string) => void) =>
        done(null, verifier),
    };
    const client = { clientID: 'CID', clientSecret: 's3cret', store: store as object as StateStore };
    const strategy = new FitbitStrategy(client, () => expect.unreachable());
    oauth2Of(strategy).getOAuthAccessToken = (given, { code_verifier }, callback) => {
      const message = `Not the verifier of ${given}: ${code_verifier}`;
      callback({
        statusCode: 400,
        data: JSON.stringify({ errors: [{ errorType: 'invalid_grant', message }] }),
      });
    };
    const error = errorOf(await authenticate(strategy, callbackRequest(undefined, { code, state: 'S' })));
    expect(error).toMatchObject({ description: 'Not the verifier of [redacted]: [redacted]' });
  });

  it('that throws is an error', async () => {
    const strategy = makeStrategy();
    const bug = new Error('a bug in the stub');
    oauth2Of(strategy).getOAuthAccessToken = () => {
      throw bug;
    };
    expect(errorOf(await login(strategy))).toBe(bug);
  });

  it('affects its own strategy only', async () => {
    const strategy = makeStrategy();
    oauth2Of(strategy).getOAuthAccessToken = (_code, _params, callback) => callback(new Error('stub'));
    expect((await login(makeStrategy())).type).toBe('success');
  });
});

describe("a test's stub of _oauth2.get", () => {
  it('that gives a body that cannot be a string is an error of the login, not of the process', async () => {
    const strategy = makeStrategy();
    oauth2Of(strategy).get = (_url, _token, callback) => setImmediate(callback, null, Object.create(null)); // later: nothing around it catches
    expect(await login(strategy)).toMatchObject({ type: 'error', error: expect.any(TypeError) });
  });

  it('replaces the profile request', async () => {
    const strategy = makeStrategy();
    const calls: unknown[] = [];
    oauth2Of(strategy).get = (url, accessToken, callback) => {
      calls.push([url, accessToken]);
      callback(null, '{"user":{"encodedId":"ME","displayName":"Stub"}}');
    };
    expect(await login(strategy)).toMatchObject({
      type: 'success',
      user: { profile: { displayName: 'Stub' } },
    });
    expect(calls).toEqual([[`${base}/profile`, 'access']]);
  });

  it('that fails in the shape of node-oauth is a ResponseError', async () => {
    const strategy = makeStrategy();
    const data = '{"errors":[{"errorType":"invalid_token","message":"Bad: access"}]}';
    oauth2Of(strategy).get = (_url, _accessToken, callback) => callback({ statusCode: 401, data });
    const error = errorOf(await login(strategy));
    expect(error).toBeInstanceOf(ResponseError);
    expect(error).toMatchObject({
      operation: 'profile',
      code: 'invalid_token',
      httpStatus: 401,
      description: 'Bad: [redacted]',
    });
  });

  it('that fails with an Error ends the login with that', async () => {
    const strategy = makeStrategy();
    const failed = new Error('no network');
    oauth2Of(strategy).get = (_url, _accessToken, callback) => callback(failed);
    expect(errorOf(await login(strategy))).toBe(failed);
  });

  it.each([undefined, '', 'x', 'null'])('that gives no object is malformed: %j', async (body) => {
    const strategy = makeStrategy();
    oauth2Of(strategy).get = (_url, _accessToken, callback) => callback(null, body);
    expect(errorOf(await login(strategy))).toMatchObject({ code: 'malformed', operation: 'profile' });
  });
});

describe('passport-oauth2-refresh', () => {
  interface Constructed {
    _clientId: string;
    _clientSecret: string;
    _baseSite: string;
    _authorizeUrl: string;
    _accessTokenUrl: string;
    _customHeaders: unknown;
    getOAuthAccessToken: (
      token: string,
      params: Record<string, string>,
      done: (error: unknown, ...results: unknown[]) => void,
    ) => void;
  }

  /** As its `use` makes the client for a strategy. */
  function refreshClient(strategy: FitbitStrategy): Constructed {
    const own = oauth2Of(strategy) as unknown as Constructed;
    const made = Reflect.construct(own.constructor, [
      own._clientId,
      own._clientSecret,
      own._baseSite,
      own._authorizeUrl,
      own._accessTokenUrl,
      own._customHeaders,
    ]) as Constructed;
    made.getOAuthAccessToken = own.getOAuthAccessToken;
    return made;
  }

  /** As its `requestNewAccessToken` calls it. */
  function refreshed(made: Constructed, params: Record<string, string>) {
    return new Promise<unknown[]>((resolve) => {
      made.getOAuthAccessToken('old', params, (...results) => resolve(results));
    });
  }

  it('refreshes with the credentials and the endpoint of the strategy', async () => {
    const params = Object.freeze({ grant_type: 'refresh_token' });
    const results = await refreshed(refreshClient(makeStrategy()), params);
    expect(results.slice(0, 4)).toEqual([
      null,
      'access',
      'refresh',
      { access_token: 'access', scope: 'profile', user_id: 'ME' },
    ]);
    expect(seen).toEqual([
      {
        method: 'POST',
        url: '/token',
        authorization: `Basic ${btoa('CID:s3cret')}`,
        body: 'grant_type=refresh_token&refresh_token=old',
      },
    ]);
  });

  it('gets a ResponseError when its refresh is refused', async () => {
    respond = (res) => res.writeHead(400).end('{"errors":[{"errorType":"invalid_grant","message":"old"}]}');
    const [error] = await refreshed(refreshClient(makeStrategy()), { grant_type: 'refresh_token' });
    expect(error).toMatchObject({ name: 'ResponseError', code: 'invalid_grant', operation: 'refresh' });
  });
});

describe('an agent', () => {
  class CountingAgent extends http.Agent {
    connections = 0;
    override createConnection(
      ...args: Parameters<http.Agent['createConnection']>
    ): Duplex | null | undefined {
      this.connections += 1;
      return super.createConnection(...args);
    }
  }

  it('given as an option carries all requests', async () => {
    const agent = new CountingAgent();
    expect((await login(makeStrategy({ agent }))).type).toBe('success');
    expect(agent.connections).toBe(2);
  });

  it('set with _oauth2.setAgent carries all requests from then on', async () => {
    const [first, second] = [new CountingAgent(), new CountingAgent()];
    const strategy = makeStrategy({ agent: first });
    const begun = await beginLogin(strategy);
    oauth2Of(strategy).setAgent(second);
    const req = callbackRequest(begun.session, { code: 'abc', state: begun.state });
    expect((await authenticate(strategy, req)).type).toBe('success');
    expect([first.connections, second.connections]).toEqual([0, 2]);
  });
});

describe('_oauth2', () => {
  it('has the time limit of the strategy', async () => {
    respond = () => {};
    const error = errorOf(await login(makeStrategy({ timeout: 30 })));
    expect(error).toMatchObject({ code: 'timeout', operation: 'code_exchange' });
  });

  it('keeps nothing of a login', async () => {
    const strategy = makeStrategy();
    const before = inspect(strategy, { depth: 5, showHidden: true });
    await login(strategy);
    expect(inspect(strategy, { depth: 5, showHidden: true })).toBe(before);
  });
});
