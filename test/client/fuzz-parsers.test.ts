import { Agent } from 'node:http';
import fc from 'fast-check';
import { OAuthError, ResponseError, revoke, TransportError } from 'passport-fitbit-strategy';
import { describe, expect, it, onTestFinished } from 'vitest';
import { responseError } from '../../lib/client/error-response.ts';
import { resolveClient } from '../../lib/client/provider.ts';
import { redactor } from '../../lib/client/redact.ts';
import { parseObject } from '../../lib/client/requests.ts';
import { splitScope, toTokenSet } from '../../lib/client/token-set.ts';
import { fitbit } from '../../lib/fitbit/endpoints.ts';
import { parseProfile } from '../../lib/fitbit/profile.ts';
import { parseScopeMap } from '../../lib/fitbit/scopes.ts';
import { readCallback } from '../../lib/login/callback.ts';
import { LoginFailure } from '../../lib/login/failure.ts';
import { SessionStateStore } from '../../lib/state/session.ts';
import { checkCallbackURL, checkURL } from '../../lib/util/arguments.ts';
import { answers, start } from '../support/faulty-server.ts';
import { check, printCounts, timeout } from '../support/fuzz.ts';
import { fakeRequest, fakeSession } from '../support/strategy.ts';

printCounts();

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ maxLength: 2000 }));
const wellFormed = fc.string({ unit: 'grapheme' });

/** An object with the fields that are looked at, each right, wrong or absent, among others. */
const objectWith = (...fields: string[]) =>
  fc
    .tuple(
      fc.dictionary(fc.constantFrom(...fields), fc.jsonValue({ maxDepth: 3 })),
      fc.jsonValue({ maxDepth: 2 }),
    )
    .map(([known, others]) =>
      typeof others === 'object' && others !== null ? { ...others, ...known } : known,
    ) as fc.Arbitrary<Record<string, unknown>>;

const scopeText = fc.oneof(
  text,
  fc
    .array(
      fc.tuple(
        fc.constantFrom('ACTIVITY', 'a', '', '__proto__', '{', '}', '='),
        fc.constantFrom('=', '', '==', ' '),
        fc.constantFrom('READ', 'READ_WRITE', '', ','),
      ),
    )
    .map((entries) => `{${entries.map((entry) => entry.join('')).join(', ')}}`),
);

describe('any text', { timeout }, () => {
  it('is read as the scope of an introspection', () =>
    check('scope map', scopeText, (value) => {
      const scope = parseScopeMap(value);
      for (const [name, access] of Object.entries(scope)) {
        expect(name).toMatch(/^[^\s,=]+$/);
        expect(access).toMatch(/^(read|write)$/);
      }
      expect(Object.getPrototypeOf(scope)).toBe(Object.prototype);
    }));

  it('is read as a list of scopes', () =>
    check('scope list', text, (value) => {
      const scopes = splitScope(value);
      for (const scope of scopes) expect(scope).toMatch(/^\S+$/);
      expect(scopes.join('')).toBe(value.replace(/\s+/g, ''));
    }));

  it('is a JSON object or malformed', () =>
    check('JSON object', fc.oneof(text, fc.json()), (value) => {
      try {
        const object = parseObject(fitbit, 'profile', value);
        expect(object).toEqual(JSON.parse(value));
        expect(Array.isArray(object)).toBe(false);
      } catch (error) {
        expect(error).toBeInstanceOf(TransportError);
        expect(error).toMatchObject({ code: 'malformed' });
      }
    }));

  it('is the URL of an endpoint or refused with a message that names the option', () =>
    check(
      'endpoint URL',
      fc.oneof(text, fc.webUrl({ withFragments: true, withQueryParameters: true })),
      (value) => {
        const tests: ((value: unknown, name: string) => void)[] = [checkURL, checkCallbackURL];
        for (const test of tests) {
          try {
            test(value, 'someURL');
            expect(value).not.toContain('#');
            if (!value.startsWith('/')) expect(() => new URL(value)).not.toThrow();
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError);
            expect(String(error)).toContain('"someURL"');
          }
        }
      },
    ));

  it('contains no secret after redaction', () => {
    // What the mark itself is made of can't be told apart from it.
    const secret = fc
      .string({ minLength: 4, maxLength: 40 })
      .filter((value) => !/[[\]]/.test(value) && !'[redacted]'.includes(value));
    const part = fc.oneof(wellFormed, fc.constant(0), fc.constant(1));
    return check('redaction', fc.tuple(fc.tuple(secret, secret), fc.array(part)), ([secrets, parts]) => {
      const echoed = parts.map((each) => (typeof each === 'number' ? secrets[each] : each)).join(' ');
      const clean = redactor(secrets)(echoed);
      for (const each of secrets) expect(clean).not.toContain(each);
      expect(clean.length).toBeLessThanOrEqual(501);
    });
  });
});

