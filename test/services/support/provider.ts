import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const REPEAT_WINDOW = 120_000; // ms; Fitbit's

/** What the provider knows of a user. */
interface Grant {
  generation: number;
  accessToken: string;
  refreshToken: string;
  /** The token that was used up last, and what it was answered. */
  last?: { refreshToken: string; at: number; answer: string };
}

/** A moment of a refresh, as the provider sees it, that a test may hook into. */
export type Moment = 'received' | 'rotated' | 'answered';

/**
 * A token endpoint that counts, with Fitbit's rules at their strictest: a refresh token works once; an identical
 * request is answered the same for two minutes, but no longer once the new token has been used.
 */
export class Provider {
  readonly #grants = new Map<string, Grant>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  /** Refreshes that used up a token, requests answered again, and requests refused. */
  readonly counts = { refreshes: 0, repeats: 0, refused: 0 };
  /** The time, ms since the epoch. */
  now: () => number = Date.now;
  /** How long an answer takes, ms. */
  delay: () => number = () => 5;
  /** Told of what happens to the requests of each client. */
  onMoment: (clientID: string, userID: string, moment: Moment) => Promise<void> | void = () => {};
  url = '';

  async start(): Promise<void> {
    // Clients keep their connections: what happens while one is set up is not what the tests are about.
    this.#server.keepAliveTimeout = 600_000;
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.url = `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Gives a user's consent; the tokens of a login. */
  grant(userID: string): { accessToken: string; refreshToken: string } {
    const grant = { generation: 0, ...newTokens(userID, 0) };
    this.#grants.set(userID, grant);
    return grant;
  }

  current(userID: string): { accessToken: string; refreshToken: string } {
    const grant = this.#grants.get(userID);
    if (grant === undefined) throw new Error(`${userID} has not consented`);
    return grant;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += chunk;
    const basic = Buffer.from(
      String(request.headers.authorization).slice('Basic '.length),
      'base64',
    ).toString();
    const clientID = basic.slice(0, basic.indexOf(':'));
    const refreshToken = new URLSearchParams(body).get('refresh_token') ?? '';
    const userID = refreshToken.split('.')[1] ?? '';
    await this.onMoment(clientID, userID, 'received');
    const delay = this.delay();
    await sleep(delay * Math.random());
    const answer = this.#refresh(userID, refreshToken);
    await this.onMoment(clientID, userID, 'rotated');
    await sleep(delay * Math.random());
    response.writeHead(answer === undefined ? 400 : 200, { 'Content-Type': 'application/json' });
    const refusal = {
      errors: [{ errorType: 'invalid_grant', message: 'Refresh token invalid.' }],
      success: false,
    };
    response.end(answer ?? JSON.stringify(refusal));
    await this.onMoment(clientID, userID, 'answered');
  }

  #refresh(userID: string, refreshToken: string): string | undefined {
    const grant = this.#grants.get(userID);
    const last = grant?.last;
    if (last?.refreshToken === refreshToken && this.now() - last.at < REPEAT_WINDOW) {
      this.counts.repeats += 1;
      return last.answer;
    }
    if (grant?.refreshToken !== refreshToken) {
      this.counts.refused += 1;
      return undefined;
    }
    this.counts.refreshes += 1;
    const generation = grant.generation + 1;
    const tokens = newTokens(userID, generation);
    const answer = JSON.stringify({
      access_token: tokens.accessToken,
      refresh_token: tokens.refreshToken,
      expires_in: 3600,
      scope: 'activity profile',
      token_type: 'Bearer',
      user_id: userID,
    });
    this.#grants.set(userID, { generation, ...tokens, last: { refreshToken, at: this.now(), answer } });
    return answer;
  }
}

function newTokens(userID: string, generation: number) {
  const token = (kind: string) => `${kind}.${userID}.${generation}.${randomBytes(16).toString('hex')}`;
  return { accessToken: token('access'), refreshToken: token('refresh') };
}
