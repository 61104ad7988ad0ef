import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { checkString, isObject } from '../util/arguments.ts';
import { copy, findUnfinished } from './memory.ts';
import type { TokenRecord, TokenStore, Unfinished } from './store.ts';

/**
 * Keeps tokens in one JSON file: for demos, command-line tools and apps with a few users. It works in one process:
 * a second one gets an error. Use `SqliteTokenStore` where several processes share a machine.
 *
 * Every write creates a new file, flushes it to the disk, and renames it over the old one: after a crash or on a full
 * disk, the file has either the old or the new content. Only the file's owner may read it.
 */
export class FileTokenStore implements TokenStore {
  readonly #file: TokenFile;

  /**
   * @param path the file; it is created at the first write; its folder has to exist
   * @throws TypeError a wrong argument
   */
  constructor(path: string) {
    checkString(path, 'path');
    this.#file = tokenFile(resolve(path));
  }

  async read(userID: string): Promise<TokenRecord | undefined> {
    return copy((await this.#file.load()).get(userID));
  }

  insert(userID: string, record: TokenRecord): Promise<boolean> {
    return this.#file.change((records) => {
      if (records.has(userID)) return false;
      records.set(userID, copy(record));
      return true;
    });
  }

  replace(userID: string, version: string, record: TokenRecord): Promise<boolean> {
    return this.#file.change((records) => {
      if (records.get(userID)?.version !== version) return false;
      records.set(userID, copy(record));
      return true;
    });
  }

  delete(userID: string, version: string): Promise<boolean> {
    return this.#file.change((records) => records.get(userID)?.version === version && records.delete(userID));
  }

  async listUnfinished(before: number, limit: number, after?: Unfinished): Promise<Unfinished[]> {
    return findUnfinished(await this.#file.load(), before, limit, after);
  }
}

// By path: all stores of this process on the same file share its content and its lock.
const files = new Map<string, TokenFile>();

function tokenFile(path: string): TokenFile {
  if (files.size === 0)
    process.once('exit', () =>
      files.forEach((file) => {
        file.release();
      }),
    );
  const known = files.get(path) ?? new TokenFile(path);
  files.set(path, known);
  return known;
}

/** The content of a file, and the order of its changes. */
class TokenFile {
  readonly #path: string;
  readonly #lock: FileLock;
  #records: Promise<Map<string, TokenRecord>> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
    this.#lock = new FileLock(path);
  }

  release(): void {
    this.#lock.release();
  }

  load(): Promise<Map<string, TokenRecord>> {
    if (this.#records === undefined) {
      this.#records = this.#lockAndRead();
      this.#records.catch(() => {
        this.#records = undefined;
      });
    }
    return this.#records;
  }

  /** Changes a copy of the records, which is used once it is on the disk; if that fails, nothing changes. */
  change(change: (records: Map<string, TokenRecord>) => boolean): Promise<boolean> {
    const done = this.#last.then(async () => {
      const records = new Map(await this.load());
      if (!change(records)) return false;
      this.#lock.acquire();
      await writeRecords(this.#path, records);
      this.#records = Promise.resolve(records);
      return true;
    });
    this.#last = done.catch(() => {});
    return done;
  }

  async #lockAndRead(): Promise<Map<string, TokenRecord>> {
    this.#lock.acquire();
    return readRecords(this.#path);
  }
}

/** Keeps other processes away from a file, with a lock file beside it that names the process. */
class FileLock {
  readonly #path: string;
  readonly #content = `${process.pid} ${randomUUID()} ${hostname()}`;
  #held = false;

  constructor(path: string) {
    this.#path = `${path}.lock`;
  }

  /** @throws Error if another process uses the file */
  acquire(): void {
    const owner = readLock(this.#path);
    if (owner === this.#content) return;
    // If this process had the lock, another process or another thread has taken it over.
    if (this.#held && owner !== undefined) throw this.#inUse(owner);
    this.#take(this.#path);
    this.#held = true;
  }

  /**
   * Creates a lock file, or replaces the one of a process that has ended. Only a process that holds the lock on the
   * replacement, whose name has the old lock's random id, replaces it: two processes can't both do it, and a slow one
   * can't replace a newer lock. If a process ends in between, its own lock is replaced in the same way.
   */
  #take(path: string): void {
    for (;;) {
      const owner = readLock(path);
      if (owner === undefined) return this.#create(path);
      if (isAlive(owner)) throw this.#inUse(owner);
      const [, id] = owner.split(' ');
      const replacement = `${this.#path}.${id}`;
      this.#take(replacement);
      if (readLock(path) === owner) return renameSync(replacement, path);
      unlinkSync(replacement); // Another process was faster.
    }
  }

  #create(path: string): void {
    try {
      writeFileSync(path, this.#content, { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      throw this.#inUse(readLock(path) ?? '');
    }
  }

  #inUse(owner: string): Error {
    const [pid] = owner.split(' ');
    // A lock is empty for a moment after its creation.
    const user = pid === '' ? 'Another process' : `Process ${pid}`;
    return new Error(
      `${user} already uses this token file: use SqliteTokenStore or a database for several processes, or delete ${this.#path} if that process has ended`,
    );
  }

  /** Releases the file for other processes. */
  release(): void {
    if (!this.#held) return;
    try {
      if (readLock(this.#path) === this.#content) unlinkSync(this.#path);
    } catch {
      // The next process sees that this one has ended.
    }
  }
}

/** What a lock file contains; `undefined` if there is none. */
function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether the process that wrote a lock file may still run. */
function isAlive(owner: string): boolean {
  const [pid, , host] = owner.split(' ');
  if (host !== hostname()) return true; // A process on another machine can't be checked from here.
  // An earlier process had the id of this one: process ids in containers repeat.
  if (Number(pid) === process.pid) return false;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

async function readRecords(path: string): Promise<Map<string, TokenRecord>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return new Map();
    throw error;
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // Without the parser's message, which quotes the file.
    throw new Error(`${path} is not a token file: it is not JSON`);
  }
  if (!isObject(content)) throw new Error(`${path} is not a token file: it holds no object`);
  const records = new Map<string, TokenRecord>();
  for (const [userID, record] of Object.entries(content)) {
    if (!isRecord(record)) throw new Error(`${path} is not a token file: an entry is not a token record`);
    records.set(userID, record);
  }
  return records;
}

function isRecord(value: unknown): value is TokenRecord {
  return isObject(value) && typeof value.version === 'string' && typeof value.data === 'string';
}

async function writeRecords(path: string, records: Map<string, TokenRecord>): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(JSON.stringify(Object.fromEntries(records), undefined, 2));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes a rename durable. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows can't open folders.
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): unknown {
  return isObject(error) ? error.code : undefined;
}
