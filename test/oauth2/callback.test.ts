import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request } from 'express';
import { OAuthError } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import {
  authenticate,
  beginLogin,
  callbackRequest,
  fakeRequest,
  fakeSession,
  type Outcome,
} from '../support/strategy.ts';
import { stubbedStrategy } from './stub.ts';

const KEY = 'oauth2:www.fitbit.com';

function failureOf(outcome: Outcome) {
  if (outcome.type !== 'fail')
    throw new Error(`${outcome.type} ${outcome.type === 'error' && outcome.error}`);
  return { ...(outcome.failure as { message: string; code: string }), status: outcome.status };
}

function errorOf(outcome: Outcome) {
  if (outcome.type !== 'error') throw new Error(outcome.type);
  expect(outcome.error).toBeInstanceOf(OAuthError);
  return outcome.error as OAuthError;
}

const LONG = 'a'.repeat(4097);

describe.each(['simple', 'extended'])("a callback read by Express's %s query parser", (parser) => {
  /** Sends a query to an app with this parser, and what it parsed to the strategy. */
  async function outcomeOf(query: string, session = fakeSession()) {
    const stub = stubbedStrategy();
    const app = express().set('query parser', parser);
    let resolve: (outcome: Promise<Outcome>) => void = () => {};
    const outcome = new Promise<Outcome>((settle) => {
      resolve = settle;
    });
    app.get('/callback', (req: Request, res) => {
      resolve(authenticate(stub.strategy, Object.assign(req, { session })));
      res.end();
    });
    const server: Server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await fetch(`http://127.0.0.1:${port}/callback?${query}`);
    server.close();
    return { outcome: await outcome, exchanges: stub.exchanges };
  }

  it.each([
    ['code', 'code=a&code=b&state=s'],
    ['code', 'code[]=a&state=s'],
    ['code', 'code[0]=a&state=s'],
    ['code', 'code[x]=a&state=s'],
    ['code', 'code[x][y]=a&state=s'],
    ['code', 'code[toString]=a&state=s'],
    ['code', 'code[__proto__]=a&code[]=a&state=s'],
    ['code', 'code=&state=s'],
    ['code', 'code&state=s'],
    ['code', `code=${LONG}&state=s`],
    ['state', 'code=a&state=s&state=t'],
    ['state', 'code=a&state[]=s'],
    ['state', 'code=a&state[x]=s'],
    ['state', 'code=a&state='],
    ['state', `code=a&state=${LONG}`],
    ['error', 'error=access_denied&error=access_denied'],
    ['error', 'error[]=access_denied'],
    ['error', 'error[x]=access_denied'],
    ['error', 'error='],
    ['error', `error=${LONG}`],
  ])('fails with 400 when "%s" is not one plain value: %s', async (name, query) => {
    const { outcome, exchanges } = await outcomeOf(query);
    expect(failureOf(outcome)).toEqual({
      code: 'invalid_callback',
      message: `The callback's parameter "${name}" must stand there once, not empty, with at most 4096 characters. Start the login again.`,
      status: 400,
    });
    expect(exchanges).toEqual([]);
  });

  it('may have other parameters of any kind, and values of just 4 kB', async () => {
    const session = fakeSession({ [KEY]: [{ state: 's', expires: Date.now() + 60_000 }] });
    const code = 'a'.repeat(4096);
    const { outcome, exchanges } = await outcomeOf(
      `code=${code}&state=s&scope=a&scope=b&codes[]=1&my[code]=1&xstate=&stateful=&errors=`,
      session,
    );
    expect(outcome.type).toBe('success');
    expect(exchanges).toMatchObject([{ code }]);
  });
});

