import { FitbitStrategy, introspect, refresh, revoke } from 'passport-fitbit-strategy';
import { afterAll, beforeAll } from 'vitest';
import { describeFaults, type FaultCall } from '../support/fault-table.ts';
import { answersJSON, type FaultyServer, startFaultyServer } from '../support/faulty-server.ts';
import { login } from '../support/strategy.ts';

const client = { clientID: '22CQ7B', clientSecret: '0123456789abcdef0123456789abcdef' };
const tokens = {
  access_token: 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln',
  refresh_token: '0123456789abcdef'.repeat(4),
  token_type: 'Bearer',
  expires_in: 28_800,
  scope: 'profile activity',
  user_id: '26FWFL',
};
const profile = { user: { encodedId: '26FWFL', displayName: 'Zoë' } };
const info = {
  active: true,
  scope: '{PROFILE=READ}',
  client_id: '22CQ7B',
  user_id: '26FWFL',
  token_type: 'access_token',
  exp: 1_565_861_634_000,
  iat: 1_565_832_834_000,
};

const wrongTokens = {
  'access_token: 5': { ...tokens, access_token: 5 },
  'access_token: null': { ...tokens, access_token: null },
  'access_token: ""': { ...tokens, access_token: '' },
  'access_token: {}': { ...tokens, access_token: {} },
  'an access_token with a line break': { ...tokens, access_token: 'a\r\nX-Header: 1' },
  'an access_token with an umlaut': { ...tokens, access_token: 'Zoë' },
  'refresh_token: 5': { ...tokens, refresh_token: 5 },
  'a refresh_token with a NUL': { ...tokens, refresh_token: 'a\0b' },
  'token_type: 5': { ...tokens, token_type: 5 },
  'token_type: "mac"': { ...tokens, token_type: 'mac' },
  'expires_in: "abc"': { ...tokens, expires_in: 'abc' },
  'expires_in: -1': { ...tokens, expires_in: -1 },
  'expires_in: 1e300': { ...tokens, expires_in: 1e300 },
  'expires_in: {}': { ...tokens, expires_in: {} },
  'scope: []': { ...tokens, scope: [] },
  'scope: 5': { ...tokens, scope: 5 },
  'user_id: 5': { ...tokens, user_id: 5 },
  'user_id: ["A"]': { ...tokens, user_id: ['A'] },
};

let tokenServer: FaultyServer;
beforeAll(async () => {
  tokenServer = await startFaultyServer(answersJSON(tokens));
});
afterAll(() => tokenServer.close());

/** A whole login; the promise rejects with what reached Passport's `error`. */
async function signIn({ timeout, agent }: FaultCall, tokenURL: string, userProfileURL: string) {
  const strategy = new FitbitStrategy({
    ...client,
    callbackURL: 'https://app.example/auth/fitbit/callback',
    tokenURL,
    userProfileURL,
    timeout,
    agent,
    verify: async (login) => login,
  });
  const outcome = await login(strategy);
  if (outcome.type === 'error') throw outcome.error;
  if (outcome.type !== 'success') throw new Error(JSON.stringify(outcome));
}

describeFaults({
  name: 'the code exchange',
  operation: 'code_exchange',
  // The profile can't be fetched there; without its scope, it is not requested.
  run: (call) => signIn(call, `${call.url}/token`, `${call.url}/profile`),
  good: { ...tokens, scope: 'activity' },
  wrong: { ...wrongTokens, 'no user_id': { ...tokens, scope: 'activity', user_id: undefined } },
});

describeFaults({
  name: 'the profile request',
  operation: 'profile',
  run: (call) => signIn(call, `${tokenServer.url}/token`, `${call.url}/profile`),
  good: profile,
  tolerated: {
    'only encodedId': { user: { encodedId: '26FWFL' } },
    'an encodedId beside wrong types': {
      user: { encodedId: '26FWFL', displayName: 5, firstName: [], gender: {}, avatar: null },
    },
  },
  wrong: {
    'user: null': { user: null },
    'user: []': { user: [] },
    'user: "x"': { user: 'x' },
    'no encodedId': { user: { displayName: 'Zoë' } },
    'encodedId: 5': { user: { encodedId: 5 } },
    'encodedId: ""': { user: { encodedId: '' } },
    'the encodedId of another user': { user: { encodedId: '26FWFM' } },
  },
});

describeFaults({
  name: 'refresh',
  operation: 'refresh',
  run: ({ url, timeout, agent, signal }) =>
    refresh({ ...client, tokenURL: `${url}/token`, timeout, agent }, 'the-old-refresh-token', { signal }),
  good: tokens,
  tolerated: {
    'no scope': { ...tokens, scope: undefined },
    'scope: null': { ...tokens, scope: null },
    'expires_in: "28800"': { ...tokens, expires_in: '28800' },
    'no expires_in': { ...tokens, expires_in: undefined },
    'no refresh_token': { ...tokens, refresh_token: undefined },
    'token_type: "bearer"': { ...tokens, token_type: 'bearer' },
    'fields that nobody knows': { ...tokens, constructor: 1, toString: 'x', hasOwnProperty: null },
  },
  wrong: wrongTokens,
});

describeFaults({
  name: 'introspect',
  operation: 'introspect',
  run: ({ url, timeout, agent, signal }) =>
    introspect({ ...client, introspectionURL: `${url}/introspect`, timeout, agent }, 'an-access-token', {
      signal,
    }),
  good: info,
  tolerated: {
    '{"active":false}': { active: false },
    'a scope of a wrong type': { ...info, scope: ['PROFILE'], iat: 'x', user_id: 5 },
  },
  wrong: {
    'active: "true"': { ...info, active: 'true' },
    'active: 1': { ...info, active: 1 },
    'active: null': { ...info, active: null },
    'exp: "1565861634000"': { ...info, exp: '1565861634000' },
    'exp: 1e300': { ...info, exp: 1e300 },
    'client_id: 5': { ...info, client_id: 5 },
  },
});

describeFaults({
  name: 'revoke',
  operation: 'revoke',
  run: ({ url, timeout, agent, signal }) =>
    revoke({ ...client, revocationURL: `${url}/revoke`, timeout, agent }, 'an-access-token', { signal }),
  good: {},
  // RFC 7009, section 2.2: only the status counts.
  ignoresBody: true,
});
