import { inspect } from 'node:util';
import {
  FitbitStrategy,
  introspect,
  OAuthError,
  ResponseError,
  refresh,
  revoke,
  TransportError,
} from 'passport-fitbit-strategy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CHUNKED,
  chunk,
  type Fault,
  type FaultyServer,
  response,
  start,
  startFaultyServer,
} from '../support/faulty-server.ts';
import {
  authenticate,
  beginLogin,
  callbackRequest,
  fakeRequest,
  fakeSession,
  type Outcome,
} from '../support/strategy.ts';

// Each has letters to be recognized by (no digits, which would make them look like tokens anyway), and characters
// that every encoding writes in another way.
const AWKWARD = '/+= "<&>\'\\~!%';
const secret = (name: string, end = AWKWARD) => `Planted${name}${end}Tail${name}`;
const clientSecret = secret('ClientSecret', `${AWKWARD}é`);
const code = secret('Code', `${AWKWARD}é`);
const accessToken = secret('AccessToken');
const refreshToken = secret('RefreshToken');
const oldRefreshToken = secret('OldToken');
const client = { clientID: 'client-id', clientSecret };

/** Every way in which a text is known to be echoed. */
const ENCODINGS: Record<string, (text: string) => string> = {
  raw: (text) => text,
  'URL-encoded': encodeURIComponent,
  'URL-encoded in lower case': (text) =>
    encodeURIComponent(text).replace(/%[\dA-F]{2}/g, (hex) => hex.toLowerCase()),
  'form-encoded': (text) => new URLSearchParams({ x: text }).toString().slice(2),
  'JSON-escaped': (text) => JSON.stringify(text).slice(1, -1),
  'JSON-escaped with \\/': (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
  'HTML-escaped': (text) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
  'in Base64': (text) => Buffer.from(text).toString('base64'),
  'in Base64 for URLs': (text) => Buffer.from(text).toString('base64url'),
  'as Basic credentials': (text) => `Basic ${Buffer.from(`client-id:${text}`).toString('base64')}`,
  'as bare Basic credentials': (text) => Buffer.from(`client-id:${text}`).toString('base64'),
  'as Bearer credentials': (text) => `Bearer ${text}`,
};

/** What shows that a part of a secret got through, in any encoding and at any offset. */
const TRACES = [
  'Planted',
  'TailClientSecret',
  'TailCode',
  'TailAccessToken',
  'TailRefreshToken',
  'TailOldToken',
].flatMap((text) => [
  text.toLowerCase(),
  ...[0, 1, 2].map((offset) =>
    Buffer.from('.'.repeat(offset) + text)
      .toString('base64')
      .slice(offset === 0 ? 0 : 4, -4)
      .toLowerCase(),
  ),
  Buffer.from(text).toString('hex'),
]);

/** Everything that a log, a page or a debugger can read from a value. */
function everything(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value !== 'object' || value === null || seen.has(value)) return String(value);
  seen.add(value);
  const own = Reflect.ownKeys(value).flatMap((key) => [
    String(key),
    everything(Reflect.get(value, key), seen),
  ]);
  return [
    String(value),
    inspect(value, { depth: Infinity, showHidden: true, maxStringLength: null, maxArrayLength: null }),
    JSON.stringify(value),
    Buffer.isBuffer(value) ? value.toString('latin1') : '',
    ...own,
  ].join('\n');
}

function expectNoTrace(value: unknown): void {
  const text = everything(value).toLowerCase();
  expect(TRACES.filter((trace) => text.includes(trace))).toEqual([]);
}

let good: FaultyServer;
beforeAll(async () => {
  const tokens = { access_token: accessToken, refresh_token: refreshToken, scope: 'profile', user_id: 'A' };
  good = await startFaultyServer({
    answer: (socket) => void socket.write(response(200, JSON.stringify(tokens))),
  });
});
afterAll(() => good.close());

const strategy = (endpoints: Record<string, string>, timeout = 5000) =>
  new FitbitStrategy({
    ...client,
    callbackURL: 'https://app.example/callback',
    timeout,
    ...endpoints,
    verify: async ({ tokens }) => tokens,
  });

