// Prints what each store costs beside the bare driver, and how many refreshes a second it takes:
// npx tsx bench/token-stores.ts [users] [seconds]
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'libsql';
import { MemoryTokenStore, TokenManager, type TokenStore } from 'passport-fitbit-strategy/token-manager';
import { PostgresTokenStore } from 'passport-fitbit-strategy/token-manager/postgres';
import { RedisTokenStore } from 'passport-fitbit-strategy/token-manager/redis';
import { SqliteTokenStore } from 'passport-fitbit-strategy/token-manager/sqlite';
import pg from 'pg';
import { createClient } from 'redis';
import { startPostgres, startRedis, startSqlite } from '../test/services/support/databases.ts';

const USERS = Number(process.argv[2] ?? 100_000);
const SECONDS = Number(process.argv[3] ?? 2);
const ROUNDS = 3; // of each measurement, in turns; the median counts
const AT_ONCE = [1, 16, 256];
const POOL = 10; // connections
const PROVIDER = 200; // ms; how long the provider takes for a refresh
const REFRESHES = 3_000;
const WAITING = 100; // refreshes that wait for the provider at the same time
const NOTES = 20_000;
const SECRET = 'a secret of the bench, 32 characters';

type Call = (userID: string) => Promise<unknown>;

async function perSecond(call: Call, atOnce: number): Promise<number> {
  let calls = 0;
  const until = performance.now() + SECONDS * 1000;
  const run = async () => {
    while (performance.now() < until) {
      await call(`user${Math.floor(Math.random() * USERS)}`);
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, run));
  return calls / SECONDS;
}

const tokenSet = (lifetime: number) => ({
  accessToken: 'a'.repeat(280),
  refreshToken: 'r'.repeat(64),
  tokenType: 'Bearer',
  scope: ['activity', 'heartrate', 'profile', 'sleep'],
  expiresAt: new Date(Date.now() + lifetime),
});