describe('a callback', () => {
  it.each([
    ['code', { code: ['a'] }],
    ['code', { code: '' }],
    ['state', { code: 'a', state: { x: 1 } }],
    ['error', { code: 'a', error: 5 }],
  ])('with a bad "%s" in a POST body fails with 400, too', async (name, body) => {
    const stub = stubbedStrategy();
    const outcome = await authenticate(stub.strategy, fakeRequest({ body, session: fakeSession() }));
    expect(failureOf(outcome)).toMatchObject({
      status: 400,
      code: 'invalid_callback',
      message: expect.stringContaining(`"${name}"`),
    });
    expect(stub.exchanges).toEqual([]);
  });

  it.each([[{ state: ['CA', 'NY'] }], [{ error: '' }], ['text'], [null], [[]]])(
    'is none where the body of a form has no code: %j begins a login',
    async (body) => {
      const { strategy } = stubbedStrategy();
      const outcome = await authenticate(strategy, fakeRequest({ body, session: fakeSession() }));
      expect(outcome.type).toBe('redirect');
    },
  );

  it('has code and state from the same place: one beside the other', async () => {
    const seen: unknown[] = [];
    const store = {
      store() {},
      verify(_req: unknown, state: unknown, callback: (error: null, ok: boolean) => void) {
        seen.push(state);
        callback(null, false);
      },
    };
    const { strategy } = stubbedStrategy({ store: store as object as never });
    const mixed: [query: object, body: object][] = [
      [{ code: 'abc' }, { state: ['a', 'b'] }],
      [{ state: 'S' }, { code: 'abc' }],
    ];
    for (const [query, body] of mixed) {
      const req = Object.assign(callbackRequest(fakeSession(), {}), { query, body });
      expect((await authenticate(strategy, req as never)).type).toBe('fail');
    }
    expect(seen).toEqual([undefined, undefined]);
  });

  it('is an error of the login where its query can not be read', async () => {
    const broken = new Error('no query');
    const req = Object.defineProperty(callbackRequest(fakeSession(), {}), 'query', {
      get() {
        throw broken;
      },
    });
    expect(await authenticate(stubbedStrategy().strategy, req)).toEqual({ type: 'error', error: broken });
  });

  it('is none where there is no parsed query: a login begins', async () => {
    const { strategy } = stubbedStrategy();
    const req = fakeRequest({ session: fakeSession() });
    Reflect.deleteProperty(req, 'query');
    expect((await authenticate(strategy, req)).type).toBe('redirect');
  });

  it('does not use its state up when it is refused by its form', async () => {
    const { strategy } = stubbedStrategy();
    const { session, state } = await beginLogin(strategy);
    await authenticate(strategy, callbackRequest(session, { code: '', state }));
    expect((await authenticate(strategy, callbackRequest(session, { code: 'a', state }))).type).toBe(
      'success',
    );
  });
});

