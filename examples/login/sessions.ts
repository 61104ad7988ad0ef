import { type SessionData, Store } from 'express-session';
import type { Database } from 'libsql';

const LIFETIME = 7 * 24 * 3_600_000; // ms

/** Keeps sessions in the app's database, so that a restart signs nobody out. */
export class DatabaseSessions extends Store {
  readonly #database: Database;

  constructor(database: Database) {
    super();
    this.#database = database;
    database.prepare('DELETE FROM sessions WHERE expires < ?').run(Date.now());
  }

  override get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    answer(done, () => {
      const row = this.#database
        .prepare('SELECT data FROM sessions WHERE id = ? AND expires > ?')
        .get(id, Date.now()) as { data: string } | undefined;
      return row === undefined ? null : (JSON.parse(row.data) as SessionData);
    });
  }

  override set(id: string, session: SessionData, done: (error?: unknown) => void = () => {}): void {
    answer(done, () => {
      const expires = Date.now() + (session.cookie.originalMaxAge ?? LIFETIME);
      this.#database
        .prepare('INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)')
        .run(id, JSON.stringify(session), expires);
    });
  }

  override destroy(id: string, done: (error?: unknown) => void = () => {}): void {
    answer(done, () => {
      this.#database.prepare('DELETE FROM sessions WHERE id = ?').run(id);
    });
  }

  override touch(id: string, session: SessionData, done: (error?: unknown) => void = () => {}): void {
    answer(done, () => {
      const expires = Date.now() + (session.cookie.originalMaxAge ?? LIFETIME);
      this.#database.prepare('UPDATE sessions SET expires = ? WHERE id = ?').run(expires, id);
    });
  }
}

function answer<T>(done: (error: unknown, result?: T) => void, work: () => T): void {
  let result: T;
  try {
    result = work();
  } catch (error) {
    return done(error);
  }
  done(null, result);
}
