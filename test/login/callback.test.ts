import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request } from 'express';
import type { Failure } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import {
  authenticate,
  beginLogin,
  callbackRequest,
  fakeRequest,
  fakeSession,
  type Outcome,
} from '../support/strategy.ts';
import { stubbedStrategy } from '../support/stub.ts';

function failureOf(outcome: Outcome) {
  if (outcome.type !== 'fail') throw new Error(outcome.type);
  return { ...(outcome.failure as Failure), status: outcome.status };
}

const LONG = 'a'.repeat(4097);

describe.each(['simple', 'extended'])("a callback read by Express's %s query parser", (parser) => {
  /** Sends a query to an app with this parser, and what it parsed to the strategy. */
  async function outcomeOf(query: string, session = fakeSession(), stub = stubbedStrategy()) {
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
    ['state', 'code=a&state=s&state=t'],
    ['state', 'code=a&state[]=s'],
    ['state', 'code=a&state[x]=s'],
    ['state', 'code=a&state='],
    ['error', 'error=access_denied&error=access_denied'],
    ['error', 'error[]=access_denied'],
    ['error', 'error[x]=access_denied'],
    ['error', 'error='],
    ['iss', 'code=a&state=s&iss=a&iss=a'],
    ['iss', 'error=access_denied&state=s&iss[]=a'],
    ['iss', 'code=a&state=s&iss='],
  ])('fails with 400 if "%s" is not given once, as a string that is not empty: %s', async (name, query) => {
    const { outcome, exchanges } = await outcomeOf(query);
    expect(failureOf(outcome)).toEqual({
      code: 'invalid_callback',
      message: 'This sign-in link is damaged. Please start again.',
      hint: `The callback's parameter "${name}" must appear exactly once, with 1 to 4096 characters. The link was probably fabricated or altered.`,
      status: 400,
    });
    expect(exchanges).toEqual([]);
  });

  it.each(['code', 'state', 'error', 'iss'])('fails with 400 if "%s" is longer than 4 kB', async (name) => {
    const { outcome, exchanges } = await outcomeOf(`${name === 'code' ? '' : 'code=a&'}${name}=${LONG}`);
    expect(failureOf(outcome)).toMatchObject({
      code: 'invalid_callback',
      hint: expect.stringContaining(`"${name}"`),
      status: 400,
    });
    expect(exchanges).toEqual([]);
  });

  it('may have other parameters of any kind, and a value of exactly 4 kB', async () => {
    const stub = stubbedStrategy();
    const { session, state } = await beginLogin(stub.strategy);
    const code = 'a'.repeat(4096);
    const { outcome, exchanges } = await outcomeOf(
      `code=${code}&state=${state}&scope=a&scope=b&codes[]=1&my[code]=1&xstate=&stateful=&errors=&issuer[]=`,
      session,
      stub,
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
    ['error', { error: '', state: 'S' }],
    ['state', { error: 'access_denied', state: '' }],
  ])('with a bad "%s" in the body of a form fails with 400', async (name, body) => {
    const stub = stubbedStrategy();
    const outcome = await authenticate(stub.strategy, fakeRequest({ body, session: fakeSession() }));
    expect(failureOf(outcome)).toMatchObject({
      status: 400,
      code: 'invalid_callback',
      hint: expect.stringContaining(`"${name}"`),
    });
    expect(stub.exchanges).toEqual([]);
  });

  it.each([[{ state: ['CA', 'NY'] }], [{ error: 'access_denied' }], ['text'], [null], [[]]])(
    'needs a code, or an error and a state, in the body of a form: %j begins a login',
    async (body) => {
      const { strategy } = stubbedStrategy();
      const outcome = await authenticate(strategy, fakeRequest({ body, session: fakeSession() }));
      expect(outcome.type).toBe('redirect');
    },
  );

  it('in the body of a form may have an error, whose text is taken from there', async () => {
    const { strategy, exchanges } = stubbedStrategy();
    const post = async (body: object, query = {}) => {
      const { session, state } = await beginLogin(strategy);
      return authenticate(strategy, fakeRequest({ session, query, body: { state, ...body } }));
    };
    const denied = { error: 'access_denied', error_description: 'Not now' };
    const failure = failureOf(await post(denied, { error_description: 'of the URL' }));
    expect(failure).toMatchObject({ code: 'access_denied', hint: 'Not now', status: 403 });
    expect(failureOf(await post({ ...denied, state: 'made-up' })).code).toBe('state_mismatch');
    expect(exchanges).toEqual([]);
  });

  it('takes code and state from the same place: the query or the body', async () => {
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
      [
        { code: 'abc', state: 'query' },
        { code: 'other', state: 'body' },
      ],
      [
        { error: 'access_denied', state: 'query' },
        { code: 'other', state: 'body' },
      ],
    ];
    for (const [query, body] of mixed) {
      const req = Object.assign(callbackRequest(fakeSession(), {}), { query, body });
      expect((await authenticate(strategy, req as never)).type).toBe('fail');
    }
    expect(seen).toEqual([undefined, undefined, 'query', 'query']);
  });

  it('whose query cannot be read is an error of the login', async () => {
    const broken = new Error('no query');
    const req = Object.defineProperty(callbackRequest(fakeSession(), {}), 'query', {
      get() {
        throw broken;
      },
    });
    expect(await authenticate(stubbedStrategy().strategy, req)).toEqual({ type: 'error', error: broken });
  });

  it('needs a parsed query: without one, a login begins', async () => {
    const { strategy } = stubbedStrategy();
    const req = fakeRequest({ session: fakeSession() });
    Reflect.deleteProperty(req, 'query');
    expect((await authenticate(strategy, req)).type).toBe('redirect');
  });

  it('that is refused as invalid does not use up its state', async () => {
    const { strategy } = stubbedStrategy();
    const { session, state } = await beginLogin(strategy);
    for (const query of [
      { code: '' },
      { code: 'a', iss: 'https://evil.example' },
      { error: '', code: 'a' },
    ]) {
      const outcome = await authenticate(strategy, callbackRequest(session, { ...query, state }));
      expect(failureOf(outcome).code).toBe('invalid_callback');
    }
    expect((await authenticate(strategy, callbackRequest(session, { code: 'a', state }))).type).toBe(
      'success',
    );
  });
});

