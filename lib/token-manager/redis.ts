import { checkString, isObject } from '../util/arguments.ts';
import { checkIsObject } from './arguments.ts';
import type { TokenRecord, TokenStore, Unfinished } from './store.ts';

/** The part of a client of `redis` 6 that the store uses; a cluster, a pool and a sentinel have it too. */
export interface RedisClient {
  get(key: string): Promise<string | null>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** Settings of a `RedisTokenStore`. */
export interface RedisTokenStoreOptions {
  /**
   * The prefix of every key. The braces keep all keys in one slot of a cluster, which the scripts need.
   * @default '{oauth-tokens}:'
   */
  prefix?: string | undefined;
}

// KEYS: the record, the list of unfinished refreshes. ARGV: the expected version ('' for no record), the new record
// ('' to delete), its member of the list ('' for none), the end of the user's members of the list.
// A member is the zero-padded time and the user id. All have the same score, so the list is sorted by time and user.
const WRITE = `
local current = redis.call('GET', KEYS[1])
local old = current and cjson.decode(current)
if (old and old.version or '') ~= ARGV[1] then return 0 end
if old and old.refresh then redis.call('ZREM', KEYS[2], string.format('%015d', old.refresh.since) .. ARGV[4]) end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2]) end
if ARGV[3] ~= '' then redis.call('ZADD', KEYS[2], 0, ARGV[3]) end
return 1`;

const LIST = `return redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])`;

const TIME_LENGTH = 15; // digits

/**
 * Keeps tokens in Redis. Every write is a script that compares the version and updates the list of unfinished
 * refreshes.
 *
 * Redis must be configured as a database, not as a cache: `appendonly yes`, preferably `appendfsync always`, and
 * `maxmemory-policy noeviction`. The app manages the client: connect it to the primary, and add an `error` listener.
 */
export class RedisTokenStore implements TokenStore {
  readonly #client: RedisClient;
  readonly #prefix: string;

  /**
   * @param client a client of `redis`
   * @throws TypeError naming what is wrong
   */
  constructor(client: RedisClient, options: RedisTokenStoreOptions = {}) {
    if (typeof client?.get !== 'function' || typeof client.eval !== 'function') {
      throw new TypeError('"client" must be a client of redis');
    }
    checkIsObject(options, 'options');
    const { prefix = '{oauth-tokens}:' } = options;
    checkString(prefix, 'prefix');
    this.#client = client;
    this.#prefix = prefix;
  }

  async read(userID: string): Promise<TokenRecord | undefined> {
    const text = await this.#client.get(`${this.#prefix}user:${userID}`);
    return text === null ? undefined : parse(String(text));
  }

  insert(userID: string, record: TokenRecord): Promise<boolean> {
    return this.#write(userID, '', record);
  }

  replace(userID: string, version: string, record: TokenRecord): Promise<boolean> {
    return this.#write(userID, version, record);
  }

  delete(userID: string, version: string): Promise<boolean> {
    return this.#write(userID, version);
  }

  async listUnfinished(before: number, limit: number, after?: Unfinished): Promise<Unfinished[]> {
    const from = after === undefined ? '-' : `(${place(after)}`;
    const to = `(${place({ since: Math.ceil(before), userID: '' })}`;
    const found = await this.#client.eval(LIST, {
      keys: [`${this.#prefix}unfinished`],
      arguments: [from, to, String(limit)],
    });
    if (!Array.isArray(found)) return [];
    return found.map(String).map((text) => ({
      since: Number(text.slice(0, TIME_LENGTH)),
      userID: text.slice(TIME_LENGTH + 1),
    }));
  }

  async #write(userID: string, version: string, record?: TokenRecord): Promise<boolean> {
    const listed = record?.refresh !== undefined && record.reauthorize === undefined;
    const wrote = await this.#client.eval(WRITE, {
      keys: [`${this.#prefix}user:${userID}`, `${this.#prefix}unfinished`],
      arguments: [
        version,
        record === undefined ? '' : JSON.stringify(record),
        listed ? place({ since: record.refresh?.since ?? 0, userID }) : '',
        `:${userID}`,
      ],
    });
    return Number(wrote) === 1;
  }
}

/** The member of the list for an unfinished refresh. */
function place({ since, userID }: Unfinished): string {
  return `${String(Math.max(0, Math.floor(since))).padStart(TIME_LENGTH, '0')}:${userID}`;
}

function parse(text: string): TokenRecord {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    // Without the parser's message, which quotes the stored text.
  }
  if (!isRecord(record)) throw new Error('What Redis has for this user is not a token record');
  return record;
}

function isRecord(value: unknown): value is TokenRecord {
  return isObject(value) && typeof value.version === 'string' && typeof value.data === 'string';
}
