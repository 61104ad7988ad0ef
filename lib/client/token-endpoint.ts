import { setTimeout as sleep } from 'node:timers/promises';
import { checkToken } from '../util/arguments.ts';
import { untilAborted } from '../util/until-aborted.ts';
import { OAuthError, ResponseError, TransportError } from './errors.ts';
import type { HttpResponse } from './http.ts';
import type { Client, ResolvedClient } from './provider.ts';
import {
  type Authentication,
  type CallOptions,
  checkCallOptions,
  type FormParams,
  parseObject,
  postForm,
} from './requests.ts';
import { type TokenSet, toTokenSet, withRaw } from './token-set.ts';

const MAX_TRIES = 3;
const FIRST_PAUSE = 250; // ms; doubles with each try
const MAX_PAUSE = 5_000; // ms; a provider that asks for a longer pause is not asked again

// A repeated request must arrive before the provider's window ends, ms.
const WINDOW_MARGIN = 20_000;

/**
 * Exchanges a code or a refresh token for tokens, in one request (RFC 6749, sections 4.1.3 and 6).
 *
 * @param refused replaces the usual error for an error response
 * @throws ResponseError the provider refused
 * @throws TransportError there is no usable response
 */
export async function requestTokens(
  client: Client,
  tokenURL: string,
  params: FormParams,
  operation: 'code_exchange' | 'refresh',
  options: CallOptions = {},
  refused?: (response: HttpResponse) => Error | undefined,
): Promise<TokenSet> {
  const { body } = await postForm(client, tokenURL, params, 'client', operation, options, refused);
  return toTokenSet(client.provider, operation, parseObject(client.provider, operation, body));
}

/** A refresh in progress, which all callers with the same token share. */
interface Flight {
  promise: Promise<TokenSet>;
  waiting: number;
  /** Aborts the request if it is still in progress. Other callers can then no longer join it. */
  end(): void;
}

// By client and refresh token, while a request is in progress.
const flights = new Map<string, Flight>();

/**
 * Refreshes a token. Concurrent calls with the same token share one request, which is repeated unchanged if that can
 * help. A caller's signal ends only that caller's wait; the request is aborted when no caller is left.
 *
 * @param scope the part of the granted scopes that the new access token is to have; all of them by default
 * @throws TypeError a wrong token or option
 */
export async function refreshTokens(
  client: ResolvedClient<'tokenURL'>,
  token: string,
  options: CallOptions,
  scope?: string,
): Promise<TokenSet> {
  checkToken(token, 'refreshToken');
  checkCallOptions(options);
  const { signal } = options;
  if (signal?.aborted) throw aborted(signal.reason);

  const key = JSON.stringify([client.endpoints.tokenURL, client.clientID, client.clientSecret, token, scope]);
  let flight = flights.get(key);
  if (flight === undefined) {
    const abort = new AbortController();
    const { timeout, beforeSend } = options;
    const promise = tryRefresh(client, token, scope, { timeout, beforeSend, signal: abort.signal });
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
  try {
    return await untilAborted(flight.promise, signal, aborted);
  } finally {
    flight.waiting -= 1;
    if (flight.waiting === 0) flight.end();
  }
}

async function tryRefresh(
  client: ResolvedClient<'tokenURL'>,
  token: string,
  scope: string | undefined,
  options: CallOptions & { signal: AbortSignal },
): Promise<TokenSet> {
  const { endpoints, provider } = client;
  const params = {
    grant_type: 'refresh_token',
    refresh_token: token,
    ...(scope !== undefined && { scope }),
  };
  const end = Date.now() + provider.refreshRepeatWindow - WINDOW_MARGIN;
  const { beforeSend } = options;
  // A request that was not sent has not used the token. Without the hook, each request counts as sent.
  let sent = beforeSend === undefined;
  const tracked = {
    ...options,
    beforeSend:
      beforeSend &&
      (() => {
        beforeSend();
        sent = true;
      }),
  };
  let earlier: OAuthError | undefined;
  for (let tries = 1; ; tries += 1) {
    try {
      const tokens = await requestTokens(client, endpoints.tokenURL, params, 'refresh', tracked);
      // A response without a refresh token means that the old one stays valid (RFC 6749, section 6).
      return tokens.refreshToken === undefined
        ? withRaw({ ...tokens, refreshToken: token }, tokens.raw)
        : tokens;
    } catch (error) {
      // The caller must see that an earlier request may have used the token.
      if (earlier !== undefined && error instanceof OAuthError && error.cause === undefined) {
        Object.defineProperty(error, 'cause', { value: earlier, configurable: true, writable: true });
      }
      const pause = pauseBefore(tries + 1, error);
      if (pause === undefined || Date.now() + pause > end) throw error;
      if (sent && error instanceof OAuthError) earlier = error;
      await sleep(pause, undefined, { signal: options.signal });
      // The process may have been frozen in the meantime.
      if (Date.now() > end) throw error;
    }
  }
}

/** The pause before a try, ms; `undefined` if a try can't help or the provider asks for a longer pause. */
function pauseBefore(tries: number, error: unknown): number | undefined {
  if (tries > MAX_TRIES || !(error instanceof OAuthError) || !error.retryable) return undefined;
  if (error.code === 'rate_limited') return undefined;
  const pause = FIRST_PAUSE * 2 ** (tries - 2);
  const asked = error instanceof ResponseError ? (error.retryAfter ?? 0) * 1000 : 0;
  return asked > MAX_PAUSE ? undefined : Math.max(pause * (0.5 + Math.random() / 2), asked);
}

function aborted(reason: unknown): TransportError {
  return new TransportError('The refresh was aborted', {
    code: 'aborted',
    operation: 'refresh',
    cause: reason,
  });
}

/**
 * Revokes a token (RFC 7009). Revoking an invalid token succeeds, although providers respond with an error.
 *
 * @throws TypeError a wrong token or option
 */
export async function revokeToken(
  client: ResolvedClient<'revocationURL'>,
  token: string,
  authentication: Authentication,
  options: CallOptions,
): Promise<void> {
  checkToken(token, 'token');
  checkCallOptions(options);
  try {
    await postForm(client, client.endpoints.revocationURL, { token }, authentication, 'revoke', options);
  } catch (error) {
    if (!isDeadToken(error)) throw error;
  }
}

// Providers' codes for an invalid token.
const INVALID = new Set(['invalid_token', 'expired_token', 'invalid_grant']);

/** Whether an error says that the token sent is invalid: expired, revoked or never issued. */
export function isDeadToken(error: unknown): boolean {
  return error instanceof ResponseError && INVALID.has(error.code);
}
