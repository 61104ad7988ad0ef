import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Simulator, type SimulatorOptions, startSimulator } from 'fitbit-simulator';
import type { TokenSet } from 'passport-fitbit-strategy';
import { refresh } from 'passport-fitbit-strategy/google-health';
import { type ReauthorizeEvent, TokenManager } from 'passport-fitbit-strategy/token-manager';
import { afterEach } from 'vitest';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Starts a simulator with a clock that only moves when it is told to. */
export async function startStopped(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ clock: { stopped: true }, ...options });
  closers.push(() => simulator.close());
  return simulator;
}

/** A request as it came to the app. */
export interface Arrival {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly status: number;
}

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

/** An app with a webhook on a real socket. */
export interface App {
  readonly url: string;
  readonly arrivals: Arrival[];
  /** What answers; until it is set, 503. */
  handler: Handler;
}

/** Starts an app that is closed after the test, and notes what comes. */
export async function startApp(): Promise<App> {
  const arrivals: Arrival[] = [];
  const app = { url: '', arrivals, handler: away };
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    res.on('finish', () => arrivals.push({ headers: req.headers, body, status: res.statusCode }));
    app.handler(req, res);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  app.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return app;
}

/** Is not there. */
export const away: Handler = (req, res) => {
  req.resume().on('end', () => res.writeHead(503).end());
};

const prefix = 'https://www.googleapis.com/auth/googlehealth.';

/** The scopes of an app that reads steps and sleep, and knows who the user is. */
export const SCOPE = ['openid', `${prefix}activity_and_fitness.readonly`, `${prefix}sleep.readonly`];

/** Signs a person in; gives the tokens. */
export async function signIn(
  simulator: Simulator,
  person: string,
  scope: readonly string[] = SCOPE,
): Promise<{ accessToken: string; refreshToken: string; expiresAt: Date }> {
  const redirectURI = 'http://localhost/callback';
  const { code } = await simulator.consent({
    provider: 'google-health',
    person,
    scope,
    redirectURI,
    accessType: 'offline',
    prompt: 'consent',
  });
  const { clientID, clientSecret, tokenURL } = simulator.googleHealth;
  const response = await fetch(tokenURL, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectURI,
      client_id: clientID,
      client_secret: clientSecret,
    }),
  });
  const text = await response.text();
  const field = (name: string) => new RegExp(`"${name}":"([^"]+)"`).exec(text)?.[1] ?? '';
  return {
    accessToken: field('access_token'),
    refreshToken: field('refresh_token'),
    expiresAt: new Date(Date.now() + 3_599_000),
  };
}

/** A TokenManager at the simulator, and what it told the app. */
export function manage(simulator: Simulator): { tokens: TokenManager; lost: string[]; refreshed: string[] } {
  const lost: string[] = [];
  const refreshed: string[] = [];
  const tokens = new TokenManager({
    refresh: (token, options): Promise<TokenSet> => refresh(simulator.googleHealth, token, options),
    now: () => simulator.now().getTime(),
    onReauthorize: ({ userID }: ReauthorizeEvent) => lost.push(userID),
    onRefreshed: ({ userID }) => refreshed.push(userID),
  });
  return { tokens, lost, refreshed };
}

/** The id on the Google Health API, and the Google account's, of a person. */
export function idsOf(simulator: Simulator, person: string): { healthUserID: string; sub: string } {
  const google = simulator.people.get(person)?.google;
  if (google?.healthUserID === undefined) throw new Error(`${person} has no Google Health`);
  return { healthUserID: google.healthUserID, sub: google.sub };
}