/** A login; resolves with what Passport gets, and with the verifier that was kept in the session. */
async function signIn(endpoints: Record<string, string>, timeout?: number) {
  const one = strategy(endpoints, timeout);
  const { session, state } = await beginLogin(one);
  return authenticate(one, callbackRequest(session, { code, state }));
}

const settled = (promise: Promise<unknown>) =>
  promise.then(
    (value) => value,
    (error: unknown) => error,
  );

/** The operations; each resolves with all that the app gets to see when it goes wrong. */
const OPERATIONS: Record<string, (url: string, timeout?: number) => Promise<unknown>> = {
  'code exchange': (url, timeout) => signIn({ tokenURL: url, userProfileURL: url }, timeout),
  profile: (url, timeout) => signIn({ tokenURL: good.url, userProfileURL: url }, timeout),
  refresh: (url, timeout = 5000) => settled(refresh({ ...client, tokenURL: url, timeout }, oldRefreshToken)),
  introspect: (url, timeout = 5000) =>
    settled(introspect({ ...client, introspectionURL: url, timeout }, accessToken)),
  'introspect another token': (url, timeout = 5000) =>
    settled(introspect({ ...client, introspectionURL: url, timeout }, accessToken, { token: refreshToken })),
  revoke: (url, timeout = 5000) => settled(revoke({ ...client, revocationURL: url, timeout }, refreshToken)),
};

/** The secrets in an operation's request, which the provider may echo. */
const SENT: Record<string, string[]> = {
  'code exchange': [clientSecret, code],
  profile: [accessToken],
  refresh: [clientSecret, oldRefreshToken],
  introspect: [accessToken],
  'introspect another token': [accessToken, refreshToken],
  revoke: [clientSecret, refreshToken],
};

/** Error answers with a text in every field of every shape. */
function errorAnswers(text: string): Record<string, Buffer> {
  const json = (value: unknown, status = 400) => response(status, JSON.stringify(value));
  return {
    "Fitbit's envelope": json({
      errors: [
        {
          errorType: 'invalid_request',
          message: `Invalid: ${text}. Visit https://dev.fitbit.com`,
          fieldName: text,
        },
        { errorType: text, message: text, fieldName: text, [text]: text },
      ],
      success: text,
    }),
    'a code of an envelope': json({ errors: [{ errorType: text, message: text }] }, 401),
    "RFC 6749's error": json({
      error: 'invalid_request',
      error_description: `Invalid ${text}, try another`,
      error_uri: `https://x/${text}`,
    }),
    "the code of RFC 6749's error": json({ error: text, error_description: text }, 401),
    "Google's error": json(
      {
        error: {
          code: 400,
          status: text,
          message: `Bad ${text}`,
          details: [{ '@type': text, reason: text, domain: text, metadata: { [text]: text } }],
        },
      },
      403,
    ),
    HTML: response(400, `<title>${text}</title><p>${text}`),
    'no shape at all': response(400, text),
    headers: response(429, '', {
      // What a header can't hold is left out.
      'Retry-After': text.replace(/[^\x20-\x7e]/g, ''),
      'Fitbit-Rate-Limit-Limit': text.replace(/[^\x20-\x7e]/g, ''),
      'WWW-Authenticate': text.replace(/[^\x20-\x7e]/g, ''),
    }),
    'a redirect': response(302, text, {
      Location: `https://elsewhere.example/?x=${encodeURIComponent(text)}`,
    }),
    'the status line': Buffer.from(
      `HTTP/1.1 400 ${text.replace(/[^\x20-\x7e]/g, '')}\r\nContent-Length: 0\r\n\r\n`,
    ),
    'a very long text': json({ error: 'invalid_request', error_description: `${'wait '.repeat(96)}${text}` }),
    'a text of many lines': json({ error: 'invalid_request', error_description: `a\n${text}\n\t${text}` }),
  };
}