describe('a user who denied the request', () => {
  const DENIED = 'The user denied the request.';

  it('comes back as a failure with the text of the provider', async () => {
    const stub = stubbedStrategy();
    const { session, state } = await beginLogin(stub.strategy);
    const query = { error: 'access_denied', error_description: DENIED, state };
    const outcome = await authenticate(stub.strategy, callbackRequest(session, query));
    expect(failureOf(outcome)).toEqual({ code: 'access_denied', message: DENIED, status: 403 });
    expect(stub.exchanges).toEqual([]);
  });

  it.each([
    ['no description came', { error: 'access_denied' }],
    ['the description is empty', { error: 'access_denied', error_description: '' }],
    ['the description came twice', { error: 'access_denied', error_description: ['a', 'b'] }],
  ])('is a failure with a message of its own when %s', async (_, query) => {
    const { strategy } = stubbedStrategy();
    const { session, state } = await beginLogin(strategy);
    const outcome = await authenticate(strategy, callbackRequest(session, { ...query, state }));
    expect(failureOf(outcome)).toEqual({
      code: 'access_denied',
      message: 'The request was denied at Fitbit.',
      status: 403,
    });
  });

  it('has used the state up', async () => {
    const { strategy } = stubbedStrategy();
    const { session, state } = await beginLogin(strategy);
    await authenticate(strategy, callbackRequest(session, { error: 'access_denied', state }));
    expect(session).not.toHaveProperty([KEY]);
    const later = await authenticate(strategy, callbackRequest(session, { code: 'a', state }));
    expect(failureOf(later).code).toBe('state_missing');
  });

  it.each<[string, (state: string) => Record<string, string>]>([
    ['no state came back', () => ({})],
    ['the state is not ours', () => ({ state: 'forged' })],
  ])("is not shown a text that may be anybody's: %s", async (_, more) => {
    const { strategy } = stubbedStrategy();
    const { session, state } = await beginLogin(strategy);
    const query = { error: 'access_denied', error_description: 'Call 555-0199 now', ...more(state) };
    const outcome = await authenticate(strategy, callbackRequest(session, query));
    expect(failureOf(outcome)).toEqual({
      code: 'access_denied',
      message: 'The request was denied at Fitbit.',
      status: 403,
    });
    expect(session[KEY]).toHaveLength(1);
  });

  it('is not shown such a text where there is no state to tell, either', async () => {
    const { strategy } = stubbedStrategy({ state: false });
    const query = { error: 'access_denied', error_description: 'Call 555-0199 now', state: 'any' };
    const outcome = await authenticate(strategy, callbackRequest(undefined, query));
    expect(failureOf(outcome).message).toBe('The request was denied at Fitbit.');
  });

  it('is a failure even without a session', async () => {
    const { strategy } = stubbedStrategy();
    const query = { error: 'access_denied', error_description: DENIED, state: 'any' };
    const outcome = await authenticate(strategy, callbackRequest(undefined, query));
    expect(failureOf(outcome)).toMatchObject({ code: 'access_denied', status: 403 });
  });

  it("is told to a store of passport-oauth2's older interface, too", async () => {
    const seen: unknown[] = [];
    const store = {
      store(_req: unknown, _state: unknown, _meta: unknown, callback: (e: null, state: string) => void) {
        callback(null, 'kept');
      },
      verify(_req: unknown, state: string, callback: (e: null, ok: boolean) => void) {
        seen.push(state);
        callback(null, true);
      },
    };
    const { strategy } = stubbedStrategy({ store: store as object as never });
    const query = { error: 'access_denied', error_description: DENIED, state: 'kept' };
    const outcome = await authenticate(strategy, callbackRequest(fakeSession(), query));
    expect(failureOf(outcome).message).toBe(DENIED);
    expect(seen).toEqual(['kept']);
  });

  it('is told to a store with what the login is about', async () => {
    const seen: unknown[] = [];
    const store = {
      store(_r: unknown, _v: unknown, _s: unknown, _m: unknown, callback: (e: null, state: string) => void) {
        callback(null, 'kept');
      },
      verify(_r: unknown, state: string, meta: object, callback: (e: null, ok: boolean) => void) {
        seen.push([state, meta]);
        callback(null, true);
      },
    };
    const { strategy } = stubbedStrategy({ store: store as object as never, callbackURL: '/callback' });
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

  it('is an error when the store throws', async () => {
    const broken = new Error('no database');
    const store = {
      store(_r: unknown, _v: unknown, _s: unknown, _m: unknown, _c: unknown) {},
      verify(_r: unknown, _s: unknown, _m: unknown, _c: unknown) {
        throw broken;
      },
    };
    const { strategy } = stubbedStrategy({ store });
    const query = { error: 'access_denied', state: 'kept' };
    expect(await authenticate(strategy, callbackRequest(undefined, query))).toEqual({
      type: 'error',
      error: broken,
    });
  });
});

describe('any other error of the authorization request', () => {
  it.each([
    ['invalid_scope', false],
    ['unauthorized_client', false],
    ['server_error', true],
    ['temporarily_unavailable', true],
  ])('goes to the error handler: %s', async (code, retryable) => {
    const { strategy } = stubbedStrategy();
    const { session, state } = await beginLogin(strategy);
    const query = { error: code, error_description: 'Something is wrong.', state };
    const error = errorOf(await authenticate(strategy, callbackRequest(session, query)));
    expect(error).toMatchObject({ code, operation: 'authorization', retryable, reauthorize: false });
    expect(error.message).toBe(`Fitbit refused the authorization request: ${code}: Something is wrong.`);
    expect(session).not.toHaveProperty([KEY]);
  });

  it('goes there without the text when that may be anybody’s', async () => {
    const { strategy } = stubbedStrategy();
    const query = { error: 'invalid_scope', error_description: '<b>Call 555-0199</b>' };
    const error = errorOf(await authenticate(strategy, callbackRequest(fakeSession(), query)));
    expect(error.message).toBe('Fitbit refused the authorization request: invalid_scope');
  });

  it.each(['<script>', 'a b', '5', 'é', `${'x'.repeat(65)}`])(
    'has a code of its own when the one that came is none: %s',
    async (code) => {
      const { strategy } = stubbedStrategy();
      const error = errorOf(await authenticate(strategy, callbackRequest(fakeSession(), { error: code })));
      expect(error.code).toBe('authorization_error');
      expect(error.message).toBe('Fitbit refused the authorization request: authorization_error');
    },
  );
});
