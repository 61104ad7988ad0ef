import type { GoogleHealthProfile } from 'passport-fitbit-strategy/google-health';
import { GoogleHealthStrategy, introspect, refresh, revoke } from 'passport-fitbit-strategy/google-health';
import { describeFaults, type Expected, type FaultCall } from '../support/fault-table.ts';
import { login } from '../support/strategy.ts';
import { CALLBACK_URL, CLIENT, endpointsAt, fixture } from './google.ts';

// Fitbit's envelope is none of Google's shapes.
const exceptions: Record<string, Expected> = {
  "400 with Fitbit's error envelope": 'ResponseError unexpected_status',
};

const TOKEN = fixture('token-testing');

type FaultyEndpoint = 'tokenURL' | 'identityURL' | 'userinfoURL' | 'userProfileURL';
type Done = (error: unknown, ...answer: unknown[]) => void;

/** Signs in with one endpoint at the faulty server; the others answer at once, so that only that one has a deadline. */
async function signIn(faulty: FaultyEndpoint, { url, timeout }: FaultCall): Promise<GoogleHealthProfile> {
  const strategy = new GoogleHealthStrategy({
    ...CLIENT,
    callbackURL: CALLBACK_URL,
    healthProfile: true,
    timeout,
    [faulty]: url,
    verify: ({ profile }) => profile,
  });
  const oauth2 = Reflect.get(strategy, '_oauth2') as {
    getOAuthAccessToken(code: string, params: object, done: Done): void;
    get(url: string, token: string, done: Done): void;
  };
  if (faulty !== 'tokenURL') {
    const { access_token, refresh_token, ...params } = TOKEN;
    oauth2.getOAuthAccessToken = (_code: string, _params: object, done: Done) =>
      done(null, access_token, refresh_token, params);
  }
  const get = oauth2.get;
  oauth2.get = (address: string, token: string, done: Done) =>
    address === url
      ? get.call(oauth2, address, token, done)
      : done(null, JSON.stringify(fixture('identity')));

  const outcome = await login(strategy);
  if (outcome.type === 'error') throw outcome.error;
  if (outcome.type !== 'success') throw new Error(JSON.stringify(outcome));
  return outcome.user as GoogleHealthProfile;
}

describeFaults({
  name: 'the code exchange',
  operation: 'code_exchange',
  run: (call) => signIn('tokenURL', call),
  good: TOKEN,
  wrong: {
    'a number for access_token': { ...TOKEN, access_token: 5 },
    'no access_token': { expires_in: 3599, token_type: 'Bearer' },
    'a list for refresh_token': { ...TOKEN, refresh_token: [] },
    'a word for expires_in': { ...TOKEN, expires_in: 'soon' },
    'a list for scope': { ...TOKEN, scope: ['openid'] },
    'another token_type': { ...TOKEN, token_type: 'mac' },
  },
  exceptions,
});

describeFaults({
  name: 'the identity call',
  operation: 'profile',
  run: (call) => signIn('identityURL', call),
  good: fixture('identity'),
  wrong: {
    'a number for healthUserId': { healthUserId: 8677373576871223 },
    'an empty healthUserId': { healthUserId: '' },
    'null for healthUserId': { healthUserId: null },
    'an object for healthUserId': { healthUserId: { toString: 'x' } },
  },
  exceptions,
});

/** A call that a login does without: the login must succeed, and say in the profile what happened. */
const optional = (endpoint: 'userinfoURL' | 'userProfileURL', name: 'userinfo' | 'profile') => ({
  operation: 'profile' as const,
  run: async (call: FaultCall) => {
    const { id, _errors } = await signIn(endpoint, call);
    if (id !== fixture('identity').healthUserId) throw new Error('another id');
    if (_errors?.[name] !== undefined) throw _errors[name];
  },
  good: fixture(name),
  exceptions: {
    ...exceptions,
    // There is nothing that such an answer must have.
    'answers {}': 'success',
    'answers all its fields in __proto__': 'success',
    'answers an error with status 200': 'success',
  } satisfies Record<string, Expected>,
});

describeFaults({ name: 'the userinfo call', ...optional('userinfoURL', 'userinfo') });
describeFaults({ name: 'the Health profile call', ...optional('userProfileURL', 'profile') });

describeFaults({
  name: 'refresh',
  operation: 'refresh',
  run: ({ url, ...options }) => refresh({ ...CLIENT, ...endpointsAt(url) }, '1//05', options),
  good: fixture('refresh'),
  wrong: {
    'a number for access_token': { ...TOKEN, access_token: 5 },
    'a word for expires_in': { ...TOKEN, expires_in: 'soon' },
  },
  exceptions,
});

describeFaults({
  name: 'introspect',
  operation: 'introspect',
  run: ({ url, ...options }) => introspect({ ...CLIENT, ...endpointsAt(url) }, 'ya29.a', options),
  good: fixture('tokeninfo'),
  wrong: {
    'no aud': { exp: '1707750000' },
    'a list for aud': { aud: [CLIENT.clientID], exp: '1707750000' },
    'neither exp nor expires_in': { aud: CLIENT.clientID },
    'words for exp and expires_in': { aud: CLIENT.clientID, exp: 'soon', expires_in: '-1' },
  },
  exceptions,
});

describeFaults({
  name: 'revoke',
  operation: 'revoke',
  run: ({ url, ...options }) => revoke({ ...CLIENT, ...endpointsAt(url) }, '1//05', options),
  good: {},
  ignoresBody: true,
  exceptions,
});