async function fill(manager: TokenManager, users: number, lifetime: number, prefix = 'user'): Promise<void> {
  let next = 0;
  const run = async () => {
    while (next < users) await manager.save(`${prefix}${next++}`, tokenSet(lifetime));
  };
  await Promise.all(Array.from({ length: 50 }, run));
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

// What a manager stores for a user, and the same encrypted with one key.
const PLAIN = JSON.stringify({
  user: 'user1',
  tokensID: randomUUID(),
  loginID: randomUUID(),
  ...tokenSet(0),
});
const KEY = createSecretKey(randomBytes(32));
const SEALED = seal(PLAIN);

function seal(text: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', KEY, iv);
  return Buffer.concat([iv, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

/** Opens tokens by hand: with node:crypto and `JSON.parse` alone. */
function openByHand(sealed: boolean): unknown {
  if (!sealed) return JSON.parse(PLAIN);
  const bytes = Buffer.from(SEALED, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', KEY, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(-16));
  const text = decipher.update(bytes.subarray(12, -16));
  decipher.final();
  return JSON.parse(text.toString());
}

/** How many times as long as the bare read two things take: a call of the manager, and opening the tokens by hand. */
async function compare(name: string, store: TokenStore, bare: Call): Promise<void> {
  const refresh = () => Promise.reject(new Error('Nothing expires here'));
  const managers = {
    plain: new TokenManager({ store, refresh }),
    sealed: new TokenManager({ store, refresh, seal: SECRET }),
  };
  for (const [kind, manager] of Object.entries(managers)) {
    await fill(manager, USERS, 8 * 3_600_000);
    for (const atOnce of AT_ONCE) {
      await perSecond((userID) => manager.accessToken(userID), atOnce);
      const [drivers, byHand, ours]: [number[], number[], number[]] = [[], [], []];
      for (let round = 0; round < ROUNDS; round += 1) {
        drivers.push(await perSecond(bare, atOnce));
        const open = async (userID: string) => {
          await bare(userID);
          return openByHand(kind === 'sealed');
        };
        byHand.push(await perSecond(open, atOnce));
        ours.push(await perSecond((userID) => manager.accessToken(userID), atOnce));
      }
      const [driver, hand, own] = [median(drivers), median(byHand), median(ours)];
      rows.push({
        store: name,
        kind,
        'at once': atOnce,
        bare: Math.round(driver),
        manager: Math.round(own),
        'by hand, ratio': (driver / hand).toFixed(2),
        'manager, ratio': (driver / own).toFixed(2),
      });
    }
  }
}

/** Refreshes a second with a provider that takes its time, and the connections that wait for its answers. */
async function refreshes(name: string, store: TokenStore, inUse: () => number): Promise<void> {
  let requests = 0;
  let answer = () => {};
  let answered: Promise<unknown> = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const manager = new TokenManager({
    store,
    refresh: async () => {
      requests += 1;
      await answered;
      await sleep(PROVIDER);
      return tokenSet(8 * 3_600_000);
    },
  });
  const all = (users: number, prefix: string) =>
    Promise.all(Array.from({ length: users }, (_, i) => manager.accessToken(`${prefix}${i}`)));

  await fill(manager, WAITING, -1, 'waiting');
  const waiting = all(WAITING, 'waiting');
  while (requests < WAITING) await sleep(10);
  await sleep(100);
  const held = inUse();
  answer();
  answered = Promise.resolve();
  await waiting;

  requests = 0;
  await fill(manager, REFRESHES, -1, 'due');
  const start = performance.now();
  await all(REFRESHES, 'due');
  const seconds = (performance.now() - start) / 1000;
  results.push({
    store: name,
    'a second': Math.round(REFRESHES / seconds),
    twice: requests - REFRESHES,
    'connections held': held,
  });
}

/** How long `recover` takes for notes that a crash has left, with a provider that takes its time. */
async function recovery(name: string, store: TokenStore, concurrency: number): Promise<void> {
  let requests = 0;
  const manager = new TokenManager({
    store,
    refresh: async () => {
      requests += 1;
      await sleep(PROVIDER);
      return tokenSet(8 * 3_600_000);
    },
  });
  await fill(manager, NOTES, -1, 'noted');
  const since = Date.now() - 20_000;
  const note = async (userID: string) => {
    const record = await store.read(userID);
    if (record === undefined) throw new Error('nothing is stored');
    const refresh = { since, by: 'a process that died', until: since + 10_000 };
    await store.replace(userID, record.version, { ...record, version: `${record.version}-noted`, refresh });
  };
  let next = 0;
  const run = async () => {
    while (next < NOTES) await note(`noted${next++}`);
  };
  await Promise.all(Array.from({ length: 50 }, run));
  const start = performance.now();
  const { recovered, failed } = await manager.recover({ concurrency });
  const seconds = (performance.now() - start) / 1000;
  recoveries.push({
    store: name,
    concurrency,
    recovered: recovered.length,
    failed: failed.length,
    requests,
    seconds: Math.round(seconds),
    'at least': (NOTES * PROVIDER) / concurrency / 1000,
  });
}

const recoveries: object[] = [];
const rows: object[] = [];
const results: object[] = [];

const postgres = await startPostgres();
const pool = new pg.Pool({ connectionString: postgres.url, max: POOL });
pool.on('error', () => {}); // The server stops while the pool closes its connections.
const sql =
  'SELECT version, data, expires_at, refresh_since, refresh_by, refresh_until, reauthorize FROM oauth_tokens WHERE user_id = $1';
await compare('PostgreSQL', new PostgresTokenStore(pool), (userID) => pool.query(sql, [userID]));
await refreshes('PostgreSQL', new PostgresTokenStore(pool), () => pool.totalCount - pool.idleCount);
for (const concurrency of [20, 200]) {
  await recovery('PostgreSQL', new PostgresTokenStore(pool), concurrency);
  await pool.query('TRUNCATE oauth_tokens');
}
await pool.end();
await postgres.destroy();

const redis = await startRedis();
const client = createClient({ url: redis.url });
await client.connect();
await compare('Redis', new RedisTokenStore(client), (userID) => client.get(`{oauth-tokens}:user:${userID}`));
await refreshes('Redis', new RedisTokenStore(client), () => 0);
client.destroy();
await redis.destroy();

const sqlite = await startSqlite();
const database = new Database(sqlite.url);
const store = new SqliteTokenStore(database);
const statement = database.prepare(sql.replace('$1', '?'));
await compare('SQLite', store, async (userID) => statement.get(userID));
await refreshes('SQLite', store, () => 0);
database.close();
await sqlite.destroy();

await refreshes('memory', new MemoryTokenStore(), () => 0);
console.info(`accessToken calls a second, live tokens, ${USERS} users; ratios: time beside the bare read`);
console.table(rows);
console.info(`${REFRESHES} users refresh at once, a pool of ${POOL}, a provider that takes ${PROVIDER} ms`);
console.table(results);
console.info(`recover() of ${NOTES} notes, the same provider; "at least" is the time of its answers`);
console.table(recoveries);
