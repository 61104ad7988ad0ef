import type { KeyObject } from 'node:crypto';
import type { Agent } from 'node:http';
import { TransportError } from '../../client/errors.ts';
import { checkAgent, checkFunction, checkTimeout, checkURL } from '../../util/arguments.ts';
import { CachedKeys } from '../incoming/cached-keys.ts';
import { requestGoogle } from '../incoming/google-request.ts';
import { parseTinkKeys } from './tink-keys.ts';

/** The URL at which Google publishes the keys that sign notifications. */
export const KEYS_URL = 'https://www.gstatic.com/googlehealthapi/webhooks/webhooks_public_keyset.json';

const MAX_AGE = 6 * 3_600_000; // ms; Google rotates the keys every 30 days

/** Finds the public key with an id. */
export interface KeySet {
  /**
   * @returns `undefined` if there is no such key
   * @throws OAuthError if the keys could not be loaded
   */
  find(keyID: number): Promise<KeyObject | undefined>;
}

/** Settings of a key set. */
export interface KeySetOptions {
  /**
   * The URL of the keys.
   * @default Google's URL
   */
  keysURL?: string | undefined;
  /**
   * The time, ms since the epoch: for tests and simulators with a clock of their own.
   * @default Date.now
   */
  now?: (() => number) | undefined;
  /**
   * The deadline of the request for the keys, ms.
   * @default 10_000
   */
  timeout?: number | undefined;
  /** An `http.Agent` or `https.Agent` for that request. */
  agent?: Agent | undefined;
}

/**
 * Makes a key set that loads Google's keys when they are needed and keeps them for six hours. An unknown key id makes
 * it load them again, at most once a minute. If Google can't be reached, keys are used until they are a day old.
 *
 * @throws TypeError naming the option that is wrong
 */
export function createKeySet(options: KeySetOptions = {}): KeySet {
  const { keysURL = KEYS_URL, now = Date.now, timeout = 10_000, agent } = options;
  checkURL(keysURL, 'keysURL');
  checkFunction(now, 'now');
  checkTimeout(timeout);
  if (agent !== undefined) checkAgent(agent);
  return new CachedKeys<number, KeyObject>({
    now,
    async load() {
      const { json } = await requestGoogle({
        method: 'GET',
        url: keysURL,
        operation: 'keys',
        timeout,
        agent,
      });
      const keys = parseTinkKeys(json);
      if (keys.size > 0) return { keys, maxAge: MAX_AGE };
      throw new TransportError(`The key set has no usable key: GET ${keysURL}`, {
        code: 'malformed',
        operation: 'keys',
      });
    },
  });
}
