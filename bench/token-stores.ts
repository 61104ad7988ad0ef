// Prints how many live access tokens a second each store gives, beside the bare read of its driver, with 100 000
// users: npx tsx bench/token-stores.ts [users] [seconds]
import { MemoryTokenStore, TokenManager, type TokenStore } from 'passport-fitbit-strategy/token-manager';
import { PostgresTokenStore } from 'passport-fitbit-strategy/token-manager/postgres';
import { RedisTokenStore } from 'passport-fitbit-strategy/token-manager/redis';
import pg from 'pg';
import { createClient } from 'redis';
import { startPostgres, startRedis } from '../test/services/support/databases.ts';

const USERS = Number(process.argv[2] ?? 100_000);
const SECONDS = Number(process.argv[3] ?? 3);
const AT_ONCE = 50;
const SECRET = 'a secret of the bench, 32 characters';

async function perSecond(call: (userID: string) => Promise<unknown>): Promise<number> {
  let calls = 0;
  const run = async (until: number) => {
    while (performance.now() < until) {
      await call(`user${Math.floor(Math.random() * USERS)}`);
      calls += 1;
    }
  };
  const race = (ms: number) => {
    const until = performance.now() + ms;
    return Promise.all(Array.from({ length: AT_ONCE }, () => run(until)));
  };
  await race(500);
  calls = 0;
  await race(SECONDS * 1000);
  return Math.round(calls / SECONDS);
}

async function measure(name: string, store: TokenStore, bare?: (userID: string) => Promise<unknown>) {
  const refresh = () => Promise.reject(new Error('Nothing expires here'));
  const plain = new TokenManager({ store, refresh });
  const sealed = new TokenManager({ store, refresh, seal: SECRET });
  const fill = async (manager: TokenManager) => {
    const tokens = {
      accessToken: 'a'.repeat(280),
      refreshToken: 'r'.repeat(64),
      tokenType: 'Bearer',
      scope: ['activity', 'heartrate', 'profile', 'sleep'],
      expiresAt: new Date(Date.now() + 8 * 3_600_000),
      raw: {},
    };
    let next = 0;
    const run = async () => {
      while (next < USERS) await manager.save(`user${next++}`, tokens);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, run));
  };
  await fill(plain);
  const row: Record<string, number> = {};
  if (bare !== undefined) row['bare read'] = await perSecond(bare);
  row.accessToken = await perSecond((userID) => plain.accessToken(userID));
  await fill(sealed);
  row['accessToken, sealed'] = await perSecond((userID) => sealed.accessToken(userID));
  results[name] = row;
}

const results: Record<string, Record<string, number>> = {};
await measure('memory', new MemoryTokenStore());

const postgres = await startPostgres();
const pool = new pg.Pool({ connectionString: postgres.url });
const sql =
  'SELECT version, data, expires_at, refreshing_since, reauthorize FROM oauth_tokens WHERE user_id = $1';
await measure('PostgreSQL', new PostgresTokenStore(pool), (userID) => pool.query(sql, [userID]));
await pool.end();
await postgres.destroy();

const redis = await startRedis();
const client = createClient({ url: redis.url });
await client.connect();
await measure('Redis', new RedisTokenStore(client), (userID) => client.get(`{oauth-tokens}:user:${userID}`));
client.destroy();
await redis.destroy();

console.info(`accessToken calls a second, live tokens, ${USERS} users, ${AT_ONCE} at once`);
console.table(results);
