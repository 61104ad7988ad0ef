import { CookieStateStore, type FitbitStrategyOptions } from 'passport-fitbit-strategy';
import { describe, expect, it } from 'vitest';
import { CookieBrowser } from '../support/cookie-browser.ts';
import {
  authenticate,
  callbackRequest,
  fakeRequest,
  fakeSession,
  type Outcome,
} from '../support/strategy.ts';
import { stubbedStrategy } from '../support/stub.ts';

const TOKEN_URL = 'https://provider.example/token';

type Options = Partial<FitbitStrategyOptions>;
type Stub = ReturnType<typeof stubbedStrategy>;

/** A browser whose pending logins are in a session, or in cookies. */
interface Browser {
  options: Options;
  begin(stub: Stub): Promise<Outcome>;
  come(stub: Stub, state: string): Promise<Outcome>;
}

function sessionBrowser(): Browser {
  const session = fakeSession();
  return {
    options: { sessionKey: 'shared' },
    begin: ({ strategy }) => authenticate(strategy, fakeRequest({ session })),
    come: ({ strategy }, state) => authenticate(strategy, callbackRequest(session, { code: 'abc', state })),
  };
}

function cookieBrowser(): Browser {
  const browser = new CookieBrowser();
  async function send({ strategy }: Stub, query: object) {
    const { headers, res } = browser.request();
    const req = Object.assign(fakeRequest(), { query, res });
    Object.assign(req.headers, headers);
    const outcome = await authenticate(strategy, req);
    browser.take(req);
    return outcome;
  }
  return {
    options: { store: new CookieStateStore({ secret: 'a secret of at least thirty-two characters' }) },
    begin: (stub) => send(stub, {}),
    come: (stub, state) => send(stub, { code: 'abc', state }),
  };
}

function stateOf(outcome: Outcome): string {
  if (outcome.type !== 'redirect') throw new Error(outcome.type);
  return new URL(outcome.url).searchParams.get('state') ?? '';
}

describe.each([
  ['a session', sessionBrowser],
  ['cookies', cookieBrowser],
])('a login that is pending in %s', (_, open) => {
  it.each<[string, Options]>([
    ['authorization URL', { authorizationURL: 'https://other.example/authorize' }],
    ['token URL', { tokenURL: 'https://other.example/token' }],
    ['client id', { clientID: 'other' }],
    ['callback URL', { callbackURL: 'https://app.example/other' }],
    ['callback URL, because there is none', { callbackURL: undefined }],
    [
      'token URL and client id that only together read the same',
      { tokenURL: `${TOKEN_URL}C`, clientID: 'ID' },
    ],
  ])('is not completed by a strategy with another %s, and is not used up by it', async (_name, option) => {
    const browser = open();
    const options = { callbackURL: 'https://app.example/callback', tokenURL: TOKEN_URL, ...browser.options };
    const stub = stubbedStrategy(options);
    const other = stubbedStrategy({ ...options, ...option });
    const state = stateOf(await browser.begin(stub));
    expect(await browser.come(other, state)).toMatchObject({
      type: 'fail',
      status: 403,
      failure: {
        code: 'state_mismatch',
        hint: expect.stringContaining('differ in the provider, clientID, callbackURL'),
      },
    });
    expect(other.exchanges).toEqual([]);
    expect((await browser.come(stub, state)).type).toBe('success');
  });

  it.each([
    ['without PKCE is never completed under PKCE', false, true],
    ['with PKCE is never completed without', true, false],
  ])('%s', async (_name, begun, completed) => {
    const browser = open();
    const begins = stubbedStrategy({ ...browser.options, pkce: begun });
    const completes = stubbedStrategy({ ...browser.options, pkce: completed });
    const state = stateOf(await browser.begin(begins));
    expect(await browser.come(completes, state)).toMatchObject({
      type: 'fail',
      status: 403,
      failure: { code: 'state_mismatch', hint: expect.stringContaining('pkce') },
    });
    expect([...begins.exchanges, ...completes.exchanges]).toEqual([]);
  });

  it('is completed by another strategy with the same provider, client, callback URL and PKCE', async () => {
    const browser = open();
    const state = stateOf(await browser.begin(stubbedStrategy({ ...browser.options, scope: ['sleep'] })));
    const same = stubbedStrategy({ ...browser.options, pkce: 'S256' });
    expect((await browser.come(same, state)).type).toBe('success');
    expect(same.exchanges[0]?.params.code_verifier).toMatch(/^[\w-]{43}$/);
  });
});