describe.each(Object.entries(OPERATIONS))('%s', (name, operation) => {
  const sent = (SENT[name] ?? []).flatMap((text) =>
    Object.entries(ENCODINGS).map(([encoding, encode]) => ({ encoding, text: encode(text) })),
  );

  it.each(Object.keys(errorAnswers('')))(
    'reveals no secret that the provider echoes in %s',
    async (shape) => {
      let answer: Buffer = Buffer.alloc(0);
      const server = await start({ answer: (socket) => void socket.write(answer) });
      for (const { encoding, text } of sent) {
        answer = errorAnswers(text)[shape] ?? Buffer.alloc(0);
        const outcome = await operation(server.url);
        expect(JSON.stringify(outcome), encoding).toMatch(/"code":/);
        expect(errorIn(outcome), encoding).toBeInstanceOf(OAuthError);
        expectNoTrace(outcome);
      }
    },
  );

  // Nor may the tokens of the response show when something else in it is wrong.
  const tokens = JSON.stringify({ access_token: accessToken, refresh_token: refreshToken, id_token: code });
  it.each<[what: string, bytes: string | Buffer]>([
    [
      'has a field of a wrong type',
      response(200, `${tokens.slice(0, -1)},"expires_in":"${'PlantedTime'}","exp":{}}`),
    ],
    ['is JSON that is cut', response(200, tokens.slice(0, -1))],
    ['is an array', response(200, `[${tokens}]`)],
    ['is a string', response(200, JSON.stringify(accessToken))],
    ['is HTML', response(200, `<p>${tokens}`)],
    ['is not UTF-8', response(200, Buffer.concat([Buffer.from(tokens), Buffer.from([0xff, 0xc3])]))],
    ['is cut', response(200, tokens, { 'Content-Length': '5000' })],
    ['has garbage for a chunk size', `${CHUNKED}${chunk(tokens)}ZZ\r\n${tokens}`],
    ['has garbage in its headers', `HTTP/1.1 200 OK\r\nX-Token: ${accessToken}\r\n\0${tokens}\r\n\r\n`],
    ['is no HTTP', `${tokens}\r\n\r\n`],
    ['is too large', response(200, tokens.padEnd(1_200_000, 'PlantedMore'))],
  ])('reveals no token when the response %s', async (what, bytes) => {
    const server = await start({
      answer: (socket) => void (what === 'is cut' ? socket.end(bytes) : socket.write(bytes)),
    });
    const outcome = await operation(server.url);
    // A revocation does not look at the body of a success answer.
    if (outcome !== undefined) expect(errorIn(outcome)).toBeInstanceOf(TransportError);
    expectNoTrace(outcome);
  });

  it.each<[what: string, Fault]>([
    ['does not listen', { refused: true }],
    ['resets the connection', { connect: (socket) => void socket.resetAndDestroy() }],
    ['never responds', {}],
  ])('reveals no secret when the provider %s', async (_what, fault) => {
    const server = await start(fault);
    const outcome = await operation(server.url, 60);
    expect(errorIn(outcome)).toBeInstanceOf(TransportError);
    expectNoTrace(outcome);
  });
});

function errorIn(outcome: unknown): unknown {
  if (outcome instanceof Error) return outcome;
  const { type, ...rest } = outcome as Outcome;
  return type === 'error' && 'error' in rest ? rest.error : undefined;
}

describe('an error', () => {
  it("keeps the useful part of the provider's text", async () => {
    const message = `Refresh token invalid: ${oldRefreshToken}. Visit https://dev.fitbit.com/docs/oauth2 for more information on the Fitbit Web API authorization process.`;
    const server = await start({
      answer: (socket) =>
        void socket.write(
          response(400, JSON.stringify({ errors: [{ errorType: 'invalid_grant', message }] })),
        ),
    });
    const error = await OPERATIONS.refresh?.(server.url);
    expect(error).toBeInstanceOf(ResponseError);
    expect((error as ResponseError).description).toBe(
      'Refresh token invalid: [redacted]. Visit https://dev.fitbit.com/docs/oauth2 for more information on the Fitbit Web API authorization process.',
    );
  });
});

describe('the authorization request', () => {
  it('contains neither the client secret nor the verifier', async () => {
    const session = fakeSession();
    const { url } = await beginLogin(strategy({ tokenURL: good.url, userProfileURL: good.url }), session);
    expectNoTrace(url.href);
    const { logins } = session['oauth2:fitbit'] as { logins: { verifier: string }[] };
    const [login] = logins;
    expect(login?.verifier).toMatch(/^[\w-]{43}$/);
    expect(url.href).not.toContain(login?.verifier);
  });
});

