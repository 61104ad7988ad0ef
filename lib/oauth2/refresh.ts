import { setTimeout as sleep } from 'node:timers/promises';
import { checkToken } from './arguments.ts';
import { type CallOptions, checkCallOptions, requestToken } from './client.ts';
import { OAuthError, ResponseError, TransportError } from './errors.ts';
import { toPromise } from './promise.ts';
import type { Client } from './provider.ts';
import { type TokenSet, withRaw } from './tokens.ts';

const MAX_TRIES = 3;
const FIRST_PAUSE = 250; // ms; doubles with each try
const MAX_PAUSE = 5_000; // ms; longer than this is not waited for

// Fitbit repeats its answer to an identical request for two minutes, which is what makes another try safe. No
// try begins later than this after the first, ms: it still has to arrive in time.
const REPEAT_WINDOW = 100_000;

interface Flight {
  promise: Promise<TokenSet>;
  waiting: number;
  /** Stops the request, if it is still under way, and lets nobody join it any more. */
  end(): void;
}

// By client and refresh token, for as long as a request is under way.
const flights = new Map<string, Flight>();

/**
 * Refreshes a token (RFC 6749, section 6): one request however many ask at the same time, repeated as it is
 * where that can help. A caller's signal gives up that caller's wait; the request ends with the last one's.
 *
 * @throws TypeError a wrong token or option
 */
export async function refreshToken(
  client: Client<'tokenURL'>,
  token: string,
  options: CallOptions,
): Promise<TokenSet> {
  checkToken(token, 'refreshToken');
  checkCallOptions(options);
  const { signal } = options;
  if (signal?.aborted) throw aborted(signal);

  const key = JSON.stringify([client.endpoints.tokenURL, client.clientID, client.clientSecret, token]);
  let flight = flights.get(key);
  if (flight === undefined) {
    const abort = new AbortController();
    const promise = tryRefresh(client, token, { timeout: options.timeout, signal: abort.signal });
    const end = () => {
      if (flights.get(key)?.end === end) flights.delete(key);
      abort.abort();
    };
    flight = { promise, end, waiting: 0 };
    flights.set(key, flight);
    promise.then(end, end);
  }
  return wait(flight, signal);
}

async function wait(flight: Flight, signal: AbortSignal | undefined): Promise<TokenSet> {
  flight.waiting += 1;
  let onAbort: (() => void) | undefined;
  try {
    if (signal === undefined) return await flight.promise;
    const abandoned = new Promise<never>((_, reject) => {
      onAbort = () => reject(aborted(signal));
      signal.addEventListener('abort', onAbort, { once: true });
    });
    return await Promise.race([flight.promise, abandoned]);
  } finally {
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
    flight.waiting -= 1;
    if (flight.waiting === 0) flight.end();
  }
}

async function tryRefresh(
  client: Client<'tokenURL'>,
  old: string,
  options: CallOptions & { signal: AbortSignal },
): Promise<TokenSet> {
  const params = { grant_type: 'refresh_token', refresh_token: old };
  const start = Date.now();
  for (let tries = 1; ; tries += 1) {
    try {
      const tokens = await toPromise<TokenSet>((callback) =>
        requestToken(client, params, 'refresh', options, callback),
      );
      // An answer without a refresh token means that the old one goes on (RFC 6749, section 6).
      return tokens.refreshToken === undefined
        ? withRaw({ ...tokens, refreshToken: old }, tokens.raw)
        : tokens;
    } catch (error) {
      const pause = pauseBefore(tries + 1, error);
      if (pause === undefined || Date.now() + pause - start > REPEAT_WINDOW) throw error;
      await sleep(pause, undefined, { signal: options.signal });
    }
  }
}

/** How long to wait before a try, ms; `undefined` if another one can't help or the provider asks for a long wait. */
function pauseBefore(tries: number, error: unknown): number | undefined {
  if (tries > MAX_TRIES || !(error instanceof OAuthError) || !error.retryable) return undefined;
  if (error.code === 'rate_limited') return undefined;
  const pause = FIRST_PAUSE * 2 ** (tries - 2);
  const asked = error instanceof ResponseError ? (error.retryAfter ?? 0) * 1000 : 0;
  return asked > MAX_PAUSE ? undefined : Math.max(pause * (0.5 + Math.random() / 2), asked);
}

function aborted(signal: AbortSignal): TransportError {
  return new TransportError('The refresh was aborted', {
    code: 'aborted',
    operation: 'refresh',
    cause: signal.reason,
  });
}
