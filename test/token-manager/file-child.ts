// Runs in a process of its own, started by file.test.ts: writes to the token file that it is given, first a little, then
// more than fits, then a little again, and tells what came of it. With `wait`, it keeps the file until it is ended.
import { FileTokenStore } from 'passport-fitbit-strategy/token-manager';

const [path = '', wait] = process.argv.slice(2);
const store = new FileTokenStore(path);
const record = (version: string, data = '{}') => ({ version, data, expiresAt: 1 });
const outcome = (write: Promise<boolean>) =>
  write.catch((error: NodeJS.ErrnoException) => error.code ?? error.message);

const first = await outcome(store.insert('ann', record('1')));
const large = await outcome(store.replace('ann', '1', record('2', 'x'.repeat(1_000_000))));
const after = await outcome(store.replace('ann', '1', record('3')));
console.info(JSON.stringify({ first, large, after, read: await store.read('ann') }));
if (wait !== undefined) setInterval(() => {}, 1_000);
