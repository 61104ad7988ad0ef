import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Agent, IncomingHttpHeaders } from 'node:http';
import { TransportError } from '../../client/errors.ts';
import { checkAgent, checkFunction, checkTimeout, checkURL, isObject, isText } from '../../util/arguments.ts';
import { CachedKeys } from '../incoming/cached-keys.ts';
import { requestGoogle } from '../incoming/google-request.ts';

/** The URL at which Google publishes the issuer of its event tokens and the URL of the keys. */
export const CONFIGURATION_URL = 'https://accounts.google.com/.well-known/risc-configuration';

const MAX_AGE = 6 * 3_600_000; // ms, if Google does not say
const LONGEST = 24 * 3_600_000; // ms

/** A public key and its issuer. */
export interface IssuerKey {
  key: KeyObject;
  issuer: string;
}

/** Finds the public key with an id. */
export interface IssuerKeySet {
  /**
   * @returns `undefined` if there is no such key
   * @throws OAuthError if the keys could not be loaded
   */
  find(keyID: string): Promise<IssuerKey | undefined>;
}

/** Settings of a key set. */
export interface IssuerKeySetOptions {
  /**
   * The URL of the document with the issuer and the URL of the keys.
   * @default Google's URL
   */
  configurationURL?: string | undefined;
  /**
   * The time, ms since the epoch: for tests and simulators with a clock of their own.
   * @default Date.now
   */
  now?: (() => number) | undefined;
  /**
   * The deadline of each request for the keys, ms.
   * @default 10_000
   */
  timeout?: number | undefined;
  /** An `http.Agent` or `https.Agent` for these requests. */
  agent?: Agent | undefined;
}

/**
 * Makes a key set that loads Google's keys when they are needed and keeps them for as long as Google says. An unknown
 * key id makes it load them again, at most once a minute. If Google can't be reached, keys are used until they are
 * a day old.
 *
 * @throws TypeError naming the option that is wrong
 */
export function createIssuerKeySet(options: IssuerKeySetOptions = {}): IssuerKeySet {
  const { configurationURL = CONFIGURATION_URL, now = Date.now, timeout = 10_000, agent } = options;
  checkURL(configurationURL, 'configurationURL');
  checkFunction(now, 'now');
  checkTimeout(timeout);
  if (agent !== undefined) checkAgent(agent);
  const load = (url: string) => requestGoogle({ method: 'GET', url, operation: 'keys', timeout, agent });

  return new CachedKeys<string, IssuerKey>({
    now,
    async load() {
      const { issuer, jwks_uri } = (await load(configurationURL)).json;
      if (!isText(issuer) || !isText(jwks_uri) || !URL.canParse(jwks_uri)) {
        throw unusable(configurationURL, '"issuer" or "jwks_uri" is missing');
      }
      const { json, headers } = await load(jwks_uri);
      const keys = new Map<string, IssuerKey>();
      for (const [id, key] of parseKeys(json)) keys.set(id, { key, issuer });
      if (keys.size === 0) throw unusable(jwks_uri, 'it has no usable key');
      return { keys, maxAge: maxAge(headers) };
    },
  });
}

/** The RSA signing keys of a JWK set (RFC 7517), by key id. Others are left out. */
function parseKeys(json: Record<string, unknown>): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const jwk of Array.isArray(json.keys) ? json.keys : []) {
    if (!isObject(jwk) || !isText(jwk.kid) || jwk.kty !== 'RSA') continue;
    const { kid, use = 'sig', alg = 'RS256' } = jwk;
    if (use !== 'sig' || alg !== 'RS256') continue;
    try {
      // Only the public part, even if the entry has more.
      const { n, e } = jwk;
      if (isText(n) && isText(e)) {
        keys.set(kid, createPublicKey({ format: 'jwk', key: { kty: 'RSA', n, e } }));
      }
    } catch {
      // Not a key.
    }
  }
  return keys;
}

/** How long a response may be kept (RFC 9111, `max-age`), ms. */
function maxAge(headers: IncomingHttpHeaders): number {
  const seconds = /(?:^|[,\s])max-age=(\d{1,9})(?:$|[,\s])/i.exec(headers['cache-control'] ?? '')?.[1];
  return seconds === undefined ? MAX_AGE : Math.min(Number(seconds) * 1000, LONGEST);
}

function unusable(url: string, what: string): TransportError {
  return new TransportError(`Google sent an unusable response (keys): ${what}: GET ${url}`, {
    code: 'malformed',
    operation: 'keys',
  });
}
