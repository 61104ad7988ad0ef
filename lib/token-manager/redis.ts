import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkString, checkTimeout } from '../oauth2/arguments.ts';
import { checkIsObject } from './arguments.ts';
import { within } from './deadline.ts';
import type { LockedRecord, TokenRecord, TokenStore } from './store.ts';

/** The part of a client of `redis` 6 that the store uses; a cluster, a pool and a sentinel have it too. */
export interface RedisClient {
  get(key: string): Promise<string | null>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** Settings of a `RedisTokenStore`. */
export interface RedisTokenStoreOptions {
  /**
   * What every key begins with. The braces keep all keys in one slot of a cluster, which the scripts need.
   * @default '{oauth-tokens}:'
   */
  prefix?: string | undefined;
  /**
   * How long Redis keeps a lock whose holder is silent, ms. A living holder renews it three times in that time; the
   * lock of a dead one is free after it.
   * @default 10_000
   */
  lockTTL?: number | undefined;
  /**
   * How long to wait for a lock, ms.
   * @default 75_000
   */
  lockTimeout?: number | undefined;
}

// Writes a record, if its place has the given version, and keeps the index of those being refreshed.
const WRITE = `
if ARGV[1] ~= '' then
  local current = redis.call('GET', KEYS[1])
  if not current or cjson.decode(current).version ~= ARGV[1] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2])
if ARGV[3] == '' then redis.call('ZREM', KEYS[2], ARGV[4]) else redis.call('ZADD', KEYS[2], ARGV[3], ARGV[4]) end
return 1`;

const DELETE = `redis.call('DEL', KEYS[1]) redis.call('ZREM', KEYS[2], ARGV[1])`;

const INTERRUPTED = `return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])`;

// https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/ (one instance)
const LOCK = `if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 else return 0 end`;

// A lock that was lost (Redis was restarted, the process stood still) is taken again if it is free.
const RENEW = `
local owner = redis.call('GET', KEYS[1])
if owner == ARGV[1] or not owner then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 1 end
return 0`;

const UNLOCK = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end`;

const MAX_PAUSE = 100; // ms between two tries to get a lock

/**
 * Keeps tokens in Redis. A user's lock is a key with a time to live that its holder renews. Should a holder lose it
 * all the same, `replace` is the fence: a late one can't write over newer tokens, for it names the version that it
 * has seen.
 *
 * Redis must be set up as a database, not as a cache: `appendonly yes`, best with `appendfsync always`, and
 * `maxmemory-policy noeviction`. The client is the app's: connected, with an `error` listener.
 */
export class RedisTokenStore implements TokenStore {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #lockTTL: number;
  readonly #lockTimeout: number;

  /**
   * @param client a client of `redis`
   * @throws TypeError naming what is wrong
   */
  constructor(client: RedisClient, options: RedisTokenStoreOptions = {}) {
    if (typeof client?.get !== 'function' || typeof client.eval !== 'function') {
      throw new TypeError('"client" must be a client of redis');
    }
    checkIsObject(options, 'options');
    const { prefix = '{oauth-tokens}:', lockTTL = 10_000, lockTimeout = 75_000 } = options;
    checkString(prefix, 'prefix');
    checkTimeout(lockTTL, 'lockTTL');
    checkTimeout(lockTimeout, 'lockTimeout');
    this.#client = client;
    this.#prefix = prefix;
    this.#lockTTL = lockTTL;
    this.#lockTimeout = lockTimeout;
  }

  async get(userID: string): Promise<TokenRecord | undefined> {
    const text = await this.#client.get(this.#key('user', userID));
    if (text === null) return undefined;
    try {
      return JSON.parse(String(text)) as TokenRecord;
    } catch {
      // Not with the parser's message, which quotes what is stored.
      throw new Error('What Redis has for this user is not a token record');
    }
  }

  async set(userID: string, record: TokenRecord): Promise<void> {
    await this.#write(userID, '', record);
  }

  async replace(userID: string, version: string, record: TokenRecord): Promise<boolean> {
    return (await this.#write(userID, version, record)) === 1;
  }

  async delete(userID: string): Promise<void> {
    await this.#eval(DELETE, [this.#key('user', userID), this.#key('refreshing')], [userID]);
  }

  async interrupted(before: number, limit: number): Promise<string[]> {
    const found = await this.#eval(INTERRUPTED, [this.#key('refreshing')], [String(before), String(limit)]);
    return Array.isArray(found) ? found.map(String) : [];
  }

  async lock<T>(userID: string, work: (record: LockedRecord) => Promise<T>): Promise<T> {
    const keys = [this.#key('lock', userID)];
    const owner = randomUUID();
    const ttl = String(Math.ceil(this.#lockTTL));
    await this.#acquire(keys, owner, ttl);
    // A renewal that fails is no reason to give up: the answer of the provider is worth more than the lock.
    let renewed: Promise<unknown> = Promise.resolve();
    const renewal = setInterval(() => {
      renewed = this.#eval(RENEW, keys, [owner, ttl]).catch(() => {});
    }, this.#lockTTL / 3);
    try {
      return await work({
        get: () => this.get(userID),
        replace: (version, record) => this.replace(userID, version, record),
        delete: () => this.delete(userID),
      });
    } finally {
      clearInterval(renewal);
      // On another connection, a renewal might arrive after the lock was let go, and take it again.
      await renewed;
      // If that fails, the lock goes with its time to live.
      await this.#unlock(keys, owner).catch(() => {});
    }
  }

  async #acquire(keys: string[], owner: string, ttl: string): Promise<void> {
    const deadline = Date.now() + this.#lockTimeout;
    for (let pause = 10; ; pause = Math.min(pause * 2, MAX_PAUSE)) {
      const acquiring = this.#eval(LOCK, keys, [owner, ttl]);
      try {
        const left = Math.max(1, deadline - Date.now());
        if ((await within(acquiring, left, 'The lock of the user could not be had')) === 1) return;
      } catch (error) {
        // It may have been granted, or may be yet: nobody will use it.
        acquiring.then(() => this.#unlock(keys, owner)).catch(() => {});
        throw error;
      }
      if (Date.now() >= deadline) {
        throw new Error(`The lock of the user could not be had within ${this.#lockTimeout} ms`);
      }
      await sleep(pause * (0.5 + Math.random() / 2));
    }
  }

  #unlock(keys: string[], owner: string): Promise<unknown> {
    return this.#eval(UNLOCK, keys, [owner]);
  }

  #write(userID: string, version: string, record: TokenRecord): Promise<unknown> {
    const { refreshingSince, reauthorize } = record;
    const since = refreshingSince === undefined || reauthorize !== undefined ? '' : String(refreshingSince);
    const keys = [this.#key('user', userID), this.#key('refreshing')];
    return this.#eval(WRITE, keys, [version, JSON.stringify(record), since, userID]);
  }

  #eval(script: string, keys: string[], args: string[]): Promise<unknown> {
    return this.#client.eval(script, { keys, arguments: args });
  }

  /** `…user:<id>`, `…lock:<id>`, `…refreshing` */
  #key(...parts: string[]): string {
    return this.#prefix + parts.join(':');
  }
}
