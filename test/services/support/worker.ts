import { refresh } from 'passport-fitbit-strategy';
import { TokenManager, type TokenStore } from 'passport-fitbit-strategy/token-manager';
import { SharedClock } from './clock.ts';
import { connect } from './databases.ts';
import type { Command, Message, PauseMoment, Start } from './workers.ts';

// One process of an app: it does as it is told, and tells of its refreshes before and after.
const { name, database, providerURL, clockPath } = JSON.parse(process.argv[2] ?? '') as Start;
const send = (message: Message) => process.send?.(message);
process.on('disconnect', () => process.exit());

const clock = new SharedClock(clockPath);
const { store } = await connect(database);
let pauseAfter: PauseMoment | undefined;

/** Pauses if that was asked for, long enough for a signal to arrive before anything else is done. */
function pause(after: PauseMoment): void {
  if (pauseAfter !== after) return;
  pauseAfter = undefined;
  send({ paused: true });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
}

const pausingStore: TokenStore = {
  async read(id) {
    const record = await store.read(id);
    pause('read');
    return record;
  },
  insert: (id, record) => store.insert(id, record),
  async replace(id, version, record) {
    const wrote = await store.replace(id, version, record);
    if (record.refresh !== undefined) pause('claim');
    return wrote;
  },
  delete: (id, version) => store.delete(id, version),
  listUnfinished: (before, limit, after) => store.listUnfinished(before, limit, after),
};
const client = { clientID: name, clientSecret: 'secret', tokenURL: `${providerURL}/oauth2/token` };
const tokens = new TokenManager({
  store: pausingStore,
  now: () => clock.now(),
  refresh: (token, options) => {
    send({ begun: token.split('.')[1] ?? '' });
    pause('check');
    return refresh(client, token, options);
  },
  onRefreshed: ({ userID }) => send({ saved: userID }),
});

const OPERATIONS = {
  tokens: (userID: string) => tokens.accessToken(userID),
  refresh: async (userID: string) => (await tokens.refresh(userID)).accessToken,
};

async function run(command: Command): Promise<unknown> {
  if (command.op === 'pause') {
    pauseAfter = command.after;
    return undefined;
  }
  if (command.op === 'recover') return tokens.recover({ olderThan: 0 });
  const { op, users } = command;
  const operation = OPERATIONS[op];
  return Promise.all(
    users.map((userID) =>
      operation(userID).catch((error: Error & { code?: string }) => ({
        code: error.code ?? 'none',
        message: `${error.message} ${error.cause}`,
      })),
    ),
  );
}

process.on('message', (command: Command) => {
  run(command).then(
    (result) => send({ id: command.id, result }),
    (error: unknown) => send({ id: command.id, result: { code: 'failed', message: String(error) } }),
  );
});
send({ ready: true });
