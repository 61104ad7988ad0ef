import type { IncomingMessage } from 'node:http';
import { parse } from 'node:querystring';
import type { Request as ExpressRequest } from 'express';
import type { Failure } from '../client/errors.ts';
import { stateFailure } from '../state/store.ts';
import { isObject } from '../util/arguments.ts';
import { userRefused } from './failure.ts';
import type { AuthenticateOptions } from './options.ts';
import type { BaseStrategy } from './strategy.ts';

/** The options that {@link authenticateRequest} overrides for one request. A strategy's own options also work. */
export type RequestOptions = Pick<AuthenticateOptions, 'scope' | 'prompt' | 'state' | 'callbackURL'>;

/**
 * The result of {@link authenticateRequest}: exactly one of `redirect`, `user` and `failure`.
 *
 * `headers` belong on your response. They set or delete the cookie of the login; for a redirect they also have
 * `Location`.
 */
export type RequestResult =
  | {
      /** The login begins, at this URL of the provider: respond with the status 302 and `headers`. */
      redirect: URL;
      user?: undefined;
      info?: undefined;
      failure?: undefined;
      status?: undefined;
      headers: Headers;
    }
  | {
      /** What `verify` returned: create your session. */
      user: Express.User;
      /** As `req.authInfo` in Passport: `state` is the object from the request that began the login. */
      info: { readonly state?: unknown };
      redirect?: undefined;
      failure?: undefined;
      status?: undefined;
      headers: Headers;
    }
  | {
      /** Why the user could not sign in, with a `message` for the user. */
      failure: Failure;
      /** The HTTP status to respond with: 400, 401 or 403. */
      status: number;
      redirect?: undefined;
      user?: undefined;
      info?: undefined;
      headers: Headers;
    };

/**
 * Begins or completes a login without Passport's middleware: for servers that get a Fetch API `Request`, such as Hono
 * and the Next.js app router, and for Node's own requests (`request.raw` in Fastify). Call it at both routes.
 *
 * The strategy needs a {@link CookieStateStore}, since there is no session. It reads only the URL and the headers of
 * the request; `verify` gets these as `req`, with `query`.
 *
 * @throws OAuthError, or what `verify` threw
 * @throws TypeError naming the argument or option and the remedy
 * @example
 * const { redirect, failure, status, user, headers } = await authenticateRequest(strategy, request);
 * if (redirect) return new Response(null, { status: 302, headers });
 * if (failure) return new Response(failure.message, { status, headers });
 */
export async function authenticateRequest<Options extends object = RequestOptions>(
  strategy: BaseStrategy,
  request: Request | IncomingMessage,
  options?: Options & RequestOptions,
): Promise<RequestResult> {
  if (typeof strategy?.authenticate !== 'function') {
    throw new TypeError('"strategy" must be the strategy itself, not its name');
  }
  if (typeof request?.url !== 'string' || typeof request.headers !== 'object') {
    throw new TypeError(
      '"request" must be a Fetch API Request (in Hono: c.req.raw) or an http.IncomingMessage',
    );
  }
  const headers = new Headers();
  return new Promise((resolve, reject) => {
    // As in Passport, each request has its own object with the methods for its outcome.
    const instance: BaseStrategy = Object.assign(Object.create(strategy), {
      redirect(url: string) {
        headers.set('Location', url);
        resolve({ redirect: new URL(url), headers });
      },
      success(user: Express.User, info: object = {}) {
        resolve({ user, info, headers });
      },
      fail(reason: unknown, status = 401) {
        resolve({ failure: toFailure(reason, status), status, headers });
      },
      error: reject,
    });
    instance.authenticate(toExpressRequest(request, headers), options);
  });
}

/** The parts of an Express request that a strategy and a state store read. */
function toExpressRequest(request: Request | IncomingMessage, headers: Headers): ExpressRequest {
  const { method, url = '' } = request; // an IncomingMessage has a path
  const [, query = ''] = /\?([^#]*)/.exec(url) ?? [];
  const req = {
    method,
    url,
    // Not every server gives a Fetch API Request its Host header.
    headers:
      'socket' in request
        ? request.headers
        : { host: new URL(url).host, ...Object.fromEntries(request.headers) },
    // A repeated parameter becomes an array, which a login refuses.
    query: parse(query),
    // Whether the connection is encrypted completes a `callbackURL` that is a path.
    socket: 'socket' in request ? request.socket : { encrypted: url.startsWith('https:') },
    res: { appendHeader: (name: string, value: string) => headers.append(name, value) },
  };
  // Passport's types accept only a whole Express request; strategies and state stores read no other part of it.
  return req as unknown as ExpressRequest;
}

/** Completes a failure: Passport's forms of `verify` and other state stores may give a part of it, or nothing. */
function toFailure(reason: unknown, status: number): Failure {
  const fallback = status === 401 ? userRefused() : stateFailure('state_mismatch');
  if (!isObject(reason)) return fallback;
  const texts = Object.entries(reason).filter((entry): entry is [string, string] => {
    return typeof entry[1] === 'string';
  });
  return { ...fallback, ...Object.fromEntries(texts) };
}
