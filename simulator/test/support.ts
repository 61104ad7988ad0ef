import { createHash } from 'node:crypto';
import {
  type ConsentOptions,
  type FitbitEndpoints,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from 'fitbit-simulator';
import { afterEach, expect } from 'vitest';
import { differences } from '../../test/support/shapes.ts';

const running: Simulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

/** Starts a simulator that is closed after the test. */
export async function start(options?: SimulatorOptions): Promise<Simulator> {
  const simulator = await startSimulator(options);
  running.push(simulator);
  return simulator;
}

export const callback = 'http://localhost:3000/auth/callback';
export const verifier = 'a-code-verifier-that-is-long-enough-for-rfc-7636';
export const challenge = createHash('sha256').update(verifier).digest('base64url');
export const healthScope = (name: string) => `https://www.googleapis.com/auth/googlehealth.${name}`;
export const profileScope = healthScope('profile.readonly');
export const V =
  ' Visit https://dev.fitbit.com/docs/oauth2 for more information on the Fitbit Web API authorization process.';

type Fields = Readonly<Record<string, string>>;

/** A JSON object as a test reads it. */
export async function objectOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const value: unknown = await response.json();
  if (typeof value !== 'object' || value === null) throw new TypeError('the body is no JSON object');
  return { ...value };
}

/** One field of a JSON object that must be text. */
export function text(object: Readonly<Record<string, unknown>>, name: string): string {
  const value = object[name];
  if (typeof value !== 'string') throw new TypeError(`${name} is no text`);
  return value;
}

export function basic(client: { clientID: string; clientSecret?: string }): Fields {
  const credentials = `${client.clientID}:${client.clientSecret ?? ''}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

export const bearer = (token: string): Fields => ({ authorization: `Bearer ${token}` });

/** Sends a request, follows no redirect, and holds a JSON answer to the shape that the provider publishes. */
export async function ask(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, { ...init, redirect: 'manual' });
  if (answer.headers.get('content-type')?.startsWith('application/json')) {
    const text = await answer
      .clone()
      .text()
      .catch(() => undefined); // a fault cut it off
    if (text === undefined) return answer;
    const { pathname } = new URL(url);
    const found = differences(init.method ?? 'GET', pathname, answer.status, JSON.parse(text));
    expect([pathname, answer.status, found ?? []]).toEqual([pathname, answer.status, []]);
  }
  return answer;
}

/** POSTs a form. */
export const post = (url: string, form: Fields, headers: Fields = {}) =>
  ask(url, { method: 'POST', body: new URLSearchParams(form), headers });

export const get = (url: string, headers: Fields = {}) => ask(url, { headers });

export const withQuery = (url: string, query: Fields) => `${url}?${new URLSearchParams(query)}`;

/** A code of Fitbit's for Zoë. */
export async function fitbitCode(simulator: Simulator, over: Partial<ConsentOptions> = {}): Promise<string> {
  const consent = await simulator.consent({
    provider: 'fitbit',
    person: 'zoe',
    scope: 'activity profile',
    redirectURI: callback,
    ...over,
  });
  return consent.code;
}

export const exchangeForm = (code: string, over: Fields = {}) => ({
  grant_type: 'authorization_code',
  code,
  redirect_uri: callback,
  ...over,
});

export const refreshForm = (token: string, over: Fields = {}) => ({
  grant_type: 'refresh_token',
  refresh_token: token,
  ...over,
});

export interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

const tokensOf = (body: Readonly<Record<string, unknown>>): Tokens => ({
  access: text(body, 'access_token'),
  refresh: text(body, 'refresh_token'),
});

/** Tokens of Fitbit's for Zoë. */
export async function fitbitTokens(
  simulator: Simulator,
  over: Partial<ConsentOptions> = {},
  client: FitbitEndpoints = simulator.fitbit,
): Promise<Tokens> {
  const code = await fitbitCode(simulator, { clientID: client.clientID, ...over });
  return tokensOf(await objectOf(await post(client.tokenURL, exchangeForm(code), basic(client))));
}

/** The status and the first error of an answer of Fitbit's. */
export async function fitbitErrorOf(response: Response): Promise<[number, unknown]> {
  const { errors } = await objectOf(response);
  return [response.status, Array.isArray(errors) ? errors[0] : errors];
}

/** Refreshes with Fitbit. */
export const fitbitRefresh = (simulator: Simulator, token: string, over: Fields = {}) =>
  post(simulator.fitbit.tokenURL, refreshForm(token, over), basic(simulator.fitbit));

/** A code of Google's for Zoë. */
export async function googleCode(simulator: Simulator, over: Partial<ConsentOptions> = {}): Promise<string> {
  const consent = await simulator.consent({
    provider: 'google-health',
    person: 'zoe',
    scope: profileScope,
    redirectURI: callback,
    ...over,
  });
  return consent.code;
}

export const googleClient = ({ googleHealth }: Simulator): Fields => ({
  client_id: googleHealth.clientID,
  client_secret: googleHealth.clientSecret,
});

/** Exchanges a code with Google. */
export const googleExchange = (simulator: Simulator, code: string, over: Fields = {}) =>
  post(simulator.googleHealth.tokenURL, { ...exchangeForm(code), ...googleClient(simulator), ...over });

/** Refreshes with Google. */
export const googleRefresh = (simulator: Simulator, token: string, over: Fields = {}) =>
  post(simulator.googleHealth.tokenURL, { ...refreshForm(token), ...googleClient(simulator), ...over });

/** Tokens of Google's for Zoë. */
export async function googleTokens(
  simulator: Simulator,
  over: Partial<ConsentOptions> = {},
): Promise<Tokens> {
  const code = await googleCode(simulator, { prompt: 'consent', ...over });
  return tokensOf(await objectOf(await googleExchange(simulator, code)));
}

/** Opens a consent page and gives the one-time id in its form. */
export async function openConsent(
  authorizationURL: string,
  query: Fields,
): Promise<{ id: string; page: string }> {
  const page = await (await get(withQuery(authorizationURL, query))).text();
  const id = /name="request" value="([^"]+)"/.exec(page)?.[1];
  if (id === undefined) throw new Error(`no consent form:\n${page}`);
  return { id, page };
}

/** Answers a consent page as the browser does; scopes are the selected boxes. */
export function answerConsent(
  simulator: Simulator,
  form: Fields,
  scopes: readonly string[] = [],
): Promise<Response> {
  const body = new URLSearchParams(form);
  for (const scope of scopes) body.append('scope', scope);
  return fetch(`${simulator.url}/consent`, { method: 'POST', body, redirect: 'manual' });
}

/** The parameters of an authorize request to Fitbit. */
export const fitbitQuery = (simulator: Simulator, over: Fields = {}): Fields => ({
  response_type: 'code',
  client_id: simulator.fitbit.clientID,
  redirect_uri: callback,
  scope: 'activity profile',
  ...over,
});

/** The parameters of an authorize request to Google. */
export const googleQuery = (simulator: Simulator, over: Fields = {}): Fields => ({
  response_type: 'code',
  client_id: simulator.googleHealth.clientID,
  redirect_uri: callback,
  scope: profileScope,
  access_type: 'offline',
  ...over,
});
