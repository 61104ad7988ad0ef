import Database from 'libsql';

export type { Database } from 'libsql';

/** Opens the app's own database: accounts and sessions. The tokens have a store of their own. */
export function openDatabase(folder: string | undefined): Database.Database {
  const database = new Database(folder === undefined ? ':memory:' : `${folder}/app.sqlite`);
  database.exec(`
    CREATE TABLE IF NOT EXISTS accounts (
      id TEXT PRIMARY KEY,
      provider TEXT NOT NULL,
      userID TEXT NOT NULL,
      legacyUserID TEXT,
      displayName TEXT NOT NULL,
      photo TEXT
    );
    CREATE TABLE IF NOT EXISTS sessions (
      id TEXT PRIMARY KEY,
      data TEXT NOT NULL,
      expires INTEGER NOT NULL
    );
  `);
  return database;
}
