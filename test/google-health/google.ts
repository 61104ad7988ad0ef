import { readFileSync } from 'node:fs';
import type {
  GoogleHealthProfile,
  GoogleHealthStrategyOptions,
  Login,
} from 'passport-fitbit-strategy/google-health';
import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import { onTestFinished } from 'vitest';
import {
  type FaultyServer,
  type ReceivedRequest,
  response,
  startFaultyServer,
} from '../support/faulty-server.ts';

export const CLIENT = {
  clientID: '1234-abc.apps.googleusercontent.com',
  clientSecret: 'GOCSPX-secret-of-the-app',
};
export const CALLBACK_URL = 'https://app.example/auth/google-health/callback';
export const HEALTH = 'https://www.googleapis.com/auth/googlehealth';

/** A recorded body, parsed. */
export function fixture(name: string): Record<string, unknown> {
  const file = new URL(`../fixtures/google-health/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** What an endpoint answers; `undefined`: nothing, ever. */
export type Answer = { status?: number; body?: unknown; headers?: Record<string, string> } | undefined;

export type EndpointName = 'token' | 'tokeninfo' | 'revoke' | 'identity' | 'userinfo' | 'profile';

/** Google's part in a test: every endpoint at a path that is its name. */
export interface Google {
  server: FaultyServer;
  endpoints: Required<Pick<GoogleHealthStrategyOptions, 'tokenURL' | 'identityURL' | 'userinfoURL'>> &
    Pick<GoogleHealthStrategyOptions, 'introspectionURL' | 'revocationURL' | 'userProfileURL'>;
  /** The requests that came, by endpoint. */
  requests(name: EndpointName): ReceivedRequest[];
}

/** Starts a server that answers well, except where the test says otherwise. */
export async function startGoogle(answers: Partial<Record<EndpointName, Answer>> = {}): Promise<Google> {
  const all: Record<string, Answer> = {
    token: { body: fixture('token') },
    tokeninfo: { body: fixture('tokeninfo') },
    revoke: { body: {} },
    identity: { body: fixture('identity') },
    userinfo: { body: fixture('userinfo') },
    profile: { body: fixture('profile') },
    ...answers,
  };
  const server = await startFaultyServer({
    answer(socket, { path }) {
      const answer = all[path.slice(1)];
      if (answer === undefined) return;
      const { status = 200, body = '', headers } = answer;
      const bytes = typeof body === 'string' ? body : JSON.stringify(body);
      socket.write(response(status, bytes, { 'Content-Type': 'application/json', ...headers }));
    },
  });
  onTestFinished(() => server.close());
  return {
    server,
    endpoints: endpointsAt(server.url),
    requests: (name) => server.requests.filter(({ path }) => path === `/${name}`),
  };
}

/** The endpoints of a server that has each at a path that is its name. */
export function endpointsAt(url: string) {
  return {
    tokenURL: `${url}/token`,
    introspectionURL: `${url}/tokeninfo`,
    revocationURL: `${url}/revoke`,
    identityURL: `${url}/identity`,
    userinfoURL: `${url}/userinfo`,
    userProfileURL: `${url}/profile`,
  };
}

export type GoogleLogin = Login<GoogleHealthProfile>;

/** A strategy whose `verify` signs the login itself in. */
export function strategyOf(
  google: Pick<Google, 'endpoints'>,
  options: Partial<GoogleHealthStrategyOptions> = {},
): GoogleHealthStrategy {
  return new GoogleHealthStrategy({
    ...CLIENT,
    callbackURL: CALLBACK_URL,
    ...google.endpoints,
    ...options,
    verify: (login) => ({ login }),
  });
}