describe('the issuer in a callback (RFC 9207)', () => {
  const FITBIT = 'https://www.fitbit.com';

  async function come(query: Record<string, string>, issuer?: string) {
    const stub = stubbedStrategy(issuer === undefined ? {} : { issuer });
    const { session, state } = await beginLogin(stub.strategy);
    const outcome = await authenticate(stub.strategy, callbackRequest(session, { ...query, state }));
    return { outcome, exchanges: stub.exchanges, session };
  }

  it.each([{}, { iss: FITBIT }])("may be missing, or be the provider's: %j", async (iss) => {
    expect((await come({ code: 'a', ...iss })).outcome.type).toBe('success');
  });

  it.each(['https://accounts.google.com', `${FITBIT}/`, 'HTTPS://WWW.FITBIT.COM'])(
    'fails with 400 if it is another one, and nothing is sent: %s',
    async (iss) => {
      const { outcome, exchanges, session } = await come({ code: 'a', iss });
      expect(failureOf(outcome)).toEqual({
        code: 'invalid_callback',
        message: 'This sign-in link is damaged. Please start again.',
        hint: `The callback's parameter "iss" must be "${FITBIT}". The link was probably fabricated or altered.`,
        status: 400,
      });
      expect(exchanges).toEqual([]);
      expect(session).toHaveProperty(['oauth2:fitbit', 'logins', 'length'], 1);
    },
  );

  it('is checked in an error callback, too', async () => {
    const { outcome } = await come({ error: 'access_denied', iss: 'https://evil.example' });
    expect(failureOf(outcome)).toMatchObject({ code: 'invalid_callback', status: 400 });
  });

  it('is compared with the option "issuer"', async () => {
    const issuer = 'http://localhost:4000';
    expect((await come({ code: 'a', iss: issuer }, issuer)).outcome.type).toBe('success');
    expect((await come({ code: 'a', iss: FITBIT }, issuer)).outcome.type).toBe('fail');
  });
});
