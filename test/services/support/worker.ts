import { refresh } from 'passport-fitbit-strategy';
import { TokenManager } from 'passport-fitbit-strategy/token-manager';
import { connect } from './databases.ts';
import type { Command, Message, Start } from './workers.ts';

// One process of an app: it does as it is told, and tells of its refreshes before and after.
const { name, database, providerURL } = JSON.parse(process.argv[2] ?? '') as Start;
const send = (message: Message) => process.send?.(message);
process.on('disconnect', () => process.exit());

const { store } = await connect(database);
const client = { clientID: name, clientSecret: 'secret', tokenURL: `${providerURL}/oauth2/token` };
let clock = 0;
const tokens = new TokenManager({
  store,
  now: () => Date.now() + clock,
  refresh: (token, options) => {
    send({ begun: token.split('.')[1] ?? '' });
    return refresh(client, token, options);
  },
  onRefreshed: ({ userID }) => send({ saved: userID }),
});

async function run(command: Command): Promise<unknown> {
  clock = command.clock;
  if (command.op === 'recover') return tokens.recover({ olderThan: 0 });
  return Promise.all(
    command.users.map((userID) =>
      tokens.accessToken(userID).catch((error: Error & { code?: string }) => ({
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
