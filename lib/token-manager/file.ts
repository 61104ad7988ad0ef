import { open, readFile, rename } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkString, isObject } from '../oauth2/arguments.ts';
import { findInterrupted, lockedRecord } from './memory.ts';
import { Mutex } from './mutex.ts';
import type { LockedRecord, TokenRecord, TokenStore } from './store.ts';

/**
 * Keeps tokens in one JSON file: for demos, command lines and apps of a few users. **One process only**: two on the
 * same file overwrite each other's tokens.
 *
 * Every write makes a new file, flushed to the disk, and renames it over the old one: a crash leaves the one or the
 * other. Only the file's owner may read it.
 */
export class FileTokenStore implements TokenStore {
  readonly #path: string;
  readonly #mutex = new Mutex();
  #records: Promise<Map<string, TokenRecord>> | undefined;

  /**
   * @param path the file; it is made at the first write, its folder has to be there
   * @throws TypeError a wrong argument
   */
  constructor(path: string) {
    checkString(path, 'path');
    this.#path = resolve(path);
  }

  async get(userID: string): Promise<TokenRecord | undefined> {
    const record = (await this.#load()).get(userID);
    return record && { ...record };
  }

  async set(userID: string, record: TokenRecord): Promise<void> {
    await this.#change((records) => records.set(userID, { ...record }));
  }

  async replace(userID: string, version: string, record: TokenRecord): Promise<boolean> {
    return this.#change((records) => {
      if (records.get(userID)?.version !== version) return undefined;
      return records.set(userID, { ...record });
    });
  }

  async delete(userID: string): Promise<void> {
    await this.#change((records) => (records.delete(userID) ? records : undefined));
  }

  lock<T>(userID: string, work: (record: LockedRecord) => Promise<T>): Promise<T> {
    return this.#mutex.run(`user ${userID}`, () => work(lockedRecord(this, userID)));
  }

  async interrupted(before: number, limit: number): Promise<string[]> {
    return findInterrupted(await this.#load(), before, limit);
  }

  #load(): Promise<Map<string, TokenRecord>> {
    if (this.#records === undefined) {
      this.#records = readRecords(this.#path);
      this.#records.catch(() => {
        this.#records = undefined;
      });
    }
    return this.#records;
  }

  /** Changes a copy of the records and puts it in place when it is on the disk; nothing changes if that fails. */
  #change(change: (records: Map<string, TokenRecord>) => unknown): Promise<boolean> {
    return this.#mutex.run('file', async () => {
      const records = new Map(await this.#load());
      if (change(records) === undefined) return false;
      await writeRecords(this.#path, records);
      this.#records = Promise.resolve(records);
      return true;
    });
  }
}

async function readRecords(path: string): Promise<Map<string, TokenRecord>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // Not with the parser's message, which quotes the file.
    throw new Error(`${path} is not a token file: it is not JSON`);
  }
  if (!isObject(content)) throw new Error(`${path} is not a token file: it holds no object`);
  return new Map(Object.entries(content) as [string, TokenRecord][]);
}

async function writeRecords(path: string, records: Map<string, TokenRecord>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(Object.fromEntries(records), undefined, 2));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
