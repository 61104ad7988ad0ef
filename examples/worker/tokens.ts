import Database from 'libsql';
import { refresh } from 'passport-fitbit-strategy/google-health';
import { TokenManager } from 'passport-fitbit-strategy/token-manager';
import { SqliteTokenStore } from 'passport-fitbit-strategy/token-manager/sqlite';
import { client, tokenFile } from './config.ts';

const database = new Database(tokenFile);
database.exec(
  'CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, must_sign_in INTEGER NOT NULL DEFAULT 0)',
);

/** The web app has the same manager: both may refresh, and each uses the tokens that the other stored. */
export const tokens = new TokenManager({
  store: new SqliteTokenStore(database),
  refresh: (token, options) => refresh(client, token, options),
  // The consent is gone: ask the user to sign in at the next visit.
  onReauthorize: ({ userID }) => {
    database.prepare('UPDATE users SET must_sign_in = 1 WHERE id = ?').run(userID);
    console.log(`${userID} has to sign in again`);
  },
  onUnsaved: ({ userID, error }) => console.error(`The new tokens of ${userID} are in memory only`, error),
});

/** Adds a user, or notes that the user has signed in again. */
export function addUser(id: string): void {
  database.prepare('INSERT OR REPLACE INTO users (id) VALUES (?)').run(id);
}

/** The users whose data the worker reads. */
export function activeUsers(): string[] {
  const rows = database.prepare('SELECT id FROM users WHERE must_sign_in = 0 ORDER BY id').all();
  return rows.map((row) => String(Reflect.get(Object(row), 'id')));
}

export async function close(): Promise<void> {
  await tokens.flush(); // waits for refreshes, and stores what the database did not take
  database.close();
}