describe('the requests to the provider', () => {
  it('send secrets in headers and bodies, never in the URL', async () => {
    const server = await start({ answer: (socket) => void socket.write(response(400)) });
    for (const operation of Object.values(OPERATIONS)) await operation(`${server.url}/endpoint`);
    expect(server.requests.length).toBeGreaterThanOrEqual(6);
    for (const { path } of server.requests) expect(path).toBe('/endpoint');
  });

  it('send the client secret only in the header', async () => {
    const server = await start({ answer: (socket) => void socket.write(response(400)) });
    for (const operation of Object.values(OPERATIONS)) await operation(server.url);
    for (const { body } of server.requests) expectNoTraceOf('ClientSecret', body);
  });
});

function expectNoTraceOf(name: string, text: string): void {
  expect(text).not.toContain(name);
}

describe('what Passport reports about a failure', () => {
  const one = () => strategy({ tokenURL: good.url, userProfileURL: good.url });

  it.each<[what: string, query: Record<string, unknown>]>([
    ['a state that is not ours', { code, state: 'other' }],
    ['no state', { code }],
    ['a code given twice', { code: [code, code], state: 'x' }],
    ['a code as an object', { 'code[a]': code, state: 'x' }],
    ['a code that is too long', { code: code.repeat(200), state: 'x' }],
    ['a denial', { error: 'access_denied', error_description: `No: ${code} ${clientSecret}` }],
    ['another error', { error: 'invalid_request', error_description: `No: ${code}`, error_uri: code }],
    ['an error of its own', { error: code, code }],
  ])('shows no secret: %s', async (_what, query) => {
    const session = fakeSession();
    await beginLogin(one(), session);
    const outcome = await authenticate(one(), callbackRequest(session, query));
    expect(outcome.type).toMatch(/fail|error/);
    expectNoTrace(outcome);
  });

  it.each(['access_denied', 'server_error'])(
    'shows no secret that the provider sends with %s',
    async (error) => {
      for (const encode of Object.values(ENCODINGS)) {
        const { session, state } = await beginLogin(one());
        const error_description = `No: ${encode(clientSecret)}`;
        const outcome = await authenticate(
          one(),
          callbackRequest(session, { error, error_description, state }),
        );
        expect(outcome.type).toMatch(/fail|error/);
        expectNoTrace(outcome);
        expect(everything(outcome)).toContain('No: ');
      }
    },
  );

  it('shows no secret when there is no session', async () => {
    const outcome = await authenticate(one(), fakeRequest({ query: { code, state: 'x' } }));
    expect(outcome.type).toBe('error');
    expectNoTrace(outcome);
  });
});

describe('a token set', () => {
  it('keeps the response of the provider out of logs', async () => {
    const outcome = await signIn({ tokenURL: good.url, userProfileURL: good.url }).catch((error) => error);
    expectNoTrace(outcome); // the profile is missing in that answer

    const tokens = await refresh({ ...client, tokenURL: good.url }, oldRefreshToken);
    expect(Object.keys(tokens)).not.toContain('raw');
    expect(inspect(tokens)).not.toContain('access_token');
    expect(JSON.parse(JSON.stringify(tokens))).not.toHaveProperty('raw');
    expect({ ...tokens }).not.toHaveProperty('raw');
  });
});

describe('a wrong argument', () => {
  it.each([
    ['refresh', () => refresh(client, `${refreshToken}\n`)],
    ['introspect', () => introspect(client, `${accessToken}\n`)],
    ['introspect', () => introspect(client, 'a-token', { token: `${accessToken}\n` })],
    ['revoke', () => revoke(client, `${refreshToken}\n`)],
    ['revoke', () => revoke({ ...client, timeout: -1 }, refreshToken)],
    ['revoke', () => revoke({ clientID: '', clientSecret }, refreshToken)],
    ['revoke', () => revoke({ clientID: 'a:b', clientSecret }, refreshToken)],
  ])('of %s is refused and never quoted', async (_name, call) => {
    const error = await settled(call());
    expect(error).toBeInstanceOf(TypeError);
    expectNoTrace(error);
  });
});
