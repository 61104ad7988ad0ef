import { once } from 'node:events';
import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FitbitStrategy } from 'passport-fitbit-strategy';
import { GoogleHealthStrategy } from 'passport-fitbit-strategy/google-health';
import OAuth2Strategy from 'passport-oauth2';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { authenticate, beginLogin, callbackRequest, type Outcome } from '../support/strategy.ts';

type DataCallback = (
  error: unknown,
  body?: string,
  response?: { statusCode: number; headers: IncomingHttpHeaders },
) => void;

type TokenCallback = (
  error: unknown,
  accessToken?: string,
  refreshToken?: string,
  results?: Record<string, unknown>,
) => void;

/** The public members of node-oauth's `OAuth2`. */
export interface OAuth2 {
  constructor: unknown;
  _clientId: string;
  _clientSecret: string | undefined;
  _baseSite: string;
  _authorizeUrl: string;
  _accessTokenUrl: string;
  _accessTokenName: string;
  _authMethod: string;
  _customHeaders: Record<string, unknown>;
  _useAuthorizationHeaderForGET: boolean;
  _agent: unknown;
  setAgent(agent: unknown): void;
  setAccessTokenName(name: string): void;
  setAuthMethod(method: string): void;
  useAuthorizationHeaderforGET(use: boolean): void;
  buildAuthHeader(token: string): string;
  getAuthorizeUrl(params?: Record<string, unknown> | null): string;
  _getAccessTokenUrl(): string;
  getOAuthAccessToken(code: string, params: Record<string, string> | null, callback: TokenCallback): void;
  getProtectedResource(url: string | URL, accessToken: string, callback: DataCallback): void;
  get(url: string | URL, accessToken: string, callback: DataCallback): void;
  _request(
    method: string,
    url: string | URL,
    headers: Record<string, unknown> | null | undefined,
    body: string | Uint8Array | null | undefined,
    accessToken: string | null | undefined,
    callback: DataCallback,
  ): void;
}

/** The `_oauth2` of a strategy, which the strategy's type keeps to itself. */
export function oauth2Of(strategy: object): OAuth2 {
  return Reflect.get(strategy, '_oauth2') as OAuth2;
}

/** Constructs a strategy as JavaScript code may: with any arguments. */
export function construct(options?: unknown, ...rest: unknown[]): FitbitStrategy {
  return Reflect.construct(FitbitStrategy, [options, ...rest]);
}

/** Constructs a Google Health strategy with any arguments. */
export function constructGoogle(options?: unknown, ...rest: unknown[]): GoogleHealthStrategy {
  return Reflect.construct(GoogleHealthStrategy, [options, ...rest]);
}

export const client = { clientID: 'CID', clientSecret: 's3cret' };

/** Passport's callback of `verify`. */
export type Done = (error?: unknown, user?: object | false, info?: object) => void;

/** Passport's form of `verify`; the user holds what it was called with. */
export function verify(accessToken: string, refreshToken: string, profile: object, done: Done): void {
  done(null, { accessToken, refreshToken, profile });
}

/**
 * Replaces a strategy's code exchange, so that no request is sent, and records its calls.
 *
 * @param error what it calls back with instead of tokens
 */
export function stubExchange(
  strategy: object,
  error?: unknown,
): { code: string; params: Record<string, string> }[] {
  const calls: { code: string; params: Record<string, string> }[] = [];
  oauth2Of(strategy).getOAuthAccessToken = (code, params, callback) => {
    calls.push({ code, params: { ...params } });
    setImmediate(() => {
      if (error === undefined)
        callback(null, 'access', 'refresh', { user_id: 'ME', scope: 'profile', extra: 1 });
      else callback(error);
    });
  };
  return calls;
}

/** A strategy without a profile request, whose code exchange is stubbed. */
export function stubbed(options: object = {}, form: unknown = verify) {
  const strategy = construct({ ...client, skipUserProfile: true, ...options }, form);
  return { strategy, exchanges: stubExchange(strategy) };
}

/** Completes a login that was begun with these options, with further parameters in the callback. */
export async function comeBack(
  strategy: OAuth2Strategy,
  query: Record<string, unknown>,
  options?: object,
): Promise<Outcome> {
  const { session, state } = await beginLogin(strategy, undefined, options);
  return authenticate(strategy, callbackRequest(session, { state, ...query }), options);
}

/** The error of an outcome; any other outcome is an error of the test. */
export function errorOf(outcome: Outcome): unknown {
  if (outcome.type !== 'error') throw new Error(`not an error: ${JSON.stringify(outcome)}`);
  return outcome.error;
}

/** Calls a function with a callback, and resolves with the callback's arguments. */
export function called(act: (callback: (...results: unknown[]) => void) => void): Promise<unknown[]> {
  return new Promise((resolve) => act((...results) => resolve(results)));
}

/** A request as a server received it. */
export interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

const TOKEN = { access_token: 'access', refresh_token: 'refresh', scope: 'profile', user_id: 'ME' };
const PROFILE = { user: { encodedId: 'ME', displayName: 'Zoë' } };

/**
 * A provider on a real socket, for the tests of one file. It answers POST with tokens and GET with a profile until
 * `respond` is replaced, which lasts for one test.
 */
export class Provider {
  readonly received: Received[] = [];
  respond: (res: http.ServerResponse, request: Received) => void = () => {};
  base = '';
  readonly #server = http.createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const { method, url, headers } = req;
    const request = { method, url, headers, body: Buffer.concat(chunks).toString() };
    this.received.push(request);
    this.respond(res, request);
  });

  constructor() {
    beforeAll(async () => {
      await once(this.#server.listen(0, '127.0.0.1'), 'listening');
      this.base = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    });
    afterAll(() => {
      this.#server.closeAllConnections();
      this.#server.close();
    });
    beforeEach(() => {
      this.received.length = 0;
      this.respond = (res, { method }) => res.end(JSON.stringify(method === 'POST' ? TOKEN : PROFILE));
    });
  }

  /** The options that send a strategy here. */
  get endpoints() {
    return { tokenURL: `${this.base}/token`, userProfileURL: `${this.base}/profile` };
  }
}

/** passport-oauth2's own strategy, to show what is different here; its code exchange is stubbed. */
export function upstream(options: object = {}, form: unknown = verify): OAuth2Strategy {
  const strategy: OAuth2Strategy = Reflect.construct(OAuth2Strategy, [
    {
      authorizationURL: 'https://www.fitbit.com/oauth2/authorize',
      tokenURL: 'https://api.fitbit.com/oauth2/token',
      ...client,
      ...options,
    },
    form,
  ]);
  stubExchange(strategy);
  return strategy;
}