describe('any JSON', { timeout }, () => {
  it('is a token set or malformed', () =>
    check(
      'token response',
      objectWith('access_token', 'refresh_token', 'token_type', 'expires_in', 'scope', 'user_id'),
      (response) => {
        try {
          const tokens = toTokenSet(fitbit, 'refresh', response, 0);
          expect(tokens.accessToken).toMatch(/^[\x20-\x7e]+$/);
          expect(tokens.refreshToken ?? 'x').toMatch(/^[\x20-\x7e]+$/);
          expect(tokens.tokenType).toMatch(/^bearer$/i);
          expect(tokens.expiresAt.getTime()).toBeGreaterThanOrEqual(0);
          expect(Array.isArray(tokens.scope)).toBe(true);
          expect(tokens.userID ?? 'x').toEqual(expect.any(String));
          expect(tokens.raw).toBe(response);
        } catch (error) {
          expect(error).toBeInstanceOf(TransportError);
          expect(error).toMatchObject({ code: 'malformed', operation: 'refresh' });
        }
      },
    ));

  it('is a profile with an id, or no profile', () =>
    check(
      'profile',
      objectWith('encodedId', 'displayName', 'firstName', 'lastName', 'gender', 'avatar', 'avatar640'),
      (user) => {
        const profile = parseProfile({ user });
        if (profile === undefined)
          expect(user.encodedId === '' || typeof user.encodedId !== 'string').toBe(true);
        else {
          expect(profile.id).toBe(user.encodedId);
          for (const { value } of profile.photos ?? []) expect(value).toEqual(expect.any(String));
          expect(profile.displayName ?? 'x').toEqual(expect.any(String));
        }
      },
    ));

  it('with an error status becomes an error with a code', () => {
    const client = resolveClient(fitbit, { clientID: 'id', clientSecret: 'a-client-secret' });
    const body = fc.oneof(
      text,
      fc.json(),
      objectWith('error', 'error_description', 'errors', 'success').map((value) => JSON.stringify(value)),
      fc.array(objectWith('errorType', 'message', 'fieldName')).map((errors) => JSON.stringify({ errors })),
      objectWith('code', 'message', 'status', 'details').map((error) => JSON.stringify({ error })),
    );
    const headers = fc.dictionary(
      fc.constantFrom(
        'retry-after',
        'fitbit-rate-limit-limit',
        'fitbit-rate-limit-remaining',
        'fitbit-rate-limit-reset',
      ),
      fc.oneof(
        text,
        fc.nat().map(String),
        fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      ),
    );
    return check(
      'error response',
      fc.record({ status: fc.integer({ min: 400, max: 999 }), headers, body }),
      (response) => {
        const error = responseError(client, 'refresh', response, ['a-token']);
        expect(error).toBeInstanceOf(ResponseError);
        expect(error).toBeInstanceOf(OAuthError);
        expect(error.code).toMatch(/^[a-z][a-z_.-]{0,63}$/);
        expect(error.message.length).toBeLessThan(1000);
        expect(error.retryAfter ?? 0).toBeGreaterThanOrEqual(0);
        expect(() => JSON.stringify(error)).not.toThrow();
      },
    );
  });
});

describe('any client', { timeout }, () => {
  it('sends an id and a secret that can be read back from the Basic header', async () => {
    const server = await start(answers(200));
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    await check(
      'Basic credentials',
      fc.tuple(
        wellFormed.filter((id) => id !== '' && !id.includes(':')),
        wellFormed.filter((secret) => secret !== ''),
      ),
      async ([clientID, clientSecret]) => {
        await revoke({ clientID, clientSecret, agent, revocationURL: server.url }, 'a-token');
        const header = server.requests.pop()?.headers.authorization ?? '';
        expect(header).toMatch(/^Basic [A-Za-z\d+/]+=*$/);
        const decoded = Buffer.from(header.slice(6), 'base64').toString();
        const colon = decoded.indexOf(':');
        expect([decoded.slice(0, colon), decoded.slice(colon + 1)]).toEqual([clientID, clientSecret]);
      },
    );
  });

  it('is accepted or refused with a message that names the setting', () =>
    check(
      'client settings',
      fc.dictionary(
        fc.constantFrom('clientID', 'clientSecret', 'timeout', 'agent', 'tokenURL', 'revocationURL'),
        fc.oneof(text, fc.webUrl(), fc.anything()),
      ),
      (settings) => {
        try {
          const client = resolveClient(fitbit, settings as never);
          expect(client.clientID).not.toBe('');
          expect(client.timeout).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          expect(String(error)).toMatch(/"\w+" must/);
        }
      },
    ));
});

describe('any login', { timeout }, () => {
  const meta = {
    authorizationURL: 'https://p.example/a',
    tokenURL: 'https://p.example/t',
    clientID: 'id',
    callbackURL: 'https://app.example/callback',
  };
  const login = fc.record({
    verifier: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    appState: fc.option(fc.jsonValue({ maxDepth: 3 }), { nil: undefined }),
  });

  it('is returned by the session store unchanged, once, among others', () =>
    check(
      'state round trip',
      fc.record({ logins: fc.array(login, { minLength: 1, maxLength: 8 }), pick: fc.nat(), other: text }),
      async ({ logins, pick, other }) => {
        const store = new SessionStateStore('key');
        let data: Record<string, unknown> = {};
        /** One request: the session is read from its store, as JSON, and written back. */
        const request = async <Result>(act: (req: ReturnType<typeof fakeRequest>) => Promise<Result>) => {
          const session = fakeSession(structuredClone(data));
          const result = await act(fakeRequest({ session }));
          data = JSON.parse(JSON.stringify(session));
          return result;
        };
        const begin = ({ verifier, appState }: { verifier?: string | undefined; appState?: unknown }) =>
          request(
            (req) =>
              new Promise<string>((resolve, reject) => {
                store.store(req, verifier, appState, meta, (error, state) =>
                  error ? reject(error) : resolve(state ?? ''),
                );
              }),
          );
        const verify = (state: string) =>
          request(
            (req) =>
              new Promise<unknown[]>((resolve, reject) => {
                store.verify(req, state, meta, (error, ok, info) =>
                  error ? reject(error) : resolve([ok, info]),
                );
              }),
          );

        const states: string[] = [];
        for (const each of logins) states.push(await begin(each));
        expect(new Set(states).size).toBe(logins.length);
        const index = pick % logins.length;
        const chosen = logins[index];

        if (!states.includes(other))
          expect(await verify(other)).toMatchObject([false, { code: 'state_mismatch' }]);
        // JSON knows no -0.
        const kept = chosen?.appState === undefined ? undefined : JSON.parse(JSON.stringify(chosen.appState));
        expect(await verify(states[index] ?? '')).toEqual([chosen?.verifier ?? true, kept]);
        const code = logins.length === 1 ? 'state_missing' : 'state_mismatch';
        expect(await verify(states[index] ?? '')).toMatchObject([false, { code }]);
      },
    ));

  it('fails with a known code whatever its session contains', () =>
    check(
      'foreign session',
      fc.tuple(
        fc.oneof(fc.anything({ maxDepth: 3 }), fc.record({ logins: fc.anything({ maxDepth: 3 }) })),
        text,
      ),
      async ([stored, state]) => {
        const store = new SessionStateStore('key');
        const req = fakeRequest({ session: fakeSession({ key: stored }) });
        const [ok, info] = await new Promise<unknown[]>((resolve, reject) => {
          store.verify(req, state, meta, (error, ...rest) => (error ? reject(error) : resolve(rest)));
        });
        expect(ok).toBe(false);
        expect(info).toMatchObject({ code: expect.stringMatching(/^state_(missing|mismatch)$/) });
      },
    ));
});

describe('any query', { timeout }, () => {
  it('begins a login, is read as a callback of plain texts, or is refused by name', () =>
    check(
      'callback parameters',
      fc.dictionary(
        fc.oneof(
          fc.constantFrom(
            'code',
            'state',
            'error',
            'error_description',
            'iss',
            'code[]',
            'state[a]',
            'error[',
            'codes',
          ),
          text,
        ),
        fc.oneof(text, fc.anything({ maxDepth: 2 }), fc.constant('https://p.example')),
      ),
      (query) => {
        const names = ['code', 'state', 'error', 'iss'];
        const wrong = Object.entries(query).find(
          ([key, value]) =>
            names.some((name) => key.startsWith(`${name}[`)) ||
            (names.includes(key) && !(typeof value === 'string' && value !== '' && value.length <= 4096)),
        );
        try {
          const callback = readCallback(fakeRequest({ query }), 'https://p.example');
          expect(wrong).toBeUndefined();
          if (callback === undefined) {
            expect('code' in query || 'error' in query).toBe(false);
          } else {
            const { code, error, state, errorDescription = '' } = callback;
            expect({ code, error, state }).toEqual({
              code: query.error === undefined ? query.code : undefined,
              error: query.error,
              state: query.state,
            });
            expect(errorDescription).toEqual(expect.any(String));
            expect(query.iss ?? 'https://p.example').toBe('https://p.example');
          }
        } catch (error) {
          if (!(error instanceof LoginFailure)) throw error;
          expect(error).toMatchObject({ failure: { code: 'invalid_callback' }, status: 400 });
          if (wrong === undefined)
            expect(error.failure).toMatchObject({ hint: expect.stringContaining('"iss"') });
        }
      },
    ));
});
